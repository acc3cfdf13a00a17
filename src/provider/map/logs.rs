//! Log lines from a platform.

use serde_json::Value;

use super::fields::{Item, Problems, objects};
use crate::model::log::Level;
use crate::model::source::LogEntry;
use crate::model::text::Line;

/// Reads log lines.
pub fn log_entries(outputs: &[Value], problems: &mut Problems) -> Vec<LogEntry> {
    let mut entries = Vec::new();
    for object in objects(outputs, "a log line", problems) {
        let mut item = Item::of("a log line", object, problems);
        let entry = LogEntry {
            id: item.line("id"),
            at: item.time("at"),
            level: item.text("level").and_then(|word| level(word.trim())),
            instance: item.line("instance"),
            text: item.value("text").map_or_else(|| Line::from_text(""), text),
        };
        item.finish();
        entries.push(entry);
    }
    entries
}

/// Structured messages are shown as JSON on one line.
fn text(value: &Value) -> Line {
    match value {
        Value::String(text) => Line::from_text(text.trim_end_matches(['\n', '\r'])),
        other => Line::from_text(&other.to_string()),
    }
}

/// Returns the level of a platform's word or syslog number.
fn level(word: &str) -> Option<Level> {
    Some(match word.to_ascii_lowercase().as_str() {
        "trace" | "verbose" | "finest" | "finer" => Level::Trace,
        "debug" | "fine" | "7" => Level::Debug,
        "info" | "information" | "informational" | "notice" | "default" | "log" | "5" | "6" => Level::Info,
        "warn" | "warning" | "4" => Level::Warn,
        "error" | "err" | "severe" | "3" => Level::Error,
        "fatal" | "critical" | "crit" | "alert" | "emergency" | "emerg" | "panic" | "0" | "1" | "2" => Level::Fatal,
        _ => return None,
    })
}
