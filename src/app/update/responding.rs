//! What people say of an incident: it is opened, noted, acknowledged, and whom they called.
//!
//! Nothing is true before the journal took it: what is said goes out as an effect, and comes back with the journal.

use std::collections::BTreeSet;

use super::super::App;
use super::super::effect::Effect;
use super::super::event::{Key, KeyCode};
use super::super::world::World;
use super::notice;
use crate::action::Action;
use crate::diagnosis::feeds::alert_is_about;
use crate::diagnosis::health::judge_check;
use crate::incident::recall::{Situation, recall};
use crate::incident::timeline::timeline;
use crate::incident::{Incident, when};
use crate::modal::Modal;
use crate::modal::contact::{ContactState, OUTCOMES, Stage};
use crate::modal::detail::{DetailState, Subject};
use crate::modal::glance::Glance;
use crate::modal::incident::{Deed, IncidentMenu};
use crate::modal::opening::OpeningState;
use crate::modal::page::PageState;
use crate::modal::prompt::{Prompt, Purpose, Typed};
use crate::modal::things;
use crate::model::alert::AlertState;
use crate::model::contact::Call;
use crate::model::history::Status;
use crate::model::id::{CheckId, IncidentId, ServiceId};
use crate::model::incident::{IncidentCommand, IncidentEvent, IncidentState, SeenKind};
use crate::model::source::{Found, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::paging::plan::Ground;
use crate::paging::{PagePlan, PageWish, plan_page, plan_update};
use crate::pane::PaneId;
use crate::pane::contacts::moment;
use crate::pane::service::Spot;
use crate::pane::timeline::tell;
use crate::ui::Role;

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

/// Shows a page to the next person, or to the contact that is looked at, before it goes out.
pub fn page(app: &mut App, key: Option<Key>) -> Vec<Effect> {
    if refused(app) {
        return Vec::new();
    }
    if app.world.incidents.open().is_none() {
        no_incident(app);
        return Vec::new();
    }
    let contact = match app.modals.last() {
        Some(Modal::Contact(state)) => Some(state.contact.clone()),
        _ if app.focus == PaneId::Contacts && app.contacts.is_chosen() => {
            let item = app.selected();
            app.contacts.selected(&app.world, item.as_ref()).map(|contact| contact.id.clone())
        }
        _ => None,
    };
    let wish = PageWish { contact, text: None };
    planned(app, key, |ground| plan_page(&wish, ground));
    Vec::new()
}

/// Plans a message about the open incident, and shows it.
fn planned(app: &mut App, key: Option<Key>, make: impl FnOnce(&Ground<'_>) -> Result<PagePlan, Trouble>) {
    let world = &app.world;
    let Some(incident) = world.incidents.open() else { return };
    let moments = timeline(incident, &world.entries);
    let time = moment(world);
    let ground = Ground {
        incident,
        moments: &moments,
        contacts: &world.catalog.contacts,
        senders: &world.catalog.senders,
        policy: world.patience,
        time: &time,
        by: &world.by,
    };
    match make(&ground) {
        Ok(plan) => {
            let glance = Glance::new(world.now, app.generation);
            app.modals.push(Modal::Page(Box::new(PageState::new(plan, key, glance))));
        }
        Err(trouble) => {
            let text = format!("{}; {}", trouble.message, trouble.hint);
            notice(app, &text, true);
        }
    }
}

/// Somebody says yes to the message on top.
pub fn send(app: &mut App, key: Option<Key>) -> Vec<Effect> {
    let Some(Modal::Page(state)) = app.modals.last() else { return Vec::new() };
    if let Err(why) = state.counts(key, app.world.now) {
        notice(app, why, false);
        return Vec::new();
    }
    let plan = state.plan.clone();
    app.modals.pop();
    notice(app, "it goes out: the timeline tells what comes of it", false);
    vec![Effect::Send(Box::new(plan))]
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

/// Lines of a stack trace that are pinned with their first one.
const PINNED_LINES: usize = 40;

/// Opens a contact.
pub fn open_contact(app: &mut App) {
    let item = app.selected();
    if let Some(contact) = app.contacts.selected(&app.world, item.as_ref()) {
        let state = ContactState::new(contact.id.clone());
        app.modals.push(Modal::Contact(state));
    }
}

/// What a key does with a contact.
pub fn in_contact(app: &mut App, action: Action) -> Vec<Effect> {
    let can_log = app.world.incidents.open().is_some();
    let Some(Modal::Contact(state)) = app.modals.last_mut() else { return Vec::new() };
    match action {
        Action::CallLog if app.world.read_only => {
            refused(app);
        }
        Action::CallLog if can_log => state.stage = Stage::Asking,
        Action::CallLog => no_incident(app),
        Action::CallPicture | Action::Open => state.stage = Stage::Picture,
        Action::CallReveal => state.revealed = !state.revealed,
        _ => {}
    }
    Vec::new()
}

/// Takes a key while a contact asks for something, or shows a picture. Returns nothing when the key means what it always does.
pub fn contact_key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Modal::Contact(state)) = app.modals.last_mut() else { return None };
    match state.stage {
        Stage::Facts => None,
        Stage::Picture => {
            state.stage = Stage::Facts;
            Some(Vec::new())
        }
        Stage::Asking => {
            state.stage = Stage::Facts;
            let KeyCode::Char(letter) = key.code else { return Some(Vec::new()) };
            let outcome = OUTCOMES.iter().find(|(known, _)| *known == letter).map(|(_, outcome)| *outcome);
            let (state, outcome) = (state.clone(), outcome);
            let Some(outcome) = outcome else { return Some(Vec::new()) };
            Some(called(app, &state, outcome))
        }
    }
}

fn called(app: &App, state: &ContactState, outcome: crate::model::contact::Outcome) -> Vec<Effect> {
    let (Some(incident), Some(contact)) = (app.world.incidents.open(), state.contact(&app.world)) else {
        return Vec::new();
    };
    let number = state.way(&app.world).map(|way| way.address.clone());
    let call = Call { contact: contact.id.clone(), number, at: app.world.now, outcome };
    record(incident.id.clone(), IncidentEvent::Called { name: contact.name.clone(), call })
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
