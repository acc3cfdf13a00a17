//! Raw lines of one source become log lines.
//!
//! A parser remembers what stood before, because whether a line belongs to the entry above it is a question of
//! context: `main.go:7` is a frame after `goroutine 1 [running]:` and a line of its own anywhere else. Doubtful lines
//! stand alone: a panic that hides in a folded entry costs more than a trace that takes two rows.

mod utf16;

use jiff::tz::TimeZone;

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

fn is_traceback(text: &str) -> bool {
    text.starts_with("Traceback (most recent call last)")
}

/// What a frame looks like in any language, whether indented or not.
fn is_frame(trimmed: &str) -> bool {
    let numbered = |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(' ');
    let is_frame = match trimmed.as_bytes()[0] {
        // Java, JavaScript, .NET; Node's `at async`.
        b'a' => trimmed.starts_with("at ") && !trimmed.contains(" at "),
        b'.' => {
            trimmed.starts_with("... ")
                && [" more", " common frames omitted", " more lines matching"].iter().any(|end| trimmed.contains(end))
        }
        // PHP, Dart, gdb.
        b'#' => trimmed.as_bytes().get(1).is_some_and(u8::is_ascii_digit) && numbered(&trimmed[1..]),
        b'F' => trimmed.starts_with("File \"") && trimmed.contains(", line "),
        b'f' => trimmed.starts_with("from ") && trimmed.contains(":in "),
        b'<' => trimmed == "<asynchronous suspension>",
        _ => false,
    };
    is_frame || is_ruby_frame(trimmed)
}

/// `app/models/user.rb:12:in 'save'`, with what raised there only in the first.
fn is_ruby_frame(trimmed: &str) -> bool {
    let Some((place, name)) = trimmed.split_once(":in ") else { return false };
    place.ends_with(|c: char| c.is_ascii_digit())
        && !place.contains(": ")
        && !name.contains(": ")
        && name.starts_with(['`', '\''])
}

/// Lines that link one exception to the next.
fn is_link(trimmed: &str) -> bool {
    [
        "Caused by: ",
        "Caused by:",
        "Suppressed: ",
        "Stack trace:",
        "[stacktrace]",
        "stack backtrace:",
        "note: run with `RUST_BACKTRACE",
        "note: Some details are omitted",
        "During handling of the above exception",
        "The above exception was the direct cause",
        "--- End of ",
        "---> ",
        "thrown in ",
        "goroutine running on other thread",
        "-->",
        "\"}",
    ]
    .iter()
    .any(|link| trimmed.starts_with(link))
}

/// What still belongs to a trace whose frames have been seen.
fn is_after_frames(trimmed: &str) -> bool {
    is_traceback(trimmed) || trimmed.starts_with("Node.js v")
}

/// A Java exception with its package, or a .NET one: what loggers print below the message.
fn is_qualified_exception(trimmed: &str) -> bool {
    let name = trimmed.split([':', ' ']).next().unwrap_or_default();
    name.contains('.') && ["Exception", "Error", "Throwable"].iter().any(|end| name.ends_with(end))
}

/// A function without its arguments, as zap prints them below the message.
fn is_go_function(trimmed: &str) -> bool {
    let is_path = trimmed.contains(['/', '.']) && !trimmed.contains([' ', ':', '=', '"']);
    is_path
        && (trimmed == "main.main"
            || trimmed.starts_with("runtime.")
            || trimmed.contains(".(*")
            || (trimmed.contains('/') && trimmed.contains('.')))
}

fn is_goroutine(trimmed: &str) -> bool {
    trimmed.starts_with("goroutine ") && trimmed.ends_with("]:")
}

/// What Go prints after a panic: goroutines, calls, places, registers.
fn is_go(trimmed: &str) -> bool {
    let name = trimmed.split('(').next().unwrap_or_default();
    let is_call = trimmed.ends_with(')') && !name.contains(' ') && (name.contains(['.', '/']) || name == "panic");
    is_call
        || ["[signal ", "created by ", "exit status ", "runtime stack:", "panic: ", "...additional frames elided"]
            .iter()
            .any(|begin| trimmed.starts_with(begin))
        || trimmed.contains(".go:")
        || is_register(trimmed)
}

fn is_register(trimmed: &str) -> bool {
    let mut words = trimmed.split_whitespace();
    matches!((words.next(), words.next(), words.next()), (Some(name), Some(value), None) if name.len() <= 6 && value.starts_with("0x"))
}

/// Whether the message stands on the next line: Rust's panics, Dart's exceptions.
fn announces_message(body: &str) -> bool {
    let is_panic = body.starts_with("thread '") && body.contains("' panicked at ");
    body.ends_with(':') && (is_panic || body == "Unhandled exception:")
}

#[cfg(test)]
mod tests;
