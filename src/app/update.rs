//! The only way in which the console's state changes.

mod acting;
mod facts;
mod following;
mod input;
mod reading;
mod recording;
mod responding;

use super::App;
use super::effect::Effect;
use super::event::{Event, EventKind, Notice, ReadEvent};
use crate::diagnosis::Assessment;
use crate::model::journal::{Body, Entry};
use crate::model::run::RunEvent;
use crate::model::text::Line;
use crate::pane::feeds::Kind;

/// Takes in one event.
pub fn update(app: &mut App, event: Event) -> Vec<Effect> {
    // A clock that was set back must not make the console forget how late it is.
    let went_on = event.at >= app.world.now;
    app.world.now = event.at;
    app.generation += 1;
    match event.kind {
        EventKind::Tick => {
            reassess(app);
            following::tick(app)
        }
        EventKind::Input(input) => input::input(app, input),
        EventKind::Update(update) => {
            if !went_on {
                reassess(app);
            }
            let mut effects = facts::fact(app, update);
            effects.extend(recording::record(app));
            effects
        }
        EventKind::Lines(batch) => {
            app.logs.push(batch);
            Vec::new()
        }
        EventKind::LogJoined(source) => {
            app.logs.join(source);
            Vec::new()
        }
        EventKind::Logs(event) => app.logs.answer(event, &mut app.world),
        EventKind::Read(ReadEvent { feed, about, found }) => {
            app.world.details.insert(feed, about, found);
            Vec::new()
        }
        EventKind::Journal(news) => {
            let mut effects = acting::journal(app, &news);
            effects.extend(recording::record(app));
            following::follow(app);
            // What a command prints belongs to how it ends: the timeline is not told anew for each line.
            let prints = |entry: &Entry| matches!(entry.body, Body::Run(RunEvent::Said { .. }));
            if !news.entries.iter().all(prints) {
                responding::retell(app);
            }
            // A banner may have come or gone.
            settle(app);
            effects
        }
        EventKind::Planned { number, plan } => acting::planned(app, number, plan),
        EventKind::NotOperated { operation, why } => {
            acting::not_operated(app, &operation, &why);
            Vec::new()
        }
        EventKind::NotRun { run, why } => {
            following::not_run(app, &run, &why);
            Vec::new()
        }
        EventKind::Terminal { run, execution, bytes } => {
            following::terminal_said(app, &run, execution, Ok(&bytes));
            Vec::new()
        }
        EventKind::TerminalEnded { run, execution, why } => {
            following::terminal_said(app, &run, execution, Err(why));
            Vec::new()
        }
        EventKind::Seen { generation } => {
            acting::seen(app, generation);
            Vec::new()
        }
        EventKind::PollerBehind { overdue } => {
            app.world.overdue = overdue;
            Vec::new()
        }
        EventKind::Notice(notice) => {
            app.world.notice = Some((notice, app.world.now));
            Vec::new()
        }
    }
}

/// Judges everything anew, as of now.
fn reassess(app: &mut App) {
    app.world.assessment = Assessment::of(&app.world.catalog, &app.world.snapshot, app.world.now);
    reorder(app);
}

/// Puts everything in order again. As long as nobody has chosen, the selection goes along with what is worst, and so do the
/// logs.
fn reorder(app: &mut App) {
    let before = app.selected();
    app.world.reorder();
    let after = app.selected();
    if before != after {
        app.logs.show_for(&app.world, after.as_ref());
    }
    settle(app);
}

/// Keeps selections visible after anything moved.
fn settle(app: &mut App) {
    let map = app.map();
    if let Some(place) = map.triage {
        app.triage.keep_in_view(&app.world, place);
    }
    if let (Some(place), Some(super::world::Item::Service(service))) = (map.service, app.selected()) {
        app.service.keep_in_view(&app.world, &service, place, &app.look);
    }
    if app.focus.is_lower() {
        app.lower = app.focus;
    }
    if let Some((pane, place)) = map.lower {
        match Kind::of(pane) {
            None if pane == crate::pane::PaneId::Operations => app.operations.keep_in_view(&app.world, place),
            None if pane == crate::pane::PaneId::Readiness => app.readiness.scroll(0, &app.world, place, &app.look),
            None if pane == crate::pane::PaneId::Timeline => app.timeline.keep_in_view(&app.world, place, &app.look),
            None if pane == crate::pane::PaneId::Contacts => {
                let selected = app.selected();
                app.contacts.keep_in_view(&app.world, selected.as_ref(), place, &app.look);
            }
            None => app.logs.resize(place),
            Some(kind) => {
                let (selected, look) = (app.selected(), app.look);
                let mut list = app.list(kind).clone();
                list.keep_in_view(&app.world, kind, selected.as_ref(), place, &look);
                *app.list_mut(kind) = list;
            }
        }
    }
}

fn notice(app: &mut App, text: &str, trouble: bool) {
    app.world.notice = Some((Notice { text: Line::from_text(text), trouble }, app.world.now));
}
