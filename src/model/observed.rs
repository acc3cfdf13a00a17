//! A value together with when it was seen. Absence of news is a state that has a name.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::text::Line;
use super::time::Timestamp;

/// How much an observed value can be trusted at some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Freshness {
    /// Seen within its interval.
    Live,
    /// One observation is overdue: the value may no longer hold.
    Stale(Duration),
    /// Several observations are overdue: the value says nothing about now.
    Lost(Duration),
    /// Never seen at all.
    Never,
}

impl Freshness {
    /// Returns whether the value may be shown as what is true now.
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}

/// How often a value should arrive, from which its freshness follows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cadence {
    /// The time between two observations.
    #[serde(with = "super::time::millis")]
    pub every: Duration,
    /// How long one observation may take before it is given up.
    #[serde(with = "super::time::millis")]
    pub timeout: Duration,
}

impl Cadence {
    /// How many intervals may pass without news before a value is lost.
    const LOST_AFTER_INTERVALS: u32 = 5;

    /// Returns the freshness at `now` of something seen at `seen`.
    pub fn freshness(self, seen: Option<Timestamp>, now: Timestamp) -> Freshness {
        let Some(seen) = seen else { return Freshness::Never };
        let age = now.since(seen);
        // One interval, one more that was slow, and the jitter that the poller adds (a tenth).
        let stale_after = self.every * 2 + self.every / 10 + self.timeout;
        if age <= stale_after {
            Freshness::Live
        } else if age <= self.every * Self::LOST_AFTER_INTERVALS + self.timeout {
            Freshness::Stale(age)
        } else {
            Freshness::Lost(age)
        }
    }
}

/// The last value of something outside, when it was seen, and why it has not been seen since.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Observed<T> {
    /// The last value, if there ever was one. A later failure to look does not erase it.
    pub value: Option<T>,
    /// When that value was seen.
    pub seen: Option<Timestamp>,
    /// Why the latest attempt brought no value; `None` when it did.
    pub trouble: Option<Line>,
}

impl<T> Default for Observed<T> {
    fn default() -> Self {
        Self { value: None, seen: None, trouble: None }
    }
}

impl<T> Observed<T> {
    /// Returns something seen at `at`.
    pub fn seen(value: T, at: Timestamp) -> Self {
        Self { value: Some(value), seen: Some(at), trouble: None }
    }

    /// Records a new value.
    pub fn see(&mut self, value: T, at: Timestamp) {
        *self = Self::seen(value, at);
    }

    /// Records that looking failed. The last value stays, and ages.
    pub fn miss(&mut self, why: Line) {
        self.trouble = Some(why);
    }

    /// Returns the freshness of the value at `now`.
    pub fn freshness(&self, cadence: Cadence, now: Timestamp) -> Freshness {
        cadence.freshness(self.seen, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CADENCE: Cadence = Cadence { every: Duration::from_secs(10), timeout: Duration::from_secs(5) };

    #[test]
    fn a_value_ages_from_live_through_stale_to_lost() {
        let seen = Some(Timestamp::from_secs(1_000));
        let at = |secs: i64| CADENCE.freshness(seen, Timestamp::from_secs(1_000 + secs));
        assert_eq!(at(0), Freshness::Live);
        assert_eq!(at(26), Freshness::Live);
        assert_eq!(at(27), Freshness::Stale(Duration::from_secs(27)));
        assert_eq!(at(56), Freshness::Lost(Duration::from_secs(56)));
        assert_eq!(CADENCE.freshness(None, Timestamp::from_secs(5)), Freshness::Never);
    }

    #[test]
    fn a_failed_look_keeps_the_last_value() {
        let mut observed = Observed::seen(7, Timestamp::from_secs(1));
        observed.miss(Line::from_text("connection refused"));
        assert_eq!(observed.value, Some(7));
        assert_eq!(observed.seen, Some(Timestamp::from_secs(1)));
        assert!(observed.trouble.is_some());
    }
}
