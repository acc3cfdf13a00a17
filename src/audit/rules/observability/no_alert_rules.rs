//! Metrics that nobody looks at by night.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.no-alert-rules",
    area: Area::Observability,
    level: Level::Medium,
    title: "Metrics are collected, and no alert is defined",
    why: "The graph shows the outage the next morning.",
    fix: "Begin with four: no answer, errors, latency, and a disk that will be full; each with a runbook.",
    references: &["https://prometheus.io/docs/practices/alerting/"],
    check,
};

static RULES: Pattern = Pattern::new(r"(?m)^\s*-?\s*alert:|PrometheusRule|grafana_rule|apiVersion: 1\s*\n\s*groups:");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let found = repo.tree.files().find(|file| {
        matches!(file.name(), "prometheus.yml" | "prometheus.yaml") && file.text.contains("scrape_configs")
    });
    let Some(file) = found.filter(|_| !repo.mentions(&RULES)) else { return Vec::new() };
    vec![Evidence::at(file.path, file.line_with("scrape_configs"), "no file of the repository holds an alerting rule")]
}
