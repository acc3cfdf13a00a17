//! Grouped exceptions, as error trackers tell them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alert::Severity;
use super::text::Line;
use super::time::Timestamp;

/// A group of equal exceptions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ErrorIssue {
    pub id: Line,
    /// What people call it (`API-42`), when that is not the id.
    pub short_id: Option<Line>,
    pub title: Line,
    pub state: IssueState,
    /// The tracker's own word for the state.
    pub stated: Option<Line>,
    pub severity: Severity,
    /// Where it happens: a function, a route.
    pub culprit: Option<Line>,
    pub count: Option<u64>,
    /// How many people met it.
    pub users: Option<u64>,
    pub first_seen: Option<Timestamp>,
    pub last_seen: Option<Timestamp>,
    pub release: Option<Line>,
    pub project: Option<Line>,
    pub assigned_to: Option<Line>,
    pub unhandled: Option<bool>,
    pub url: Option<String>,
    /// What actions on this tracker need beside the id.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub extra: serde_json::Value,
}

/// Where an issue stands, most pressing first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueState {
    /// Was resolved and came back.
    Regressed,
    /// Comes more and more often.
    Escalating,
    /// First seen lately.
    New,
    Open,
    Unknown,
    /// Muted, snoozed, archived.
    Ignored,
    Resolved,
}

/// The latest occurrence of an issue.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct IssueDetail {
    /// Outermost first; an exception's cause follows it.
    pub exceptions: Vec<Exception>,
    pub at: Option<Timestamp>,
    pub release: Option<Line>,
    pub tags: BTreeMap<String, Line>,
    /// What the program did before, oldest first.
    pub breadcrumbs: Vec<Line>,
    /// The request that failed.
    pub request: Option<Line>,
    pub url: Option<String>,
}

/// One exception with its stack.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Exception {
    pub kind: Option<Line>,
    pub message: Option<Line>,
    /// Innermost first: where it happened is on top.
    pub frames: Vec<Frame>,
}

/// One frame of a stack.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Frame {
    pub file: Option<Line>,
    pub line: Option<u64>,
    pub column: Option<u64>,
    pub function: Option<Line>,
    pub module: Option<Line>,
    /// Ours, and not a library's.
    pub in_app: Option<bool>,
    /// Source lines around it: number and text.
    pub context: Vec<(u64, Line)>,
}
