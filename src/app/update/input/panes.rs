//! Going through the panes, and opening what is selected in one.

use super::windows::modal_action;
use crate::action::Action;
use crate::app::App;
use crate::app::effect::{Effect, ReadRequest};
use crate::app::event::{Mouse, MouseKind};
use crate::app::layout::Room;
use crate::app::update::responding;
use crate::app::world::Item;
use crate::modal::detail::{DetailState, Subject};
use crate::modal::operation::OperationState;
use crate::modal::{Modal, things};
use crate::pane::feeds::Kind;
use crate::pane::service::Spot;
use crate::pane::{PaneId, triage};

pub(super) fn in_logs(app: &mut App, action: Action) -> Vec<Effect> {
    let outcome = app.logs.act(action, &mut app.world);
    if let Some((title, lines)) = outcome.show {
        app.modals.push(Modal::Detail(DetailState::new(Subject::Text { title, lines })));
    }
    outcome.effects
}

pub(super) fn step_pane(app: &mut App, by: usize) {
    let panes: Vec<_> = PaneId::ALL.into_iter().filter(|pane| app.has(*pane)).collect();
    let here = panes.iter().position(|pane| *pane == app.focus).unwrap_or(0);
    // Two steps forward among three panes are one back.
    let by = if by == 1 { 1 } else { panes.len() - 1 };
    app.focus = panes[(here + by) % panes.len()];
}

/// Leaves what is innermost. Quitting from the services ends the program.
pub(super) fn go_back(app: &mut App, quit: bool) -> Vec<Effect> {
    if app.logs.back(app.focus == PaneId::Logs) {
        return Vec::new();
    }
    if app.focus == PaneId::Timeline && !app.timeline.filter.is_empty() {
        app.timeline.filter.clear();
        return Vec::new();
    }
    if app.focus == PaneId::Triage && !app.triage.filter.is_empty() {
        app.triage.filter.clear();
        return Vec::new();
    }
    if app.zoom && app.map().room != Room::Phone {
        app.zoom = false;
        return Vec::new();
    }
    if app.focus != PaneId::Triage && !app.world.catalog.services.is_empty() {
        app.focus = PaneId::Triage;
        return Vec::new();
    }
    if quit {
        return vec![Effect::Quit];
    }
    app.triage.release();
    Vec::new()
}

pub(super) fn open(app: &mut App) -> Vec<Effect> {
    match app.focus {
        PaneId::Triage => app.focus = PaneId::Service,
        PaneId::Service => {
            if let Some(Item::Service(service)) = app.selected() {
                let subject = match app.service.spot(&app.world, &service) {
                    Some(Spot::Check(check)) => Subject::Check(check),
                    Some(Spot::Metric(feed)) => Subject::Chart { service, feed },
                    Some(Spot::End) | None => return Vec::new(),
                };
                app.modals.push(Modal::Detail(DetailState::new(subject)));
            }
        }
        PaneId::Logs => {
            if let Some((title, lines)) = app.logs.entry() {
                app.modals.push(Modal::Detail(DetailState::new(Subject::Text { title, lines })));
            }
        }
        PaneId::Releases | PaneId::Errors | PaneId::Alerts => return open_thing(app),
        PaneId::Operations => {
            if let Some(operation) = app.operations.selected(&app.world).and_then(|id| app.world.operations.get(&id)) {
                let state = OperationState::new(operation.id().clone(), operation.plan.title.clone());
                app.modals.push(Modal::Operation(state));
            }
        }
        PaneId::Timeline => responding::open_moment(app),
        PaneId::Contacts => responding::open_contact(app),
        PaneId::Readiness => {}
    }
    Vec::new()
}

/// Opens what is selected in a list, and asks for what is not known of it yet.
fn open_thing(app: &mut App) -> Vec<Effect> {
    let (Some(kind), item) = (Kind::of(app.focus), app.selected()) else { return Vec::new() };
    let Some(key) = app.list(kind).selected(&app.world, kind, item.as_ref()) else { return Vec::new() };
    app.modals.push(Modal::Detail(DetailState::new(Subject::Thing { kind, key: key.clone() })));
    if kind == Kind::Errors
        && let Some(issue) = things::issue(&app.world, &key)
    {
        return vec![Effect::Read(ReadRequest::Issue { feed: key.feed, issue: Box::new(issue.clone()) })];
    }
    if kind == Kind::Releases
        && let Some((from, to)) = things::release_and_live(&app.world, &key)
    {
        return vec![Effect::Read(ReadRequest::Changes { feed: key.feed, from: Box::new(from), to: Box::new(to) })];
    }
    Vec::new()
}

pub(super) fn move_in_pane(app: &mut App, action: Action) -> Vec<Effect> {
    let map = app.map();
    let page = |place: Option<ratatui::layout::Rect>| {
        isize::try_from(place.map_or(1, |place| place.height.saturating_sub(2).max(1))).unwrap_or(1)
    };
    match app.focus {
        PaneId::Triage => {
            let items = triage::items(&app.world, &app.triage.filter);
            app.triage.step(&items, amount(action, page(map.triage)));
        }
        PaneId::Service => {
            if let Some(Item::Service(service)) = app.selected() {
                // A page is more than the checks of most services.
                app.service.step(&app.world, &service, amount(action, 5));
            }
        }
        PaneId::Logs => return in_logs(app, action),
        PaneId::Timeline if matches!(action, Action::Left | Action::Right) => responding::in_timeline(app, action),
        PaneId::Timeline => {
            let by = amount(action, page(map.lower.map(|(_, place)| place)));
            app.timeline.step(by);
        }
        PaneId::Readiness => {
            if let Some((_, place)) = map.lower {
                app.readiness.scroll(amount(action, page(Some(place))), &app.world, place, &app.look);
            }
        }
        PaneId::Contacts => {
            // A contact takes two rows.
            let (selected, by) = (app.selected(), amount(action, (page(map.lower.map(|(_, place)| place)) / 2).max(1)));
            app.contacts.step(&app.world, selected.as_ref(), by);
        }
        PaneId::Operations => {
            // An operation takes two rows.
            let by = amount(action, (page(map.lower.map(|(_, place)| place)) / 2).max(1));
            app.operations.step(&app.world, by);
        }
        PaneId::Releases | PaneId::Errors | PaneId::Alerts => {
            if let Some(kind) = Kind::of(app.focus) {
                let (selected, by) = (app.selected(), amount(action, page(map.lower.map(|(_, place)| place))));
                let mut list = app.list(kind).clone();
                list.step(&app.world, kind, selected.as_ref(), by);
                *app.list_mut(kind) = list;
            }
        }
    }
    Vec::new()
}

pub(super) fn amount(action: Action, page: isize) -> isize {
    match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::Top => isize::MIN / 2,
        Action::Bottom => isize::MAX / 2,
        _ => 0,
    }
}

pub(super) fn mouse_event(app: &mut App, mouse: Mouse) -> Vec<Effect> {
    let at = ratatui::layout::Position { x: mouse.column, y: mouse.row };
    let map = app.map();
    let lower = map.lower.map(|(pane, place)| (pane, Some(place)));
    let places = [(PaneId::Triage, map.triage), (PaneId::Service, map.service)].into_iter().chain(lower);
    let pane = places
        .into_iter()
        .find_map(|(pane, place)| place.filter(|place| place.contains(at)).map(|place| (pane, place)));
    match mouse.kind {
        MouseKind::ScrollUp | MouseKind::ScrollDown => {
            let action = if mouse.kind == MouseKind::ScrollUp { Action::Up } else { Action::Down };
            if !app.modals.is_empty() {
                return modal_action(app, action, None);
            }
            if let Some((pane, _)) = pane {
                app.focus = pane;
            }
            move_in_pane(app, action)
        }
        MouseKind::Press => {
            if !app.modals.is_empty() {
                if !map.modal.contains(at) {
                    app.modals.pop();
                }
                return Vec::new();
            }
            if let Some((pane, place)) = pane {
                app.focus = pane;
                if pane == PaneId::Triage
                    && let Some(item) = app.triage.item_at(&app.world, place, mouse.row)
                {
                    app.triage.select(item);
                }
            }
            Vec::new()
        }
    }
}
