//! A service with nothing written down for the night it fails.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.no-runbook",
    area: Area::Readiness,
    level: Level::Low,
    title: "Nothing is written down for the night it fails",
    why: "Whoever is awake begins from nothing: where the logs are, how to go back, whom to call.",
    fix: "`crashcart runbooks new bad-deploy` writes the first one; keep them in runbooks/.",
    references: &["https://sre.google/sre-book/being-on-call/"],
    check,
};

static WRITTEN: Pattern =
    Pattern::new(r"(?i)run-?book|playbook|on-?call|incident|disaster|troubleshoot|operations\.md|ops/.*\.md|RECOVERY");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(place) = repo.deployed() else { return Vec::new() };
    if repo.has_path(&WRITTEN) {
        return Vec::new();
    }
    vec![Evidence::at(&place, 0, "this is deployed, and no file is a runbook or says what to do when it fails")]
}
