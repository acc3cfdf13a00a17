//! What following a log tells.

use std::io;

use crate::model::id::LogSourceId;
use crate::model::log::{LogBatch, LogLine, LogSourceSpec, LogSourceState};

/// Something that following a log brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TailEvent {
    /// A file that a glob matches is followed from now on, as a source of its own. See [`LogSourceSpec::member`].
    Joined(LogSourceSpec),
    /// A file that a glob matched is gone.
    Left(LogSourceId),
    Lines(LogBatch),
    State(LogSourceId, LogSourceState),
}

/// Events in the order in which they happened, with lines that arrive together put together.
#[derive(Debug, Default)]
pub struct Outbox {
    events: Vec<TailEvent>,
    lines: Vec<LogLine>,
    dropped: u64,
}

impl Outbox {
    /// Adds lines of the source that is being looked at.
    pub fn lines(&mut self, mut lines: Vec<LogLine>, dropped: u64) {
        if self.lines.is_empty() {
            self.lines = lines;
        } else {
            self.lines.append(&mut lines);
        }
        self.dropped += dropped;
    }

    /// Says that what follows comes after the lines so far.
    pub fn end_of_lines(&mut self, source: &LogSourceId) {
        if self.lines.is_empty() && self.dropped == 0 {
            return;
        }
        let (lines, dropped) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.dropped));
        self.events.push(TailEvent::Lines(LogBatch { source: source.clone(), lines, dropped }));
    }

    /// Adds a new state of the source that is being looked at.
    pub fn state(&mut self, source: &LogSourceId, state: LogSourceState) {
        self.end_of_lines(source);
        self.events.push(TailEvent::State(source.clone(), state));
    }

    /// Takes out what has been collected.
    pub fn take(&mut self) -> Vec<TailEvent> {
        std::mem::take(&mut self.events)
    }
}

/// Returns an error of the system in a few words, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
