//! Raw lines of one source become log lines.
//!
//! A parser remembers what stood before, because whether a line belongs to the entry above it is a question of
//! context: `main.go:7` is a frame after `goroutine 1 [running]:` and a line of its own anywhere else. Doubtful lines
//! stand alone: a panic that hides in a folded entry costs more than a trace that takes two rows.

mod traces;
mod utf16;

use jiff::tz::TimeZone;

use self::traces::{
    announces_message, is_after_frames, is_frame, is_go, is_go_function, is_goroutine, is_link, is_qualified_exception,
    is_traceback,
};
use super::detect::{Detected, Detector, LevelIs, names_exception};
use crate::model::log::{Level, LogLine};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Spaces that make a line with a time of its own a continuation, because every platform stamps every line.
const DEEP: usize = 4;

/// Turns the lines of one source, in order, into log lines.
#[derive(Debug)]
pub struct LineParser {
    detector: Detector,
    /// What the current entry is, if anything was read.
    entry: Option<Entry>,
}

/// What is known about the entry that a line may continue.
#[derive(Clone, Copy, Debug)]
struct Entry {
    trace: Trace,
    /// Whether its head says that something went wrong, so that an exception may follow.
    is_trouble: bool,
    /// Whether the line before was empty.
    after_blank: bool,
}

/// What kind of trace an entry has turned out to carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trace {
    None,
    /// Frames have been seen: the next exception may be its cause.
    Frames,
    /// `Traceback (most recent call last):` and its frames; the exception comes last.
    Python,
    /// `panic:` or `fatal error:` and what Go prints after it.
    Go,
    /// `panicked at src/main.rs:2:5:`, `Unhandled exception:`; the message comes next.
    Message,
    /// `^` under a line of source code; the exception comes after an empty line.
    Caret,
}

impl LineParser {
    /// Returns a parser that reads times without an offset as times of `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Self { detector: Detector::new(zone), entry: None }
    }

    /// Parses one line without its line break. `offset` is where it begins in its file.
    pub fn parse(&mut self, bytes: &[u8], offset: Option<u64>, received: Timestamp) -> LogLine {
        let text = utf16::decode(bytes).map_or_else(|| Line::from_bytes(bytes), |text| Line::from_text(&text));
        let detected = self.detector.detect(text.as_str(), received);
        let continues = self.place(text.as_str(), detected);
        let level = if continues { None } else { detected.level };
        // A program's `Caused by: .. at 12:00` is no time of its own; a platform's stamp is.
        LogLine { stated: detected.time, received, level, continues, offset, text }
    }

    /// Forgets what stood before: lines were skipped, or the file was replaced.
    pub fn interrupt(&mut self) {
        self.entry = None;
    }

    /// Decides whether a line continues the entry, and remembers what follows from it.
    fn place(&mut self, text: &str, detected: Detected) -> bool {
        let body = text.get(detected.body..).unwrap_or_default();
        let Some(entry) = &mut self.entry else {
            self.entry = Some(Entry::headed_by(body, detected));
            return false;
        };
        // A stamp of its own makes a line a head, unless a platform put it before every line.
        let is_stamped = detected.time.is_some() && (detected.body == 0 || detected.level_is == LevelIs::Loggers);
        if detected.adds || (!is_stamped && entry.takes(body, detected)) {
            entry.after_blank = body.trim().is_empty();
            return true;
        }
        self.entry = Some(Entry::headed_by(body, detected));
        false
    }
}

impl Entry {
    fn headed_by(body: &str, detected: Detected) -> Self {
        let trace = if is_traceback(body) {
            Trace::Python
        } else if body.starts_with("panic: ") || body.starts_with("fatal error: ") || is_goroutine(body) {
            Trace::Go
        } else if announces_message(body) {
            Trace::Message
        } else {
            Trace::None
        };
        Self { trace, is_trouble: detected.level.is_some_and(|level| level >= Level::Warn), after_blank: false }
    }

    /// Whether a line belongs to this entry.
    fn takes(&mut self, body: &str, detected: Detected) -> bool {
        let trimmed = body.trim_start();
        let indent = body.len() - trimmed.len();
        if trimmed.is_empty() {
            return true;
        }
        if is_goroutine(trimmed) {
            self.trace = Trace::Go;
            return true;
        }
        if is_frame(trimmed) {
            if matches!(self.trace, Trace::None | Trace::Caret) {
                self.trace = Trace::Frames;
            }
            return true;
        }
        let follows = match self.trace {
            Trace::Message => {
                self.trace = Trace::Frames;
                true
            }
            Trace::Python => self.takes_python(trimmed, indent),
            Trace::Go => is_go(trimmed) || indent > 0,
            Trace::Caret => (self.after_blank && names_exception(trimmed.as_bytes())) || trimmed == "^",
            Trace::Frames => is_after_frames(trimmed),
            Trace::None => false,
        };
        if follows {
            if is_traceback(trimmed) {
                self.trace = Trace::Python;
            }
            return true;
        }
        if trimmed.bytes().all(|byte| byte == b'^' || byte == b'~') {
            self.trace = Trace::Caret;
            return true;
        }
        if is_link(trimmed) || trimmed.bytes().all(|byte| matches!(byte, b'}' | b']' | b')' | b',' | b';')) {
            return true;
        }
        if self.is_trouble && self.trace == Trace::None && !self.after_blank {
            // The exception that the line above reported.
            if is_traceback(trimmed) {
                self.trace = Trace::Python;
                return true;
            }
            if indent == 0 && (is_qualified_exception(trimmed) || is_go_function(trimmed)) {
                return true;
            }
        }
        let has_own_stamp = detected.time.is_some();
        let is_deep = if has_own_stamp { indent >= DEEP } else { indent > 0 };
        is_deep && matches!(detected.level_is, LevelIs::Unknown | LevelIs::Platforms)
    }

    fn takes_python(&mut self, trimmed: &str, indent: usize) -> bool {
        if indent > 0 {
            return true;
        }
        // The exception itself, then perhaps the next traceback.
        self.trace = Trace::Frames;
        let name = trimmed.split([':', ' ']).next().unwrap_or_default();
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
    }
}

#[cfg(test)]
mod tests;
