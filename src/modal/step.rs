//! One command of a runbook on its way to be run: what it still has to be told, exactly what it is, yes or no.
//!
//! ```text
//!   asking (placeholders, variables, secrets) --> reading (the text, where, how long, its check) --y--> journal
//!                                                   `-- e: written anew, and read again
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::editor::Editor;
use super::glance::Glance;
use super::operation::split;
use super::prompt::Input;
use super::runbook::Source;
use crate::action::Action;
use crate::action::keymap::Keymap;
use crate::app::event::Key;
use crate::app::world::World;
use crate::model::id::RunId;
use crate::model::run::{Purpose, Script};
use crate::model::secret::Secret;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runbook::script::{self, Need};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, code, format};

/// A command on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct StepState {
    /// The run that it becomes a part of; nothing before there is one.
    pub run: Option<RunId>,
    /// The runbook's name.
    pub name: String,
    pub step: usize,
    pub command: usize,
    pub purpose: Purpose,
    needs: Vec<Need>,
    pub values: Vec<(String, String)>,
    pub secrets: Vec<(String, Secret)>,
    pub stage: Stage,
    /// What somebody wrote instead of what the document says.
    pub edited: Option<String>,
    opened_by: Option<Key>,
    pub top: usize,
}

/// How far it is.
#[derive(Clone, PartialEq, Debug)]
pub enum Stage {
    /// The number of the question, and what is typed.
    Asking(usize, Input),
    Reading(Glance),
    Editing(Editor),
}

impl StepState {
    /// Opens a command, at its first question or at its text.
    pub fn new(
        from: &Source<'_>,
        run: Option<RunId>,
        place: (usize, usize),
        purpose: Purpose,
        opened_by: Option<Key>,
        glance: Glance,
    ) -> Option<Self> {
        let (step, command) = place;
        let found = from.runbook.steps().nth(step)?.commands.get(command)?;
        let needs = script::needs(from.runbook, found, &from.known);
        let stage = match needs.first() {
            Some(need) => Stage::Asking(0, Input { text: need.default.clone().unwrap_or_default() }),
            None => Stage::Reading(glance),
        };
        let name = from.runbook.name.clone();
        Some(Self {
            run,
            name,
            step,
            command,
            purpose,
            needs,
            values: Vec::new(),
            secrets: Vec::new(),
            stage,
            edited: None,
            opened_by,
            top: 0,
        })
    }

    /// Returns whether what is typed now must not be seen.
    pub fn is_secret(&self) -> bool {
        matches!(&self.stage, Stage::Asking(at, _) if self.needs.get(*at).is_some_and(|need| need.secret))
    }

    /// Takes the answer and goes on to the next question, or to the text.
    pub fn answered(&mut self, glance: Glance) {
        let Stage::Asking(at, input) = &mut self.stage else { return };
        let Some(need) = self.needs.get(*at) else { return };
        let text = std::mem::take(&mut input.text);
        if text.is_empty() {
            return;
        }
        if need.secret {
            self.secrets.push((need.name.clone(), Secret::new(text)));
        } else {
            self.values.push((need.name.clone(), text));
        }
        let next = *at + 1;
        self.stage = match self.needs.get(next) {
            Some(need) => Stage::Asking(next, Input { text: need.default.clone().unwrap_or_default() }),
            None => Stage::Reading(glance),
        };
    }

    /// Returns exactly what would be run.
    ///
    /// # Errors
    /// A sentence that says what is not understood in the document.
    pub fn script(&self, from: &Source<'_>) -> Result<Script, String> {
        let found = from.runbook.steps().nth(self.step).and_then(|step| step.commands.get(self.command));
        let found = found.ok_or_else(|| "the runbook has changed: this command is not there any more".to_owned())?;
        let mut known = from.known.clone().into_owned();
        known.extend(self.values.iter().cloned());
        let made = script::script(from.runbook, found, self.purpose, self.edited.as_deref(), &known, from.folder);
        made.map_err(|error| error.to_string())
    }

    /// Returns why a yes does not count, if it does not.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn counts(&self, key: Option<Key>, now: Timestamp) -> Result<(), &'static str> {
        match &self.stage {
            Stage::Reading(_) if key.is_some() && key == self.opened_by => {
                Err("the key that opened it does not confirm it")
            }
            Stage::Reading(glance) if now < glance.counts_from() => {
                Err("that came before it could be read; read it, then press again")
            }
            Stage::Reading(_) => Ok(()),
            Stage::Asking(..) | Stage::Editing(_) => Err("it is not ready yet"),
        }
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
        let verb = if self.purpose == Purpose::Undo { "Take back" } else { "Run" };
        let title = format!("{verb}: step {}", self.step + 1);
        let hint = match &self.stage {
            Stage::Asking(..) => "enter next  esc back",
            Stage::Reading(_) => "e edit  esc no",
            Stage::Editing(_) => "esc ends writing",
        };
        let inner = super::frame(&title, hint, area, buf, look);
        match &self.stage {
            Stage::Asking(at, input) => self.view_question(*at, input, inner, buf, look),
            Stage::Editing(editor) => editor.view(inner, buf, look),
            Stage::Reading(glance) => {
                let (body, foot) = split(inner, 2);
                let rows = self.rows(world, usize::from(body.width), look);
                let top = self.top.min(rows.len().saturating_sub(usize::from(body.height)));
                draw_rows(buf, body, &rows, top, true, look);
                let yes = keymap.key(Action::Confirm).map(|key| key.to_string()).unwrap_or_default();
                let line = match world.current_notice() {
                    Some(notice) => vec![piece(notice.text.to_string(), look.style(Role::Degraded))],
                    None if world.now < glance.counts_from() => {
                        vec![piece("Read it. Keys count in a moment.", look.style(Role::Dim))]
                    }
                    None => vec![
                        piece(format!(" {yes} "), look.style(Role::Alarm)),
                        piece(" run it".to_owned(), look.style(Role::Title)),
                    ],
                };
                let rule = Row::of(vec![piece(
                    look.glyphs.horizontal.repeat(usize::from(foot.width)),
                    look.style(Role::Faint),
                )]);
                draw_rows(buf, foot, &[rule, Row::of(line)], 0, true, look);
            }
        }
    }

    fn view_question(&self, at: usize, input: &Input, inner: Rect, buf: &mut Buffer, look: &Look) {
        let Some(need) = self.needs.get(at) else { return };
        let mut rows = Vec::new();
        let count = format!("{} of {}: ", at + 1, self.needs.len());
        for line in paint::wrap(&format!("{count}{}", Line::from_text(&need.prompt)), usize::from(inner.width)) {
            rows.push(Row::of(vec![piece(line, look.style(Role::Text))]));
        }
        let kept = if need.secret { "It is not shown, and kept nowhere." } else { "It is remembered for this run." };
        rows.push(Row::of(vec![piece(kept, look.style(Role::Dim))]));
        rows.push(Row::default());
        let typed = if need.secret { "*".repeat(input.text.chars().count()) } else { input.text.clone() };
        rows.push(Row::of(vec![
            piece(format!("{} = ", need.name), look.style(Role::Accent)),
            piece(typed, look.style(Role::Title)),
            piece(" ", look.style(Role::MatchHere)),
        ]));
        draw_rows(buf, inner, &rows, 0, true, look);
    }

    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, world: &World, inner: (u16, u16), look: &Look) {
        let rows = self.rows(world, usize::from(inner.0), look).len();
        self.top = self.top.saturating_add_signed(by).min(rows.saturating_sub(usize::from(inner.1).saturating_sub(2)));
    }

    fn rows(&self, world: &World, cells: usize, look: &Look) -> Vec<Row<'static>> {
        let mut rows = Vec::new();
        let mut say = |text: String, role: Role| {
            rows.extend(paint::wrap(&text, cells).into_iter().map(|line| Row::of(vec![piece(line, look.style(role))])));
        };
        let Some(source) = super::runbook::source(world, &self.name, self.run.as_ref()) else {
            say("the runbook is not there any more".to_owned(), Role::Down);
            return rows;
        };
        let script = match self.script(&source) {
            Ok(script) => script,
            Err(why) => {
                say(Line::from_text(&why).to_string(), Role::Down);
                return rows;
            }
        };
        let found = source.runbook.steps().nth(self.step);
        if let Some(step) = found {
            say(step.title.to_string(), Role::Title);
        }
        if let Some(confirm) = found.and_then(|step| step.commands.get(self.command)?.attributes.get("confirm")) {
            say(Line::from_text(confirm).to_string(), Role::Degraded);
        }
        let place = script.host.as_ref().map_or_else(|| "on this machine".to_owned(), |host| format!("on {host}"));
        let folder = script.folder.as_ref().map(|folder| format!(" in {}", folder.display())).unwrap_or_default();
        say(format!("{place}{folder}, {}, at most {}", script.shell, format::span(script.timeout)), Role::Dim);
        if self.edited.is_some() {
            say("as you have written it, not as the runbook has it".to_owned(), Role::Degraded);
        }
        rows.push(Row::default());
        rows.extend(code_rows(&script.text, cells, look));
        rows.push(Row::default());
        let mut say = |text: String, role: Role| {
            rows.extend(paint::wrap(&text, cells).into_iter().map(|line| Row::of(vec![piece(line, look.style(role))])));
        };
        for (name, value) in &script.environment {
            let uses = |text: &str| text.contains(&format!("${name}")) || text.contains(&format!("${{{name}"));
            if uses(&script.text) || script.check.as_deref().is_some_and(uses) {
                say(format!("{name} = {}", Line::from_text(value)), Role::Accent);
            }
        }
        for name in &script.secrets {
            say(format!("{name} = (a secret)"), Role::Accent);
        }
        if let Some(check) = &script.check {
            say(format!("then its check: {}", Line::from_text(check)), Role::Dim);
        }
        if script.retry > 0 {
            say(format!("tried up to {} times, {} apart", script.retry + 1, format::span(script.interval)), Role::Dim);
        }
        if let Some(name) = &script.capture {
            say(format!("what it prints becomes {name}"), Role::Dim);
        }
        if script.interactive {
            say("it talks to you, on a terminal of its own".to_owned(), Role::Dim);
        }
        rows
    }
}

/// Returns code as rows, with its colours.
pub fn code_rows(text: &str, cells: usize, look: &Look) -> Vec<Row<'static>> {
    let bar = || piece(format!("{} ", look.glyphs.vertical), look.style(Role::Faint));
    let room = cells.saturating_sub(2).max(10);
    let mut rows = Vec::new();
    for line in text.lines() {
        let clean = Line::from_text(line);
        let coloured = code::pieces(clean.as_str());
        for row in super::runbook::wrapped(&coloured, room) {
            let mut left = vec![bar()];
            left.extend(row.into_iter().map(|(text, role)| piece(text, look.style(role))));
            rows.push(Row::of(left));
        }
    }
    rows
}
