//! How an operation stands, replayed from its events; and which events may follow.
//!
//! ```text
//!              claimed          per step: started -> finished | failed | unknown -> found
//!   Approved ----------> Steps ------------------------------------------------------------.
//!                          | all finished                                                  |
//!                          v                                                               |
//!                       Platform --platform_done--> Verifying --ended--> Ended <--ended----'
//! ```
//!
//! An event that may not follow is refused, and changes nothing: whoever wrote it was wrong about the world. The journal
//! asks this before it keeps an event, so that two workers can never both tell their story.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

use crate::model::id::OperationId;
use crate::model::operation::{
    Actor, AutomaticDeploys, Lease, OperationEvent, Plan, PlatformEnd, StepFound, StepOutcome, Verdict, Worker,
};
use crate::model::source::Trouble;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// An operation as its events tell it.
#[derive(Clone, PartialEq, Debug)]
pub struct Operation {
    pub plan: Plan,
    pub approved_at: Timestamp,
    pub approved_by: Actor,
    /// Who carries it out, or did last.
    pub worker: Option<Worker>,
    /// Why the last worker took it over from another.
    pub took_over: Option<Line>,
    /// When somebody wanted it to go on; a worker comes soon after that.
    pub resumed_at: Option<Timestamp>,
    /// One for each of the plan's steps.
    pub steps: Vec<StepState>,
    /// What answers brought for later steps, for looking whether it is done, and for undoing.
    pub bound: BTreeMap<String, Value>,
    pub phase: Phase,
    pub phase_since: Timestamp,
    /// The latest word of the platform, a check or an alert.
    pub said: Option<Line>,
    pub platform: Option<PlatformEnd>,
    /// Who wants it to stop.
    pub cancelled_by: Option<Actor>,
    pub ended: Option<Ended>,
    /// When its latest event happened.
    pub last_at: Timestamp,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// Nobody has taken it up yet.
    Approved,
    Steps,
    /// Every step is done; the platform works.
    Platform,
    Verifying,
    Ended,
}

/// How a step stands.
#[derive(Clone, PartialEq, Debug)]
pub enum StepState {
    Waiting,
    /// Its request is out, or was when its worker ended.
    Started {
        at: Timestamp,
    },
    Finished {
        at: Timestamp,
        took: Duration,
        outcome: StepOutcome,
        said: Option<Line>,
    },
    Failed {
        at: Timestamp,
        why: Trouble,
    },
    /// Nobody knows. Its request may have gone out at `started`.
    Unknown {
        started: Timestamp,
        at: Timestamp,
        why: Trouble,
    },
    /// Nobody knew, and then the platform showed that it was not done.
    NotDone {
        at: Timestamp,
        evidence: Line,
    },
}

/// How it ended.
#[derive(Clone, PartialEq, Debug)]
pub struct Ended {
    pub at: Timestamp,
    pub verdict: Verdict,
    pub said: Line,
}

/// How an operation stands for somebody who looks at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Approved a moment ago; its worker has not begun.
    Starting,
    Running,
    /// Its worker has gone. What was under way is not known until the platform is asked.
    Interrupted,
    /// A step is unknown, failed or not done, and somebody has to say how it goes on.
    Undecided,
    Ended(Verdict),
}

/// An event that may not follow.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("operation {operation}: {event} cannot follow here: {why}")]
pub struct Illegal {
    pub operation: String,
    pub event: &'static str,
    pub why: &'static str,
}

/// A worker is there within this time, or it is not coming.
const STARTS_WITHIN: Duration = Duration::from_secs(10);

impl Operation {
    /// Begins an operation with its first event.
    ///
    /// # Errors
    /// When that is not an approval.
    pub fn begin(at: Timestamp, event: &OperationEvent) -> Result<Self, Illegal> {
        let OperationEvent::Approved { plan, by } = event else {
            let operation = String::new();
            return Err(Illegal { operation, event: event.word(), why: "an operation begins with its approval" });
        };
        if !plan.stops.is_empty() {
            let operation = plan.id.to_string();
            return Err(Illegal { operation, event: event.word(), why: "its plan says why it cannot be approved" });
        }
        Ok(Self {
            steps: vec![StepState::Waiting; plan.steps.len()],
            plan: (**plan).clone(),
            approved_at: at,
            approved_by: by.clone(),
            worker: None,
            took_over: None,
            resumed_at: None,
            bound: BTreeMap::new(),
            phase: Phase::Approved,
            phase_since: at,
            said: None,
            platform: None,
            cancelled_by: None,
            ended: None,
            last_at: at,
        })
    }

    /// Replays events.
    ///
    /// # Errors
    /// At the first event that may not follow.
    pub fn replay<'e>(events: impl IntoIterator<Item = (Timestamp, &'e OperationEvent)>) -> Result<Self, Illegal> {
        let mut events = events.into_iter();
        let nothing =
            Illegal { operation: String::new(), event: "nothing", why: "an operation has at least one event" };
        let (at, first) = events.next().ok_or(nothing)?;
        let mut operation = Self::begin(at, first)?;
        for (at, event) in events {
            operation.apply(at, event)?;
        }
        Ok(operation)
    }

    /// Returns its id.
    pub fn id(&self) -> &OperationId {
        &self.plan.id
    }

    /// Takes in an event.
    ///
    /// # Errors
    /// When it may not follow. Then nothing has changed.
    pub fn apply(&mut self, at: Timestamp, event: &OperationEvent) -> Result<(), Illegal> {
        if let Err(why) = self.allows(event) {
            return Err(Illegal { operation: self.plan.id.to_string(), event: event.word(), why });
        }
        self.last_at = at;
        match event {
            OperationEvent::Approved { .. } => {}
            OperationEvent::Claimed { worker, took_over } => {
                self.worker = Some(worker.clone());
                self.took_over.clone_from(took_over);
                self.resumed_at = None;
                if self.phase == Phase::Approved {
                    self.enter(Phase::Steps, at);
                    // A plan without steps has none that could end this phase.
                    self.after_steps(at);
                }
            }
            OperationEvent::StepStarted { step } => self.steps[*step] = StepState::Started { at },
            OperationEvent::StepFinished { step, outcome, bound, said } => {
                let took = match &self.steps[*step] {
                    StepState::Started { at: began } => at.since(*began),
                    _ => Duration::ZERO,
                };
                self.steps[*step] = StepState::Finished { at, took, outcome: *outcome, said: said.clone() };
                self.bound.extend(bound.iter().map(|(name, value)| (name.clone(), value.clone())));
                self.after_steps(at);
            }
            OperationEvent::StepFailed { step, why } => self.steps[*step] = StepState::Failed { at, why: why.clone() },
            OperationEvent::StepUnknown { step, why } => {
                let started = match &self.steps[*step] {
                    StepState::Started { at } => *at,
                    _ => at,
                };
                self.steps[*step] = StepState::Unknown { started, at, why: why.clone() };
            }
            OperationEvent::StepFound { step, found, evidence } => match found {
                StepFound::Done => {
                    let said = Some(evidence.clone());
                    let outcome = StepOutcome::Done;
                    self.steps[*step] = StepState::Finished { at, took: Duration::ZERO, outcome, said };
                    self.after_steps(at);
                }
                StepFound::NotDone => self.steps[*step] = StepState::NotDone { at, evidence: evidence.clone() },
                StepFound::Unclear => self.said = Some(evidence.clone()),
            },
            OperationEvent::StepRepeated { step } => self.steps[*step] = StepState::Waiting,
            OperationEvent::PlatformSaid { said } | OperationEvent::VerifySaw { said } => {
                self.said = Some(said.clone())
            }
            OperationEvent::PlatformDone { ended, said } => {
                self.platform = Some(*ended);
                self.said.clone_from(said);
            }
            OperationEvent::VerifyStarted => self.enter(Phase::Verifying, at),
            OperationEvent::CancelAsked { by, .. } => self.cancelled_by = Some(by.clone()),
            OperationEvent::ResumeAsked { repeat, .. } => {
                self.cancelled_by = None;
                self.resumed_at = Some(at);
                if let Some(step) = repeat {
                    self.steps[*step] = StepState::Waiting;
                }
            }
            OperationEvent::Ended { verdict, said } => {
                self.ended = Some(Ended { at, verdict: *verdict, said: said.clone() });
                self.enter(Phase::Ended, at);
            }
        }
        Ok(())
    }

    fn enter(&mut self, phase: Phase, at: Timestamp) {
        self.phase = phase;
        self.phase_since = at;
    }

    fn after_steps(&mut self, at: Timestamp) {
        if self.next_step().is_none() {
            self.enter(Phase::Platform, at);
        }
    }

    fn allows(&self, event: &OperationEvent) -> Result<(), &'static str> {
        let check = |legal: bool, why: &'static str| if legal { Ok(()) } else { Err(why) };
        check(self.phase != Phase::Ended, "it has ended")?;
        let step_of = |step: usize| self.steps.get(step).ok_or("it has no such step");
        let claimed = check(self.worker.is_some(), "nobody has taken it up");
        let steps_done = || check(self.next_step().is_none(), "not every step is over");
        match event {
            OperationEvent::Approved { .. } => Err("it was approved already"),
            OperationEvent::Claimed { took_over, .. } => {
                check(self.worker.is_none() || took_over.is_some(), "somebody has taken it up, and no reason is given")
            }
            OperationEvent::StepStarted { step } => {
                claimed?;
                check(self.cancelled_by.is_none(), "it was cancelled")?;
                check(matches!(step_of(*step)?, StepState::Waiting), "this step does not wait")?;
                check(self.next_step() == Some(*step), "another step comes first")
            }
            OperationEvent::StepFinished { step, outcome, .. } => {
                claimed?;
                match step_of(*step)? {
                    StepState::Started { .. } => Ok(()),
                    // Nothing goes out for it.
                    StepState::Waiting if *outcome == StepOutcome::Skipped && self.next_step() == Some(*step) => Ok(()),
                    _ => Err("this step was not started"),
                }
            }
            OperationEvent::StepFailed { step, .. } => {
                claimed?;
                match step_of(*step)? {
                    StepState::Started { .. } => Ok(()),
                    // Its request could not be made.
                    StepState::Waiting if self.next_step() == Some(*step) => Ok(()),
                    _ => Err("this step was not started"),
                }
            }
            OperationEvent::StepUnknown { step, .. } => {
                claimed?;
                check(matches!(step_of(*step)?, StepState::Started { .. }), "this step was not started")
            }
            OperationEvent::StepFound { step, .. } => {
                claimed?;
                check(matches!(step_of(*step)?, StepState::Unknown { .. }), "there is no doubt about this step")
            }
            OperationEvent::StepRepeated { step } => {
                claimed?;
                check(self.plan.steps.get(*step).is_some_and(|step| step.repeatable), "it may not be done twice")?;
                match step_of(*step)? {
                    StepState::Unknown { .. } | StepState::NotDone { .. } => Ok(()),
                    _ => Err("this step is not one to repeat"),
                }
            }
            OperationEvent::PlatformSaid { .. } => {
                steps_done()?;
                check(self.platform.is_none() && self.phase == Phase::Platform, "the platform has done its part")
            }
            OperationEvent::PlatformDone { .. } => {
                claimed?;
                steps_done()?;
                check(self.platform.is_none(), "the platform has done its part")
            }
            OperationEvent::VerifyStarted => {
                steps_done()?;
                check(self.phase == Phase::Platform, "it is looked at already")?;
                check(self.platform.is_some(), "the platform has not done its part")
            }
            OperationEvent::VerifySaw { .. } => check(self.phase == Phase::Verifying, "nothing is looked at yet"),
            OperationEvent::CancelAsked { .. } => check(self.cancelled_by.is_none(), "it was cancelled already"),
            OperationEvent::ResumeAsked { repeat, .. } => match repeat {
                None => Ok(()),
                Some(step) => match step_of(*step)? {
                    StepState::Failed { .. } | StepState::Unknown { .. } | StepState::NotDone { .. } => Ok(()),
                    StepState::Waiting | StepState::Started { .. } | StepState::Finished { .. } => {
                        Err("this step is not one to repeat")
                    }
                },
            },
            OperationEvent::Ended { verdict, .. } => self.allows_end(*verdict),
        }
    }

    fn allows_end(&self, verdict: Verdict) -> Result<(), &'static str> {
        let check = |legal: bool, why: &'static str| if legal { Ok(()) } else { Err(why) };
        let any = |wanted: fn(&StepState) -> bool| self.steps.iter().any(wanted);
        let under_way = any(|step| matches!(step, StepState::Started { .. }));
        match verdict {
            Verdict::Recovered { .. } | Verdict::Done | Verdict::NotRecovered => {
                check(self.phase == Phase::Verifying, "nothing has looked whether it helped")?;
                check(self.platform != Some(PlatformEnd::Failed), "the platform says that it failed")
            }
            Verdict::Unverified => {
                check(self.platform.is_some(), "the platform has not done its part")?;
                check(self.platform != Some(PlatformEnd::Failed), "the platform says that it failed")
            }
            Verdict::Failed => {
                let failed = any(|step| matches!(step, StepState::Failed { .. } | StepState::NotDone { .. }));
                check(failed || self.platform == Some(PlatformEnd::Failed), "nothing of it has failed")?;
                check(!under_way, "a step is under way")
            }
            Verdict::Cancelled => {
                check(self.cancelled_by.is_some(), "nobody wants it to stop")?;
                check(!under_way && !any(|step| matches!(step, StepState::Unknown { .. })), "a step is not known")
            }
            Verdict::Unknown => {
                let doubt = any(|step| matches!(step, StepState::Unknown { .. })) || under_way;
                let platform = matches!(self.platform, Some(PlatformEnd::Unknown)) || self.phase == Phase::Platform;
                check(doubt || platform, "there is no doubt about it")
            }
        }
    }

    /// Returns the first step that is not over: done, found done, or left out.
    pub fn next_step(&self) -> Option<usize> {
        self.steps.iter().position(|step| !matches!(step, StepState::Finished { .. }))
    }

    /// Returns how it stands, with the lease that its worker holds, if it does.
    pub fn standing(&self, lease: Option<&Lease>, now: Timestamp) -> Standing {
        if let Some(ended) = &self.ended {
            return Standing::Ended(ended.verdict);
        }
        let held = lease.is_some_and(|lease| lease.operation == self.plan.id && lease.is_live(now));
        if held {
            return if self.worker.is_none() { Standing::Starting } else { Standing::Running };
        }
        if self.resumed_at.is_some_and(|at| now.since(at) < STARTS_WITHIN) {
            return Standing::Starting;
        }
        let doubt = self.next_step().map(|step| &self.steps[step]);
        match doubt {
            Some(StepState::Failed { .. } | StepState::Unknown { .. } | StepState::NotDone { .. }) => {
                Standing::Undecided
            }
            _ if self.worker.is_none() && now.since(self.approved_at) < STARTS_WITHIN => Standing::Starting,
            _ => Standing::Interrupted,
        }
    }

    /// Returns the steps that were done here and can be taken back, the last first, as indices into the plan's steps.
    pub fn undoable(&self) -> Vec<usize> {
        let done = |step: &StepState| matches!(step, StepState::Finished { outcome: StepOutcome::Done, .. });
        let steps = self.plan.steps.iter().zip(&self.steps).enumerate();
        let undoable = steps.filter(|(_, (plan, state))| plan.undone_by.is_some() && !plan.undo && done(state));
        undoable.map(|(index, _)| index).rev().collect()
    }

    /// Returns whether automatic deploys are off because of it.
    pub fn has_stopped_deploys(&self) -> bool {
        match self.plan.automatic_deploys {
            // The step that stops them can be taken back, and comes first.
            AutomaticDeploys::StoppedByPlan => {
                let steps = self.plan.steps.iter().zip(&self.steps);
                steps
                    .into_iter()
                    .find(|(plan, _)| plan.undone_by.is_some())
                    .is_some_and(|(_, state)| matches!(state, StepState::Finished { outcome: StepOutcome::Done, .. }))
            }
            AutomaticDeploys::StoppedByPlatform => self.next_step().is_none(),
            AutomaticDeploys::None | AutomaticDeploys::GoOn | AutomaticDeploys::Unknown => false,
        }
    }

    /// Returns how long it has taken, or took.
    pub fn lasted(&self, now: Timestamp) -> Duration {
        self.ended.as_ref().map_or(now, |ended| ended.at).since(self.approved_at)
    }
}

#[cfg(test)]
mod tests;
