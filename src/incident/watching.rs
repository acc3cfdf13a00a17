//! What a console or a watcher sees while an incident is open, as entries: health, alerts, releases, vendors' incidents.
//!
//! Each has a key that says what it is, so that several who look write it once.

use std::time::Duration;

use super::Incident;
use crate::diagnosis::Assessment;
use crate::diagnosis::feeds::alert_is_about;
use crate::model::alert::AlertState;
use crate::model::catalog::Catalog;
use crate::model::incident::{IncidentEvent, SeenKind};
use crate::model::service::Health;
use crate::model::snapshot::Snapshot;
use crate::model::source::Found;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// A release that went live so long before it all began may be the cause.
const BEFORE: Duration = Duration::from_secs(2 * 3_600);

/// Returns what is to be written that was not written yet.
pub fn unseen(
    incident: &Incident,
    catalog: &Catalog,
    snapshot: &Snapshot,
    assessment: &Assessment,
    now: Timestamp,
) -> Vec<IncidentEvent> {
    let mut seen = Vec::new();
    let mut saw =
        |key: String, kind: SeenKind, text: String, service: Option<&crate::model::id::ServiceId>, at: Timestamp| {
            if !incident.has_seen(&key)
                && !seen.iter().any(|other| matches!(other, IncidentEvent::Saw { key: known, .. } if *known == key))
            {
                let text = Line::from_text(&text);
                seen.push(IncidentEvent::Saw { key, kind, text, service: service.cloned(), happened_at: at.min(now) });
            }
        };
    let concerns =
        |service: &crate::model::id::ServiceId| incident.services.is_empty() || incident.services.contains(service);
    for service in catalog.services.iter().filter(|service| concerns(&service.id)) {
        let Some(found) = assessment.service(&service.id) else { continue };
        if let (Some(since), Health::Down | Health::Degraded | Health::Healthy) = (found.since, found.health) {
            // That it was well before is no news.
            let was_well = found.health == Health::Healthy && since < incident.began_at;
            if !was_well {
                let why = found.reasons.first().map(|reason| format!(": {}", reason.text)).unwrap_or_default();
                let word = word(found.health);
                let key = format!("health/{}/{word}/{}", service.id, since.as_micros());
                saw(key, SeenKind::Health, format!("{} is {word}{why}", service.id), Some(&service.id), since);
            }
        }
    }
    for feed in &catalog.feeds {
        let Some(found) = snapshot.feed(&feed.id).and_then(|state| state.last.value.as_ref()) else { continue };
        match found {
            Found::Alerts(alerts) => {
                for alert in
                    alerts.iter().filter(|alert| matches!(alert.state, AlertState::Firing | AlertState::Acknowledged))
                {
                    let about = incident.services.is_empty()
                        || feed.service.as_ref().is_some_and(concerns)
                        || (feed.service.is_none()
                            && incident.services.iter().any(|service| alert_is_about(alert, service)));
                    if about {
                        let at = alert.since.unwrap_or(now);
                        let since = alert.since.map_or(0, Timestamp::as_micros);
                        let key = format!("alert/{}/{}/{since}", feed.source, alert.id);
                        saw(
                            key,
                            SeenKind::Alert,
                            format!("{} fires ({})", alert.title, feed.source),
                            feed.service.as_ref(),
                            at,
                        );
                    }
                }
            }
            Found::Releases(releases) if feed.service.as_ref().is_some_and(concerns) => {
                for release in releases {
                    let Some(at) =
                        release.finished_at.or(release.created_at).filter(|at| *at >= incident.began_at - BEFORE)
                    else {
                        continue;
                    };
                    let service = feed.service.as_ref();
                    let by = release.author.as_ref().map(|author| format!(" by {author}")).unwrap_or_default();
                    let message = release.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
                    let name = service.map(|service| format!("{service} ")).unwrap_or_default();
                    let key = format!("release/{}/{}/{}", feed.source, name, release.id);
                    saw(key, SeenKind::Release, format!("{name}release {}{by}{message}", release.name()), service, at);
                }
            }
            Found::VendorStatus(status) => {
                for open in &status.incidents {
                    let Some(at) = open.started_at.filter(|at| *at >= incident.began_at - BEFORE * 12) else {
                        continue;
                    };
                    let vendor = feed.vendor.as_ref().map_or_else(|| feed.source.to_string(), ToString::to_string);
                    let key = format!("vendor/{vendor}/{}", open.id);
                    saw(key, SeenKind::Vendor, format!("{vendor}: {}", open.title), None, at);
                }
            }
            _ => {}
        }
    }
    seen
}

fn word(health: Health) -> &'static str {
    match health {
        Health::Down => "down",
        Health::Degraded => "degraded",
        Health::Unknown => "unknown",
        Health::Maintenance => "in maintenance",
        Health::Healthy => "well",
    }
}
