//! From the bytes of a line to the model's [`LogLine`].

use crate::model::log::LogLine;
use crate::model::text::Line;
use crate::model::time::Timestamp;

use super::split::RawLine;

/// Understands one line.
pub fn log_line(raw: &RawLine<'_>, has_offset: bool, received: Timestamp) -> LogLine {
    let text = if raw.elided == 0 {
        Line::from_bytes(&raw.bytes)
    } else {
        let kept = String::from_utf8_lossy(&raw.bytes);
        Line::from_text(&format!("{kept} [{} more bytes]", raw.elided))
    };
    LogLine {
        stated: None,
        received,
        level: None,
        continues: raw.continues,
        offset: has_offset.then_some(raw.offset),
        text,
    }
}
