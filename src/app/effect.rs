//! What the console asks of the world, as data. Only the runtime fulfils it.

use crate::model::id::{CheckId, LogSourceId};

/// Something the runtime should do. Every outcome comes back as an event.
#[derive(Clone, PartialEq, Eq, Debug)]
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
    /// These checks are looked at: probe them more often than the others.
    Focus(Vec<CheckId>),
    Logs(LogRequest),
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
