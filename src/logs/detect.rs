//! The time and the level that a line states, found at its beginning.
//!
//! Works on text that was sanitised: colours are gone. Looks at the first few hundred bytes and takes about as long as
//! copying them. Guesses nothing: a date in the middle of a sentence is not the line's time, `no error found` is no
//! error, and a time of day without a date is none.

mod cursor;
mod json;
mod level;
mod time;

use jiff::tz::TimeZone;

use crate::model::log::Level;
use crate::model::time::Timestamp;

pub(super) use level::names_exception;
pub use time::LocalTime;

/// How far into a line a header can reach.
const HEADER: usize = 200;

/// What a line states about itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Detected {
    pub time: Option<Timestamp>,
    pub level: Option<Level>,
    pub level_is: LevelIs,
    /// Where the text begins behind what a platform put before the program's own line: a time and a source, such as
    /// `2026-02-03T04:05:06Z app[web.1]: ` or `web-1  | `.
    pub body: usize,
    /// Whether the line only adds to the one before it: PostgreSQL's `DETAIL:`, `HINT:`, `STATEMENT:`.
    pub adds: bool,
}

/// Who says the level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LevelIs {
    /// Nobody.
    #[default]
    Unknown,
    /// A platform, before the program's own line.
    Platforms,
    /// The program's logger.
    Loggers,
    /// How the line begins: `panic: `, `TypeError: `.
    Implied,
}

/// Finds times and levels in the lines of one source.
#[derive(Debug)]
pub struct Detector {
    local: LocalTime,
}

impl Detector {
    /// Returns a detector that reads times without an offset as times of `zone`.
    pub fn new(zone: TimeZone) -> Self {
        Self { local: LocalTime::new(zone) }
    }

    /// Looks at one line. `received` tells the year when the line does not, and what lies in the future.
    pub fn detect(&mut self, text: &str, received: Timestamp) -> Detected {
        let bytes = text.as_bytes();
        let header = &bytes[..bytes.len().min(HEADER)];
        let platform = cursor::platform_prefix(header);
        let stamp = time::find(header, platform, received, &mut self.local);
        let body = match stamp {
            Some(stamp) if stamp.start <= platform.max(1) => cursor::body_after_stamp(header, stamp.end),
            _ => platform,
        };
        let mut time = stamp.map(|stamp| stamp.time);
        let after = stamp.map_or(platform, |stamp| stamp.end);
        let mut level = None;
        let mut status = None;
        if let Some(start) = json::start(header) {
            let fields = json::fields(&bytes[start..], false);
            level = fields.level;
            status = fields.status;
            if time.is_none() {
                time = fields.time.and_then(|value| time::of_value(value, received, &mut self.local));
            }
        } else if memchr::memchr(b'=', header).is_some() {
            let fields = level::logfmt(header);
            level = fields.level;
            status = fields.status;
            if time.is_none() {
                time = fields.time.and_then(|value| time::of_value(value, received, &mut self.local));
            }
        }
        let word = level::of_words(header, after, body);
        let level = level.or(word.level).or_else(|| level::of_priority(header));
        let status = status.or_else(|| level::access_status(&bytes[after.min(bytes.len())..]));
        let level = level.max(status.and_then(level::of_status));
        let level_is = match level {
            None => LevelIs::Unknown,
            Some(_) if word.is_opening => LevelIs::Implied,
            Some(_) if word.level.is_some() && word.at < body => LevelIs::Platforms,
            Some(_) => LevelIs::Loggers,
        };
        Detected { time, level, level_is, body, adds: word.adds }
    }
}

/// Returns the message of a structured line: the `msg` or `message` of JSON or logfmt.
pub(super) fn message(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    if let Some(start) = json::start(&bytes[..bytes.len().min(HEADER)]) {
        return std::str::from_utf8(json::fields(&bytes[start..], true).message?).ok();
    }
    let value = bytes.len().min(level::ACCESS);
    std::str::from_utf8(level::logfmt(&bytes[..value]).message?).ok()
}

#[cfg(test)]
mod tests;
