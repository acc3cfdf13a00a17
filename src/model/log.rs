//! Log lines and where they come from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::id::{FeedId, LogSourceId, ServiceId};
use super::text::Line;
use super::time::Timestamp;

/// One log to follow, as configured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogSourceSpec {
    pub id: LogSourceId,
    /// The service that it belongs to; `None` for logs named on the command line beside no service.
    pub service: Option<ServiceId>,
    /// The short name that stands before each line when several logs are merged.
    pub title: Line,
    pub origin: LogOrigin,
}

impl LogSourceSpec {
    /// Returns the source of one file that this source's glob matches.
    ///
    /// Each file of a glob is a source of its own, so that a line tells its file and an offset has a meaning. Its id is
    /// the glob's, a space and the path.
    #[must_use]
    pub fn member(&self, path: &Path) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        Self {
            id: LogSourceId::new(format!("{} {}", self.id, Line::from_bytes(path.as_os_str().as_encoded_bytes()))),
            service: self.service.clone(),
            title: Line::from_bytes(name.as_encoded_bytes()),
            origin: LogOrigin::File(path.to_owned()),
        }
    }
}

/// Where lines come from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LogOrigin {
    /// One file, followed through rotation.
    File(PathBuf),
    /// Every file that matches now or later.
    Glob(String),
    /// What a command prints, here or on another host.
    Command(LogCommand),
    /// What was piped into the program.
    Stdin,
    /// What a platform has, read through one of the feeds.
    Feed(FeedId),
}

/// A command that prints log lines.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogCommand {
    /// What the local shell, or the remote host's, is given.
    pub command: String,
    /// The host for the system's `ssh`; `None` runs it here.
    pub ssh: Option<String>,
}

/// How bad a line says it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// One line of a log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogLine {
    /// The time that the line itself states.
    pub stated: Option<Timestamp>,
    /// When we read it. Lines without a time of their own are ordered by this.
    pub received: Timestamp,
    pub level: Option<Level>,
    /// Whether it belongs to the entry above it: a stack frame, an indented detail.
    pub continues: bool,
    /// The byte at which it begins in its file.
    pub offset: Option<u64>,
    pub text: Line,
}

impl LogLine {
    /// Returns the time by which lines of several sources are merged.
    pub fn time(&self) -> Timestamp {
        self.stated.unwrap_or(self.received)
    }
}

/// Lines of one source that arrived together, in order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogBatch {
    pub source: LogSourceId,
    pub lines: Vec<LogLine>,
    /// Lines that were skipped before these because they came faster than they can be kept. Counted, except when more
    /// than 64 MiB of a file were skipped at once: then what is beyond that is estimated from what was counted.
    pub dropped: u64,
}

/// What is going on with a source.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LogSourceState {
    /// Nothing is known yet.
    Opening,
    /// Being followed. The file's length in bytes when there is a file.
    Following { bytes: Option<u64> },
    /// A file that does not exist (yet, or any more): we wait for it.
    Waiting(Line),
    /// Renamed, truncated or replaced just now; followed on.
    Rotated(Line),
    /// Cannot be read; tried again later.
    Failed(Line),
    /// A command that ended; started again later unless it was the piped input.
    Ended(Line),
}
