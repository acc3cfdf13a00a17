//! What can be done to somebody else's system, as data: the wish, the plan, what happened of it, how it ended.
//!
//! ```text
//!   Intent --plan (pure)--> Plan --approved--> Event, Event, ... --replayed by operation::log--> Operation
//! ```
//!
//! The events are what the journal keeps; nothing else decides how an operation stands. A plan holds no secrets: it says
//! in which source's words things are done, and whoever carries it out gets the credentials anew.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alert::{Alert, Monitor};
use super::check::CheckSpec;
use super::history::Segment;
use super::id::{CheckId, EnvironmentId, FeedId, OperationId, RunId, ServiceId, SourceId};
use super::issue::ErrorIssue;
use super::release::{Changes, FileChange, Instance, Release};
use super::source::{Source, Trouble};
use super::text::Line;
use super::time::{Timestamp, millis};

/// Who wants it, or does it: a person's login and the machine.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Actor {
    pub user: Line,
    pub host: Line,
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.user, self.host)
    }
}

/// What somebody wants to be done.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Intent {
    /// Whose trouble it is about. An alert may be about nobody in particular.
    pub service: Option<ServiceId>,
    pub source: SourceId,
    /// The action's name in the source's definition: `roll_back`, `restart`.
    pub action: String,
    /// The service's place in the source.
    pub params: BTreeMap<String, Value>,
    pub target: Target,
    /// What else the action is told: how many instances, for how long.
    pub inputs: BTreeMap<String, Value>,
    pub reason: Option<Line>,
    /// The operation that this one takes back.
    pub undoes: Option<OperationId>,
    /// The step of a runbook that it was begun from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<(RunId, usize)>,
}

/// What is acted on: the thing itself, as it was selected, and not its row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Service,
    Release(Box<Release>),
    Instance(Box<Instance>),
    Alert(Box<Alert>),
    Issue(Box<ErrorIssue>),
    Check(Box<Monitor>),
}

impl Target {
    /// Returns the variable that holds it in definitions.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Release(_) => "release",
            Self::Instance(_) => "instance",
            Self::Alert(_) => "alert",
            Self::Issue(_) => "issue",
            Self::Check(_) => "check",
        }
    }

    /// Returns what people call it; nothing for the service itself.
    pub fn name(&self) -> Option<&Line> {
        match self {
            Self::Service => None,
            Self::Release(release) => Some(release.name()),
            Self::Instance(instance) => Some(&instance.name),
            Self::Alert(alert) => Some(&alert.title),
            Self::Issue(issue) => Some(&issue.title),
            Self::Check(monitor) => Some(&monitor.name),
        }
    }

    /// Returns it as definitions' programs see it.
    pub fn value(&self) -> Value {
        let value = match self {
            Self::Service => return Value::Null,
            Self::Release(release) => serde_json::to_value(release),
            Self::Instance(instance) => serde_json::to_value(instance),
            Self::Alert(alert) => serde_json::to_value(alert),
            Self::Issue(issue) => serde_json::to_value(issue),
            Self::Check(monitor) => serde_json::to_value(monitor),
        };
        value.unwrap_or_default()
    }
}

/// How exactly something will be done. What is approved is this, and what is carried out is this.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Plan {
    pub id: OperationId,
    pub intent: Intent,
    /// `roll back checkout to v41`.
    pub title: Line,
    /// What people call the system: `Render`.
    pub system: Line,
    /// Whom it is done to, with references to secrets and no secret.
    pub source: Source,
    pub environment: Option<EnvironmentId>,
    pub by: Actor,
    pub planned_at: Timestamp,
    /// The release that is live now, where that matters.
    pub current: Option<Box<Release>>,
    /// What definitions' programs are given beside parameters and secrets: the target, inputs, what was bound before.
    pub values: BTreeMap<String, Value>,
    pub steps: Vec<PlannedStep>,
    /// `reroute`, `restart`, `rebuild` or `record`, where the definition says it.
    pub means: Option<String>,
    pub between: Between,
    /// What stays as it is, and what else the system's users know about this.
    pub caveats: Vec<Line>,
    pub automatic_deploys: AutomaticDeploys,
    /// Instances that run now and will be restarted; nothing where that is not known.
    pub restarts: Option<u32>,
    pub verification: Verification,
    pub confirm: ConfirmLevel,
    /// Why it cannot be approved; empty when it can.
    pub stops: Vec<Stop>,
    /// What should be read before it is approved.
    pub warnings: Vec<Line>,
    /// Why this target, when nobody chose it.
    pub chosen_because: Option<Line>,
    /// Whether the platform says when it is done.
    pub tells_when_done: bool,
}

/// One step of a plan, as it is shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PlannedStep {
    pub name: Line,
    /// The step of the action's definition that it is, and whether it is that step or what takes it back.
    pub number: usize,
    pub undo: bool,
    /// The exact request or command, without secrets; what earlier steps bring stands there as its name. Empty when it is
    /// left out.
    pub preview: Vec<Line>,
    /// What takes it back, when something does.
    pub undone_by: Option<Line>,
    /// It only looks.
    pub reads: bool,
    /// Doing it twice is the same as doing it once: the system answers that it was so already, or takes a key.
    pub repeatable: bool,
}

/// What lies between two releases.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Between {
    pub changes: Option<Changes>,
    /// Where that is known from: `GitHub`, `the repository in /srv/acme`; or why it is not known.
    pub told_by: Line,
    pub migrations: Vec<Migration>,
}

/// A database migration that lies between two releases: going back does not take it back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Migration {
    pub path: Line,
    /// `Rails`, `Django`, ...
    pub framework: Line,
    pub change: FileChange,
    /// What it does; nothing when the file was not at hand.
    pub kinds: Vec<MigrationKind>,
    /// The statements or calls that say so, with their lines.
    pub evidence: Vec<Line>,
}

/// What a migration does, the worst for the older release first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MigrationKind {
    /// Takes away a table, a column, a type, a constraint's name: the older release may need it.
    Drops,
    /// Renames, changes a type, or sets a column to not null: the older release may not be able to write.
    Rewrites,
    /// Changes rows.
    Data,
    /// Adds what the older release does not look at.
    Adds,
    /// Runs code, or says something that is not recognised.
    Unknown,
}

/// What becomes of automatic deploys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutomaticDeploys {
    /// The platform has none.
    None,
    /// They go on: the next push overwrites what is done here.
    GoOn,
    /// A step of the plan stops them; they stay off until somebody resumes them.
    StoppedByPlan,
    /// The platform itself stops them; they stay off until somebody resumes them.
    StoppedByPlatform,
    #[default]
    Unknown,
}

/// How it is looked at afterwards whether it helped.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Verification {
    /// The checks that will be asked.
    pub checks: Vec<CheckSpec>,
    /// Those of them that were red when it was planned. Empty: the others must stay green.
    pub red: Vec<CheckId>,
    /// Alerts that fired about it, and the feeds that tell of them.
    pub alerts: Vec<WatchedAlert>,
    /// How long it is looked at before it counts as not recovered.
    #[serde(with = "millis")]
    pub within: Duration,
}

/// An alert that should end.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct WatchedAlert {
    pub source: Source,
    pub feed: FeedId,
    pub params: BTreeMap<String, Value>,
    pub id: Line,
    pub title: Line,
}

/// How a plan is confirmed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmLevel {
    /// Reversible and frequent: no question.
    None,
    /// By a key other than the one that opened the plan.
    #[default]
    Key,
    /// By typing the service's name.
    Name,
}

/// Why a plan cannot be approved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stop {
    pub kind: StopKind,
    /// A sentence with what to try.
    pub message: Line,
}

/// The kinds of stops.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopKind {
    ReadOnly,
    /// Somebody acts on the same service.
    Busy,
    /// The target does not exist on the platform any more, or cannot be gone back to.
    Target,
    /// It is so already.
    Already,
    /// The definition or the platform says that it cannot be done.
    Refused,
    /// What must be known before could not be read.
    Unseen,
}

/// The process that carries an operation out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Worker {
    pub by: Actor,
    pub pid: u32,
    /// A UUID of its own: the same process id can come again.
    pub holder: Line,
    pub version: Line,
}

/// Something that happened to an operation. The journal keeps these, in this order; legal orders are in `operation::log`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum OperationEvent {
    /// Somebody read the plan and wants it. Always the first.
    Approved { plan: Box<Plan>, by: Actor },
    /// A process will carry it out. Again when another takes it over, with why.
    Claimed { worker: Worker, took_over: Option<Line> },
    /// Written before the step's request goes out.
    StepStarted { step: usize },
    /// An answer came, and it is a success.
    StepFinished { step: usize, outcome: StepOutcome, bound: BTreeMap<String, Value>, said: Option<Line> },
    /// An answer came, and it is an error; or the request could not go out. It is not done.
    StepFailed { step: usize, why: Trouble },
    /// No answer came, or the process that waited for it ended: nobody knows.
    StepUnknown { step: usize, why: Trouble },
    /// What asking the platform has shown of a step of which nobody knew.
    StepFound { step: usize, found: StepFound, evidence: Line },
    /// Its worker does a step again of which doing it twice is the same as once.
    StepRepeated { step: usize },
    /// Every step is over. The platform's own word while it works, when it changes.
    PlatformSaid { said: Line },
    /// The platform says how it ended, or does not say so in time.
    PlatformDone { ended: PlatformEnd, said: Option<Line> },
    /// Checks and alerts are watched.
    VerifyStarted,
    /// What a check or an alert shows while it is watched, when it changes.
    VerifySaw { said: Line },
    /// Somebody wants it to stop. It stops between steps.
    CancelAsked { by: Actor, why: Option<Line> },
    /// Somebody wants it to go on. A step that may be repeated or that has proved not to be done is done again.
    ResumeAsked { by: Actor, repeat: Option<usize> },
    /// Always the last.
    Ended { verdict: Verdict, said: Line },
}

impl OperationEvent {
    /// Returns the word in the journal.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Approved { .. } => "approved",
            Self::Claimed { .. } => "claimed",
            Self::StepStarted { .. } => "step_started",
            Self::StepFinished { .. } => "step_finished",
            Self::StepFailed { .. } => "step_failed",
            Self::StepUnknown { .. } => "step_unknown",
            Self::StepFound { .. } => "step_found",
            Self::StepRepeated { .. } => "step_repeated",
            Self::PlatformSaid { .. } => "platform_said",
            Self::PlatformDone { .. } => "platform_done",
            Self::VerifyStarted => "verify_started",
            Self::VerifySaw { .. } => "verify_saw",
            Self::CancelAsked { .. } => "cancel_asked",
            Self::ResumeAsked { .. } => "resume_asked",
            Self::Ended { .. } => "ended",
        }
    }
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    Done,
    /// It was so already, which is as good.
    Already,
    /// Its condition does not hold.
    Skipped,
}

/// What the platform shows of a step whose answer never came.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepFound {
    Done,
    NotDone,
    /// It does not show that either way.
    Unclear,
}

/// How the platform ended it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformEnd {
    Succeeded,
    Failed,
    /// It did not say so in time, or could not be asked.
    Unknown,
    /// This platform does not say.
    Untold,
}

/// What became of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// What was red is green: so long after the approval.
    Recovered {
        #[serde(with = "millis")]
        after: Duration,
    },
    /// Done; nothing was red before, and nothing is now.
    Done,
    /// Done, and nothing tells whether it helped.
    Unverified,
    /// Done, and what was red is red still, or something new is.
    NotRecovered,
    /// The platform refused it, or says that it failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Nobody knows whether it was done.
    Unknown,
}

impl Verdict {
    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Recovered { .. } => "recovered",
            Self::Done => "done",
            Self::Unverified => "done, not verified",
            Self::NotRecovered => "not recovered",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// Returns whether it came out as it was wanted.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Recovered { .. } | Self::Done | Self::Unverified)
    }
}

/// Who acts on a service now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// What it is for: a service's place in a source.
    pub key: String,
    pub operation: OperationId,
    pub worker: Worker,
    pub taken_at: Timestamp,
    /// When its holder last showed that it lives.
    pub beat_at: Timestamp,
}

impl Lease {
    /// Without a sign of life for this long its holder counts as gone. Beats come six times as often.
    pub const STALE_AFTER: Duration = Duration::from_secs(12);

    /// Returns whether its holder lives, as far as one can tell.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now.since(self.beat_at) < Self::STALE_AFTER
    }
}

/// Something that can be done to a service, or to what a source tells of: a row of the list that the user chooses from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// Whose it is. A source that no service names offers what can be done to its alerts to everybody.
    pub service: Option<ServiceId>,
    pub source: SourceId,
    /// The action's name in the source's definition.
    pub action: String,
    /// A few words: `roll back`.
    pub title: Line,
    /// What it acts on, as [`Target::word`] says it.
    pub target: String,
    /// The service's place in the source.
    pub params: BTreeMap<String, Value>,
    pub inputs: Vec<OfferInput>,
    pub confirm: ConfirmLevel,
}

/// Something that an action is told beside its target.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OfferInput {
    pub name: String,
    pub help: Line,
    pub default: Value,
    pub optional: bool,
    pub one_of: Vec<String>,
}

/// A plan is wanted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlanRequest {
    /// The answer carries the same number: an older one is dropped.
    pub number: u64,
    pub intent: Intent,
    /// The target is not chosen yet: the release that was healthy while it was live is to be looked for.
    pub choose: bool,
    /// How the service was over time, oldest first, as far as somebody watched.
    pub health: Vec<Segment>,
    /// The service's checks that are red now.
    pub red: Vec<CheckId>,
    /// Alerts about the service that fire now.
    pub alerts: Vec<WatchedAlert>,
    /// How long it is looked at afterwards; as long as is usual when nobody says.
    #[serde(with = "super::check::maybe_micros")]
    pub watch_for: Option<Duration>,
}

/// Something that is to happen to an operation that exists.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationCommand {
    /// Stop between steps.
    Cancel { operation: OperationId, why: Option<Line> },
    /// Go on, and do this step again if one is named.
    Resume { operation: OperationId, repeat: Option<usize> },
    /// Nobody goes on with it: what is not known stays so.
    Close { operation: OperationId },
}

impl OperationCommand {
    /// Returns the operation that it is for.
    pub fn operation(&self) -> &OperationId {
        match self {
            Self::Cancel { operation, .. } | Self::Resume { operation, .. } | Self::Close { operation } => operation,
        }
    }
}

impl Offer {
    /// Returns the wish that it be done to a target, with what it is told.
    pub fn intent(&self, target: Target, inputs: BTreeMap<String, Value>, reason: Option<Line>) -> Intent {
        Intent {
            service: self.service.clone(),
            source: self.source.clone(),
            action: self.action.clone(),
            params: self.params.clone(),
            target,
            inputs,
            reason,
            undoes: None,
            step: None,
        }
    }
}
