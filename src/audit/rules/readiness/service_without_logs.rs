//! A service whose logs nobody finds.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.service-without-logs",
    area: Area::Readiness,
    level: Level::Low,
    title: "A service has no logs in crashcart.toml",
    why: "What it wrote last is the first thing to look at, and somebody has to remember where that is.",
    fix: "Add `logs = [...]`: a file, a command over SSH, or the platform's.",
    references: &["https://sre.google/sre-book/being-on-call/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::services(repo, "has no `logs`", |service, config| {
        service.get("logs").is_none() && config.get("sources").is_some()
    })
}
