//! An outage with a number, as data: what people said of it and what was seen, each with the moment at which it happened.
//!
//! The journal keeps these events, in the order in which they were written; [`crate::incident`] says how an incident stands
//! and what its timeline is. What was written stays: a correction is another entry.

use serde::{Deserialize, Serialize};

use super::contact::Call;
use super::id::{ContactId, EntryId, IncidentId, ServiceId};
use super::message::{MessageKind, SendOutcome};
use super::operation::Actor;
use super::text::Line;
use super::time::Timestamp;

/// Who the watcher is in the journal: it is no person.
pub const WATCHER: &str = "crashcart watch";

/// How bad it is. The first is the worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Sev1,
    #[default]
    Sev2,
    Sev3,
    Sev4,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Self; 4] = [Self::Sev1, Self::Sev2, Self::Sev3, Self::Sev4];

    /// Returns what people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sev1 => "SEV1",
            Self::Sev2 => "SEV2",
            Self::Sev3 => "SEV3",
            Self::Sev4 => "SEV4",
        }
    }

    /// Reads what people write: `sev1`, `1`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let number = text.strip_prefix("sev").unwrap_or(&text).trim_start_matches('-');
        Self::ALL.into_iter().zip(["1", "2", "3", "4"]).find(|(_, word)| *word == number).map(|(severity, _)| severity)
    }
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    #[default]
    Triggered,
    /// Somebody is on it.
    Acknowledged,
    /// Users are well again, and the cause is still there.
    Mitigated,
    Resolved,
    /// Nothing more is written of it.
    Closed,
}

impl IncidentState {
    /// Every state, in the order of an incident's life.
    pub const ALL: [Self; 5] = [Self::Triggered, Self::Acknowledged, Self::Mitigated, Self::Resolved, Self::Closed];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Triggered => "triggered",
            Self::Acknowledged => "acknowledged",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }
}

/// What kind of thing was seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenKind {
    Health,
    Alert,
    Release,
    Vendor,
    Metric,
    Log,
}

impl SeenKind {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Alert => "alert",
            Self::Release => "release",
            Self::Vendor => "vendor",
            Self::Metric => "metric",
            Self::Log => "log",
        }
    }
}

/// A figure of a postmortem that can be another than the computed one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// How long users had trouble.
    Impact,
    Detected,
    Acknowledged,
    Mitigated,
    Resolved,
}

impl Figure {
    /// Every figure, in the order of a postmortem.
    pub const ALL: [Self; 5] = [Self::Impact, Self::Detected, Self::Acknowledged, Self::Mitigated, Self::Resolved];

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Impact => "impact",
            Self::Detected => "detected",
            Self::Acknowledged => "acknowledged",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.word() == text.trim().to_ascii_lowercase())
    }
}

/// Something that happened to an incident.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum IncidentEvent {
    /// Always the first. Numbers count from 1 in each journal.
    Opened {
        number: u32,
        title: Line,
        severity: Severity,
        services: Vec<ServiceId>,
        began_at: Timestamp,
        by: Actor,
    },
    Joined {
        by: Actor,
    },
    /// Somebody has a part: commander, communication.
    Role {
        who: Line,
        role: Line,
    },
    Titled {
        title: Line,
    },
    Severity {
        severity: Severity,
    },
    Services {
        services: Vec<ServiceId>,
    },
    State {
        state: IncidentState,
        happened_at: Timestamp,
    },
    /// What a person says. It may be about a moment before.
    Noted {
        text: Line,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more: Vec<Line>,
        happened_at: Timestamp,
    },
    /// What was seen. The key says what it is: the same is written once, however many look.
    Saw {
        key: String,
        kind: SeenKind,
        text: Line,
        service: Option<ServiceId>,
        happened_at: Timestamp,
    },
    /// Somebody pinned what they saw: a line of a log, a figure. The key says what it is, as with what was seen.
    Pinned {
        key: String,
        kind: SeenKind,
        text: Line,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        more: Vec<Line>,
        service: Option<ServiceId>,
        happened_at: Timestamp,
    },
    /// Somebody was called by a person, who wrote down what came of it.
    Called {
        /// The contact's name, as it was then.
        name: Line,
        call: Call,
    },
    /// A message goes out: written before it does. One of a key, a sender and a try is taken, whoever else wants the same.
    Sending {
        key: String,
        kind: MessageKind,
        sender: Line,
        attempt: u32,
        contact: Option<ContactId>,
        title: Line,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        text: Vec<Line>,
    },
    /// What came of a message.
    Sent {
        key: String,
        kind: MessageKind,
        sender: Line,
        attempt: u32,
        contact: Option<ContactId>,
        title: Line,
        outcome: SendOutcome,
        said: Line,
    },
    /// A figure of the postmortem is another than the computed one, and why.
    Figure {
        figure: Figure,
        value: Line,
        because: Line,
    },
    /// What a restart destroys was put aside, into a file on the machine of whoever wrote this.
    Evidence {
        path: Line,
        sha256: Line,
        bytes: u64,
        /// Files in it.
        files: u32,
        /// What could not be got, or only in part.
        missing: u32,
        happened_at: Timestamp,
    },
    /// An entry was wrong: this is what is right.
    Corrected {
        entry: EntryId,
        text: Line,
    },
    /// An entry is not shown any more. That something stood there is.
    Redacted {
        entry: EntryId,
        why: Line,
    },
}

impl IncidentEvent {
    /// Returns the word in the journal.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Joined { .. } => "joined",
            Self::Role { .. } => "role",
            Self::Titled { .. } => "titled",
            Self::Severity { .. } => "severity",
            Self::Services { .. } => "services",
            Self::State { .. } => "state",
            Self::Noted { .. } => "noted",
            Self::Saw { .. } => "saw",
            Self::Pinned { .. } => "pinned",
            Self::Called { .. } => "called",
            Self::Sending { .. } => "sending",
            Self::Sent { .. } => "sent",
            Self::Figure { .. } => "figure",
            Self::Evidence { .. } => "evidence",
            Self::Corrected { .. } => "corrected",
            Self::Redacted { .. } => "redacted",
        }
    }
}

/// What an incident begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    pub title: Line,
    pub severity: Severity,
    pub services: Vec<ServiceId>,
    /// When it began, as far as anybody knows.
    pub began_at: Timestamp,
}

/// What is wanted of an incident.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncidentCommand {
    pub incident: IncidentId,
    pub event: IncidentEvent,
}
