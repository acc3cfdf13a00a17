//! Identities. A selection, an action and a journal entry name a thing by its id, never by its row.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a name that was already validated (configuration) or sanitised (foreign text).
            pub fn new(name: impl AsRef<str>) -> Self {
                Self(Arc::from(name.as_ref()))
            }

            /// Returns the name as it is shown and written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

ids! {
    /// A thing that can be down, by the name that the configuration gives it.
    ServiceId;
    /// One check of one service: `checkout/https://acme.com/health`.
    CheckId;
    /// One followed log: a file path, a glob, or a command with its host.
    LogSourceId;
    /// Somebody else's service that ours depend on.
    VendorId;
    /// A deployment environment: `production`, `staging`.
    EnvironmentId;
    /// A person or a support desk.
    ContactId;
    /// A hosting or monitoring system, by the name that the configuration gives it.
    SourceId;
    /// One thing that is read from a source again and again: `checkout/releases@fly`.
    FeedId;
    /// One run of a plan: a UUID of version 7, so that ids sort by the time at which they were made.
    OperationId;
    /// One entry of the journal: a UUID of version 7.
    EntryId;
    /// A runbook that is followed, from its beginning to its end: a UUID of version 7.
    RunId;
    /// An outage: a UUID of version 7.
    IncidentId;
}

impl OperationId {
    /// Returns the last characters, which differ between operations of the same minute: what people read and type.
    pub fn short(&self) -> &str {
        end(self.as_str())
    }
}

impl RunId {
    /// Returns the last characters, as of an operation.
    pub fn short(&self) -> &str {
        end(self.as_str())
    }

    /// Returns what the journal files its entries under: runs and operations share the column, and no id is both.
    pub fn in_journal(&self) -> OperationId {
        OperationId::new(self.as_str())
    }
}

impl IncidentId {
    /// Returns what the journal files its entries under.
    pub fn in_journal(&self) -> OperationId {
        OperationId::new(self.as_str())
    }
}

fn end(text: &str) -> &str {
    const SHOWN: usize = 6;
    text.get(text.len().saturating_sub(SHOWN)..).unwrap_or(text)
}
