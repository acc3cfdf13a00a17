//! Lines for tests: the shortest way to say when a line arrived, what time it states and what it says.

use std::time::Duration;

use crate::model::id::LogSourceId;
use crate::model::log::{Level, LogBatch, LogLine};
use crate::model::text::Line;
use crate::model::time::Timestamp;

pub const SECOND: Duration = Duration::from_secs(1);

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

/// A line that arrived and states its time in seconds. A level stands at its beginning, if at all.
pub fn line(received: i64, stated: i64, text: &str) -> LogLine {
    let level = match text.split(' ').next() {
        Some("ERROR") => Some(Level::Error),
        Some("WARN") => Some(Level::Warn),
        Some("DEBUG") => Some(Level::Debug),
        _ => None,
    };
    LogLine {
        stated: Some(at(stated)),
        received: at(received),
        level,
        continues: false,
        offset: None,
        text: Line::from_text(text),
    }
}

/// A continuation of the line before it.
pub fn more(received: i64, text: &str) -> LogLine {
    LogLine { stated: None, continues: true, ..line(received, received, text) }
}

pub fn batch(source: &str, lines: impl IntoIterator<Item = LogLine>) -> LogBatch {
    LogBatch { source: LogSourceId::new(source), lines: lines.into_iter().collect(), dropped: 0 }
}
