//! How a run of a runbook stands: its events, replayed. What may follow what is decided here and nowhere else.
//!
//! ```text
//!   Begun --> [ Told | Asked | Skipped | Marked | WentTo | Operated ]* --> Closed
//!   Asked --> Claimed --> Started --> Spawned --> Said* --> Finished --> (again | check: Started ...)* --> Settled
//! ```
//!
//! One thing runs at a time in a run. The step after a settled one is the one that it says, else the next.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Runbook, Step};
use crate::model::id::{OperationId, RunId};
use crate::model::operation::{Actor, Worker};
use crate::model::output::OutputLine;
use crate::model::run::{Beginning, ProcessEnd, Purpose, RunEvent, Script, StepVerdict};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Lines of one execution that are kept at its beginning, and at its end.
const HEAD: usize = 400;
const TAIL: usize = 400;

/// An event that may not follow.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("run {run}: {event} cannot be written: {why}")]
pub struct Illegal {
    pub run: String,
    pub event: &'static str,
    pub why: &'static str,
}

/// A run, as it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    pub id: RunId,
    pub beginning: Beginning,
    pub begun_at: Timestamp,
    pub runbook: Runbook,
    pub values: BTreeMap<String, String>,
    pub steps: Vec<StepRun>,
    pub executions: Vec<Execution>,
    /// The step that is next; as many as there are when all are over.
    pub current: usize,
    /// Everybody who took part, in the order in which they came.
    pub people: Vec<Actor>,
    pub closed: Option<(Timestamp, Actor, Option<Line>)>,
    pub last_at: Timestamp,
}

/// How a step stands.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StepRun {
    pub standing: StepStanding,
    /// Who said so, and when.
    pub by: Option<(Actor, Timestamp)>,
    pub note: Option<Line>,
    /// Commands of it that are done since it was begun last.
    pub commands_done: Vec<usize>,
    pub operation: Option<OperationId>,
}

/// The standing itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StepStanding {
    #[default]
    Waiting,
    Running,
    Done,
    /// A person says that it is done.
    Marked,
    Skipped,
    Failed,
    Stopped,
    Unknown,
    /// What it did was taken back.
    Undone,
}

impl StepStanding {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Marked => "marked done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
            Self::Undone => "taken back",
        }
    }

    /// Returns whether one goes on to the next.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Marked | Self::Skipped)
    }
}

/// Something that was run, or is.
#[derive(Clone, PartialEq, Debug)]
pub struct Execution {
    pub step: usize,
    pub command: usize,
    pub purpose: Purpose,
    pub script: Script,
    pub edited: bool,
    pub by: Actor,
    pub asked_at: Timestamp,
    pub worker: Option<Worker>,
    pub started_at: Option<Timestamp>,
    pub attempt: u32,
    /// What runs now is the check.
    pub checks: bool,
    /// The process that leads the group, and when it was born.
    pub process: Option<(u32, u64)>,
    pub output: Output,
    pub last_end: Option<ProcessEnd>,
    pub background: u32,
    pub stop_asked: Option<Actor>,
    pub settled: Option<(Timestamp, StepVerdict, Line)>,
}

/// What was printed: the beginning and the end of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Output {
    pub head: Vec<OutputLine>,
    pub tail: std::collections::VecDeque<OutputLine>,
    /// Bytes that were printed in between and are kept nowhere.
    pub left_out: u64,
    /// Lines that were taken out of the tail to keep it short.
    pub dropped_lines: u64,
}

impl Execution {
    /// Lets go of what was printed; the journal has it.
    pub fn forget_output(&mut self) {
        self.output = Output {
            left_out: self.output.left_out,
            dropped_lines: self.output.lines().count() as u64,
            ..Output::default()
        };
    }
}

impl Output {
    fn push(&mut self, lines: &[OutputLine], left_out: u64) {
        self.left_out += left_out;
        for line in lines {
            if self.head.len() < HEAD && self.left_out == 0 {
                self.head.push(line.clone());
                continue;
            }
            self.tail.push_back(line.clone());
            while self.tail.len() > TAIL {
                self.tail.pop_front();
                self.dropped_lines += 1;
            }
        }
    }

    /// Returns whether something between beginning and end is missing.
    pub fn has_gap(&self) -> bool {
        self.left_out > 0 || self.dropped_lines > 0
    }

    /// Returns every line that is kept.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &OutputLine> {
        self.head.iter().chain(&self.tail)
    }
}

impl Run {
    /// Replays a run from its events.
    ///
    /// # Errors
    /// When one of them may not stand where it does.
    pub fn replay<'e>(
        id: &RunId,
        events: impl IntoIterator<Item = (Timestamp, &'e RunEvent)>,
    ) -> Result<Option<Self>, Illegal> {
        let mut run: Option<Self> = None;
        for (at, event) in events {
            match &mut run {
                None => run = Some(Self::begin(id, at, event)?),
                Some(run) => run.apply(at, event)?,
            }
        }
        Ok(run)
    }

    /// Begins one with its first event.
    ///
    /// # Errors
    /// When that is no beginning.
    pub fn begin(id: &RunId, at: Timestamp, event: &RunEvent) -> Result<Self, Illegal> {
        let RunEvent::Begun { beginning } = event else {
            return Err(Illegal { run: id.to_string(), event: event.word(), why: "it was not begun" });
        };
        let runbook = Runbook::read(&beginning.name, &beginning.text);
        let steps = runbook.steps().map(|_| StepRun::default()).collect();
        Ok(Self {
            id: id.clone(),
            begun_at: at,
            values: beginning.values.clone(),
            people: vec![beginning.by.clone()],
            beginning: (**beginning).clone(),
            runbook,
            steps,
            executions: Vec::new(),
            current: 0,
            closed: None,
            last_at: at,
        })
    }

    /// Takes in the next event.
    ///
    /// # Errors
    /// When it may not follow.
    pub fn apply(&mut self, at: Timestamp, event: &RunEvent) -> Result<(), Illegal> {
        self.may_follow(event).map_err(|why| Illegal { run: self.id.to_string(), event: event.word(), why })?;
        self.last_at = at;
        match event {
            RunEvent::Begun { .. } => {}
            RunEvent::Joined { by } => self.join(by),
            RunEvent::Told { name, value, by } => {
                self.join(by);
                self.values.insert(name.clone(), value.clone());
            }
            RunEvent::Asked { step, command, purpose, script, edited, by, .. } => {
                self.join(by);
                self.executions.push(Execution {
                    step: *step,
                    command: *command,
                    purpose: *purpose,
                    script: (**script).clone(),
                    edited: *edited,
                    by: by.clone(),
                    asked_at: at,
                    worker: None,
                    started_at: None,
                    attempt: 0,
                    checks: false,
                    process: None,
                    output: Output::default(),
                    last_end: None,
                    background: 0,
                    stop_asked: None,
                    settled: None,
                });
                if let Some(state) = self.steps.get_mut(*step) {
                    // Run once more, it is begun once more.
                    if state.standing.is_over() && *purpose == Purpose::Do {
                        state.commands_done.clear();
                    }
                    state.standing = StepStanding::Running;
                    state.by = Some((by.clone(), at));
                    state.note = None;
                }
                self.current = *step;
            }
            RunEvent::Claimed { worker, .. } => {
                if let Some(open) = self.open_mut() {
                    open.worker = Some(worker.clone());
                }
            }
            RunEvent::Started { attempt, checks, .. } => {
                if let Some(open) = self.open_mut() {
                    open.started_at.get_or_insert(at);
                    (open.attempt, open.checks, open.process) = (*attempt, *checks, None);
                }
            }
            RunEvent::Spawned { pid, born, .. } => {
                if let Some(open) = self.open_mut() {
                    open.process = Some((*pid, *born));
                }
            }
            RunEvent::Said { lines, left_out, .. } => {
                if let Some(open) = self.open_mut() {
                    open.output.push(lines, *left_out);
                }
            }
            RunEvent::Finished { end, background, checks, .. } => {
                if let Some(open) = self.open_mut() {
                    open.last_end = Some(end.clone());
                    open.process = None;
                    if !checks {
                        open.background = *background;
                    }
                }
            }
            RunEvent::Settled { verdict, said, captured, next, .. } => {
                self.settle(at, *verdict, said, captured.as_ref(), *next)
            }
            RunEvent::StopAsked { by, .. } => {
                self.join(by);
                if let Some(open) = self.open_mut() {
                    open.stop_asked.get_or_insert_with(|| by.clone());
                }
            }
            RunEvent::Skipped { step, why, by } => {
                self.join(by);
                self.stand(*step, StepStanding::Skipped, Some(why.clone()), by, at);
                self.go_on(*step, None);
            }
            RunEvent::Marked { step, note, by } => {
                self.join(by);
                self.stand(*step, StepStanding::Marked, note.clone(), by, at);
                self.go_on(*step, None);
            }
            RunEvent::Operated { step, operation, by } => {
                self.join(by);
                self.stand(*step, StepStanding::Running, None, by, at);
                if let Some(state) = self.steps.get_mut(*step) {
                    state.operation = Some(operation.clone());
                }
                self.current = *step;
            }
            RunEvent::OperationEnded { step, good, said, .. } => {
                if let Some(state) = self.steps.get_mut(*step) {
                    state.standing = if *good { StepStanding::Done } else { StepStanding::Failed };
                    state.note = Some(said.clone());
                }
                if *good && self.current == *step {
                    self.go_on(*step, None);
                }
            }
            RunEvent::WentTo { step, by, .. } => {
                self.join(by);
                self.current = *step;
            }
            RunEvent::Closed { by, said } => {
                self.join(by);
                self.closed = Some((at, by.clone(), said.clone()));
            }
        }
        Ok(())
    }

    fn settle(
        &mut self,
        at: Timestamp,
        verdict: StepVerdict,
        said: &Line,
        captured: Option<&(String, String)>,
        next: Option<usize>,
    ) {
        let Some(open) = self.open_mut() else { return };
        open.settled = Some((at, verdict, said.clone()));
        open.process = None;
        let (step, command, purpose, by) = (open.step, open.command, open.purpose, open.by.clone());
        if let Some((name, value)) = captured {
            self.values.insert(name.clone(), value.clone());
        }
        let commands = self.step(step).map_or(0, |step| step.commands.len());
        let Some(state) = self.steps.get_mut(step) else { return };
        state.by = Some((by, at));
        state.note = Some(said.clone());
        state.standing = match (verdict, purpose) {
            (StepVerdict::Done, Purpose::Do) => {
                if !state.commands_done.contains(&command) {
                    state.commands_done.push(command);
                }
                if (0..commands).all(|command| state.commands_done.contains(&command)) || next.is_some() {
                    StepStanding::Done
                } else {
                    StepStanding::Waiting
                }
            }
            (StepVerdict::Done, Purpose::Undo) => {
                state.commands_done.retain(|done| *done != command);
                StepStanding::Undone
            }
            (StepVerdict::Failed, _) => StepStanding::Failed,
            (StepVerdict::Stopped, _) => StepStanding::Stopped,
            (StepVerdict::Unknown, _) => StepStanding::Unknown,
        };
        if state.standing == StepStanding::Done {
            self.go_on(step, next);
        }
    }

    fn stand(&mut self, step: usize, standing: StepStanding, note: Option<Line>, by: &Actor, at: Timestamp) {
        if let Some(state) = self.steps.get_mut(step) {
            (state.standing, state.note, state.by) = (standing, note, Some((by.clone(), at)));
        }
    }

    /// The next step: the one that was named, else the one below.
    fn go_on(&mut self, from: usize, next: Option<usize>) {
        self.current = next.unwrap_or(from + 1).min(self.steps.len());
    }

    fn join(&mut self, by: &Actor) {
        if !self.people.contains(by) {
            self.people.push(by.clone());
        }
    }

    fn may_follow(&self, event: &RunEvent) -> Result<(), &'static str> {
        if self.closed.is_some() && !matches!(event, RunEvent::OperationEnded { .. }) {
            return Err("it is closed");
        }
        let in_range = |step: usize| if step < self.steps.len() { Ok(()) } else { Err("there is no such step") };
        let open = self.executions.last().filter(|last| last.settled.is_none());
        let number = u32::try_from(self.executions.len()).unwrap_or(u32::MAX);
        let of_open = |execution: u32| match open {
            Some(open) if execution + 1 == number => Ok(open),
            _ => Err("that is not what runs"),
        };
        match event {
            RunEvent::Begun { .. } => Err("it was begun already"),
            RunEvent::Joined { .. } | RunEvent::Told { .. } | RunEvent::OperationEnded { .. } => Ok(()),
            RunEvent::Asked { execution, step, command, .. } => {
                in_range(*step)?;
                if open.is_some() {
                    return Err("something runs already");
                }
                if *execution != number {
                    return Err("it is not the next one");
                }
                match self.step(*step) {
                    Some(found) if *command < found.commands.len() => Ok(()),
                    _ => Err("there is no such command"),
                }
            }
            RunEvent::Claimed { execution, .. } | RunEvent::StopAsked { execution, .. } => {
                of_open(*execution).map(|_| ())
            }
            RunEvent::Settled { execution, .. } => of_open(*execution).map(|_| ()),
            RunEvent::Started { execution, .. }
            | RunEvent::Spawned { execution, .. }
            | RunEvent::Said { execution, .. }
            | RunEvent::Finished { execution, .. } => {
                if of_open(*execution)?.worker.is_none() {
                    return Err("nobody has claimed it");
                }
                Ok(())
            }
            RunEvent::Skipped { step, .. }
            | RunEvent::Marked { step, .. }
            | RunEvent::Operated { step, .. }
            | RunEvent::WentTo { step, .. } => {
                in_range(*step)?;
                if open.is_some() { Err("something runs") } else { Ok(()) }
            }
            RunEvent::Closed { .. } => {
                if open.is_some() {
                    Err("something runs")
                } else {
                    Ok(())
                }
            }
        }
    }

    fn open_mut(&mut self) -> Option<&mut Execution> {
        self.executions.last_mut().filter(|last| last.settled.is_none())
    }

    /// Returns what runs, or is about to, with its number.
    pub fn open(&self) -> Option<(u32, &Execution)> {
        let last = self.executions.last().filter(|last| last.settled.is_none())?;
        Some((u32::try_from(self.executions.len() - 1).unwrap_or(u32::MAX), last))
    }

    /// Returns a step of the document.
    pub fn step(&self, step: usize) -> Option<&Step> {
        self.runbook.steps().nth(step)
    }

    /// Returns the executions of a step, the latest last.
    pub fn executions_of(&self, step: usize) -> impl DoubleEndedIterator<Item = &Execution> {
        self.executions.iter().filter(move |execution| execution.step == step)
    }

    /// Returns the command of a step that is to be run next: the first that is not done.
    pub fn next_command(&self, step: usize) -> Option<usize> {
        let count = self.step(step)?.commands.len();
        let state = self.steps.get(step)?;
        if state.standing.is_over() {
            return (count > 0).then_some(0);
        }
        (0..count).find(|command| !state.commands_done.contains(command))
    }

    /// Returns whether every step is over.
    pub fn is_through(&self) -> bool {
        self.steps.iter().all(|state| state.standing.is_over())
    }

    /// Returns how many steps are over.
    pub fn over(&self) -> usize {
        self.steps.iter().filter(|state| state.standing.is_over()).count()
    }
}
