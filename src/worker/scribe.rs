//! Writes an operation's events, and does not give up what was learned because a disk is full.

use std::time::Duration;

use super::{Patience, WorkerError};
use crate::clock::Clock;
use crate::journal::{Journal, JournalError};
use crate::model::id::{OperationId, RunId, ServiceId};
use crate::model::journal::{Body, Draft, Entry};
use crate::model::operation::{Actor, OperationEvent, Worker};
use crate::model::run::RunEvent;
use crate::model::time::Timestamp;
use crate::operation::Operation;

/// The pen of one worker.
pub struct Scribe {
    journal: Journal,
    operation: OperationId,
    by: Actor,
    key: String,
    holder: String,
    clock: Clock,
    write_for: Duration,
    between: Duration,
    points: Points,
}

impl Scribe {
    /// Takes up the pen. Nothing is written yet.
    pub fn new(
        journal: Journal,
        operation: &Operation,
        key: String,
        worker: &Worker,
        clock: Clock,
        patience: &Patience,
        die_at: Option<u64>,
    ) -> Self {
        Self {
            journal,
            operation: operation.id().clone(),
            by: worker.by.clone(),
            key,
            holder: worker.holder.to_string(),
            clock,
            write_for: patience.write,
            between: patience.between,
            points: Points::new(die_at),
        }
    }

    /// Returns the operation as the journal tells it now: somebody else may have written that it is to stop.
    pub fn read(&self) -> Result<Operation, WorkerError> {
        let entries = self.journal.of_operation(&self.operation)?;
        replay(&self.operation, &entries)
    }

    /// Returns the same, and waits for a journal that cannot be read now: a full disk takes even the readers' shared memory.
    async fn read_patiently(&self) -> Result<Operation, WorkerError> {
        let begun = self.clock.now();
        loop {
            match self.read() {
                Err(WorkerError::Journal(error)) if self.may_try_again(&error, begun) => {
                    tracing::warn!("{error}; it is read again");
                    tokio::time::sleep(self.between).await;
                }
                read => return read,
            }
        }
    }

    fn may_try_again(&self, error: &JournalError, begun: Timestamp) -> bool {
        error.may_pass() && self.clock.now().since(begun) < self.write_for
    }

    /// Writes an event about the operation, and returns how it stands then.
    ///
    /// What cannot be written now is tried again: what the platform answered is known nowhere else.
    pub async fn write(&mut self, mut event: OperationEvent) -> Result<Operation, WorkerError> {
        clean(&mut event);
        let begun = self.clock.now();
        let service = self.read_patiently().await?.plan.intent.service;
        loop {
            self.point();
            let draft = Draft {
                at: self.clock.now(),
                by: self.by.clone(),
                service: service.clone(),
                operation: Some(self.operation.clone()),
                body: Body::Operation(event.clone()),
            };
            match self.journal.append_held(&draft, &self.key, &self.holder, self.clock.now()) {
                Ok(_) => break,
                Err(error) if self.may_try_again(&error, begun) => {
                    tracing::warn!("{error}; it is tried again");
                    tokio::time::sleep(self.between).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.point();
        self.read_patiently().await
    }

    /// Tells a run what became of the operation that was begun from it. The operation's own end is written already.
    pub fn tell_run(&mut self, run: &RunId, service: Option<ServiceId>, event: RunEvent) {
        let draft = Draft {
            at: self.clock.now(),
            by: self.by.clone(),
            service,
            operation: Some(run.in_journal()),
            body: Body::Run(event),
        };
        if let Err(error) = self.journal.append(&draft) {
            tracing::warn!("{error}");
        }
    }

    /// Marks a moment at which a worker may be killed.
    pub fn point(&mut self) {
        self.points.pass();
    }

    /// Lets go of the lease.
    pub fn release(&mut self) -> Result<(), JournalError> {
        self.journal.release(&self.key, &self.holder)
    }
}

/// Replays an operation from its entries.
pub fn replay(id: &OperationId, entries: &[Entry]) -> Result<Operation, WorkerError> {
    let events = entries.iter().filter_map(|entry| match &entry.body {
        Body::Operation(event) => Some((entry.at, event)),
        Body::Run(_) | Body::Incident(_) | Body::Other { .. } => None,
    });
    let mut events = events.peekable();
    if events.peek().is_none() {
        return Err(WorkerError::NoOperation(id.clone()));
    }
    Ok(Operation::replay(events)?)
}

/// Takes secrets out of what foreign systems said. Values that later steps need stay as they are.
fn clean(event: &mut OperationEvent) {
    use crate::model::text::Line;
    use crate::runtime::redaction::redact;
    let line = |text: &mut Line| *text = Line::from_text(&redact(text.as_str()));
    match event {
        OperationEvent::StepFinished { said, .. } | OperationEvent::PlatformDone { said, .. } => {
            said.iter_mut().for_each(line);
        }
        OperationEvent::StepFailed { why, .. } | OperationEvent::StepUnknown { why, .. } => line(&mut why.message),
        OperationEvent::StepFound { evidence: said, .. }
        | OperationEvent::PlatformSaid { said }
        | OperationEvent::VerifySaw { said }
        | OperationEvent::Ended { said, .. } => line(said),
        OperationEvent::Approved { .. }
        | OperationEvent::Claimed { .. }
        | OperationEvent::StepStarted { .. }
        | OperationEvent::StepRepeated { .. }
        | OperationEvent::VerifyStarted
        | OperationEvent::CancelAsked { .. }
        | OperationEvent::ResumeAsked { .. } => {}
    }
}

/// Moments at which a worker may be killed, counted, so that a test can kill it at each of them.
pub(super) struct Points {
    passed: u64,
    die_at: Option<u64>,
}

impl Points {
    pub(super) fn new(die_at: Option<u64>) -> Self {
        Self { passed: 0, die_at }
    }

    pub(super) fn pass(&mut self) {
        self.passed += 1;
        if cfg!(debug_assertions) && self.die_at == Some(self.passed) {
            // As hard as it gets: nothing is written, closed or told.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }
}
