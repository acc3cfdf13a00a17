//! What the console asks of the world, as data. Only the runtime fulfils it.

use crate::model::id::{CheckId, FeedId, IncidentId, LogSourceId, RunId, ServiceId};
use crate::model::incident::{IncidentCommand, Opening};
use crate::model::issue::ErrorIssue;
use crate::model::operation::{OperationCommand, Plan, PlanRequest};
use crate::model::release::Release;
use crate::model::run::RunCommand;
use crate::paging::PagePlan;

/// Something the runtime should do. Every outcome comes back as an event.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    Quit,
    /// Give the terminal back to the shell (Ctrl-Z) until the user returns.
    Suspend,
    /// Draw everything anew: the terminal may have been scribbled over.
    Redraw,
    /// Put text on the clipboard of the user's own terminal (OSC 52).
    Copy(String),
    SetMouse(bool),
    /// Probe now, these checks or all of them.
    Probe(ProbeWhich),
    /// These checks and feeds are looked at: ask for them more often than for the others.
    Focus {
        checks: Vec<CheckId>,
        feeds: Vec<FeedId>,
    },
    /// Read these feeds now.
    ReadFeeds(Vec<FeedId>),
    /// Read something once that no feed brings.
    Read(ReadRequest),
    Logs(LogRequest),
    /// Find out how exactly something would be done. The answer is `OperationEvent::Planned`.
    Plan(Box<PlanRequest>),
    /// Write the plan into the journal and start its worker. What comes of it is told by the journal.
    Approve(Box<Plan>),
    /// Something for an operation that exists.
    Operate(OperationCommand),
    /// Something for a run of a runbook. What comes of it is told by the journal.
    Run(Box<RunCommand>),
    Terminal(TerminalRequest),
    /// Something that was seen while an incident is open. The journal takes the same only once.
    Record(Box<IncidentCommand>),
    OpenIncident(Box<Opening>),
    /// Send a page or a status update that was read. What comes of it is told by the journal.
    Send(Box<PagePlan>),
    /// Keep what a restart would destroy: logs, metrics, states.
    Evidence(IncidentId),
    /// Write the postmortem into a file.
    Export(IncidentId),
    /// Write a runbook from what was just done, for this service or all.
    Draft(Option<ServiceId>),
}

/// What is wanted of the terminal of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TerminalRequest {
    Open { run: RunId, execution: u32, columns: u16, rows: u16 },
    Type(Vec<u8>),
    Resize { columns: u16, rows: u16 },
    Leave,
}

/// Something that is read once, because somebody looks at it.
#[derive(Clone, PartialEq, Debug)]
pub enum ReadRequest {
    /// The latest occurrence of an issue, through the feed that brought it.
    Issue { feed: FeedId, issue: Box<ErrorIssue> },
    /// What lies between two releases, through the feed that brought them.
    Changes { feed: FeedId, from: Box<Release>, to: Box<Release> },
}

/// Which checks to probe at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProbeWhich {
    All,
    These(Vec<CheckId>),
}

/// What the log pane asks of files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogRequest {
    /// Lines around a byte offset: at most `before` lines that end at it and `after` lines from it on.
    Window {
        request: u64,
        source: LogSourceId,
        offset: u64,
        before: u32,
        after: u32,
    },
    /// Search the whole file; a newer search of the same source replaces an older one.
    Search {
        request: u64,
        source: LogSourceId,
        pattern: String,
        ignore_case: bool,
    },
    /// The nearest matching line before or after a byte offset.
    Find {
        request: u64,
        source: LogSourceId,
        pattern: String,
        ignore_case: bool,
        from: u64,
        backwards: bool,
    },
    CancelSearch,
}
