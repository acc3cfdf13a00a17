//! What audits have found in a project's folder and on its platforms: scores over time, and the worst of the last one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::Line;
use super::time::Timestamp;

/// A blind spot, or what stands beside the four.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    Parity,
    Data,
    Config,
    Observability,
    Delivery,
    Readiness,
}

impl Area {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] =
        [Self::Parity, Self::Data, Self::Config, Self::Observability, Self::Delivery, Self::Readiness];

    /// Returns its name in ids and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Parity => "parity",
            Self::Data => "data",
            Self::Config => "config",
            Self::Observability => "observability",
            Self::Delivery => "delivery",
            Self::Readiness => "readiness",
        }
    }

    /// Returns its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Parity => "Environment parity",
            Self::Data => "Data state and migrations",
            Self::Config => "Configuration",
            Self::Observability => "Observability",
            Self::Delivery => "Delivery",
            Self::Readiness => "Incident readiness",
        }
    }
}

/// How bad it is when it bites.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Low,
    Medium,
    High,
    Critical,
}

impl Level {
    /// All of them, the worst last.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// Returns its name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Returns the level of a name.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }
}

/// All audits of one folder that are remembered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Audited {
    /// The oldest first. Runs with equal scores are one, with the time of the last.
    pub runs: Vec<Run>,
    /// What the last one found. Older programs did not keep it.
    #[serde(default)]
    pub last: Option<LastRun>,
}

/// The scores of one audit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Run {
    pub at: Timestamp,
    /// From 0 to 100; nothing where there was nothing to look at.
    pub scores: BTreeMap<Area, Option<u8>>,
}

/// What the last audit found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LastRun {
    pub at: Timestamp,
    /// How many findings, the worst level last.
    pub counts: [usize; 4],
    /// The worst ones, the worst first: as many as a glance takes.
    pub worst: Vec<Worst>,
    /// What could not be looked at.
    pub skipped: Vec<Line>,
}

/// A finding, as it is remembered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Worst {
    pub level: Level,
    /// The rule's id, by which more can be asked.
    pub rule: Line,
    pub title: Line,
    /// `fly.toml:4`, or `shop on render (production)`.
    pub place: Line,
    pub says: Line,
    /// What to do.
    pub fix: Line,
    /// How many other places of the same rule there are.
    pub others: usize,
}

impl Audited {
    /// Returns how a score has moved: by how much, and since when it was otherwise. Nothing when it never was.
    pub fn moved(&self, area: Area) -> Option<(i16, Timestamp)> {
        let mut scores = self.scores(area).rev();
        let (_, now) = scores.next()?;
        let (at, before) = scores.find(|(_, before)| *before != now)?;
        Some((i16::from(now) - i16::from(before), at))
    }

    /// Returns the scores of an area over time, the oldest first.
    pub fn scores(&self, area: Area) -> impl DoubleEndedIterator<Item = (Timestamp, u8)> + '_ {
        self.runs.iter().filter_map(move |run| Some((run.at, (*run.scores.get(&area)?)?)))
    }

    /// Returns the score of an area now.
    pub fn score(&self, area: Area) -> Option<u8> {
        (*self.runs.last()?.scores.get(&area)?).as_ref().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_compared_with_the_last_time_it_was_otherwise() {
        let run = |secs, points| Run { at: Timestamp::from_secs(secs), scores: [(Area::Data, points)].into() };
        let mut audited = Audited::default();
        assert_eq!((audited.moved(Area::Data), audited.score(Area::Data)), (None, None));
        audited.runs = vec![run(1, Some(80)), run(2, None), run(3, Some(60)), run(4, Some(60))];
        assert_eq!(audited.moved(Area::Data), Some((-20, Timestamp::from_secs(1))));
        assert_eq!((audited.score(Area::Data), audited.score(Area::Parity)), (Some(60), None));
    }

    #[test]
    fn what_an_older_program_kept_is_read() {
        let kept = r#"{"runs":[{"at":1764036849000000,"scores":{"parity":80,"data":null}}]}"#;
        let read: Result<Audited, _> = serde_json::from_str(kept);
        let at = serde_json::to_value(Timestamp::from_secs(1_764_036_849)).unwrap();
        let kept = kept.replace("1764036849000000", &at.to_string());
        let read = read.or_else(|_| serde_json::from_str(&kept)).unwrap();
        assert_eq!((read.score(Area::Parity), read.score(Area::Data), read.last), (Some(80), None, None));
    }
}
