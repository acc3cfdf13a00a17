//! The words behind a fence: ```` ```sh {name=drain timeout=60s} ````, as Runme's users know them; JSON works too.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Attributes;
use crate::config::diagnostic::{Problems, Severity};

/// What we understand.
const KNOWN: &[&str] = &[
    "name",
    "host",
    "timeout",
    "check",
    "undo",
    "retry",
    "interval",
    "confirm",
    "capture",
    "cwd",
    "shell",
    "interactive",
    "secret",
    "next",
    "wait",
    // What has to be there before it can be run: a platform, a server, a kind of machine.
    "needs",
];
/// What other tools write there, which means nothing to us and is no mistake.
const OTHERS: &[&str] = &[
    "id",
    "tag",
    "tags",
    "category",
    "excludefromrunall",
    "background",
    "closeterminalonsuccess",
    "mimetype",
    "promptenv",
    "terminalrows",
    "interpreter",
    "title",
    "linenos",
    "hl_lines",
    "copy",
    "lines",
];

/// Splits the words into the language and its attributes.
pub fn read(info: &str, span: &Range<usize>, problems: &mut Problems) -> (String, Attributes) {
    let info = info.trim();
    let (language, rest) = match info.find(['{', '[']) {
        Some(at) => (info[..at].trim(), info[at..].trim()),
        None => (info, ""),
    };
    let language = language.split([',', ' ']).next().unwrap_or_default().to_ascii_lowercase();
    let body = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let Some(body) = body else { return (language, Attributes::default()) };
    let found = match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(rest) {
        Ok(map) => map
            .into_iter()
            .map(|(name, value)| (name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect(),
        Err(_) => pairs(body),
    };
    let mut attributes = BTreeMap::new();
    for (name, value) in found {
        let lower = name.to_ascii_lowercase();
        if !KNOWN.contains(&lower.as_str()) && !OTHERS.contains(&lower.as_str()) && !lower.starts_with('.') {
            let near = crate::config::nearest::nearest(&lower, KNOWN).map(|near| format!("did you mean `{near}`?"));
            problems.note(Severity::Warning, span, format!("`{name}` behind a fence means nothing here"), near);
        }
        attributes.insert(lower, value);
    }
    (language, Attributes(attributes))
}

/// Reads `name=value name="two words" flag`.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let name = rest[..end].trim_end_matches(',').to_owned();
        rest = &rest[end..];
        let mut value = "true".to_owned();
        if let Some(after) = rest.strip_prefix('=') {
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (taken, left) = match quote {
                Some(quote) => {
                    let inside = &after[1..];
                    let end = inside.find(quote).unwrap_or(inside.len());
                    (&inside[..end], inside.get(end + 1..).unwrap_or_default())
                }
                None => {
                    let end = after.find(char::is_whitespace).unwrap_or(after.len());
                    (after[..end].trim_end_matches(','), &after[end..])
                }
            };
            value = taken.to_owned();
            rest = left;
        }
        if !name.is_empty() {
            found.insert(name, value);
        }
        rest = rest.trim_start();
    }
    found
}
