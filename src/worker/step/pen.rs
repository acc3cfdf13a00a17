//! Writes what happens to a run, and paces what was printed: the beginning at once, then the newest from time to time, then
//! the end. A command that prints for ever fills no disk.

use std::time::Duration;

use super::StepTask;
use crate::clock::Clock;
use crate::journal::{Journal, JournalError};
use crate::model::id::RunId;
use crate::model::journal::{Body, Draft};
use crate::model::operation::{Actor, Worker};
use crate::model::output::{OutputLine, Splitter};
use crate::model::run::{RunEvent, StepVerdict};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runbook::run::Run;
use crate::runtime::redaction::redact;
use crate::worker::beat::Beat;
use crate::worker::scribe::Points;
use crate::worker::{Patience, WorkerError};

/// So much of the beginning is kept whole.
const HEAD: usize = 128 * 1024;
/// So much of the end.
const TAIL: usize = 32 * 1024;
/// So much of the newest, while it goes on beyond the beginning.
const NEWEST: usize = 2 * 1024;
/// While the beginning is written, as often as this.
const AT_FIRST: Duration = Duration::from_millis(150);
/// Then as often as this, and more and more rarely: after an hour, each minute.
const LATER: Duration = Duration::from_secs(1);
/// How often it is looked whether somebody wants it to stop.
const LOOK: Duration = Duration::from_millis(100);

/// The pen of one worker.
pub struct Pen {
    journal: Journal,
    run: Run,
    read: u64,
    id: RunId,
    number: u32,
    by: Actor,
    key: String,
    holder: String,
    clock: Clock,
    patience: Patience,
    beat: Beat,
    points: Points,
    paper: Paper,
}

/// What was printed and is not written yet.
struct Paper {
    splitter: Splitter,
    /// Bytes that wait; beyond the beginning only the last of them.
    waiting: Vec<u8>,
    left_out: u64,
    head_left: usize,
    written_at: Timestamp,
    begun_at: Timestamp,
}

impl Pen {
    pub(super) fn new(
        journal: Journal,
        run: Run,
        number: u32,
        key: String,
        worker: &Worker,
        task: &StepTask,
        beat: Beat,
    ) -> Self {
        let now = task.clock.now();
        Self {
            journal,
            run,
            read: 0,
            id: task.run.clone(),
            number,
            by: worker.by.clone(),
            key,
            holder: worker.holder.to_string(),
            clock: task.clock.clone(),
            patience: task.patience,
            beat,
            points: Points::new(task.die_at),
            paper: Paper {
                splitter: Splitter::default(),
                waiting: Vec::new(),
                left_out: 0,
                head_left: HEAD,
                written_at: now,
                begun_at: now,
            },
        }
    }

    pub(super) fn execution(&self) -> u32 {
        self.number
    }

    pub(super) fn run_id(&self) -> &RunId {
        &self.id
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the shell that a worker before us has started.
    pub(super) fn left_behind(&self) -> Option<(u32, u64)> {
        self.run.executions.get(self.number as usize)?.process
    }

    /// Writes an event. What cannot be written now is tried again: it is known nowhere else.
    pub(super) async fn write(&mut self, event: RunEvent) -> Result<(), WorkerError> {
        let begun = self.clock.now();
        loop {
            self.points.pass();
            match self.try_write(&event) {
                Ok(()) => break,
                Err(error) if error.may_pass() && self.clock.now().since(begun) < self.patience.write => {
                    tracing::warn!("{error}; it is tried again");
                    tokio::time::sleep(self.patience.between).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.points.pass();
        let _ = self.run.apply(self.clock.now(), &event);
        Ok(())
    }

    fn try_write(&mut self, event: &RunEvent) -> Result<(), JournalError> {
        let draft = Draft {
            at: self.clock.now(),
            by: self.by.clone(),
            service: self.run.beginning.service.clone(),
            operation: Some(self.id.in_journal()),
            body: Body::Run(event.clone()),
        };
        self.journal.append_held(&draft, &self.key, &self.holder, self.clock.now()).map(|_| ())
    }

    /// Writes how it ended.
    pub(super) async fn settle(
        &mut self,
        verdict: StepVerdict,
        said: &str,
        captured: Option<(String, String)>,
        next: Option<usize>,
    ) -> Result<(), WorkerError> {
        let said = Line::from_text(&redact(said));
        self.write(RunEvent::Settled { execution: self.number, verdict, said, captured, next }).await
    }

    /// Lets go of the lease.
    pub(super) fn release(mut self) {
        drop(self.beat);
        // One that cannot be given back turns stale by itself.
        let _ = self.journal.release(&self.key, &self.holder);
    }

    /// Returns whether somebody wants it to stop. A lease that somebody else has ends everything.
    pub(super) fn is_stopped(&mut self) -> Result<bool, WorkerError> {
        if self.beat.is_lost() {
            return Err(WorkerError::Held { who: "another process".to_owned() });
        }
        let stopped = |run: &Run, number: u32| {
            run.executions.get(number as usize).is_some_and(|execution| execution.stop_asked.is_some())
        };
        if stopped(&self.run, self.number) || !self.journal.changed().unwrap_or(false) {
            return Ok(stopped(&self.run, self.number));
        }
        // Only what is new: of what was printed there may be much.
        if self.read == 0 {
            let entries = self.journal.of_operation(&self.id.in_journal())?;
            self.read = entries.last().map_or(0, |entry| entry.seq);
            self.note(&entries);
        }
        loop {
            let entries = self.journal.since(self.read, 200)?;
            let Some(last) = entries.last() else { break };
            self.read = last.seq;
            self.note(&entries);
        }
        Ok(stopped(&self.run, self.number))
    }

    fn note(&mut self, entries: &[crate::model::journal::Entry]) {
        for entry in entries {
            let ours = entry.operation.as_ref().is_some_and(|id| id.as_str() == self.id.as_str());
            if let (true, Body::Run(event @ RunEvent::StopAsked { .. })) = (ours, &entry.body) {
                let _ = self.run.apply(entry.at, event);
            }
        }
    }

    /// Waits. Returns whether it was waited to the end: somebody may want it to stop.
    pub(super) async fn pause(&mut self, time: Duration) -> Result<bool, WorkerError> {
        let begun = self.clock.now();
        loop {
            if self.is_stopped()? {
                return Ok(false);
            }
            let waited = self.clock.now().since(begun);
            if waited >= time {
                return Ok(true);
            }
            tokio::time::sleep(LOOK.min(time - waited)).await;
        }
    }

    /// Takes in what was printed, and writes what is due.
    pub(super) async fn print(&mut self, bytes: &[u8]) -> Result<(), WorkerError> {
        let paper = &mut self.paper;
        let whole = bytes.len().min(paper.head_left);
        if whole > 0 {
            paper.waiting.extend_from_slice(&bytes[..whole]);
            paper.head_left -= whole;
            if paper.head_left == 0 {
                self.flush(Keep::Everything).await?;
            }
        }
        let rest = &bytes[whole..];
        if !rest.is_empty() {
            let paper = &mut self.paper;
            paper.waiting.extend_from_slice(rest);
            if paper.waiting.len() > 2 * TAIL {
                let gone = paper.waiting.len() - TAIL;
                paper.waiting.drain(..gone);
                paper.left_out += gone as u64;
            }
        }
        self.due().await
    }

    /// Writes what is due.
    pub(super) async fn due(&mut self) -> Result<(), WorkerError> {
        let now = self.clock.now();
        let (every, keep) = if self.paper.head_left > 0 {
            (AT_FIRST, Keep::Everything)
        } else {
            let long = now.since(self.paper.begun_at) / 60;
            (LATER.max(long), Keep::Newest)
        };
        if !self.paper.waiting.is_empty() && now.since(self.paper.written_at) >= every {
            self.flush(keep).await?;
        }
        Ok(())
    }

    /// Writes all that is left, and begins a new line.
    pub(super) async fn end_of_print(&mut self) -> Result<(), WorkerError> {
        self.flush(Keep::Everything).await?;
        if let Some(line) = self.paper.splitter.finish() {
            self.say(vec![line], 0);
        }
        self.paper.splitter = Splitter::default();
        Ok(())
    }

    /// Writes lines that are whole already.
    pub(super) fn lines(&mut self, lines: Vec<OutputLine>) {
        self.say(lines, 0);
    }

    async fn flush(&mut self, keep: Keep) -> Result<(), WorkerError> {
        let paper = &mut self.paper;
        let mut bytes = std::mem::take(&mut paper.waiting);
        if keep == Keep::Newest && bytes.len() > NEWEST {
            let gone = bytes.len() - NEWEST;
            bytes.drain(..gone);
            paper.left_out += gone as u64;
        }
        let left_out = std::mem::take(&mut paper.left_out);
        let mut lines = Vec::new();
        if left_out > 0 {
            // The line that was under way has lost its end.
            lines.extend(paper.splitter.finish());
            paper.splitter = Splitter::default();
        }
        let before = lines.len();
        lines.extend(paper.splitter.feed(&bytes));
        paper.written_at = self.clock.now();
        if left_out > 0 {
            let after = lines.split_off(before);
            self.say(lines, 0);
            self.say(after, left_out);
        } else {
            self.say(lines, 0);
        }
        tokio::task::yield_now().await;
        Ok(())
    }

    /// Writes lines. What the journal does not take now is counted as not kept: the command must not wait for a disk.
    fn say(&mut self, mut lines: Vec<OutputLine>, left_out: u64) {
        if lines.is_empty() && left_out == 0 {
            return;
        }
        for line in &mut lines {
            let clean = redact(line.text.as_str());
            if clean != line.text.as_str() {
                *line = OutputLine::plain(&clean);
            }
        }
        let bytes: usize = lines.iter().map(|line| line.text.as_str().len() + 1).sum();
        let event = RunEvent::Said { execution: self.number, lines, left_out };
        self.points.pass();
        if let Err(error) = self.try_write(&event) {
            tracing::warn!("{error}");
            self.paper.left_out += left_out + bytes as u64;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Everything,
    Newest,
}

/// How often a worker that waits for output looks around.
pub const TICK: Duration = LOOK;
