//! A container in production that may hang for ever.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::pipeline::names;
use crate::audit::repo::{Container, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.no-container-health",
    area: Area::Config,
    level: Level::Medium,
    title: "A container has no health check",
    why: "A program that hangs still counts as running: nothing restarts it, and what depends on it starts too early.",
    fix: "Add `healthcheck:` to the service, or HEALTHCHECK to its Dockerfile, and let `depends_on` wait for it.",
    references: &["https://docs.docker.com/reference/compose-file/services/#healthcheck"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.dockerfiles.iter().any(|docker| docker.all("HEALTHCHECK").next().is_some()) {
        return Vec::new();
    }
    // What runs once and ends is waited for in another way.
    let once = |one: &Container| one.value["restart"] == "no" || one.value["restart"] == false;
    let is_waited_for = |one: &Container| {
        let names = |other: &Container| names(&other.value["depends_on"]).contains(&one.name);
        repo.production().any(|other| other.path == one.path && names(other))
    };
    // Of an image that others made we do not know whether it brings its own; of what is built here we do.
    let built = repo.production().filter(|one| {
        one.value.get("build").is_some()
            && one.value.get("healthcheck").is_none()
            && !once(one)
            && (one.value.get("ports").is_some() || is_waited_for(one))
    });
    built.map(|one| Evidence::at(&one.path, one.line, format!("`{}` has no `healthcheck`", one.name))).collect()
}
