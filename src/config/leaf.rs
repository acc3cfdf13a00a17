//! The values that a configuration is made of: each knows how it is written, and says so when it is written otherwise.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::{DeInteger, DeValue};

use super::diagnostic::Problems;
use super::document::{Node, Read, short, wrong_type};
use super::nearest::nearest;
use super::{build, duration};
use crate::model::check::RecordType;
use crate::model::text::Line;

/// Implements the schema of a value, whose definition is small enough to stand wherever it is used.
macro_rules! schema {
    ($type:ty, $name:literal, $($json:tt)+) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($($json)+)
            }
        }
    };
}

mod address;
mod calendar;

pub use address::{HostName, HostPort, Resolver, SshHost, TlsAddress, WebUrl};
pub use calendar::{Day, DayAndTime, OpenHours, ZoneName};

/// Returns the text of a node, or notes that it is none.
fn text<'a>(node: &'a Node<'_>, expected: &str, problems: &mut Problems) -> Option<&'a str> {
    match node.get_ref() {
        DeValue::String(text) => Some(text),
        other => {
            wrong_type(other, &node.span(), expected, problems);
            None
        }
    }
}

/// Returns a result's value, or notes its error.
fn noted<T, E>(result: Result<T, E>, node: &Node<'_>, problems: &mut Problems) -> Option<T>
where
    E: std::fmt::Display + Help,
{
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            problems.error(&node.span(), error.to_string(), error.help());
            None
        }
    }
}

trait Help {
    fn help(&self) -> Option<String>;
}

/// Their message says it all.
impl Help for duration::DurationError {
    fn help(&self) -> Option<String> {
        None
    }
}

impl Read for String {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        text(node, "text in quotes", problems).map(str::to_owned)
    }
}

impl Read for bool {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            other => {
                wrong_type(other, &node.span(), "true or false", problems);
                None
            }
        }
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count<const MIN: u32, const MAX: u32>(pub u32);

impl<const MIN: u32, const MAX: u32> Read for Count<MIN, MAX> {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let DeValue::Integer(number) = node.get_ref() else {
            wrong_type(node.get_ref(), &node.span(), &format!("a whole number from {MIN} to {MAX}"), problems);
            return None;
        };
        match integer(number).and_then(|number| u32::try_from(number).ok()) {
            Some(number) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            _ => {
                problems.error(&node.span(), format!("this should be a whole number from {MIN} to {MAX}"), None);
                None
            }
        }
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Count<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Count{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

fn integer(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A name that stands on the screen and that other places refer to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name(pub String);

schema!(Name, "Name", { "type": "string", "minLength": 1, "maxLength": 60 });

impl Read for Name {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let name = text(node, "a name in quotes", problems)?;
        let trouble = if name.trim().is_empty() {
            "a name cannot be empty"
        } else if name.trim() != name {
            "a name cannot begin or end with a space"
        } else if Line::from_text(name).as_str() != name {
            "a name cannot hold control characters or text that is not shown as it is written"
        } else if name.chars().count() > 60 {
            "a name can have 60 characters; longer ones would not fit any screen"
        } else {
            return Some(Self(name.to_owned()));
        };
        problems.error(&node.span(), trouble, None);
        None
    }
}

/// A duration with its unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Friendly(pub Duration);

schema!(Friendly, "Friendly", {
    "type": "string",
    "pattern": r"^\s*\d+(\.\d+)?\s*[a-zA-Z]+(\s*,?\s*\d+(\.\d+)?\s*[a-zA-Z]+)*\s*$",
    "examples": ["15s", "800ms", "1m30s", "14d"],
});

impl Read for Friendly {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        if let DeValue::Integer(number) = node.get_ref() {
            let help = format!("write it in quotes with its unit: \"{}s\"", number.as_str());
            problems.error(&node.span(), "a duration needs a unit", Some(help));
            return None;
        }
        let text = text(node, "a duration in quotes, for example \"15s\"", problems)?;
        noted(duration::parse(text), node, problems).map(Self)
    }
}

/// A regular expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern(pub String);

schema!(Pattern, "Pattern", { "type": "string", "format": "regex" });

impl Read for Pattern {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "a regular expression in quotes", problems)?;
        match regex::Regex::new(text) {
            Ok(_) => Some(Self(text.to_owned())),
            Err(error) => {
                // The crate draws a picture of several lines; its last line says what is wrong.
                let error = error.to_string();
                let why = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
                problems.error(&node.span(), format!("this is not a regular expression: {why}"), None);
                None
            }
        }
    }
}

/// Accepted status codes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatusCodes(pub Vec<(u16, u16)>);

impl JsonSchema for StatusCodes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "StatusCodes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = serde_json::json!({ "anyOf": [
            { "type": "integer", "minimum": 100, "maximum": 599 },
            { "type": "string", "pattern": r"^\s*([1-5](\d\d|[xX]{2})|[1-5]\d\d\s*-\s*[1-5]\d\d)\s*$" },
        ] });
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }], "examples": [200, "2xx", [200, 204], "200-399"] })
    }
}

impl Read for StatusCodes {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.get_ref() {
            DeValue::Array(array) => Some(Self(array.iter().filter_map(|item| Self::one(item, problems)).collect())),
            _ => Self::one(node, problems).map(|range| Self(vec![range])),
        }
    }
}

impl StatusCodes {
    fn one(node: &Node<'_>, problems: &mut Problems) -> Option<(u16, u16)> {
        let range = match node.get_ref() {
            DeValue::Integer(number) => status_range(number.as_str()),
            DeValue::String(text) => status_range(text),
            other => {
                wrong_type(other, &node.span(), "a status code: 200, \"2xx\" or [200, 204]", problems);
                return None;
            }
        };
        if range.is_none() {
            let help = "write 200, \"2xx\", \"200-399\" or a list of them";
            problems.error(&node.span(), "this is not a status code", Some(help.to_owned()));
        }
        range
    }
}

/// Reads `200`, `2xx` or `200-399` as an inclusive range.
pub fn status_range(text: &str) -> Option<(u16, u16)> {
    let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=599).contains(code));
    let text = text.trim();
    if let Some(class) = text.to_ascii_lowercase().strip_suffix("xx") {
        return class
            .parse::<u16>()
            .ok()
            .filter(|class| (1..=5).contains(class))
            .map(|class| (class * 100, class * 100 + 99));
    }
    if let Some((from, to)) = text.split_once('-') {
        return code(from).zip(code(to)).filter(|(from, to)| from <= to);
    }
    code(text).map(|code| (code, code))
}

/// Text or a list of texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OneOrMany(pub Vec<String>);

schema!(OneOrMany, "OneOrMany", {
    "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
});

impl Read for OneOrMany {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.get_ref() {
            DeValue::Array(array) => Some(Self(array.iter().filter_map(|item| String::read(item, problems)).collect())),
            _ => text(node, "text in quotes, or a list of texts", problems).map(|text| Self(vec![text.to_owned()])),
        }
    }
}

/// A command: text for the shell, or a list of a program and its arguments without one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommandLine(pub Vec<String>);

schema!(CommandLine, "CommandLine", {
    "anyOf": [
        { "type": "string", "minLength": 1 },
        { "type": "array", "items": { "type": "string" }, "minItems": 1 },
    ],
    "examples": ["pg_isready -h db | grep -q accepting", ["pg_isready", "-h", "db"]],
});

impl Read for CommandLine {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let OneOrMany(words) = OneOrMany::read(node, problems)?;
        if words.first().is_none_or(|program| program.trim().is_empty()) {
            problems.error(&node.span(), "this command is empty", None);
            return None;
        }
        let argv = match node.get_ref() {
            DeValue::Array(_) => words,
            _ => build::SHELL.iter().map(|&word| word.to_owned()).chain(words).collect(),
        };
        Some(Self(argv))
    }
}

/// Text that is not empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filled(pub String);

schema!(Filled, "Filled", { "type": "string", "minLength": 1 });

impl Read for Filled {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "text in quotes", problems)?;
        if text.trim().is_empty() {
            problems.error(&node.span(), "this is empty", None);
            return None;
        }
        Some(Self(text.to_owned()))
    }
}

/// Any value at all, as JSON.
#[derive(Clone, PartialEq, Debug)]
pub struct Anything(pub serde_json::Value);

schema!(Anything, "Anything", {});

impl Read for Anything {
    fn read(node: &Node<'_>, _: &mut Problems) -> Option<Self> {
        Some(Self(json(node)))
    }
}

/// Returns a node as JSON. What JSON has no number for becomes text.
pub fn json(node: &Node<'_>) -> serde_json::Value {
    match node.get_ref() {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(number) => integer(number).map_or_else(|| number.as_str().into(), Into::into),
        DeValue::Float(number) => {
            number.as_str().replace('_', "").parse::<f64>().map_or_else(|_| number.as_str().into(), Into::into)
        }
        DeValue::Boolean(value) => (*value).into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(array) => array.iter().map(json).collect(),
        DeValue::Table(table) => {
            serde_json::Value::Object(table.iter().map(|(key, node)| (key.get_ref().to_string(), json(node))).collect())
        }
    }
}

/// One of a few words.
pub trait Word: Copy + 'static {
    const NAME: &'static str;
    /// Every word and what it means.
    fn words() -> Vec<(&'static str, Self)>;
}

/// A word of a closed list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OneOf<W>(pub W);

impl<W: Word> Read for OneOf<W> {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let words = W::words();
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let list = names.join(", ");
        let text = text(node, &format!("one of these in quotes: {list}"), problems)?;
        if let Some((_, value)) = words.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Some(Self(*value));
        }
        let help = match nearest(text, &names) {
            Some(near) => format!("did you mean \"{near}\"? It can be: {list}"),
            None => format!("it can be: {list}"),
        };
        problems.error(&node.span(), format!("`{}` is not known here", short(text)), Some(help));
        None
    }
}

impl<W: Word> JsonSchema for OneOf<W> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        W::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = W::words().iter().map(|(name, _)| *name).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

impl Word for RecordType {
    const NAME: &'static str = "RecordType";
    fn words() -> Vec<(&'static str, Self)> {
        build::RECORDS.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_numbers_classes_and_ranges() {
        assert_eq!(status_range("200"), Some((200, 200)));
        assert_eq!(status_range("2xx"), Some((200, 299)));
        assert_eq!(status_range("200-399"), Some((200, 399)));
        for text in ["", "2x", "xx", "6xx", "0xx", "99", "600", "399-200", "2xx-3xx", "abc"] {
            assert_eq!(status_range(text), None, "{text}");
        }
    }
}
