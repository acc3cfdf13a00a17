//! Whom to call.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::maybe_micros;
use super::id::ContactId;
use super::text::Line;

/// A person or a vendor's support desk, as configured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Contact {
    pub id: ContactId,
    pub name: Line,
    pub kind: ContactKind,
    pub phone: Option<Line>,
    pub email: Option<Line>,
    pub url: Option<Line>,
    /// The account or contract number that support will ask for.
    pub account: Option<Line>,
    pub note: Option<Line>,
    /// How long to wait for this contact before the next one is tried.
    #[serde(with = "maybe_micros")]
    pub escalate_after: Option<Duration>,
}

/// What kind of contact it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContactKind {
    Person,
    Vendor,
}
