//! A container whose program is root.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.runs-as-root",
    area: Area::Config,
    level: Level::Low,
    title: "The program runs as root in its container",
    why: "A hole in the program is a hole in everything that is mounted, and files that it writes to volumes cannot be changed by others.",
    fix: "Make a user in the Dockerfile, and write `USER app` before the command.",
    references: &["https://docs.docker.com/build/building/best-practices/#user"],
    check,
};

static OTHERS: Pattern =
    Pattern::new(r"(?i)distroless.*nonroot|nginx-unprivileged|gosu|su-exec|setpriv|bitnami|chainguard");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let text = repo.tree.text(&docker.path).unwrap_or_default();
        let Some(command) = docker.command() else { continue };
        let dropped = docker
            .last_stage()
            .filter(|one| one.word == "USER")
            .last()
            .is_some_and(|user| !matches!(user.rest.as_str(), "root" | "0"));
        // A stage that goes on from another one has its user.
        let own = docker.images().iter().any(|(from, _)| from.stage == command.stage);
        let web = docker.images().last().is_some_and(|(_, image)| {
            image.starts_with("nginx") || image.starts_with("caddy") || image.starts_with("httpd")
        });
        if own && !dropped && !web && !OTHERS.is_match(text) {
            all.push(Evidence::at(&docker.path, command.line, "no `USER` stands before it"));
        }
    }
    all
}
