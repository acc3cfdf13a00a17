//! Step by step: written, done, written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::beat::Beat;
use super::host_lock::{self, Holder};
use super::scribe::{Scribe, replay};
use super::{Left, Task, WorkerError, lease_key};
use crate::journal::{Journal, Taken};
use crate::model::operation::{OperationEvent, Plan, PlatformEnd, StepFound, StepOutcome, Verdict, Worker};
use crate::model::run::RunEvent;
use crate::model::source::{FailureKind, Source, Trouble};
use crate::model::text::Line;
use crate::operation::doubt::{Doubt, doubt};
use crate::operation::{Operation, StepState};
use crate::provider::definition::{Action, Definition, Step};
use crate::provider::engine::failure_of;
use crate::provider::run::action::{StepOutcome as Answered, begin, step_answer, step_plan};
use crate::provider::run::{Failure, Plan as Asked, RunError, Values};
use crate::runtime::feeds::trouble;

/// A step that may be repeated is tried so often.
const TRIES: u32 = 3;
/// A system that asks for more time than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// One operation in the hands of its worker.
pub(super) struct Carrying {
    pub(super) task: Task,
    pub(super) scribe: Scribe,
    pub(super) operation: Operation,
    pub(super) definition: Arc<Definition>,
    pub(super) action: Action,
    pub(super) source: Source,
    pub(super) values: Values,
    beat: Beat,
    tried: BTreeMap<usize, u32>,
}

/// What comes after the steps.
enum After {
    Platform,
    Left(Left),
}

/// Carries an operation out, from wherever it stands, to its end or to where somebody has to decide.
///
/// # Errors
/// When the journal does not take what happened, or somebody else carries it out.
pub async fn work(task: Task) -> Result<Left, WorkerError> {
    let mut journal = Journal::open(&task.state_dir, task.clock.now())?.journal;
    let operation = replay(&task.operation, &journal.of_operation(&task.operation)?)?;
    if let Some(ended) = &operation.ended {
        return Ok(Left::Ended(ended.verdict));
    }
    let key = lease_key(&operation.plan);
    let holder = Holder {
        by: task.by.to_string(),
        title: operation.plan.title.to_string(),
        operation: task.operation.to_string(),
        pid: std::process::id(),
    };
    let _lock = match host_lock::take(&key, &holder) {
        Ok(Ok(lock)) => Some(lock),
        Ok(Err(other)) => {
            let who = other.map_or_else(
                || "a process that does not say who it is".to_owned(),
                |other| format!("{} ({}, process {})", other.by, other.title, other.pid),
            );
            return Err(WorkerError::HeldElsewhere { who });
        }
        // No such sockets here: the journal's lease is what there is.
        Err(error) => {
            tracing::warn!("no lock for the whole machine: {error}");
            None
        }
    };
    let worker = Worker {
        by: task.by.clone(),
        pid: std::process::id(),
        holder: Line::from_text(&uuid::Uuid::now_v7().to_string()),
        version: Line::from_text(env!("CARGO_PKG_VERSION")),
    };
    let take_over = task.take_over.is_some() || operation.worker.is_some();
    let taken = journal.take_lease(&key, &task.operation, &worker, task.clock.now(), take_over)?;
    if let Taken::Held(lease) = taken {
        return Err(WorkerError::Held { who: format!("{} (process {})", lease.worker.by, lease.worker.pid) });
    }
    let beat = Beat::start(&task.state_dir, key.clone(), worker.holder.to_string(), task.clock.clone())?;
    let mut scribe = Scribe::new(journal, &operation, key, &worker, task.clock.clone(), &task.patience, task.die_at);
    let took_over = operation.worker.as_ref().map(|before| {
        let why = task.take_over.clone().unwrap_or_else(|| "its worker gave no sign of life".to_owned());
        Line::from_text(&format!("{why} (process {} of {})", before.pid, before.by))
    });
    let operation = scribe.write(OperationEvent::Claimed { worker, took_over }).await?;
    let left = match prepare(&task, &operation).await {
        Ok(prepared) => {
            let Prepared { definition, action, source, values } = prepared;
            let tried = BTreeMap::new();
            let mut carrying = Carrying { task, scribe, operation, definition, action, source, values, beat, tried };
            let left = carrying.run().await;
            scribe = carrying.scribe;
            left
        }
        Err(why) => {
            drop(beat);
            cannot_begin(&mut scribe, &operation, why).await
        }
    };
    // A lease that cannot be given back turns stale by itself.
    let _ = scribe.release();
    left
}

struct Prepared {
    definition: Arc<Definition>,
    action: Action,
    source: Source,
    values: Values,
}

/// Gets everything that requests need, and makes sure that they are those that were approved.
async fn prepare(task: &Task, operation: &Operation) -> Result<Prepared, Trouble> {
    let plan = &operation.plan;
    let misconfigured = |message: &str| Trouble {
        kind: FailureKind::Misconfigured,
        message: Line::from_text(message),
        hint: Line::from_text("plan it again, and read it again: the definition or the configuration has changed"),
    };
    let source = plan.source.clone();
    let definition = task.engine.definition(&source).map_err(|failure| trouble(&failure))?;
    let action = definition.actions.get(&plan.intent.action).cloned();
    let action =
        action.ok_or_else(|| misconfigured(&format!("{} cannot {} any more", definition.title, plan.intent.action)))?;
    let values = task.engine.source_values(&source, &plan.intent.params).await;
    let mut values = values.map_err(|failure| trouble(&failure))?;
    for (name, value) in plan.values.iter().chain(&operation.bound) {
        values.set(name.clone(), value.clone());
    }
    // The moment of planning: what was shown then is what goes out.
    let begun = begin(&definition, &action, &mut values, plan.planned_at);
    if plan.intent.undoes.is_none() {
        begun.map_err(|error| trouble(&failure_of(error)))?;
    }
    let untouched = operation.steps.iter().all(|step| *step == StepState::Waiting);
    if untouched && plan.intent.undoes.is_none() {
        let now = crate::operation::plan::action_steps(&definition, &action, values.clone());
        let shown = |steps: &[crate::model::operation::PlannedStep]| -> Vec<Vec<Line>> {
            steps.iter().map(|step| step.preview.clone()).collect()
        };
        if shown(&now) != shown(&plan.steps) {
            return Err(misconfigured("what would go out is not what was approved"));
        }
    }
    Ok(Prepared { definition, action, source, values })
}

/// Ends what cannot go on: nothing went out, or something that nobody can ask about any more.
async fn cannot_begin(scribe: &mut Scribe, operation: &Operation, why: Trouble) -> Result<Left, WorkerError> {
    let Some(step) = operation.next_step() else {
        if operation.platform.is_none() {
            let said = Some(why.message.clone());
            scribe.write(OperationEvent::PlatformDone { ended: PlatformEnd::Unknown, said }).await?;
        }
        // What the platform has said stands. Where it has not, nobody can look any more what came of it.
        let verdict = match operation.platform {
            Some(PlatformEnd::Succeeded | PlatformEnd::Untold) => Verdict::Unverified,
            _ => Verdict::Unknown,
        };
        return end(scribe, verdict, why.message.as_str()).await;
    };
    match &operation.steps[step] {
        StepState::Waiting => {
            scribe.write(OperationEvent::StepFailed { step, why: why.clone() }).await?;
            let text = format!("nothing went out: {}", why.message);
            end(scribe, Verdict::Failed, &text).await
        }
        StepState::Started { .. } => {
            scribe.write(OperationEvent::StepUnknown { step, why }).await?;
            Ok(Left::Undecided)
        }
        _ => Ok(Left::Undecided),
    }
}

/// Writes the end.
pub(super) async fn end(scribe: &mut Scribe, verdict: Verdict, said: &str) -> Result<Left, WorkerError> {
    let operation = scribe.write(OperationEvent::Ended { verdict, said: Line::from_text(said) }).await?;
    if let Some((run, step)) = &operation.plan.intent.step {
        let said = Line::from_text(said);
        let ended =
            RunEvent::OperationEnded { step: *step, operation: operation.id().clone(), good: verdict.is_good(), said };
        scribe.tell_run(run, operation.plan.intent.service.clone(), ended);
    }
    Ok(Left::Ended(verdict))
}

impl Carrying {
    async fn run(&mut self) -> Result<Left, WorkerError> {
        match self.steps().await? {
            After::Left(left) => Ok(left),
            After::Platform => {
                if let Some(left) = self.platform().await? {
                    return Ok(left);
                }
                self.verify().await
            }
        }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.operation.plan
    }

    pub(super) async fn write(&mut self, event: OperationEvent) -> Result<(), WorkerError> {
        self.operation = self.scribe.write(event).await?;
        Ok(())
    }

    /// Returns who wants it to stop, as of now. A lease that somebody else has ends everything.
    pub(super) fn is_cancelled(&mut self) -> Result<bool, WorkerError> {
        if self.beat.is_lost() {
            return Err(WorkerError::Held { who: "another process".to_owned() });
        }
        match self.scribe.read() {
            Ok(operation) => self.operation = operation,
            // What it says will be heard when it can be read again; before anything goes out it is written to anyway.
            Err(WorkerError::Journal(error)) if error.may_pass() => tracing::warn!("{error}"),
            Err(error) => return Err(error),
        }
        Ok(self.operation.cancelled_by.is_some())
    }

    async fn steps(&mut self) -> Result<After, WorkerError> {
        while let Some(step) = self.operation.next_step() {
            match &self.operation.steps[step] {
                StepState::Started { .. } => {
                    let message = "the process that waited for the answer ended";
                    self.write(OperationEvent::StepUnknown { step, why: unanswered(message) }).await?;
                    continue;
                }
                StepState::Unknown { started, .. } => {
                    let started = *started;
                    if let Some(left) = self.doubtful(step, started).await? {
                        return Ok(After::Left(left));
                    }
                    continue;
                }
                StepState::NotDone { .. } => {
                    if self.may_repeat(step) {
                        self.repeat(step).await?;
                        continue;
                    }
                    return Ok(After::Left(Left::Undecided));
                }
                // It never went out: when the platform is back, somebody may say that it is done.
                StepState::Failed { why, .. } if doubt(why.kind) == Doubt::NeverSent => {
                    return Ok(After::Left(Left::Undecided));
                }
                StepState::Failed { why, .. } => {
                    let text = format!("{}: {}", self.plan().steps[step].name, why.message);
                    return end(&mut self.scribe, Verdict::Failed, &text).await.map(After::Left);
                }
                StepState::Waiting | StepState::Finished { .. } => {}
            }
            if self.is_cancelled()? {
                let by = self.operation.cancelled_by.as_ref().map(ToString::to_string).unwrap_or_default();
                let text = format!("{by} stopped it after {step} of {} steps", self.operation.steps.len());
                return end(&mut self.scribe, Verdict::Cancelled, &text).await.map(After::Left);
            }
            self.step(step).await?;
        }
        Ok(After::Platform)
    }

    /// Finds out about a step of which nobody knows. Returns how the operation is left, if it does not go on.
    async fn doubtful(
        &mut self,
        step: usize,
        since: crate::model::time::Timestamp,
    ) -> Result<Option<Left>, WorkerError> {
        let (found, evidence) = self.find_out(step, since).await?;
        self.write(OperationEvent::StepFound { step, found, evidence }).await?;
        match found {
            StepFound::Done => Ok(None),
            // The next round decides whether it is done again.
            StepFound::NotDone => Ok(None),
            StepFound::Unclear if self.may_repeat(step) => {
                self.repeat(step).await?;
                Ok(None)
            }
            StepFound::Unclear => Ok(Some(Left::Undecided)),
        }
    }

    fn may_repeat(&self, step: usize) -> bool {
        self.plan().steps[step].repeatable && self.tried.get(&step).copied().unwrap_or(0) < TRIES
    }

    async fn repeat(&mut self, step: usize) -> Result<(), WorkerError> {
        tokio::time::sleep(self.task.patience.between).await;
        self.write(OperationEvent::StepRepeated { step }).await
    }

    /// Does one step.
    async fn step(&mut self, index: usize) -> Result<(), WorkerError> {
        *self.tried.entry(index).or_default() += 1;
        let planned = self.plan().steps[index].clone();
        let Some(step) = self.action.steps.get(planned.number).cloned() else {
            return self.failed(index, unanswered("the definition has no such step any more")).await;
        };
        let step = if planned.undo { undo_of(&step) } else { Some(step) };
        let Some(step) = step else {
            return self.failed(index, unanswered("the definition does not say any more how it is undone")).await;
        };
        let asked = match step_plan(&self.definition, &step, &self.values) {
            Ok(Some(asked)) => asked,
            Ok(None) => {
                let (outcome, bound, said) = (StepOutcome::Skipped, BTreeMap::new(), None);
                return self.write(OperationEvent::StepFinished { step: index, outcome, bound, said }).await;
            }
            Err(error) => return self.failed(index, trouble(&failure_of(error))).await,
        };
        self.write(OperationEvent::StepStarted { step: index }).await?;
        match self.ask(&step, &asked).await? {
            Ok((outcome, bound, said)) => {
                self.write(OperationEvent::StepFinished { step: index, outcome, bound, said }).await
            }
            // What only looks has changed nothing, and an answer that makes no sense to it makes none the next time.
            Err(failure) if planned.reads && (failure.kind == FailureKind::Malformed || !self.may_repeat(index)) => {
                self.failed(index, trouble(&failure)).await
            }
            Err(failure) if doubt(failure.kind) == Doubt::Unknown => {
                self.write(OperationEvent::StepUnknown { step: index, why: trouble(&failure) }).await
            }
            Err(failure) => self.failed(index, trouble(&failure)).await,
        }
    }

    async fn failed(&mut self, step: usize, why: Trouble) -> Result<(), WorkerError> {
        self.write(OperationEvent::StepFailed { step, why }).await
    }

    /// Sends a step's request. What was certainly not heeded is tried again for a while.
    async fn ask(
        &mut self,
        step: &Step,
        asked: &Asked,
    ) -> Result<Result<(StepOutcome, BTreeMap<String, Value>, Option<Line>), Failure>, WorkerError> {
        let begun = self.task.clock.now();
        loop {
            self.scribe.point();
            let answer = self.task.engine.act(&self.source, asked, &self.values).await;
            self.scribe.point();
            let result = answer.and_then(|answer| {
                let mut values = self.values.clone();
                let outcome = step_answer(&self.definition, step, asked, &answer, &mut values);
                let outcome = outcome.map_err(|error| read_wrong(error, asked))?;
                Ok((outcome, values, said(&answer)))
            });
            let failure = match result {
                Ok((outcome, values, said)) => {
                    self.values = values;
                    let names = step.request.bind.iter().map(|(name, _)| name.clone());
                    let bound = names.map(|name| (name.clone(), self.values.get(&name))).collect();
                    let outcome = match outcome {
                        Answered::Done => StepOutcome::Done,
                        Answered::Already => StepOutcome::Already,
                        Answered::Skipped => StepOutcome::Skipped,
                    };
                    return Ok(Ok((outcome, bound, said)));
                }
                Err(failure) => self.values.without_secrets(failure),
            };
            let waited = self.task.clock.now().since(begun);
            let wait = match (doubt(failure.kind), failure.kind) {
                (Doubt::NeverSent, _) => self.task.patience.between,
                (Doubt::Later, FailureKind::RateLimited { wait_ms: Some(wait) }) => Duration::from_millis(wait),
                (Doubt::Later, _) => self.task.patience.between * 5,
                (Doubt::Refused | Doubt::Unknown, _) => return Ok(Err(failure)),
            };
            if waited + wait > self.task.patience.unreached || wait > LONGEST_WAIT || self.is_cancelled()? {
                return Ok(Err(failure));
            }
            tokio::time::sleep(wait).await;
        }
    }
}

/// Returns what takes a step back, as a step.
fn undo_of(step: &Step) -> Option<Step> {
    let request = step.undo.clone()?;
    Some(Step { request, undo: None, ..step.clone() })
}

/// An answer that says yes and cannot be read: it was heeded, and what it brought is not known.
fn read_wrong(error: RunError, asked: &Asked) -> Failure {
    match error {
        RunError::Failed(failure) => failure,
        other => Failure {
            kind: FailureKind::Malformed,
            request: asked.summary(),
            message: Line::from_text(&other.to_string()),
        },
    }
}

fn unanswered(message: &str) -> Trouble {
    Trouble {
        kind: FailureKind::CutOff,
        message: Line::from_text(message),
        hint: Line::from_text("the platform is asked what has become of it"),
    }
}

/// Returns what a program printed last, for people. An HTTP answer's body is nothing to read.
fn said(answer: &crate::provider::run::Answer) -> Option<Line> {
    if !answer.printed {
        return None;
    }
    let text = String::from_utf8_lossy(&answer.body);
    let last = text.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(Line::from_text(last))
}
