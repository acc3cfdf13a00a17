//! Rules, and what they find.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::live::{LivePlace, line_in};
use super::repo::Repo;
use super::tree::Tree;
pub use crate::model::audit::{Area, Level};
use crate::model::secret::redact::Redactor;
use crate::model::text::Line;

/// One thing that is looked for.
#[derive(Debug)]
pub struct Rule {
    /// `area.name`: it stands in suppressions, so it never changes.
    pub id: &'static str,
    pub area: Area,
    pub level: Level,
    pub title: &'static str,
    /// Why it bites in production.
    pub why: &'static str,
    pub fix: &'static str,
    pub references: &'static [&'static str],
    pub check: fn(&Repo<'_>) -> Vec<Evidence>,
}

/// Where a rule saw something: in a file, or on a platform.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    File {
        path: Line,
        /// Counted from 1; 0 when it is about the file or the repository as a whole.
        line: usize,
    },
    Live(LivePlace),
}

impl Place {
    /// Returns the file's path; nothing on a platform.
    pub fn path(&self) -> Option<&Line> {
        match self {
            Self::File { path, .. } => Some(path),
            Self::Live(_) => None,
        }
    }

    /// Returns the line in a file, where it is about one.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::File { line, .. } => Some(*line).filter(|line| *line > 0),
            Self::Live(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: 0 } => write!(formatter, "{path}"),
            Self::File { path, line } => write!(formatter, "{path}:{line}"),
            Self::Live(place) => formatter.write_str(&place.words()),
        }
    }
}

/// Where a rule saw something, and what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    pub place: Place,
    pub says: String,
    /// Whether the line itself may be shown.
    pub shown: bool,
}

impl Evidence {
    /// Whether it was seen in this file.
    pub fn is_in(&self, path: &str) -> bool {
        self.place.path().is_some_and(|own| own.as_str() == path)
    }

    /// Returns evidence that shows its line.
    pub fn at(path: &str, line: usize, says: impl Into<String>) -> Self {
        Self { place: Place::File { path: Line::from_text(path), line }, says: says.into(), shown: true }
    }

    /// Returns evidence whose line may hold a secret.
    pub fn hidden(path: &str, line: usize, says: impl Into<String>) -> Self {
        Self { shown: false, ..Self::at(path, line, says) }
    }

    /// Returns evidence from a platform.
    pub fn live(place: LivePlace, says: impl Into<String>) -> Self {
        Self { place: Place::Live(place), says: says.into(), shown: false }
    }
}

/// A rule that bites, with its evidence made harmless.
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: &'static Rule,
    pub place: Place,
    pub says: Line,
    /// The line of the file, without what looks like a secret.
    pub excerpt: Option<Line>,
    /// The line of the configuration that stands for a place on a platform, for those who can only show files.
    pub anchor: Option<usize>,
    /// The same for the same finding when lines above it come and go.
    pub fingerprint: String,
}

impl PartialEq for Finding {
    fn eq(&self, other: &Self) -> bool {
        self.rule.id == other.rule.id && self.fingerprint == other.fingerprint && self.place == other.place
    }
}

impl Finding {
    /// Makes a finding of a rule's evidence.
    pub fn new(rule: &'static Rule, evidence: Evidence, tree: &Tree) -> Self {
        let Evidence { place, says, shown } = evidence;
        let whole =
            place.path().zip(place.line()).and_then(|(path, line)| tree.text(path.as_str())?.lines().nth(line - 1));
        let whole = whole.map(str::trim);
        let (path, anchor) = match &place {
            Place::File { path, .. } => (path.to_string(), None),
            Place::Live(place) => {
                let service =
                    place.service.as_ref().map(|service| service.as_str().split(" (").next().unwrap_or_default());
                (format!("live/{}", place.path()), line_in(tree, service.unwrap_or_default()))
            }
        };
        let fingerprint = Sha256::digest(format!("{}\0{path}\0{}", rule.id, whole.unwrap_or(&says)));
        let fingerprint = fingerprint.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let clean = |text: &str| Line::from_text(&Redactor::default().redact(text));
        let excerpt = whole.filter(|text| shown && !text.is_empty()).map(|text| {
            let redacted = Redactor::default().redact(text).chars().take(160).collect::<String>();
            Line::from_text(&redacted)
        });
        Self { rule, place, says: clean(&says), excerpt, anchor, fingerprint }
    }
}
