//! Time series, as monitoring systems answer them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::Line;
use super::time::Timestamp;

/// One series of a query's answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Series {
    /// What tells it from the others of the same query; empty when it is alone.
    pub labels: BTreeMap<String, Line>,
    pub unit: Option<Line>,
    /// In the order of time. `None` is a gap: the system answered that it has no value.
    pub points: Vec<(Timestamp, Option<f64>)>,
}

impl Series {
    /// Returns the latest point that has a value.
    pub fn latest(&self) -> Option<(Timestamp, f64)> {
        self.points.iter().rev().find_map(|(at, value)| value.map(|value| (*at, value)))
    }

    /// Returns its labels as people read them: `instance=web1 mode=idle`.
    pub fn name(&self) -> Line {
        let words: Vec<String> = self.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Line::from_text(&words.join(" "))
    }
}

/// Writes a number as people read it on a small screen.
pub fn short(value: f64) -> String {
    let size = value.abs();
    let (scaled, suffix) = match size {
        _ if size >= 1e9 => (value / 1e9, "G"),
        _ if size >= 1e6 => (value / 1e6, "M"),
        _ if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = if scaled.abs() >= 100.0 || scaled.fract() == 0.0 {
        format!("{scaled:.0}")
    } else if scaled.abs() >= 1.0 {
        format!("{scaled:.1}")
    } else {
        format!("{scaled:.2}")
    };
    format!("{text}{suffix}")
}
