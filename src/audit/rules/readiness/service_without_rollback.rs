//! A service whose releases nobody knows.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.service-without-rollback",
    area: Area::Readiness,
    level: Level::Medium,
    title: "A service cannot be rolled back from the console",
    why: "Going back is the first thing to try, and without `release` neither the console nor `crashcart rollback` knows what is live.",
    fix: "Add `release = { source = \"...\", app = \"...\" }` to the service.",
    references: &["https://sre.google/sre-book/being-on-call/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::services(repo, "has no `release`", |service, config| {
        config.get("sources").is_some() && service.get("release").is_none()
    })
}
