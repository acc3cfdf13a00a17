//! A terminal of its own for a command that talks.

use crate::app::App;
use crate::app::effect::{Effect, TerminalRequest};
use crate::app::event::Key;
use crate::app::update::notice;
use crate::modal::Modal;
use crate::modal::runbook::RunbookState;
use crate::modal::terminal::{TerminalState, Typed as Sent};
use crate::model::id::RunId;
use crate::model::text::Line;

pub(super) fn terminal(app: &mut App, state: &RunbookState) -> Vec<Effect> {
    let open = state.run(&app.world).and_then(|run| Some((run.id.clone(), run.open()?)));
    match open {
        Some((run, (execution, open))) if open.script.interactive => vec![open_terminal(app, run, execution)],
        _ => {
            notice(app, "no command runs here that has a terminal of its own", false);
            Vec::new()
        }
    }
}

pub(super) fn open_terminal(app: &mut App, run: RunId, execution: u32) -> Effect {
    let (columns, rows) = terminal_size(app);
    app.modals.push(Modal::Terminal(Box::new(TerminalState::new(run.clone(), execution, (columns, rows)))));
    Effect::Terminal(TerminalRequest::Open { run, execution, columns, rows })
}

fn terminal_size(app: &App) -> (u16, u16) {
    let full = app.map().full;
    (full.width.saturating_sub(4).max(2), full.height.saturating_sub(2).max(2))
}

/// A key for the terminal on top.
pub fn terminal_key(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(Modal::Terminal(state)) = app.modals.last_mut() else { return Vec::new() };
    match state.key(key) {
        Sent::Bytes(bytes) if bytes.is_empty() => Vec::new(),
        Sent::Bytes(bytes) => vec![Effect::Terminal(TerminalRequest::Type(bytes))],
        Sent::Leave => {
            let ended = state.ended.is_some();
            app.modals.pop();
            if !ended {
                notice(app, "it goes on; t goes back to it", false);
            }
            vec![Effect::Terminal(TerminalRequest::Leave)]
        }
    }
}

/// Text that was pasted into the terminal on top.
pub fn terminal_paste(app: &App, text: &str) -> Option<Vec<Effect>> {
    match app.modals.last() {
        Some(Modal::Terminal(state)) => Some(vec![Effect::Terminal(TerminalRequest::Type(state.paste(text)))]),
        _ => None,
    }
}

/// The screen has another size.
pub fn resized(app: &mut App) -> Vec<Effect> {
    let size = terminal_size(app);
    match app.modals.last_mut() {
        Some(Modal::Terminal(state)) => {
            state.resize(size);
            vec![Effect::Terminal(TerminalRequest::Resize { columns: size.0, rows: size.1 })]
        }
        _ => Vec::new(),
    }
}

/// What a command wrote to its terminal, or that there is nothing more.
pub fn terminal_said(app: &mut App, run: &RunId, execution: u32, said: Result<&[u8], Line>) {
    for modal in &mut app.modals {
        if let Modal::Terminal(state) = modal
            && &state.run == run
            && state.execution == execution
        {
            match &said {
                Ok(bytes) => state.process(bytes),
                Err(why) => state.ended = Some(why.clone()),
            }
        }
    }
}
