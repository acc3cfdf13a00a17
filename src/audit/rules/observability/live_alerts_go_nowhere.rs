//! Rules that fire into nothing.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.live-alerts-go-nowhere",
    area: Area::Observability,
    level: Level::Critical,
    title: "Alerts of the live monitoring reach nobody",
    why: "The rules fire, the page shows them in red, and nobody is called.",
    fix: "Name Alertmanager in prometheus.yml, or give Grafana a contact point that pages; send a test alert.",
    references: &["https://prometheus.io/docs/prometheus/latest/configuration/configuration/#alertmanager_config"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let bad =
        repo.live.seen().filter(|seen| seen.settings.notifies == Some(false) && seen.settings.alert_rules != Some(0));
    bad.map(|seen| Evidence::live(seen.place(), "its alerts are sent to nobody")).collect()
}
