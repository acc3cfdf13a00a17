//! Whose credential it is, as the platform sees it.

use serde::{Deserialize, Serialize};

use super::text::Line;
use super::time::Timestamp;

/// The account behind a credential.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Identity {
    pub name: Line,
    /// What it may do, in the platform's words.
    pub scopes: Vec<Line>,
    pub expires_at: Option<Timestamp>,
}
