//! What was proven to work before it is needed: one line for each thing, with its evidence and what mends it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Line;
use super::time::Timestamp;

/// What one look at everything has shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Readiness {
    /// When it was looked at.
    pub at: Timestamp,
    /// In the order of their areas.
    pub lines: Vec<Proof>,
}

/// One thing that should work.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proof {
    pub area: Area,
    /// What it is about: a source, a service, a check.
    pub subject: Line,
    pub verdict: Verdict,
    /// What was seen.
    pub evidence: Line,
    /// The command that mends it, or what to do.
    pub fix: Option<Line>,
}

/// What was looked at, in the order of the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    Configuration,
    Source,
    Credential,
    RateLimit,
    Permission,
    Rollback,
    Check,
    Log,
    Runbook,
    Contacts,
    Secret,
    Clock,
    Terminal,
    State,
    Journal,
}

impl Area {
    /// Every area.
    pub const ALL: &[Self] = &[
        Self::Configuration,
        Self::Source,
        Self::Credential,
        Self::RateLimit,
        Self::Permission,
        Self::Rollback,
        Self::Check,
        Self::Log,
        Self::Runbook,
        Self::Contacts,
        Self::Secret,
        Self::Clock,
        Self::Terminal,
        Self::State,
        Self::Journal,
    ];

    /// Returns its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Source => "source",
            Self::Credential => "credential",
            Self::RateLimit => "rate limit",
            Self::Permission => "permission",
            Self::Rollback => "rollback",
            Self::Check => "check",
            Self::Log => "log",
            Self::Runbook => "runbook",
            Self::Contacts => "contacts",
            Self::Secret => "secret",
            Self::Clock => "clock",
            Self::Terminal => "terminal",
            Self::State => "state",
            Self::Journal => "journal",
        }
    }
}

/// How it is. The worst is the greatest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    /// Nobody can tell without doing it.
    Unproven,
    Warning,
    Failure,
}

impl Verdict {
    /// Returns its word, as wide as the others.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unproven => "unproven",
            Self::Warning => "warning",
            Self::Failure => "FAILURE",
        }
    }
}

impl Proof {
    /// Returns a line.
    pub fn new(area: Area, subject: &str, verdict: Verdict, evidence: &str) -> Self {
        Self { area, subject: Line::from_text(subject), verdict, evidence: Line::from_text(evidence), fix: None }
    }

    /// Adds what mends it.
    #[must_use]
    pub fn fix(mut self, fix: &str) -> Self {
        self.fix = Some(Line::from_text(fix));
        self
    }
}

impl Readiness {
    /// Returns the worst of all verdicts.
    pub fn worst(&self) -> Verdict {
        self.lines.iter().map(|line| line.verdict).max().unwrap_or(Verdict::Unproven)
    }

    /// Returns how many lines have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.lines.iter().filter(|line| line.verdict == verdict).count()
    }
}

impl fmt::Display for Area {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_line_decides_and_no_line_proves_nothing() {
        let mut readiness = Readiness { at: Timestamp::EPOCH, lines: Vec::new() };
        assert_eq!(readiness.worst(), Verdict::Unproven);
        for (verdict, worst) in [
            (Verdict::Ok, Verdict::Ok),
            (Verdict::Unproven, Verdict::Unproven),
            (Verdict::Failure, Verdict::Failure),
            (Verdict::Warning, Verdict::Failure),
        ] {
            readiness.lines.push(Proof::new(Area::Check, "x", verdict, ""));
            assert_eq!(readiness.worst(), worst);
        }
        assert_eq!(readiness.count(Verdict::Warning), 1);
        assert!(Area::ALL.is_sorted());
    }
}
