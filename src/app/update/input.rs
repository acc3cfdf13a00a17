//! What the user pressed, and what that does.

mod copying;
mod panes;
mod typing;
mod windows;

use super::super::App;
use super::super::effect::{Effect, ProbeWhich};
use super::super::event::{Input, Key};
use super::super::world::Item;
use super::{acting, following, notice, reading, reassess, responding, settle};
use crate::action::Action;
use crate::modal::Modal;
use crate::modal::help::HelpState;
use crate::modal::palette::PaletteState;
use crate::modal::prompt::{Prompt, Purpose};
use crate::pane::PaneId;
use copying::copy;
use panes::{go_back, in_logs, mouse_event, move_in_pane, open, step_pane};
use typing::{ask_key, name_key, palette_key, prompt_key};
use windows::modal_action;

/// Takes in what came from the terminal.
pub fn input(app: &mut App, input: Input) -> Vec<Effect> {
    let before = app.selected();
    let mut effects = match input {
        Input::Key(key) => {
            let mut effects = responding::join(app);
            effects.extend(key_pressed(app, key));
            effects
        }
        Input::Paste(text) => typing::paste(app, &text),
        Input::Resize { width, height } => {
            app.size = (width, height);
            following::resized(app)
        }
        Input::Mouse(mouse) => mouse_event(app, mouse),
        Input::Resumed => {
            reassess(app);
            vec![Effect::Redraw]
        }
    };
    let after = app.selected();
    if before != after {
        app.service.reset();
        app.releases.reset();
        app.errors.reset();
        effects.push(focus(app));
        app.logs.show_for(&app.world, after.as_ref());
    }
    settle(app);
    effects
}

/// What is looked at is asked more often than the rest.
fn focus(app: &App) -> Effect {
    let catalog = &app.world.catalog;
    let (checks, feeds) = match app.selected() {
        Some(Item::Service(service)) => (
            catalog.checks_of(&service).map(|check| check.id.clone()).collect(),
            catalog.feeds_of(&service).map(|feed| feed.id.clone()).collect(),
        ),
        Some(Item::Vendor(vendor)) => {
            let feeds = catalog.feeds.iter().filter(|feed| feed.vendor.as_ref() == Some(&vendor));
            (Vec::new(), feeds.map(|feed| feed.id.clone()).collect())
        }
        Some(Item::Host) | None => (Vec::new(), Vec::new()),
    };
    Effect::Focus { checks, feeds }
}

fn key_pressed(app: &mut App, key: Key) -> Vec<Effect> {
    if app.prompt.is_some() {
        return prompt_key(app, key);
    }
    // While a name is typed, letters are letters.
    if let Some(Modal::Plan(state)) = app.modals.last_mut()
        && state.asks_for_name().is_some()
        && name_key(state, key)
    {
        return Vec::new();
    }
    if following::step_key(app, key) {
        return Vec::new();
    }
    match app.modals.last() {
        None => {}
        Some(Modal::Palette(_)) => return palette_key(app, key),
        Some(Modal::Ask(_)) => return ask_key(app, key),
        Some(Modal::Opening(_)) => return responding::opening_key(app, key),
        Some(Modal::Incident(_)) => {
            if let Some(effects) = responding::menu_key(app, key) {
                return effects;
            }
        }
        Some(Modal::Contact(_)) => {
            if let Some(effects) = responding::contact_key(app, key) {
                return effects;
            }
        }
        Some(Modal::Terminal(_)) => return following::terminal_key(app, key),
        Some(Modal::Operation(state)) if state.asking.is_some() => {
            let yes = app.keymap.keys(Action::Confirm).any(|confirms| confirms == key);
            return acting::answered(app, yes);
        }
        Some(_) => {}
    }
    let context = app.modals.last().map_or_else(|| app.focus.context(), Modal::context);
    match app.keymap.action(key, context) {
        Some(action) if app.modals.is_empty() => act(app, action, Some(key)),
        Some(action) => modal_action(app, action, Some(key)),
        None => Vec::new(),
    }
}

/// Does what a key, a palette entry or a tap means.
fn act(app: &mut App, action: Action, key: Option<Key>) -> Vec<Effect> {
    match action {
        Action::Quit => return go_back(app, true),
        Action::Back => return go_back(app, false),
        Action::Help => app.modals.push(Modal::Help(HelpState::default())),
        Action::Palette => app.modals.push(Modal::Palette(PaletteState::default())),
        Action::Refresh => {
            if app.world.inert.is_some() {
                notice(app, "nothing is probed until the configuration is trusted: run crashcart trust", true);
                return Vec::new();
            }
            notice(app, "checking everything now", false);
            return vec![Effect::Probe(ProbeWhich::All)];
        }
        Action::Copy => return copy(app),
        Action::NextPane => step_pane(app, 1),
        Action::PreviousPane => step_pane(app, 2),
        Action::PaneTriage => app.focus = PaneId::Triage,
        Action::PaneService => app.focus = PaneId::Service,
        Action::PaneLogs | Action::ServiceLogs => app.focus = PaneId::Logs,
        Action::PaneReleases => app.focus = PaneId::Releases,
        Action::PaneErrors => app.focus = PaneId::Errors,
        Action::PaneAlerts => app.focus = PaneId::Alerts,
        Action::PaneOperations => app.focus = PaneId::Operations,
        Action::PaneTimeline => app.focus = PaneId::Timeline,
        Action::PaneContacts => app.focus = PaneId::Contacts,
        Action::PaneReadiness => app.focus = PaneId::Readiness,
        Action::Incident => return responding::incident(app),
        Action::Note => responding::note(app),
        Action::Page => return responding::page(app, key),
        Action::Pin => return responding::pin(app),
        Action::Correct | Action::Redact => responding::in_timeline(app, action),
        Action::Runbook => reading::open_best(app),
        Action::Draft if app.world.read_only => notice(app, "--read-only: nothing can be done from here", true),
        Action::Draft => {
            let service = match app.selected() {
                Some(Item::Service(service)) => Some(service),
                _ => None,
            };
            return vec![Effect::Draft(service)];
        }
        Action::RollBack => return acting::roll_back(app, key),
        Action::Actions => return acting::actions(app),
        Action::Stop | Action::GoOn | Action::Undo | Action::Close => return acting::operate(app, action, key),
        // Only a plan is confirmed, and only a runbook has steps.
        Action::Confirm
        | Action::Target
        | Action::Edit
        | Action::StepSkip
        | Action::StepMark
        | Action::StepStop
        | Action::StepUndo
        | Action::StepOutput
        | Action::StepTerminal
        | Action::StepGoOn
        | Action::RunClose
        | Action::CallLog
        | Action::CallPicture
        | Action::CallReveal
        | Action::Link
        | Action::FindNext
        | Action::FindPrevious => {}
        Action::Zoom => app.zoom = !app.zoom,
        Action::Theme => {
            app.look.theme = app.look.theme.next();
            let name = format!("theme {}", app.look.theme.name);
            notice(app, &name, false);
        }
        Action::Mouse => {
            app.mouse = !app.mouse;
            notice(app, if app.mouse { "mouse on" } else { "mouse off: the terminal selects text" }, false);
            return vec![Effect::SetMouse(app.mouse)];
        }
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Search => {
            let prompt = match app.focus {
                PaneId::Logs => Prompt::new(Purpose::Search, ""),
                PaneId::Timeline => Prompt::new(Purpose::Timeline, &app.timeline.filter),
                _ => {
                    app.focus = PaneId::Triage;
                    Prompt::new(Purpose::Services, &app.triage.filter)
                }
            };
            app.prompt = Some(prompt);
        }
        Action::Include => app.prompt = Some(Prompt::new(Purpose::Include, app.logs.filter_text())),
        Action::Exclude => app.prompt = Some(Prompt::new(Purpose::Exclude, "")),
        Action::Open => return open(app),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom
        | Action::Left
        | Action::Right => {
            return move_in_pane(app, action);
        }
        // Without a search, the key of the next match is that of a note.
        Action::SearchNext if !app.logs.searches() => responding::note(app),
        Action::SearchNext
        | Action::SearchPrevious
        | Action::ErrorNext
        | Action::ErrorPrevious
        | Action::Level
        | Action::Pause
        | Action::Source
        | Action::Patterns
        | Action::ClearFilters => {
            if !app.world.catalog.logs.is_empty() {
                app.focus = PaneId::Logs;
            }
            return in_logs(app, action);
        }
    }
    Vec::new()
}
