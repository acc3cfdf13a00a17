//! A runbook to read and to follow: its text as one reads it, step after step, with what became of each.

mod markdown;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::Action;
use crate::action::keymap::Keymap;
use crate::app::world::World;
use crate::model::id::RunId;
use crate::model::output::OutputLine;
use crate::model::source::Trouble;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runbook::Runbook;
use crate::runbook::run::{Execution, Run, StepStanding};
use crate::runbook::runs::Standing;
use crate::runbook::script;
use crate::ui::paint::{self, Piece, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

pub use markdown::wrapped;

/// Lines of output that stand below a step.
const LAST_LINES: usize = 6;

/// Which one is read, and where the user is in it.
#[derive(Clone, PartialEq, Debug)]
pub struct RunbookState {
    pub name: String,
    /// Why it was opened, as a clause.
    pub why: Option<String>,
    pub top: usize,
    /// The step that keys are for.
    pub step: usize,
    /// The run that is followed; nothing before the first key that does something.
    pub run: Option<RunId>,
    /// Where the run was when it was looked at last.
    pub run_at: Option<usize>,
    pub find: Option<String>,
    /// A step that is only waited for, and until when.
    pub wait: Option<(usize, Timestamp)>,
    /// Why what was wanted did not happen.
    pub trouble: Option<Trouble>,
    /// The step of another run that opened it, before there is a run that says so itself.
    pub parent: Option<(RunId, usize)>,
}

/// The rows of the whole document, and where in them things are.
struct Page {
    rows: Vec<Row<'static>>,
    /// Where steps begin, and where they end.
    steps: Vec<usize>,
    ends: Vec<usize>,
}

/// A runbook as it is followed: the run's own text where there is a run, and what is known of its variables.
#[derive(Clone, Debug)]
pub struct Source<'w> {
    pub runbook: &'w Runbook,
    pub text: &'w str,
    pub folder: Option<&'w Path>,
    /// Why its commands are not run.
    pub withheld: Option<&'w Line>,
    pub known: Cow<'w, BTreeMap<String, String>>,
}

/// Returns the runbook of that name, or the run of it.
pub fn source<'w>(world: &'w World, name: &str, run: Option<&RunId>) -> Option<Source<'w>> {
    let document = world.runbooks.iter().find(|document| document.runbook.name == name);
    let Some(run) = run.and_then(|run| world.runs.get(run)) else {
        return document.map(|document| Source {
            runbook: &document.runbook,
            text: &document.text,
            folder: document.folder.as_deref(),
            withheld: document.withheld.as_ref(),
            known: Cow::Owned(script::defaults(&document.runbook)),
        });
    };
    // What was approved when it was begun is what is followed.
    let same = document.filter(|document| document.text == run.beginning.text);
    Some(Source {
        runbook: &run.runbook,
        text: &run.beginning.text,
        folder: run.beginning.folder.as_deref(),
        withheld: same.and_then(|document| document.withheld.as_ref()),
        known: Cow::Borrowed(&run.values),
    })
}

impl RunbookState {
    /// Opens one at its beginning.
    pub fn new(name: String, why: Option<String>) -> Self {
        Self {
            name,
            why,
            top: 0,
            step: 0,
            run: None,
            run_at: None,
            find: None,
            wait: None,
            trouble: None,
            parent: None,
        }
    }

    /// Returns the run that is followed.
    pub fn run<'w>(&self, world: &'w World) -> Option<&'w Run> {
        self.run.as_ref().and_then(|run| world.runs.get(run))
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
        let source = source(world, &self.name, self.run.as_ref());
        let title = source.as_ref().map_or(self.name.as_str(), |source| source.runbook.title.as_str());
        let progress = self.run(world).map(|run| format!(" {}/{}", run.over(), run.steps.len())).unwrap_or_default();
        let room = usize::from(area.width.saturating_sub(8)).saturating_sub(progress.len());
        let title = format!("{}{progress}", paint::cut(title, room, look));
        let inner = super::frame(&title, &self.hint(world, keymap, area.width), area, buf, look);
        let page = self.page(world, usize::from(inner.width), look);
        let top = self.top.min(page.rows.len().saturating_sub(usize::from(inner.height)));
        draw_rows(buf, inner, &page.rows, top, true, look);
    }

    fn hint(&self, world: &World, keymap: &Keymap, width: u16) -> String {
        let key = |action| keymap.key(action).map(|key| key.to_string()).unwrap_or_default();
        let running = self
            .run(world)
            .is_some_and(|run| matches!(world.runs.standing(run, world.now), Standing::Running | Standing::Starting));
        if running {
            return format!("{} stop  {} output  esc leave", key(Action::StepStop), key(Action::StepOutput));
        }
        if self.run(world).is_some_and(|run| run.closed.is_none() && run.current >= run.steps.len()) {
            return format!("every step is over: {} closes it", key(Action::RunClose));
        }
        let short = format!("enter run  {} skip  {} done  tab next", key(Action::StepSkip), key(Action::StepMark));
        if width < 44 {
            format!("enter run  {} skip  tab next", key(Action::StepSkip))
        } else if width < 60 {
            short
        } else {
            format!("{short}  {} output  y copy  esc close", key(Action::StepOutput))
        }
    }

    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, world: &World, inner: (u16, u16), look: &Look) {
        let rows = self.page(world, usize::from(inner.0), look).rows.len();
        self.top = self.top.saturating_add_signed(by).min(rows.saturating_sub(usize::from(inner.1)));
    }

    /// Goes to the next step, or to the one before.
    pub fn step(&mut self, forwards: bool, world: &World, inner: (u16, u16), look: &Look) {
        let steps = self.page(world, usize::from(inner.0), look).steps.len();
        let next = if forwards { self.step + 1 } else { self.step.saturating_sub(1) };
        self.select(next.min(steps.saturating_sub(1)), world, inner, look);
    }

    /// Selects a step, and brings it before one's eyes.
    pub fn select(&mut self, step: usize, world: &World, inner: (u16, u16), look: &Look) {
        let page = self.page(world, usize::from(inner.0), look);
        self.step = step.min(page.steps.len().saturating_sub(1));
        let longest = page.rows.len().saturating_sub(usize::from(inner.1));
        self.top = page.steps.get(self.step).copied().unwrap_or(0).saturating_sub(1).min(longest);
    }

    /// Goes along with the run when it went on.
    pub fn follow(&mut self, world: &World, inner: (u16, u16), look: &Look) {
        let Some(at) = self.run(world).map(|run| run.current) else { return };
        if self.run_at.replace(at) != Some(at) {
            self.select(at, world, inner, look);
        }
        // What is being printed is what one looks at.
        if let Some((_, open)) = self.run(world).and_then(Run::open)
            && open.step == self.step
        {
            let page = self.page(world, usize::from(inner.0), look);
            let end = page.ends.get(self.step).copied().unwrap_or(0);
            self.top = self.top.max(end.saturating_sub(usize::from(inner.1)));
        }
    }

    /// Goes to the next row that holds what is looked for, or to the one before.
    pub fn find(&mut self, forwards: bool, world: &World, inner: (u16, u16), look: &Look) -> bool {
        let Some(wanted) = self.find.as_ref().map(|find| find.to_lowercase()).filter(|find| !find.is_empty()) else {
            return false;
        };
        let page = self.page(world, usize::from(inner.0), look);
        let fits = |row: &usize| {
            let text: String = page.rows[*row].left.iter().map(|piece| piece.0.as_ref()).collect();
            text.to_lowercase().contains(&wanted)
        };
        let count = page.rows.len();
        let found = if forwards {
            (self.top + 1..count).chain(0..=self.top.min(count.saturating_sub(1))).find(fits)
        } else {
            (0..self.top).rev().chain((self.top..count).rev()).find(fits)
        };
        if let Some(found) = found {
            self.top = found;
        }
        found.is_some()
    }

    /// Returns what copying takes: the next command of the step, else the text.
    pub fn text(&self, world: &World) -> String {
        let Some(source) = source(world, &self.name, self.run.as_ref()) else { return String::new() };
        let command = source.runbook.steps().skip(self.step).flat_map(|step| &step.commands).next();
        command.map_or(source.text, |command| command.text.as_str()).to_owned()
    }

    /// Returns everything that was printed in the selected step.
    pub fn output(&self, world: &World) -> Option<(String, Vec<String>)> {
        let run = self.run(world)?;
        let step = run.step(self.step)?;
        let mut lines = Vec::new();
        for execution in run.executions_of(self.step) {
            lines.extend(execution.script.text.lines().map(|line| format!("$ {}", Line::from_text(line))));
            lines.extend(execution.output.head.iter().map(|line| line.text.to_string()));
            lines.extend(gap(execution));
            lines.extend(execution.output.tail.iter().map(|line| line.text.to_string()));
            if let Some((_, verdict, said)) = &execution.settled {
                lines.push(format!("{}: {said}", verdict.word()));
            }
            lines.push(String::new());
        }
        (!lines.is_empty()).then(|| (step.title.to_string(), lines))
    }

    fn page(&self, world: &World, cells: usize, look: &Look) -> Page {
        let mut page = Page { rows: Vec::new(), steps: Vec::new(), ends: Vec::new() };
        let mut numbered = 0;
        let Some(document) = source(world, &self.name, self.run.as_ref()) else {
            page.rows.push(Row::of(vec![piece("it is not there any more", look.style(Role::Dim))]));
            return page;
        };
        let mut say = |text: String, role: Role| {
            page.rows
                .extend(paint::wrap(&text, cells).into_iter().map(|line| Row::of(vec![piece(line, look.style(role))])));
        };
        let run = self.run(world);
        if let Some(why) = &self.why {
            say(format!("opened because {why}"), Role::Dim);
        }
        if let Some(withheld) = &document.withheld {
            say(withheld.to_string(), Role::Degraded);
        }
        if let Some(trouble) = &self.trouble {
            say(format!("{}; {}", trouble.message, trouble.hint), Role::Degraded);
        }
        if let Some(run) = run {
            for (text, role) in about(world, run) {
                say(text, role);
            }
        }
        if !page.rows.is_empty() {
            page.rows.push(Row::default());
        }
        let mut number = 0;
        for part in &document.runbook.parts {
            let text = document.text.get(part.range.clone()).unwrap_or_default();
            // The frame says the title already.
            let titled = format!("# {}", document.runbook.title);
            let text = text.trim_start().strip_prefix(titled.as_str()).unwrap_or(text);
            let begins = text.trim_start().starts_with('#');
            if begins && page.rows.last().is_some_and(|row: &Row<'_>| !row.left.is_empty()) {
                page.rows.push(Row::default());
            }
            let (mut told, links) = markdown::rows(text, cells.saturating_sub(4), part.step.is_some(), numbered, look);
            numbered += links;
            if part.step.is_none() {
                page.rows.extend(told);
                continue;
            }
            page.steps.push(page.rows.len());
            let state = run.and_then(|run| run.steps.get(number));
            let standing = state.map_or(StepStanding::Waiting, |state| state.standing);
            let here = run.is_some_and(|run| run.current == number && run.closed.is_none());
            let (mark, role) = mark(standing, here);
            for (nth, row) in told.iter_mut().enumerate() {
                let (text, style) = if nth == 0 {
                    (format!("{mark} "), look.style(role))
                } else {
                    ("    ".to_owned(), look.style(Role::Text))
                };
                row.left.insert(0, piece(text, style));
            }
            if let Some(first) = told.first_mut() {
                first.selected = number == self.step;
            }
            page.rows.extend(told);
            if let Some(run) = run {
                page.rows.extend(became(world, run, number, cells, look));
            }
            if let Some((_, until)) = self.wait.filter(|(step, _)| *step == number) {
                let left = format::span(until.since(world.now).max(std::time::Duration::from_secs(1)));
                page.rows.push(Row::of(vec![piece(format!("    waiting, {left} to go"), look.style(Role::Accent))]));
            }
            page.ends.push(page.rows.len());
            number += 1;
        }
        page
    }
}

/// What is said above the steps of a run.
fn about(world: &World, run: &Run) -> Vec<(String, Role)> {
    let people: Vec<&str> = run.people.iter().map(|actor| actor.user.as_str()).collect();
    let age = format::age(world.now.since(run.begun_at));
    let mut lines = vec![(format!("begun {age} ago; with {}", people.join(", ")), Role::Dim)];
    match world.runs.standing(run, world.now) {
        Standing::Interrupted => lines.push((
            "the process that ran this step has gone; C finds out what became of it".to_owned(),
            Role::Degraded,
        )),
        Standing::Closed => lines.push(("this run is closed".to_owned(), Role::Dim)),
        _ if run.current >= run.steps.len() => {
            lines.push(("every step was come by; X closes the run".to_owned(), Role::Healthy))
        }
        _ => {}
    }
    lines
}

fn mark(standing: StepStanding, here: bool) -> (&'static str, Role) {
    match standing {
        StepStanding::Waiting if here => ("[>]", Role::Accent),
        StepStanding::Waiting => ("[ ]", Role::Dim),
        StepStanding::Running => ("[~]", Role::Accent),
        StepStanding::Done | StepStanding::Marked => ("[x]", Role::Healthy),
        StepStanding::Skipped => ("[-]", Role::Dim),
        StepStanding::Failed => ("[!]", Role::Down),
        StepStanding::Stopped => ("[.]", Role::Degraded),
        StepStanding::Unknown => ("[?]", Role::Unknown),
        StepStanding::Undone => ("[<]", Role::Degraded),
    }
}

/// What became of a step: who, how it came out, the last of what was printed.
fn became(world: &World, run: &Run, number: usize, cells: usize, look: &Look) -> Vec<Row<'static>> {
    let Some(state) = run.steps.get(number) else { return Vec::new() };
    let mut rows = Vec::new();
    let room = cells.saturating_sub(4).max(10);
    let say = |rows: &mut Vec<Row<'static>>, text: &str, role: Role| {
        let lines = paint::wrap(text, room).into_iter();
        rows.extend(lines.map(|line| Row::of(vec![piece(format!("    {line}"), look.style(role))])));
    };
    let last = run.executions_of(number).next_back();
    if let Some(execution) = last {
        let lines: Vec<&OutputLine> = execution.output.lines().collect();
        let shown = lines.len().saturating_sub(LAST_LINES);
        if shown > 0 || execution.output.has_gap() {
            let more = gap(execution).unwrap_or_else(|| format!("{} above; o shows all", format::count(shown, "line")));
            say(&mut rows, &more, Role::Dim);
        }
        for line in &lines[shown..] {
            let mut left = vec![piece("    ".to_owned(), look.style(Role::Text))];
            left.extend(inked(line, room, look));
            rows.push(Row::of(left));
        }
    }
    let by = state
        .by
        .as_ref()
        .map(|(by, at)| format!(" ({}, {} ago)", by.user, format::age(world.now.since(*at))))
        .unwrap_or_default();
    let (_, role) = mark(state.standing, false);
    match (state.standing, last) {
        (StepStanding::Waiting, _) => {}
        (StepStanding::Running, Some(execution)) if execution.settled.is_none() => {
            say(&mut rows, &running(world, run, execution), Role::Accent);
        }
        (StepStanding::Running, _) => {
            let title = state
                .operation
                .as_ref()
                .and_then(|id| world.operations.get(id))
                .map(|operation| operation.plan.title.to_string());
            say(
                &mut rows,
                &format!("{}: o shows it{by}", title.unwrap_or_else(|| "an operation".to_owned())),
                Role::Accent,
            );
        }
        (standing, _) => {
            let note = state.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            say(&mut rows, &format!("{}{note}{by}", standing.word()), role);
        }
    }
    rows
}

fn running(world: &World, run: &Run, execution: &Execution) -> String {
    let since = execution.started_at.unwrap_or(execution.asked_at);
    let age = format::age(world.now.since(since));
    let what = if execution.checks { "checking" } else { "running" };
    let again = if execution.attempt > 1 { format!(", try {}", execution.attempt) } else { String::new() };
    let stop = execution.stop_asked.as_ref().map(|by| format!("; {} stops it", by.user)).unwrap_or_default();
    match world.runs.standing(run, world.now) {
        Standing::Interrupted => "interrupted: its process gives no sign of life".to_owned(),
        Standing::Starting => "starting".to_owned(),
        _ => format!("{what} for {age}{again}{stop}"),
    }
}

fn gap(execution: &Execution) -> Option<String> {
    let output = &execution.output;
    output.has_gap().then(|| match (output.left_out, output.dropped_lines) {
        (0, lines) => format!(
            "... {} in between are in the journal ...",
            format::count(usize::try_from(lines).unwrap_or(usize::MAX), "line")
        ),
        (bytes, _) => format!("... {} in between were not kept ...", format::bytes(bytes)),
    })
}

/// Returns a line with the colours that the program gave it, cut to fit.
fn inked(line: &OutputLine, cells: usize, look: &Look) -> Vec<Piece<'static>> {
    let text = line.text.head(cells).to_owned();
    let mut pieces = Vec::new();
    let mut at = 0;
    for inked in &line.inks {
        let (from, to) = (usize::from(inked.from).min(text.len()), usize::from(inked.to).min(text.len()));
        let (Some(before), Some(coloured)) = (text.get(at..from), text.get(from..to)) else { continue };
        pieces.push(piece(before.to_owned(), look.style(Role::Dim)));
        let role = match inked.ink.colour {
            Some(1) => Role::Down,
            Some(2) => Role::Healthy,
            Some(3) => Role::Degraded,
            Some(4..=6) => Role::Accent,
            _ if inked.ink.bold => Role::Title,
            _ => Role::Dim,
        };
        pieces.push(piece(coloured.to_owned(), look.style(role)));
        at = to;
    }
    pieces.push(piece(text.get(at..).unwrap_or_default().to_owned(), look.style(Role::Dim)));
    pieces
}
