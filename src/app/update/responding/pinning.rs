//! What is looked at, pinned to the timeline.

use super::{current, no_incident, record, refused};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::update::notice;
use crate::diagnosis::health::judge_check;
use crate::modal::things;
use crate::model::id::ServiceId;
use crate::model::incident::{IncidentEvent, SeenKind};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::pane::PaneId;
use crate::pane::service::Spot;
use crate::ui::Role;

/// Lines of a stack trace that are pinned with their first one.
const PINNED_LINES: usize = 40;

/// Puts what is selected into the timeline.
pub fn pin(app: &mut App) -> Vec<Effect> {
    if refused(app) {
        return Vec::new();
    }
    let Some(id) = current(app).map(|incident| incident.id.clone()) else {
        no_incident(app);
        return Vec::new();
    };
    match pinned(app) {
        Some(event) => record(id, event),
        None => {
            notice(app, "there is nothing here to pin", false);
            Vec::new()
        }
    }
}

fn pinned(app: &App) -> Option<IncidentEvent> {
    let world = &app.world;
    let service = match app.selected() {
        Some(crate::app::world::Item::Service(service)) => Some(service),
        _ => None,
    };
    match app.focus {
        PaneId::Logs => {
            let pin = app.logs.pin()?;
            let mut lines = pin.lines.into_iter();
            let text = Line::from_text(&format!("{}: {}", pin.source, lines.next()?));
            let key = format!("log/{}/{}/{text}", pin.source, pin.at.as_micros());
            Some(IncidentEvent::Pinned {
                key,
                kind: SeenKind::Log,
                text,
                more: lines.take(PINNED_LINES).map(|line| Line::from_text(&line)).collect(),
                service,
                happened_at: pin.at.min(world.now),
            })
        }
        PaneId::Service => {
            let service = service?;
            let (text, at) = reading(app, &service)?;
            let key = format!("metric/{service}/{}/{text}", at.as_micros());
            let text = Line::from_text(&format!("{service}: {text}"));
            let (more, kind) = (Vec::new(), SeenKind::Metric);
            Some(IncidentEvent::Pinned { key, kind, text, more, service: Some(service), happened_at: at })
        }
        _ => None,
    }
}

/// What the selected check or chart of a service says now, and when it was seen.
fn reading(app: &App, service: &ServiceId) -> Option<(String, Timestamp)> {
    let world = &app.world;
    match app.service.spot(world, service)? {
        Spot::Check(id) => {
            let (check, state) = (world.catalog.check(&id)?, world.snapshot.check(&id)?);
            let judged = judge_check(check, Some(state), world.now);
            Some((format!("{}: {}", check.title, judged.text), state.last.seen?))
        }
        Spot::Metric(id) => {
            let (feed, state) = (world.catalog.feed(&id)?, world.snapshot.feed(&id)?);
            let lines = things::tell_series(world, &id).into_iter().filter(|line| line.role == Role::Text);
            let values: Vec<String> = lines.map(|line| line.text).collect();
            let text = format!("{}: {}", feed.title, values.join(", "));
            (!values.is_empty()).then_some((text, state.last.seen?))
        }
        Spot::End => None,
    }
}
