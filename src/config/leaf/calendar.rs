//! Days, office hours and time zones.

use jiff::civil::{Date, DateTime};

use super::{DeValue, Help, JsonSchema, Node, Problems, Read, Schema, SchemaGenerator, json_schema, noted, text};
use crate::config::document::wrong_type;
use crate::model::contact::{Hours, HoursError};
use std::borrow::Cow;

/// A day of the calendar: "2026-05-01", or the same without quotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day(pub Date);

schema!(Day, "Day", { "type": "string", "format": "date", "examples": ["2026-05-01"] });

impl Read for Day {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let written = match node.get_ref() {
            DeValue::String(text) => text.trim().to_owned(),
            DeValue::Datetime(date) => date.to_string(),
            other => {
                wrong_type(other, &node.span(), "a day: \"2026-05-01\"", problems);
                return None;
            }
        };
        // Of a point in time, the day counts.
        let day = written.split(['T', ' ']).next().unwrap_or_default();
        match day.parse::<Date>() {
            Ok(date) => Some(Self(date)),
            Err(_) => {
                let help = "write year, month and day: \"2026-05-01\"".to_owned();
                problems.error(&node.span(), "this is not a day of the calendar", Some(help));
                None
            }
        }
    }
}

/// A time of a day of the calendar, on the clock of the project's time zone: "2026-12-01 02:00".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayAndTime(pub DateTime);

schema!(DayAndTime, "DayAndTime", { "type": "string", "minLength": 1, "examples": ["2026-12-01 02:00"] });

impl Read for DayAndTime {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let written = match node.get_ref() {
            DeValue::String(text) => text.trim().to_owned(),
            DeValue::Datetime(date) => date.to_string(),
            other => {
                wrong_type(other, &node.span(), "a day and a time: \"2026-12-01 02:00\"", problems);
                return None;
            }
        };
        match written.parse::<DateTime>() {
            // The library would leave out the zone, and the time would be another one.
            Ok(at) if !written.ends_with(['Z', 'z']) && !written.get(11..).unwrap_or_default().contains(['+', '-']) => {
                Some(Self(at))
            }
            _ => {
                let help = "write it as \"2026-12-01 02:00\", in the time zone of [console]".to_owned();
                problems.error(&node.span(), "this is not a day and a time", Some(help));
                None
            }
        }
    }
}

/// Office hours.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenHours(pub Hours);

schema!(OpenHours, "OpenHours", { "type": "string", "minLength": 1, "examples": ["Mon-Fri 09:00-17:00", "24/7"] });

impl Read for OpenHours {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "hours in quotes, for example \"Mon-Fri 09:00-17:00\"", problems)?;
        noted(Hours::parse(text), node, problems).map(Self)
    }
}

/// Their message says what to write.
impl Help for HoursError {
    fn help(&self) -> Option<String> {
        None
    }
}

/// The name of a time zone. Whether this machine knows it is seen when it is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneName(pub String);

schema!(ZoneName, "ZoneName", { "type": "string", "minLength": 1, "examples": ["Europe/Berlin"] });

impl Read for ZoneName {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let name = text(node, "a time zone in quotes, for example \"Europe/Berlin\"", problems)?;
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "_+-/".contains(letter);
        if name.is_empty() || name.starts_with('/') || !name.chars().all(fits) {
            let help = "write it as in \"Europe/Berlin\"".to_owned();
            problems.error(&node.span(), "this is not the name of a time zone", Some(help));
            return None;
        }
        Some(Self(name.to_owned()))
    }
}
