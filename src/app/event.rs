//! Everything that can happen to the console. One closed enum, one order, recordable.

use serde::{Deserialize, Serialize};

use crate::model::id::{FeedId, LogSourceId, OperationId, RunId};
use crate::model::journal::News;
use crate::model::log::{LogBatch, LogLine, LogSourceSpec};
use crate::model::operation::Plan;
use crate::model::snapshot::Update;
use crate::model::source::{Found, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Something that happened, and when.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum EventKind {
    /// Time went on, and nothing else: ages on the screen may have to move.
    Tick,
    Input(Input),
    /// A fact from a probe, this host, the self-check or a log source.
    Update(Update),
    Lines(LogBatch),
    /// A file that a followed glob matches, as a source of its own.
    LogJoined(LogSourceSpec),
    Logs(LogEvent),
    /// The answer to something that was read once.
    Read(ReadEvent),
    /// How something would be done: the answer to `Effect::Plan` of that number.
    Planned {
        number: u64,
        plan: Result<Box<Plan>, Trouble>,
    },
    /// The journal did not take what was approved or asked, or no worker could be started.
    NotOperated {
        operation: OperationId,
        why: Trouble,
    },
    /// The journal did not take what was wanted of a run, or no worker could be started.
    NotRun {
        run: RunId,
        why: Trouble,
    },
    /// What a command wrote to the terminal of its own.
    Terminal {
        run: RunId,
        execution: u32,
        bytes: Vec<u8>,
    },
    /// There is nothing more to see of it.
    TerminalEnded {
        run: RunId,
        execution: u32,
        why: Line,
    },
    /// What is new in the journal, and everybody who acts now.
    Journal(News),
    /// The terminal has answered: it shows the frame that was drawn after this many events.
    Seen {
        generation: u64,
    },
    /// The poller cannot keep up: this many checks are overdue. Zero when it has caught up.
    PollerBehind {
        overdue: u32,
    },
    /// Something that the user should see once: a copy that worked, a file that could not be written.
    Notice(Notice),
}

/// What came from the terminal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Input {
    Key(Key),
    /// Pasted text: never read as keys.
    Paste(String),
    Resize {
        width: u16,
        height: u16,
    },
    Mouse(Mouse),
    /// The program was stopped (Ctrl-Z) and goes on.
    Resumed,
}

/// A key as people name it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
}

/// The key itself. Shift is part of a character (`G`), and of nothing else but Tab.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// A mouse event, when the user switched the mouse on. Cells count from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mouse {
    pub column: u16,
    pub row: u16,
    pub kind: MouseKind,
}

/// What the mouse did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MouseKind {
    Press,
    ScrollUp,
    ScrollDown,
}

/// Answers to what the log pane asked of files. Each carries the request's number: late answers are dropped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LogEvent {
    /// A stretch of a file, for scrolling beyond what is kept in memory.
    Window {
        request: u64,
        source: LogSourceId,
        lines: Vec<LogLine>,
        at_start: bool,
        at_end: bool,
    },
    /// A whole-file search goes on: matching lines so far, bytes read so far, bytes in all.
    SearchProgress {
        request: u64,
        matches: u64,
        read: u64,
        total: u64,
        done: bool,
    },
    /// The next or previous match: the byte offset of its line, or none in that direction.
    SearchHit {
        request: u64,
        source: LogSourceId,
        offset: Option<u64>,
    },
    Failed {
        request: u64,
        why: Line,
    },
}

/// What was read once. Late answers are recognised by what they are about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ReadEvent {
    pub feed: FeedId,
    /// The id, or the two releases' ids with two dots between them.
    pub about: Line,
    pub found: Result<Box<Found>, Trouble>,
}

/// A short message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Notice {
    pub text: Line,
    pub trouble: bool,
}
