//! Alerts on errors, and none on slowness.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.no-slow-alert",
    area: Area::Observability,
    level: Level::Low,
    title: "No alert says that it has become slow",
    why: "Most outages begin as latency; an alert on errors alone fires when the time-outs do.",
    fix: "Alert on the 95th or 99th percentile of the requests' duration.",
    references: &["https://sre.google/sre-book/monitoring-distributed-systems/#xref_monitoring_golden-signals"],
    check,
};

static ALERT: Pattern = Pattern::new(r"(?m)^\s*-\s*alert:");
static SLOW: Pattern = Pattern::new(r"(?i)latency|duration|slow|quantile|p9[59]|response_?time");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let files: Vec<_> = repo
        .tree
        .files()
        .filter(|file| {
            !is_aside(file.path)
                && (file.path.ends_with(".yml") || file.path.ends_with(".yaml"))
                && ALERT.is_match(file.text)
        })
        .collect();
    if files.iter().any(|file| SLOW.is_match(file.text)) {
        return Vec::new();
    }
    files
        .first()
        .map(|file| Evidence::at(file.path, file.line_with("alert:"), "none of the alerts is about time"))
        .into_iter()
        .collect()
}
