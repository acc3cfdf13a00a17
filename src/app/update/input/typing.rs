//! What is typed into a field: the line at the bottom, the palette, what an action asks, a name that confirms.

use super::act;
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::{Key, KeyCode};
use crate::app::update::{acting, following, notice, responding};
use crate::modal::Modal;
use crate::modal::choose::Choice;
use crate::modal::palette::Target;
use crate::modal::plan::PlanState;
use crate::modal::prompt::{Purpose, Typed};
use crate::pane::PaneId;

/// Takes in pasted text. It is never read as keys.
pub(super) fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    if let Some(prompt) = &mut app.prompt {
        prompt.input.paste(text);
        typed(app)
    } else if let Some(effects) = following::terminal_paste(app, text) {
        effects
    } else if following::step_paste(app, text) {
        Vec::new()
    } else if let Some(Modal::Palette(palette)) = app.modals.last_mut() {
        palette.input.paste(text);
        palette.selected = 0;
        Vec::new()
    } else if let Some(Modal::Ask(ask)) = app.modals.last_mut() {
        ask.input.paste(text);
        Vec::new()
    } else if let Some(Modal::Opening(opening)) = app.modals.last_mut() {
        opening.input.paste(text);
        Vec::new()
    } else {
        // Pasted text is never read as keys.
        notice(app, "pasted text was ignored: there is no field to paste into", false);
        Vec::new()
    }
}

pub(super) fn prompt_key(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(prompt) = &mut app.prompt else { return Vec::new() };
    match prompt.input.key(key) {
        Typed::Changed => typed(app),
        Typed::Done => {
            let Some(prompt) = app.prompt.take() else { return Vec::new() };
            match prompt.purpose {
                Purpose::Services => Vec::new(),
                Purpose::Search => app.logs.search(&prompt.input.text, &mut app.world),
                Purpose::Include => {
                    app.logs.set_filter(&prompt.input.text, &mut app.world);
                    Vec::new()
                }
                Purpose::InRunbook => following::find_text(app, &prompt.input.text),
                Purpose::SkipBecause => following::skipped(app, &prompt.input.text),
                Purpose::Timeline => Vec::new(),
                Purpose::Note
                | Purpose::Update
                | Purpose::IncidentTitle
                | Purpose::IncidentServices
                | Purpose::IncidentRole
                | Purpose::Correct
                | Purpose::Redact => responding::typed(app, prompt.purpose, &prompt.input.text),
                Purpose::Exclude => {
                    app.logs.hide(&prompt.input.text, &mut app.world);
                    Vec::new()
                }
            }
        }
        Typed::Cancelled => {
            match app.prompt.take().map(|prompt| prompt.purpose) {
                Some(Purpose::Services) => app.triage.filter.clear(),
                Some(Purpose::Timeline) => app.timeline.filter.clear(),
                _ => {}
            }
            Vec::new()
        }
        Typed::Nothing => Vec::new(),
    }
}

/// Shows what the text so far would find.
fn typed(app: &mut App) -> Vec<Effect> {
    match &app.prompt {
        Some(prompt) if prompt.purpose == Purpose::Services => app.triage.filter.clone_from(&prompt.input.text),
        Some(prompt) if prompt.purpose == Purpose::Timeline => app.timeline.filter.clone_from(&prompt.input.text),
        _ => {}
    }
    Vec::new()
}

pub(super) fn palette_key(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(Modal::Palette(palette)) = app.modals.last_mut() else { return Vec::new() };
    let matches = palette.matches(&app.world, &app.keymap);
    match (key.code, key.ctrl) {
        (KeyCode::Up | KeyCode::BackTab, _) | (KeyCode::Char('p' | 'k'), true) => palette.step(-1, matches.len()),
        (KeyCode::Down | KeyCode::Tab, _) | (KeyCode::Char('n' | 'j'), true) => palette.step(1, matches.len()),
        _ => match palette.input.key(key) {
            Typed::Changed => palette.selected = 0,
            Typed::Cancelled => {
                app.modals.pop();
            }
            Typed::Done => {
                let chosen = matches.get(palette.selected).map(|entry| entry.target.clone());
                app.modals.pop();
                return match chosen {
                    Some(Target::Item(item)) => {
                        app.triage.filter.clear();
                        app.triage.select(item);
                        app.focus = PaneId::Service;
                        Vec::new()
                    }
                    Some(Target::Log(log)) => {
                        app.focus = PaneId::Logs;
                        app.logs.only(&log);
                        Vec::new()
                    }
                    Some(Target::Action(action)) => act(app, action, None),
                    Some(Target::Runbook(name)) => {
                        following::open(app, &name, None);
                        Vec::new()
                    }
                    Some(Target::Offer(offer)) => acting::chosen(app, Choice { offer, target: None }, None),
                    None => Vec::new(),
                };
            }
            Typed::Nothing => {}
        },
    }
    Vec::new()
}

/// Answers what an action asks beside its target.
pub(super) fn ask_key(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(Modal::Ask(ask)) = app.modals.last_mut() else { return Vec::new() };
    if key.code == KeyCode::Tab {
        ask.next_value();
        return Vec::new();
    }
    match ask.input.key(key) {
        Typed::Cancelled => {
            app.modals.pop();
        }
        Typed::Done => {
            if ask.answered() {
                let (offer, target, values) = (ask.offer.clone(), ask.target.clone(), ask.values.clone());
                return acting::plan_for(app, &offer, target, values, Some(key));
            }
        }
        Typed::Changed | Typed::Nothing => {}
    }
    Vec::new()
}

/// Types a service's name. Returns whether the key was a part of it.
pub(super) fn name_key(state: &mut PlanState, key: Key) -> bool {
    match key.code {
        // A whole name and then the key that confirms: that is left to the plan.
        KeyCode::Char(_) if state.is_named() => false,
        KeyCode::Char(_) if !key.ctrl && !key.alt => {
            state.typed.key(key);
            true
        }
        // One too many must not close the plan: the letters that follow would be keys.
        KeyCode::Backspace => {
            state.typed.key(key);
            true
        }
        KeyCode::Char('u' | 'w') if key.ctrl => {
            state.typed.key(key);
            true
        }
        _ => false,
    }
}
