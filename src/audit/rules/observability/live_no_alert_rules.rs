//! A monitoring system that answers, and would tell nobody.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.live-no-alert-rules",
    area: Area::Observability,
    level: Level::High,
    title: "The live monitoring has no alert rule",
    why: "The graph shows the outage the next morning.",
    fix: "Begin with four: no answer, errors, latency, and a disk that will be full; each with a runbook.",
    references: &["https://sre.google/sre-book/monitoring-distributed-systems/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let known = || repo.live.seen().filter(|seen| seen.settings.alert_rules.is_some());
    if known().any(|seen| seen.settings.alert_rules > Some(0)) {
        return Vec::new();
    }
    known().map(|seen| Evidence::live(seen.place(), "it answers, and has no rule that raises an alert")).collect()
}
