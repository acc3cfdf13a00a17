//! A runbook that is being followed, as data: what was wanted of a step, what was run, what it printed, how it ended.
//!
//! ```text
//!   Begun --> Asked --Claimed, Started, Said, ...--> Settled --> Asked --> ... --> Closed
//!               `-- the text that a person saw, whole      `-- what the next step is
//! ```
//!
//! The journal keeps these events; [`crate::runbook::run`] says which may follow which, and how a run stands. A secret is in
//! none of them: only its name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::{OperationId, RunId, ServiceId};
use super::operation::{Actor, Worker};
use super::output::OutputLine;
use super::secret::Secret;
use super::text::Line;
use super::time::millis;

/// What a run begins with. The document goes along, so that whoever continues has the same steps.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Beginning {
    pub name: String,
    pub text: String,
    /// Where the document lies, and what commands are run in; nothing for one that is built in.
    pub folder: Option<PathBuf>,
    /// Whose trouble it is about.
    pub service: Option<ServiceId>,
    pub by: Actor,
    /// What is known of its variables. Secrets are not among them.
    pub values: BTreeMap<String, String>,
    /// The run and the step that it is a part of.
    pub parent: Option<(RunId, usize)>,
    /// Why this one, as a clause.
    pub why: Option<Line>,
}

/// What is run, exactly.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Script {
    /// With placeholders turned into variables.
    pub text: String,
    pub shell: String,
    /// Reached with the system's `ssh`; nothing for this machine.
    pub host: Option<String>,
    pub folder: Option<PathBuf>,
    /// What it is told. Never a secret.
    pub environment: BTreeMap<String, String>,
    /// Secrets that it is told: their names.
    pub secrets: Vec<String>,
    /// How long one try may take.
    #[serde(with = "millis")]
    pub timeout: Duration,
    /// What shows that it worked.
    pub check: Option<String>,
    /// How often the check, or without one the command, is tried again.
    pub retry: u32,
    #[serde(with = "millis")]
    pub interval: Duration,
    /// The variable that gets what it printed.
    pub capture: Option<String>,
    /// It talks to a person, on a terminal of its own.
    pub interactive: bool,
    /// Where it goes on, by what was printed; the first that fits.
    pub next: Vec<Branch>,
    /// How long is waited after it.
    #[serde(with = "millis")]
    pub wait: Duration,
}

/// `if this was printed, go to step 6`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Branch {
    /// A regular expression; nothing for what is left.
    pub printed: Option<String>,
    /// Counts from 0.
    pub step: usize,
}

/// Which of a command's texts is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Do,
    /// Takes back what it did.
    Undo,
}

/// How one try of a script ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProcessEnd {
    Exited(i32),
    Killed(i32),
    TimedOut,
    /// Somebody stopped it.
    Stopped,
    /// It could not be started.
    NotStarted(Line),
    /// The line to the host where it ran was cut.
    Lost,
}

impl ProcessEnd {
    /// Returns whether it ended as programs do that worked.
    pub fn is_success(&self) -> bool {
        *self == Self::Exited(0)
    }
}

/// What became of what was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepVerdict {
    Done,
    Failed,
    Stopped,
    /// Nobody saw how it ended.
    Unknown,
}

impl StepVerdict {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
        }
    }
}

/// Something that happened to a run. Steps and commands count from 0, tries from 1.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// Always the first.
    Begun {
        beginning: Box<Beginning>,
    },
    /// Somebody takes part who did not before.
    Joined {
        by: Actor,
    },
    /// What a placeholder or a variable stands for.
    Told {
        name: String,
        value: String,
        by: Actor,
    },
    /// Somebody read a script and wants it run.
    Asked {
        execution: u32,
        step: usize,
        command: usize,
        purpose: Purpose,
        script: Box<Script>,
        edited: bool,
        by: Actor,
    },
    /// A process will run it. Again when another takes it over, with why.
    Claimed {
        execution: u32,
        worker: Worker,
        took_over: Option<Line>,
    },
    /// Written before the shell is started.
    Started {
        execution: u32,
        attempt: u32,
        checks: bool,
    },
    /// The shell's process, which leads a group; when it was born tells it from another of the same number.
    Spawned {
        execution: u32,
        pid: u32,
        born: u64,
    },
    /// What was printed since the last of these.
    Said {
        execution: u32,
        lines: Vec<OutputLine>,
        left_out: u64,
    },
    /// The shell has ended; how many it started go on in the background.
    Finished {
        execution: u32,
        attempt: u32,
        checks: bool,
        end: ProcessEnd,
        background: u32,
        #[serde(with = "millis")]
        took: Duration,
    },
    /// Always the last of what was asked for.
    Settled {
        execution: u32,
        verdict: StepVerdict,
        said: Line,
        captured: Option<(String, String)>,
        next: Option<usize>,
    },
    /// Somebody wants what runs to stop.
    StopAsked {
        execution: u32,
        by: Actor,
    },
    Skipped {
        step: usize,
        why: Line,
        by: Actor,
    },
    /// A person did it, or saw that it is done.
    Marked {
        step: usize,
        note: Option<Line>,
        by: Actor,
    },
    /// An operation was approved from this step.
    Operated {
        step: usize,
        operation: OperationId,
        by: Actor,
    },
    /// How that operation ended.
    OperationEnded {
        step: usize,
        operation: OperationId,
        good: bool,
        said: Line,
    },
    /// Somebody goes to a step: back, or past others.
    WentTo {
        step: usize,
        why: Option<Line>,
        by: Actor,
    },
    /// Nothing more is done in it.
    Closed {
        by: Actor,
        said: Option<Line>,
    },
}

impl RunEvent {
    /// Returns the word in the journal.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Begun { .. } => "begun",
            Self::Joined { .. } => "joined",
            Self::Told { .. } => "told",
            Self::Asked { .. } => "asked",
            Self::Claimed { .. } => "claimed",
            Self::Started { .. } => "started",
            Self::Spawned { .. } => "spawned",
            Self::Said { .. } => "said",
            Self::Finished { .. } => "finished",
            Self::Settled { .. } => "settled",
            Self::StopAsked { .. } => "stop_asked",
            Self::Skipped { .. } => "skipped",
            Self::Marked { .. } => "marked",
            Self::Operated { .. } => "operated",
            Self::OperationEnded { .. } => "operation_ended",
            Self::WentTo { .. } => "went_to",
            Self::Closed { .. } => "closed",
        }
    }
}

/// What is wanted of a run, by a person.
#[derive(Clone, PartialEq, Debug)]
pub enum RunCommand {
    Begin {
        run: RunId,
        beginning: Box<Beginning>,
    },
    Tell {
        run: RunId,
        name: String,
        value: String,
    },
    /// Run this. Secrets go to the process that runs it, and nowhere else.
    Ask {
        run: RunId,
        step: usize,
        command: usize,
        purpose: Purpose,
        script: Box<Script>,
        edited: bool,
        secrets: Vec<(String, Secret)>,
    },
    Stop {
        run: RunId,
    },
    /// Find out what became of what its process left behind.
    FindOut {
        run: RunId,
    },
    Skip {
        run: RunId,
        step: usize,
        why: Line,
    },
    Mark {
        run: RunId,
        step: usize,
        note: Option<Line>,
    },
    GoTo {
        run: RunId,
        step: usize,
        why: Option<Line>,
    },
    Close {
        run: RunId,
        said: Option<Line>,
    },
}

impl RunCommand {
    /// Returns the run that it is for.
    pub fn run(&self) -> &RunId {
        match self {
            Self::Begin { run, .. }
            | Self::Tell { run, .. }
            | Self::Ask { run, .. }
            | Self::Stop { run }
            | Self::FindOut { run }
            | Self::Skip { run, .. }
            | Self::Mark { run, .. }
            | Self::GoTo { run, .. }
            | Self::Close { run, .. } => run,
        }
    }
}
