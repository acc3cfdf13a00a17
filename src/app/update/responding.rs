//! What people say of an incident: it is opened, noted, acknowledged, and whom they called.
//!
//! Nothing is true before the journal took it: what is said goes out as an effect, and comes back with the journal.

mod calling;
mod paging;
mod pinning;

use std::collections::BTreeSet;

use super::super::App;
use super::super::effect::Effect;
use super::super::event::{Key, KeyCode};
use super::super::world::World;
use super::notice;
use crate::action::Action;
use crate::diagnosis::feeds::alert_is_about;
use crate::incident::recall::{Situation, recall};
use crate::incident::timeline::timeline;
use crate::incident::{Incident, when};
use crate::modal::Modal;
use crate::modal::detail::{DetailState, Subject};
use crate::modal::incident::{Deed, IncidentMenu};
use crate::modal::opening::OpeningState;
use crate::modal::prompt::{Prompt, Purpose, Typed};
use crate::model::alert::AlertState;
use crate::model::history::Status;
use crate::model::id::{CheckId, IncidentId, ServiceId};
use crate::model::incident::{IncidentCommand, IncidentEvent, IncidentState};
use crate::model::source::Found;
use crate::model::text::Line;
use crate::paging::plan_update;
use crate::pane::PaneId;
use crate::pane::timeline::tell;
pub use calling::{contact_key, in_contact, open_contact};
use paging::planned;
pub use paging::{page, send};
pub use pinning::pin;

/// Tells the timeline anew, after the journal told something or another incident was chosen.
pub fn retell(app: &mut App) {
    let moments = match app.timeline.incident(&app.world) {
        Some(incident) => timeline(incident, &app.world.entries),
        None => Vec::new(),
    };
    app.timeline.moments = moments;
}

/// Opens an incident, or shows how the one that is open stands.
pub fn incident(app: &mut App) -> Vec<Effect> {
    if refused(app) {
        return Vec::new();
    }
    match shown(app) {
        Some(id) => app.modals.push(Modal::Incident(IncidentMenu::new(id))),
        None => propose(app),
    }
    Vec::new()
}

/// Proposes an incident from what is red now, with what helped the last time.
fn propose(app: &mut App) {
    let world = &app.world;
    let mut state = OpeningState::of(world);
    let memories = state.opening.services.iter().filter_map(|service| {
        let (checks, alerts) = red(world, service);
        let situation = Situation { service, checks: &checks, alerts: &alerts, except: None, now: world.now };
        recall(&situation, &world.incidents, &world.operations).into_iter().next()
    });
    // Of several services, the memory that is most alike counts, and of those the latest.
    let best = memories.min_by_key(|memory| (memory.likeness, std::cmp::Reverse(memory.at)));
    state.recall = best.map(|memory| memory.sentence(world.now).to_string());
    app.modals.push(Modal::Opening(Box::new(state)));
}

/// The checks of a service that are red, and the alerts that fire about it.
fn red(world: &World, service: &ServiceId) -> (BTreeSet<CheckId>, BTreeSet<String>) {
    let is_down = |id: &CheckId| world.snapshot.check(id).is_some_and(|state| state.status == Status::Down);
    let checks = world.catalog.checks_of(service).map(|check| check.id.clone()).filter(is_down).collect();
    let mut alerts = BTreeSet::new();
    for feed in &world.catalog.feeds {
        let found = world.snapshot.feed(&feed.id).and_then(|state| state.last.value.as_ref());
        let Some(Found::Alerts(found)) = found else { continue };
        for alert in found.iter().filter(|alert| matches!(alert.state, AlertState::Firing | AlertState::Acknowledged)) {
            if feed.service.as_ref() == Some(service) || alert_is_about(alert, service) {
                alerts.extend([alert.id.to_string(), alert.title.to_string()]);
            }
        }
    }
    (checks, alerts)
}

/// The incident that keys are about: the one in the timeline while that is looked at, else the one that is open.
fn shown(app: &App) -> Option<IncidentId> {
    let looked_at = (app.focus == PaneId::Timeline).then(|| app.timeline.incident(&app.world)).flatten();
    looked_at.or_else(|| app.world.incidents.open()).map(|incident| incident.id.clone())
}

fn current(app: &App) -> Option<&Incident> {
    shown(app).and_then(|id| app.world.incidents.get(&id))
}

fn refused(app: &mut App) -> bool {
    if app.world.read_only {
        notice(app, "--read-only: nothing is written from here", true);
    }
    app.world.read_only
}

/// Types into the form of a new incident.
pub fn opening_key(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(Modal::Opening(state)) = app.modals.last_mut() else { return Vec::new() };
    if key.code == KeyCode::Tab {
        state.next_severity();
        return Vec::new();
    }
    match state.input.key(key) {
        Typed::Cancelled => {
            app.modals.pop();
        }
        Typed::Done => match state.done() {
            Some(opening) => {
                app.modals.pop();
                app.timeline.follow();
                app.focus = PaneId::Timeline;
                return vec![Effect::OpenIncident(Box::new(opening))];
            }
            None => notice(app, "it needs a title: what is wrong, in a few words", true),
        },
        Typed::Changed | Typed::Nothing => {}
    }
    Vec::new()
}

/// Takes a letter, or a row, of what can be said. Returns nothing when the key means something else.
pub fn menu_key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Modal::Incident(menu)) = app.modals.last() else { return None };
    let deeds = menu.deeds(&app.world);
    let chosen = match key.code {
        KeyCode::Enter => deeds.get(menu.selected),
        KeyCode::Char(c) if !key.ctrl && !key.alt => deeds.iter().find(|(letter, ..)| *letter == c),
        _ => None,
    };
    let deed = chosen?.1;
    let id = menu.incident.clone();
    Some(said(app, id, deed))
}

fn said(app: &mut App, id: IncidentId, deed: Deed) -> Vec<Effect> {
    let Some(incident) = app.world.incidents.get(&id) else { return Vec::new() };
    let now = app.world.now;
    let prompt = match deed {
        Deed::AskSeverity => {
            let here = incident.severity;
            if let Some(Modal::Incident(menu)) = app.modals.last_mut() {
                menu.severities = true;
                menu.selected = crate::model::incident::Severity::ALL.iter().position(|one| *one == here).unwrap_or(0);
            }
            return Vec::new();
        }
        Deed::Note => Prompt::new(Purpose::Note, ""),
        Deed::Update => Prompt::new(Purpose::Update, ""),
        Deed::Title => Prompt::new(Purpose::IncidentTitle, incident.title.as_str()),
        Deed::Services => {
            let names: Vec<&str> = incident.services.iter().map(ServiceId::as_str).collect();
            Prompt::new(Purpose::IncidentServices, &names.join(", "))
        }
        Deed::Role => Prompt::new(Purpose::IncidentRole, ""),
        Deed::Another => {
            app.modals.pop();
            propose(app);
            return Vec::new();
        }
        Deed::Evidence => {
            app.modals.pop();
            return vec![Effect::Evidence(id)];
        }
        Deed::Export => {
            app.modals.pop();
            return vec![Effect::Export(id)];
        }
        Deed::Severity(severity) => {
            app.modals.pop();
            return record(id, IncidentEvent::Severity { severity });
        }
        Deed::State(state) => {
            app.modals.pop();
            return record(id, IncidentEvent::State { state, happened_at: now });
        }
        Deed::Reopen => {
            let known = incident.reached.contains_key(&IncidentState::Acknowledged);
            let state = if known { IncidentState::Acknowledged } else { IncidentState::Triggered };
            app.modals.pop();
            return record(id, IncidentEvent::State { state, happened_at: now });
        }
    };
    app.modals.pop();
    app.about = Some(id);
    app.prompt = Some(prompt);
    Vec::new()
}

fn record(incident: IncidentId, event: IncidentEvent) -> Vec<Effect> {
    vec![Effect::Record(Box::new(IncidentCommand { incident, event }))]
}

/// Asks for a note.
pub fn note(app: &mut App) {
    if refused(app) {
        return;
    }
    match shown(app) {
        Some(id) => {
            app.about = Some(id);
            app.prompt = Some(Prompt::new(Purpose::Note, ""));
        }
        None => no_incident(app),
    }
}

fn no_incident(app: &mut App) {
    let key = app.keymap.key(Action::Incident).map(|key| key.to_string()).unwrap_or_default();
    notice(app, &format!("no incident is open: {key} opens one"), true);
}

/// Takes what was typed of an incident.
pub fn typed(app: &mut App, purpose: Purpose, text: &str) -> Vec<Effect> {
    let Some(id) = app.about.take() else { return Vec::new() };
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    let line = Line::from_text(text);
    let entry = app.timeline.selected().map(|moment| moment.entry.clone());
    let event = match (purpose, entry) {
        (Purpose::Note, _) => {
            let (happened_at, text) = when::noted(text, app.world.now, &app.world.zone);
            if text.is_empty() {
                return Vec::new();
            }
            IncidentEvent::Noted { text: Line::from_text(text), more: Vec::new(), happened_at }
        }
        (Purpose::Update, _) => {
            let own = vec![line];
            planned(app, None, |ground| plan_update(&own, &[], false, ground));
            return Vec::new();
        }
        (Purpose::IncidentTitle, _) => IncidentEvent::Titled { title: line },
        (Purpose::IncidentServices, _) => {
            let names = text.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty());
            let services: Vec<ServiceId> = names.map(ServiceId::new).collect();
            if let Some(strange) = services.iter().find(|id| app.world.catalog.service(id).is_none()) {
                let text = format!("there is no service {strange}");
                notice(app, &text, true);
                return Vec::new();
            }
            IncidentEvent::Services { services }
        }
        (Purpose::IncidentRole, _) => match text.rsplit_once(' ') {
            Some((role, who)) => IncidentEvent::Role { who: Line::from_text(who), role: Line::from_text(role.trim()) },
            None => IncidentEvent::Role { who: app.world.by.user.clone(), role: line },
        },
        (Purpose::Correct, Some(entry)) => IncidentEvent::Corrected { entry, text: line },
        (Purpose::Redact, Some(entry)) => IncidentEvent::Redacted { entry, why: line },
        _ => return Vec::new(),
    };
    record(id, event)
}

/// What a key does in the timeline.
pub fn in_timeline(app: &mut App, action: Action) {
    match action {
        Action::Left | Action::Right => {
            let by = if action == Action::Left { -1 } else { 1 };
            if app.timeline.other(&app.world, by) {
                retell(app);
            } else {
                notice(app, if by < 0 { "there is no earlier incident" } else { "there is no later incident" }, false);
            }
        }
        Action::Correct | Action::Redact => {
            if refused(app) {
                return;
            }
            let Some((id, text)) = app
                .timeline
                .incident(&app.world)
                .map(|incident| incident.id.clone())
                .zip(app.timeline.selected().map(|moment| moment.text.to_string()))
            else {
                return;
            };
            // What is written meanwhile must not move under the hand.
            app.timeline.hold();
            app.about = Some(id);
            app.prompt = Some(match action {
                Action::Correct => Prompt::new(Purpose::Correct, &text),
                _ => Prompt::new(Purpose::Redact, ""),
            });
        }
        _ => {}
    }
}

/// Shows an entry of the timeline in full.
pub fn open_moment(app: &mut App) {
    let Some(moment) = app.timeline.selected() else { return };
    let lines = tell(moment, &app.world);
    app.modals.push(Modal::Detail(DetailState::new(Subject::Text { title: "Timeline".to_owned(), lines })));
}

/// Whoever presses a key while an incident is open is in it.
pub fn join(app: &mut App) -> Vec<Effect> {
    let world = &app.world;
    let Some(incident) = world.incidents.open().filter(|_| !world.read_only && app.journal_read) else {
        return Vec::new();
    };
    if incident.people.contains(&world.by) || !app.recorded.insert(format!("{}/joined", incident.id)) {
        return Vec::new();
    }
    record(incident.id.clone(), IncidentEvent::Joined { by: world.by.clone() })
}
