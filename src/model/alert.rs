//! What monitoring systems say: firing rules, failed checks of theirs, who is on call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::Line;
use super::time::Timestamp;

/// A firing rule, or an incident of a paging system.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Alert {
    pub id: Line,
    pub title: Line,
    pub state: AlertState,
    /// The system's own word for the state.
    pub stated: Option<Line>,
    pub severity: Severity,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub summary: Option<Line>,
    pub labels: BTreeMap<String, Line>,
    /// The value that crossed the line.
    pub value: Option<f64>,
    /// The service that it names, in that system's words.
    pub service: Option<Line>,
    /// Who took it.
    pub acknowledged_by: Option<Line>,
    pub runbook_url: Option<String>,
    pub url: Option<String>,
    /// What actions on this system need beside the id.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub extra: serde_json::Value,
}

/// What an alert is doing, most pressing first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    Firing,
    Acknowledged,
    /// The rule holds, but not for long enough yet.
    Pending,
    /// The rule could not be evaluated, or the word is not known.
    Unknown,
    /// Muted by a person or by another alert.
    Silenced,
    Resolved,
}

/// How bad, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Critical,
    Error,
    Warning,
    Info,
    Unknown,
}

/// A check that another system makes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Monitor {
    pub id: Line,
    pub name: Line,
    pub state: MonitorState,
    /// The system's own word for the state.
    pub stated: Option<Line>,
    /// Since when the state holds.
    pub since: Option<Timestamp>,
    pub checked_at: Option<Timestamp>,
    pub detail: Option<Line>,
    /// The latest answer's time in milliseconds.
    pub response_ms: Option<f64>,
    /// Share of the time in percent.
    pub uptime: Option<f64>,
    /// Days until its certificate expires.
    pub certificate_days: Option<f64>,
    pub target: Option<Line>,
    pub url: Option<String>,
    /// What actions on this system need beside the id.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub extra: serde_json::Value,
}

/// What somebody else's check found, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonitorState {
    Down,
    Degraded,
    Unknown,
    /// Not checked yet.
    Pending,
    Maintenance,
    /// Switched off by a person.
    Paused,
    Up,
}

/// A person whose turn it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OnCall {
    pub name: Line,
    pub email: Option<Line>,
    pub phone: Option<Line>,
    /// The order in which people are tried; the first is 1.
    pub level: Option<u64>,
    pub schedule: Option<Line>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub url: Option<String>,
}
