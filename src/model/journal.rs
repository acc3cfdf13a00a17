//! One line of everything that happened. Entries are only added; a correction is another entry.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::{EntryId, OperationId, ServiceId};
use super::incident::IncidentEvent;
use super::operation::{Actor, Lease, OperationEvent};
use super::run::RunEvent;
use super::time::Timestamp;

/// An entry, as the journal keeps it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in this journal, from 1; what follows the journal remembers it.
    pub seq: u64,
    pub id: EntryId,
    /// When it happened, which may be before it was written.
    pub at: Timestamp,
    pub by: Actor,
    pub service: Option<ServiceId>,
    /// What it is a part of: an operation, the run of a runbook, an incident.
    pub operation: Option<OperationId>,
    pub body: Body,
}

/// An entry that is to be added.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    pub at: Timestamp,
    pub by: Actor,
    pub service: Option<ServiceId>,
    pub operation: Option<OperationId>,
    pub body: Body,
}

/// What an entry says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    Operation(OperationEvent),
    Run(RunEvent),
    Incident(IncidentEvent),
    /// A newer program wrote something that this one does not know: kept as it is.
    Other {
        kind: String,
        body: Value,
    },
}

impl Body {
    /// Returns the word for its kind: `operation.approved`.
    pub fn kind(&self) -> String {
        match self {
            Self::Operation(event) => format!("operation.{}", event.word()),
            Self::Run(event) => format!("run.{}", event.word()),
            Self::Incident(event) => format!("incident.{}", event.word()),
            Self::Other { kind, .. } => kind.clone(),
        }
    }
}

/// What is new in the journal.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct News {
    pub entries: Vec<Entry>,
    /// Everybody who acts now.
    pub leases: Vec<Lease>,
}
