//! What stands between `---` and `---` (YAML), `+++` and `+++` (TOML), or as a JSON object, before the document.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::{Front, Variable};
use crate::config::diagnostic::{Problems, Severity};

/// Reads the front matter, and returns how far it goes.
pub fn read(text: &str, problems: &mut Problems) -> (Front, Range<usize>) {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let body = &text[start..];
    let (value, length) = if let Some((inside, length)) = fenced(body, "---") {
        (yaml_serde::from_str::<Value>(inside).map_err(|error| error.to_string()), length)
    } else if let Some((inside, length)) = fenced(body, "+++") {
        (toml::from_str::<Value>(inside).map_err(|error| error.message().to_owned()), length)
    } else if body.starts_with('{') {
        let mut stream = serde_json::Deserializer::from_str(body).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) if value.is_object() => (Ok(value), stream.byte_offset()),
            _ => return (Front::default(), 0..start),
        }
    } else {
        return (Front::default(), 0..start);
    };
    let head = 0..start + length;
    match value {
        Ok(value) => (front(&value), head),
        Err(error) => {
            let message = format!("the front matter cannot be read: {error}");
            problems.note(Severity::Warning, &head, message, "the document is read without it".to_owned());
            (Front::default(), head)
        }
    }
}

/// Returns what stands between two fences, and the length of all of it.
fn fenced<'t>(text: &'t str, fence: &str) -> Option<(&'t str, usize)> {
    let first = text.lines().next()?;
    if first.trim_end() != fence {
        return None;
    }
    let begin = text.find('\n')? + 1;
    let mut at = begin;
    for line in text[begin..].split_inclusive('\n') {
        if line.trim_end() == fence {
            return Some((&text[begin..at], at + line.len()));
        }
        at += line.len();
    }
    None
}

fn front(value: &Value) -> Front {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let matches = value.get("matches").unwrap_or(value);
    let labels = matches.get("labels").and_then(Value::as_object);
    let labels: BTreeMap<String, String> =
        labels.into_iter().flatten().map(|(name, value)| (name.clone(), plain(value))).collect();
    Front {
        title: text("title"),
        services: list(value.get("services")),
        alerts: list(matches.get("alerts")),
        labels,
        variables: variables(value.get("variables")),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One or many.
fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().map(plain).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}

/// `variables: { NAME: default }`, or `{ NAME: { default, prompt, secret } }`.
fn variables(value: Option<&Value>) -> Vec<Variable> {
    let entries = value.and_then(Value::as_object).into_iter().flatten();
    entries
        .map(|(name, value)| {
            let of = |key: &str| value.get(key).map(plain);
            let default = if value.is_object() { of("default") } else { (!value.is_null()).then(|| plain(value)) };
            let secret = value.get("secret").and_then(Value::as_bool).unwrap_or(false);
            Variable { name: name.clone(), default, prompt: of("prompt"), secret }
        })
        .collect()
}
