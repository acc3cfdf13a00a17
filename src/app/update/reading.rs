//! Opening the runbook that fits what is wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::App;
use super::super::world::{Item, World};
use super::{following, notice};
use crate::diagnosis::feeds::alert_is_about;
use crate::model::alert::AlertState;
use crate::model::id::ServiceId;
use crate::model::service::Health;
use crate::model::source::{Capability, Found};
use crate::runbook::Runbook;
use crate::runbook::matching::{Firing, Trouble, best};

/// A release counts as a cause when what broke did so within this time.
const SOON: Duration = Duration::from_secs(30 * 60);
/// A disk that is as full as this is trouble.
const FULL: f32 = 0.95;

/// Opens the best one for what is selected.
pub fn open_best(app: &mut App) {
    let service = match app.selected() {
        Some(Item::Service(service)) => Some(service),
        _ => None,
    };
    // What somebody follows already comes first.
    let open = app.world.runs.latest_first().find(|run| {
        let about = run.beginning.service.is_none() || service.is_none() || run.beginning.service == service;
        run.closed.is_none() && about && app.world.now.since(run.last_at) < SOON * 24
    });
    if let Some(name) = open.map(|run| run.beginning.name.clone()) {
        return following::open(app, &name, None);
    }
    let trouble = trouble(&app.world, service.as_ref());
    let runbooks: Vec<Runbook> = app.world.runbooks.iter().map(|document| document.runbook.clone()).collect();
    match best(&runbooks, &trouble) {
        Some((place, why)) => {
            let name = runbooks[place].name.clone();
            following::open(app, &name, Some(why));
        }
        None => notice(app, "there is no runbook: write one into the folder runbooks", false),
    }
}

fn trouble(world: &World, service: Option<&ServiceId>) -> Trouble {
    let mut trouble = Trouble { service: service.map(ToString::to_string), ..Trouble::default() };
    if let Some(sample) = &world.snapshot.host.value {
        trouble.disk_full = sample.disks.iter().any(|disk| disk.share() >= FULL);
    }
    let Some(service) = service else { return trouble };
    trouble.named = world.catalog.service(service).map(|found| found.runbooks.clone()).unwrap_or_default();
    for feed in &world.catalog.feeds {
        let Some(Found::Alerts(alerts)) = world.snapshot.feed(&feed.id).and_then(|state| state.last.value.as_ref())
        else {
            continue;
        };
        let own = feed.service.as_ref() == Some(service);
        let about = alerts.iter().filter(|alert| {
            alert.state == AlertState::Firing && (own || feed.service.is_none() && alert_is_about(alert, service))
        });
        trouble.alerts.extend(about.map(|alert| {
            let labels: BTreeMap<String, String> =
                alert.labels.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
            let name = labels.get("alertname").cloned().unwrap_or_else(|| alert.title.to_string());
            Firing { name, labels, runbook_url: alert.runbook_url.clone() }
        }));
    }
    let down_since = world.assessment.service(service).filter(|found| found.health == Health::Down);
    let down_since = down_since.and_then(|found| found.since);
    trouble.after_release = down_since.is_some_and(|since| {
        let feeds = world.catalog.feeds_of(service).filter(|feed| feed.capability == Capability::Releases);
        let found = feeds.filter_map(|feed| world.snapshot.feed(&feed.id)?.last.value.as_ref());
        let releases = found.filter_map(|found| match found {
            Found::Releases(releases) => Some(releases),
            _ => None,
        });
        releases.flatten().filter(|release| release.live).any(|release| {
            let went_live = release.finished_at.or(release.created_at);
            went_live.is_some_and(|at| at <= since && since.since(at) < SOON)
        })
    });
    trouble
}
