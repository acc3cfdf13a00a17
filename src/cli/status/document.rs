//! The status as JSON.
//!
//! `project`, `at`, `health` (the worst), `withheld`, `network`, `clock`, `host` {`health`, `reasons`, `sample`},
//! `services` [{`name`, `health`, `since`, `because_of`, `affects`, `reasons` [{`about` (a check or a feed), `health`,
//! `since`, `text`, `hint`}]}], `checks` [{`id`, `service`, `title`, `status`, `since`, `uptime`, `last`}], `feeds` [{`id`,
//! `source`, `capability`, `service`, `vendor`, `seen`, `trouble`, `found`}]. Times are RFC 3339, shares 0
//! to 1, sizes bytes.

use serde_json::{Value, json};

use super::Known;
use crate::cli::check;
use crate::diagnosis::Assessment;

/// Returns the whole document.
pub fn document(known: &Known, assessment: &Assessment) -> Value {
    let now = known.clock.now();
    let catalog = &known.project.catalog;
    let services: Vec<Value> = assessment
        .services
        .iter()
        .map(|found| {
            let reasons: Vec<Value> = found
                .reasons
                .iter()
                .map(|reason| {
                    json!({
                        "about": reason_about(&reason.about), "health": reason.health, "since": reason.since,
                        "text": reason.text, "hint": reason.hint,
                    })
                })
                .collect();
            json!({
                "name": found.service, "health": found.health, "since": found.since,
                "because_of": found.because_of, "affects": found.affects, "reasons": reasons,
            })
        })
        .collect();
    let checks: Vec<Value> = catalog
        .checks
        .iter()
        .map(|spec| {
            let state = known.snapshot.check(&spec.id);
            let from = now - std::time::Duration::from_secs(24 * 3_600);
            json!({
                "id": spec.id, "service": spec.service, "title": spec.title,
                "status": state.map(|state| state.status),
                "since": state.map(|state| state.since),
                "uptime": state.and_then(|state| state.history.uptime(from, now, state.known_until(spec.cadence, now))),
                "last": state.and_then(|state| state.last.value.as_ref()).map(|result| check::document(spec, result)),
            })
        })
        .collect();
    let feeds: Vec<Value> = catalog
        .feeds
        .iter()
        .filter_map(|feed| Some((feed, known.snapshot.feed(&feed.id)?)))
        .map(|(feed, state)| {
            json!({
                "id": feed.id, "source": feed.source, "capability": feed.capability, "service": feed.service,
                "vendor": feed.vendor, "seen": state.last.seen, "trouble": state.trouble, "found": state.last.value,
            })
        })
        .collect();
    let host_reasons: Vec<Value> =
        assessment.host.reasons.iter().map(|(health, text)| json!({ "health": health, "text": text })).collect();
    json!({
        "project": catalog.project,
        "at": now,
        "health": assessment.worst(),
        "withheld": known.project.withheld,
        "network": { "state": assessment.network.network, "trouble": assessment.network.trouble, "clock": assessment.network.clock },
        "host": { "health": assessment.host.health, "reasons": host_reasons, "sample": known.snapshot.host.value },
        "services": services,
        "checks": checks,
        "feeds": feeds,
    })
}

/// Names what a reason rests on.
fn reason_about(about: &crate::diagnosis::About) -> String {
    match about {
        crate::diagnosis::About::Check(check) => check.to_string(),
        crate::diagnosis::About::Feed(feed) => feed.to_string(),
    }
}
