//! The findings as JSON.

use serde_json::{Value, json};

use crate::audit::Report;
use crate::audit::finding::{Finding, Level, Place};
use crate::audit::score::Score;

/// Returns the report.
pub fn report(report: &Report) -> Value {
    let accepted = report.accepted.iter().map(|(found, reason)| {
        let mut value = finding(found);
        value["reason"] = json!(reason.text());
        value
    });
    json!({
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "accepted": accepted.collect::<Vec<_>>(),
        "stale": report.stale,
        "scores": report.scores.iter().map(score).collect::<Vec<_>>(),
        "files": report.files,
        "skipped": report.skipped,
        "settled": report.settled.iter().map(|(rule, why)| json!({ "rule": rule, "says": why })).collect::<Vec<_>>(),
    })
}

fn finding(finding: &Finding) -> Value {
    let rule = finding.rule;
    let live = if let Place::Live(live) = &finding.place { Some(live) } else { None };
    json!({
        "rule": rule.id, "area": rule.area.word(), "level": rule.level.word(), "title": rule.title,
        "path": finding.place.path(), "line": finding.place.line(), "says": finding.says, "excerpt": finding.excerpt,
        "source": live.map(|live| &live.source), "service": live.and_then(|live| live.service.as_ref()),
        "environment": live.and_then(|live| live.environment.as_ref()),
        "why": rule.why, "fix": rule.fix, "references": rule.references, "fingerprint": finding.fingerprint,
    })
}

fn score(score: &Score) -> Value {
    let counts: serde_json::Map<String, Value> =
        Level::ALL.iter().zip(score.counts).map(|(level, count)| (level.word().to_owned(), json!(count))).collect();
    json!({ "area": score.area.word(), "points": score.points, "findings": counts })
}
