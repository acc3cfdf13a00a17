//! Following a runbook: from a key to a command that is shown, from a yes to the journal, and what the journal tells back.

mod links;
mod terminals;

use super::super::App;
use super::super::effect::Effect;
use super::super::event::{Key, KeyCode};
use super::super::world::Item;
use super::notice;
use crate::action::Action;
use crate::modal::Modal;
use crate::modal::detail::{DetailState, Subject};
use crate::modal::editor::Editor;
use crate::modal::glance::Glance;
use crate::modal::operation::OperationState;
use crate::modal::prompt::{Prompt, Purpose as PromptPurpose, Typed};
use crate::modal::runbook::{RunbookState, source};
use crate::modal::step::{Stage, StepState};
use crate::model::id::RunId;
use crate::model::run::{Beginning, Purpose, RunCommand};
use crate::model::source::Trouble;
use crate::model::text::Line;
use crate::runbook::links::{Meaning, links};
use crate::runbook::runs::Standing;
use links::{follow_link, follow_meaning};
use terminals::{open_terminal, terminal};
pub use terminals::{resized, terminal_key, terminal_paste, terminal_said};

/// Opens a runbook, and the run of it that is open.
pub fn open(app: &mut App, name: &str, why: Option<String>) {
    let mut state = RunbookState::new(name.to_owned(), why);
    if let Some(run) = app.world.runs.open_of(name) {
        state.run = Some(run.id.clone());
        state.why = None;
    }
    app.modals.push(Modal::Runbook(state));
    follow(app);
}

/// Brings the steps at which runs are before one's eyes.
pub fn follow(app: &mut App) {
    let (inner, look) = (inner(app), app.look);
    for modal in &mut app.modals {
        if let Modal::Runbook(state) = modal {
            state.follow(&app.world, inner, &look);
        }
    }
}

fn inner(app: &App) -> (u16, u16) {
    let modal = app.map().modal;
    (modal.width.saturating_sub(4), modal.height.saturating_sub(2))
}

/// Does what a key means in a runbook.
pub fn act(app: &mut App, action: Action, key: Option<Key>) -> Vec<Effect> {
    let Some(Modal::Runbook(state)) = app.modals.last() else { return Vec::new() };
    let state = state.clone();
    if let Some(Modal::Runbook(state)) = app.modals.last_mut() {
        state.trouble = None;
    }
    match action {
        Action::StepOutput => {
            // A step that is an operation shows that.
            let operation = state.run(&app.world).and_then(|run| run.steps.get(state.step)?.operation.clone());
            if let Some(operation) = operation.and_then(|id| app.world.operations.get(&id)) {
                let shown = OperationState::new(operation.id().clone(), operation.plan.title.clone());
                app.modals.push(Modal::Operation(shown));
            } else if let Some((title, lines)) = state.output(&app.world) {
                app.modals.push(Modal::Detail(DetailState::new(Subject::Text { title, lines })));
            } else {
                notice(app, "nothing was printed in this step", false);
            }
            return Vec::new();
        }
        Action::Search => {
            app.prompt = Some(Prompt::new(PromptPurpose::InRunbook, state.find.as_deref().unwrap_or_default()));
            return Vec::new();
        }
        Action::FindNext | Action::FindPrevious => return find(app, action == Action::FindNext),
        Action::Link => {
            let number = key.and_then(|key| match key.code {
                KeyCode::Char(c) => c.to_digit(10),
                _ => None,
            });
            return number.map_or_else(Vec::new, |number| follow_link(app, number as usize, key));
        }
        Action::StepTerminal => return terminal(app, &state),
        _ => {}
    }
    if let Some(why) = refusal(app, &state) {
        notice(app, &why, true);
        return Vec::new();
    }
    let standing = state.run(&app.world).map(|run| app.world.runs.standing(run, app.world.now));
    let running = matches!(standing, Some(Standing::Running | Standing::Starting));
    match (action, state.run.clone()) {
        (Action::StepStop, Some(run)) if running || standing == Some(Standing::Interrupted) => {
            notice(app, "stopping it: interrupt, then terminate, then kill", false);
            vec![wants(RunCommand::Stop { run })]
        }
        (Action::StepStop, _) => {
            notice(app, "nothing runs", false);
            Vec::new()
        }
        (Action::StepGoOn, Some(run)) if standing == Some(Standing::Interrupted) => {
            vec![wants(RunCommand::FindOut { run })]
        }
        (Action::StepGoOn, _) => {
            notice(app, "nothing was interrupted", false);
            Vec::new()
        }
        _ if running => {
            notice(app, "something runs: wait for it, or stop it with S", false);
            Vec::new()
        }
        (Action::RunClose, Some(run)) => {
            let parent = state.run(&app.world).and_then(|run| run.beginning.parent.clone());
            app.modals.pop();
            let mut effects = vec![wants(RunCommand::Close { run, said: None })];
            if let Some((run, step)) = parent {
                let note = Some(Line::from_text(&format!("{} was followed", state.name)));
                effects.push(wants(RunCommand::Mark { run, step, note }));
            }
            effects
        }
        (Action::RunClose, None) => {
            notice(app, "there is no run to close", false);
            Vec::new()
        }
        (Action::StepSkip, _) => {
            app.prompt = Some(Prompt::new(PromptPurpose::SkipBecause, ""));
            Vec::new()
        }
        (Action::StepMark, _) => {
            let (run, mut effects) = ensure(app, &state);
            effects.push(wants(RunCommand::Mark { run, step: state.step, note: None }));
            effects
        }
        (Action::StepUndo, _) => show(app, &state, Purpose::Undo, key),
        (Action::Open, _) => go(app, &state, key),
        _ => Vec::new(),
    }
}

/// Says why nothing can be done in a runbook.
fn refusal(app: &App, state: &RunbookState) -> Option<String> {
    if app.world.read_only {
        return Some("--read-only: nothing can be done from here".to_owned());
    }
    source(&app.world, &state.name, state.run.as_ref())?.withheld.map(ToString::to_string)
}

/// Does what the selected step is for: its next command, its link, or nothing that a machine could do.
fn go(app: &mut App, state: &RunbookState, key: Option<Key>) -> Vec<Effect> {
    let Some(document) = source(&app.world, &state.name, state.run.as_ref()) else { return Vec::new() };
    let Some(step) = document.runbook.steps().nth(state.step) else {
        notice(app, "it has no steps: it can only be read", false);
        return Vec::new();
    };
    if !step.commands.is_empty() {
        return show(app, state, Purpose::Do, key);
    }
    let own = links(document.runbook.step_text(document.text, state.step))
        .into_iter()
        .find(|link| !matches!(link.meaning, Meaning::Elsewhere | Meaning::Unknown));
    match own {
        Some(link) => follow_meaning(app, state.step, &link, key),
        None => {
            notice(app, "only you can do this one: m says that it is done, s skips it", false);
            Vec::new()
        }
    }
}

/// Shows a command before it runs, and asks first for what it has to be told.
fn show(app: &mut App, state: &RunbookState, purpose: Purpose, key: Option<Key>) -> Vec<Effect> {
    let Some(from) = source(&app.world, &state.name, state.run.as_ref()) else { return Vec::new() };
    let run = state.run(&app.world);
    let of_step = from.runbook.steps().nth(state.step);
    let command = match (purpose, run) {
        (Purpose::Undo, Some(run)) => {
            run.executions_of(state.step).rev().find(|one| one.purpose == Purpose::Do).map_or(0, |one| one.command)
        }
        (Purpose::Do, Some(run)) => run.next_command(state.step).unwrap_or(0),
        (_, None) => 0,
    };
    if purpose == Purpose::Undo && of_step.and_then(|step| step.commands.get(command)?.attributes.get("undo")).is_none()
    {
        notice(app, "this step says no way back: undo=\"...\" behind its fence would", false);
        return Vec::new();
    }
    let glance = Glance::new(app.world.now, app.generation);
    if let Some(step) = StepState::new(&from, state.run.clone(), (state.step, command), purpose, key, glance) {
        app.modals.push(Modal::Step(step));
    }
    Vec::new()
}

/// A key while a command is on its way. Nothing when it is left to the keymap.
pub fn step_key(app: &mut App, key: Key) -> bool {
    let glance = Glance::new(app.world.now, app.generation);
    let Some(Modal::Step(state)) = app.modals.last_mut() else { return false };
    match &mut state.stage {
        Stage::Asking(_, input) => {
            match input.key(key) {
                Typed::Cancelled => {
                    app.modals.pop();
                }
                Typed::Done => state.answered(glance),
                Typed::Changed | Typed::Nothing => {}
            }
            true
        }
        Stage::Editing(editor) => {
            if editor.key(key) {
                state.edited = Some(editor.text());
                state.stage = Stage::Reading(glance);
            }
            true
        }
        Stage::Reading(_) => false,
    }
}

/// Text that was pasted where a command is on its way.
pub fn step_paste(app: &mut App, text: &str) -> bool {
    let Some(Modal::Step(state)) = app.modals.last_mut() else { return false };
    match &mut state.stage {
        Stage::Asking(_, input) => {
            input.paste(text);
            true
        }
        Stage::Editing(editor) => {
            editor.paste(text);
            true
        }
        Stage::Reading(_) => false,
    }
}

/// Opens the text of the command for writing.
pub fn edit(app: &mut App) {
    let Some(Modal::Step(state)) = app.modals.last() else { return };
    let Some(from) = source(&app.world, &state.name, state.run.as_ref()) else { return };
    let text = state.script(&from).map(|script| script.text);
    if let (Ok(text), Some(Modal::Step(state))) = (text, app.modals.last_mut()) {
        state.stage = Stage::Editing(Editor::new(&text));
    }
}

/// Somebody says yes to the command on top.
pub fn confirm(app: &mut App, key: Option<Key>) -> Vec<Effect> {
    let now = app.world.now;
    let Some(Modal::Step(step)) = app.modals.last() else { return Vec::new() };
    if let Err(why) = step.counts(key, now) {
        notice(app, why, false);
        return Vec::new();
    }
    let step = step.clone();
    let Some(from) = source(&app.world, &step.name, step.run.as_ref()) else { return Vec::new() };
    let script = match step.script(&from) {
        Ok(script) => script,
        Err(why) => {
            notice(app, &why, true);
            return Vec::new();
        }
    };
    app.modals.pop();
    let Some(Modal::Runbook(state)) = app.modals.last() else { return Vec::new() };
    let state = state.clone();
    let interactive = script.interactive;
    let execution = state.run(&app.world).map_or(0, |run| u32::try_from(run.executions.len()).unwrap_or(0));
    let (run, mut effects) = ensure(app, &state);
    for (name, value) in &step.values {
        effects.push(wants(RunCommand::Tell { run: run.clone(), name: name.clone(), value: value.clone() }));
    }
    effects.push(wants(RunCommand::Ask {
        run: run.clone(),
        step: step.step,
        command: step.command,
        purpose: step.purpose,
        script: Box::new(script),
        edited: step.edited.is_some(),
        secrets: step.secrets,
    }));
    if interactive {
        effects.push(open_terminal(app, run, execution));
    }
    effects
}

/// Returns the run that is followed, and begins one when there is none.
fn ensure(app: &mut App, state: &RunbookState) -> (RunId, Vec<Effect>) {
    if let Some(run) = &state.run
        && app.world.runs.get(run).is_none_or(|run| run.closed.is_none())
    {
        return (run.clone(), Vec::new());
    }
    let id = new_id(app);
    let service = match app.selected() {
        Some(Item::Service(service)) => Some(service),
        _ => None,
    };
    let Some(document) = source(&app.world, &state.name, None) else { return (id, Vec::new()) };
    let mut values = document.known.into_owned();
    if let Some(service) = &service {
        values.entry("SERVICE".to_owned()).or_insert_with(|| service.to_string());
    }
    let beginning = Beginning {
        name: state.name.clone(),
        text: document.text.to_owned(),
        folder: document.folder.map(std::path::Path::to_path_buf),
        service,
        by: app.world.by.clone(),
        values,
        parent: state.parent.clone(),
        why: state.why.as_deref().map(Line::from_text),
    };
    for modal in &mut app.modals {
        if let Modal::Runbook(shown) = modal
            && shown.name == state.name
        {
            shown.run = Some(id.clone());
            shown.run_at = Some(state.step);
        }
    }
    (id.clone(), vec![wants(RunCommand::Begin { run: id, beginning: Box::new(beginning) })])
}

/// Makes a UUID of version 7 (RFC 9562): the time, a count, and what only this console has.
fn new_id(app: &mut App) -> RunId {
    app.requests += 1;
    let millis = u64::try_from(app.world.now.as_micros() / 1_000).unwrap_or(0) & 0xffff_ffff_ffff;
    let count = app.requests & 0xfff;
    let low = app.seed & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    RunId::new(format!(
        "{:08x}-{:04x}-7{count:03x}-{:04x}-{:012x}",
        millis >> 16,
        millis & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    ))
}

fn wants(command: RunCommand) -> Effect {
    Effect::Run(Box::new(command))
}

/// The reason for which a step is skipped was typed.
pub fn skipped(app: &mut App, why: &str) -> Vec<Effect> {
    let Some(Modal::Runbook(state)) = app.modals.last() else { return Vec::new() };
    if why.trim().is_empty() {
        notice(app, "a step is skipped with a reason: whoever comes after you will ask", false);
        return Vec::new();
    }
    let state = state.clone();
    let (run, mut effects) = ensure(app, &state);
    effects.push(wants(RunCommand::Skip { run, step: state.step, why: Line::from_text(why.trim()) }));
    effects
}

/// What is looked for in a runbook was typed.
pub fn find_text(app: &mut App, text: &str) -> Vec<Effect> {
    if let Some(Modal::Runbook(state)) = app.modals.last_mut() {
        state.find = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    }
    find(app, true)
}

fn find(app: &mut App, forwards: bool) -> Vec<Effect> {
    let (inner, look) = (inner(app), app.look);
    let Some(Modal::Runbook(state)) = app.modals.last_mut() else { return Vec::new() };
    let wanted = state.find.clone();
    let found = state.find(forwards, &app.world, inner, &look);
    match wanted {
        Some(wanted) if !found => notice(app, &format!("\"{wanted}\" is not in it"), false),
        None => notice(app, "/ searches in it", false),
        Some(_) => {}
    }
    Vec::new()
}

/// Says that the journal did not take something.
pub fn not_run(app: &mut App, run: &RunId, why: &Trouble) {
    for modal in &mut app.modals {
        if let Modal::Runbook(state) = modal
            && state.run.as_ref() == Some(run)
        {
            state.trouble = Some(why.clone());
            return;
        }
    }
    notice(app, &format!("{}; {}", why.message, why.hint), true);
}

/// Time went on: a step that is only waited for may be over.
pub fn tick(app: &mut App) -> Vec<Effect> {
    let now = app.world.now;
    let over = app.modals.iter_mut().find_map(|modal| match modal {
        Modal::Runbook(state) => {
            let (step, _) = state.wait.filter(|(_, until)| *until <= now)?;
            state.wait = None;
            Some((state.clone(), step))
        }
        _ => None,
    });
    let Some((state, step)) = over else { return Vec::new() };
    notice(app, "the wait is over", false);
    if app.world.read_only || state.run(&app.world).is_some_and(|run| run.open().is_some()) {
        return Vec::new();
    }
    let (run, mut effects) = ensure(app, &state);
    effects.push(wants(RunCommand::Mark { run, step, note: Some(Line::from_text("waited")) }));
    effects
}
