//! Whose credential it is, as the platform sees it, and what it sees there.

use std::collections::BTreeMap;

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

/// Something of an account that could be watched: what a service of a configuration would name.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct App {
    pub name: Line,
    /// What the definition's parameters are for it.
    pub params: BTreeMap<String, String>,
    /// Where it answers.
    pub url: Option<String>,
    /// The repository that it is built from, as the platform names it.
    pub repository: Option<Line>,
    /// `production`, `staging`, ... where the platform has environments.
    pub environment: Option<Line>,
}
