//! A container that stays down.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::audit::repo::is_production_name;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.no-restart-policy",
    area: Area::Config,
    level: Level::Medium,
    title: "A container is not started again after a crash or a reboot",
    why: "The host restarts for an update at night, and the service stays down until somebody looks.",
    fix: "Add `restart: unless-stopped` to the service.",
    references: &["https://docs.docker.com/engine/containers/start-containers-automatically/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mine: Vec<_> = repo.production().collect();
    let lasting = |path: &str| {
        is_production_name(path) || mine.iter().any(|one| one.path == path && one.value.get("restart").is_some())
    };
    let one_off = |name: &str| {
        [
            "migrat",
            "init",
            "seed",
            "setup",
            "backup",
            "build",
            "certbot",
            "renew",
            "cron",
            "job",
            "maintenance",
            "once",
            "test",
        ]
        .iter()
        .any(|word| name.contains(word))
    };
    let swarm =
        |one: &&&crate::audit::repo::Container| one.value["deploy"].is_null() && one.value.get("extends").is_none();
    let open = mine.iter().filter(|one| {
        one.value.get("restart").is_none()
            && lasting(&one.path)
            && !one_off(&one.name)
            && one.value.get("profiles").is_none()
    });
    // Files that only add to others say nothing of it.
    let whole =
        |one: &&&crate::audit::repo::Container| one.value.get("image").is_some() || one.value.get("build").is_some();
    open.filter(swarm)
        .filter(whole)
        .map(|one| Evidence::at(&one.path, one.line, format!("`{}` has no `restart`", one.name)))
        .collect()
}
