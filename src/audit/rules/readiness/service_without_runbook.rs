//! A service without a runbook.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.service-without-runbook",
    area: Area::Readiness,
    level: Level::Low,
    title: "A service has no runbook in crashcart.toml",
    why: "The console offers none when it goes down, and searching begins.",
    fix: "Add `runbooks = [\"bad-deploy\"]` to the service; `crashcart runbooks` lists the built-in ones.",
    references: &["https://sre.google/sre-book/being-on-call/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::services(repo, "has no `runbooks`", |service, config| {
        service.get("runbooks").is_none() && config.get("runbooks").is_none()
    })
}
