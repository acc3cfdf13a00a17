//! From single probes to a status that one can act on: retries, recovery, flapping, memory.
//!
//! ```text
//!            pass                fail x failures_to_down
//!   Unwatched ----> Up ----> Degraded ------------------> Down
//!                    ^   fail    |                          |
//!                    `-----------'  pass x passes_to_up     |
//!                    `-------------------------------------'
//!   could not ask: Unknown, from whichever state; the counts stay.
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::{CheckSpec, Outcome, ProbeResult};
use super::history::{History, Sample, Status};
use super::observed::{Cadence, Freshness, Observed};
use super::time::Timestamp;

/// What we know of one check.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CheckState {
    pub status: Status,
    /// Since when the status holds. Down counts from the first failure, not from its confirmation.
    pub since: Timestamp,
    pub last: Observed<ProbeResult>,
    /// When it last passed or warned.
    pub last_good: Option<Timestamp>,
    pub failures: u32,
    pub passes: u32,
    first_failure: Option<Timestamp>,
    turns: VecDeque<Timestamp>,
    pub history: History,
}

/// A confirmed change of a check's status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Turn {
    pub from: Status,
    pub to: Status,
    pub since: Timestamp,
}

impl CheckState {
    /// This many turns within [`Self::FLAP_WINDOW`] are flapping.
    const FLAP_TURNS: usize = 6;
    /// Long enough for a slow crash loop (a start-up of two minutes) to count.
    const FLAP_WINDOW: Duration = Duration::from_secs(15 * 60);
    /// A flapping check must pass this much more often before it counts as up again.
    const FLAP_DAMPING: u32 = 3;

    /// Returns the state of a check that nobody has looked at yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            status: Status::Unwatched,
            since: now,
            last: Observed::default(),
            last_good: None,
            failures: 0,
            passes: 0,
            first_failure: None,
            turns: VecDeque::new(),
            history: History::default(),
        }
    }

    /// Takes in one probe and returns the change of status that it confirmed, if any.
    pub fn apply(&mut self, spec: &CheckSpec, result: ProbeResult) -> Option<Turn> {
        let at = result.at;
        let next = match &result.outcome {
            Outcome::Pass | Outcome::Warn(_) => {
                self.last_good = Some(at);
                self.failures = 0;
                self.passes = self.passes.saturating_add(1);
                let good = if result.outcome == Outcome::Pass { Status::Up } else { Status::Degraded };
                if self.status == Status::Down && self.passes < self.passes_needed(spec, at) {
                    (Status::Down, self.since)
                } else {
                    self.first_failure = None;
                    (good, at)
                }
            }
            Outcome::Fail(_) => {
                self.passes = 0;
                self.failures = self.failures.saturating_add(1);
                let began = *self.first_failure.get_or_insert(at);
                if self.status == Status::Down || self.failures >= spec.failures_to_down {
                    (Status::Down, began)
                } else {
                    (Status::Degraded, began)
                }
            }
            // We learned nothing about the service: neither count moves.
            Outcome::Unknown(_) => (Status::Unknown, at),
        };
        let told = match &result.outcome {
            Outcome::Pass => Status::Up,
            Outcome::Warn(_) => Status::Degraded,
            Outcome::Fail(_) => Status::Down,
            Outcome::Unknown(_) => Status::Unknown,
        };
        let ms = u32::try_from(result.took.as_millis()).unwrap_or(u32::MAX);
        self.history.sample(Sample { at, ms, status: told });
        self.last.see(result, at);
        self.turn(next.0, next.1, at)
    }

    /// Notes that nobody watched between the last probe and `now`: the console was closed.
    pub fn resume_watching(&mut self, cadence: Cadence, now: Timestamp) {
        if let Some(seen) = self.last.seen
            && !cadence.freshness(Some(seen), now).is_live()
        {
            self.history.turn(Status::Unwatched, seen + cadence.every);
        }
    }

    /// Returns whether the check has been changing so often that one more pass proves little.
    pub fn is_flapping(&self, now: Timestamp) -> bool {
        self.turns.iter().filter(|at| now.since(**at) <= Self::FLAP_WINDOW).count() >= Self::FLAP_TURNS
    }

    /// Returns until when the latest probe can be believed at `now`: now, or an interval after it when it is overdue.
    pub fn known_until(&self, cadence: Cadence, now: Timestamp) -> Timestamp {
        match self.last.seen {
            Some(seen) if !cadence.freshness(Some(seen), now).is_live() => seen + cadence.every,
            _ => now,
        }
    }

    /// Returns how fresh the last probe is at `now`.
    pub fn freshness(&self, cadence: Cadence, now: Timestamp) -> Freshness {
        self.last.freshness(cadence, now)
    }

    /// Returns how many passes in a row would bring it up, at `now`.
    pub fn passes_needed(&self, spec: &CheckSpec, now: Timestamp) -> u32 {
        spec.passes_to_up + if self.is_flapping(now) { Self::FLAP_DAMPING } else { 0 }
    }

    fn turn(&mut self, to: Status, since: Timestamp, at: Timestamp) -> Option<Turn> {
        let from = self.status;
        self.history.turn(to, since);
        if from == to {
            return None;
        }
        self.status = to;
        self.since = since;
        // Only up and down alternate when something flaps; losing sight is another matter.
        if to == Status::Down || (from == Status::Down && to != Status::Unknown) {
            self.turns.push_back(at);
            while self.turns.len() > Self::FLAP_TURNS {
                self.turns.pop_front();
            }
        }
        Some(Turn { from, to, since })
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{Cause, Facts, Finding, ProbeSpec};
    use super::super::id::{CheckId, ServiceId};
    use super::super::text::Line;
    use super::*;

    fn spec() -> CheckSpec {
        CheckSpec {
            id: CheckId::new("api/tcp"),
            service: ServiceId::new("api"),
            title: Line::from_text("api:80"),
            probe: ProbeSpec::Tcp { host: "api".into(), port: 80, slow: None },
            cadence: Cadence { every: Duration::from_secs(10), timeout: Duration::from_secs(5) },
            failures_to_down: 2,
            passes_to_up: 1,
        }
    }

    fn result(secs: i64, letter: char) -> ProbeResult {
        let finding = || Finding::new(Cause::Refused, Line::from_text("connection refused"));
        let outcome = match letter {
            'p' => Outcome::Pass,
            'w' => Outcome::Warn(finding()),
            'f' => Outcome::Fail(finding()),
            _ => Outcome::Unknown(finding()),
        };
        ProbeResult { at: Timestamp::from_secs(secs), took: Duration::from_millis(5), outcome, facts: Facts::None }
    }

    /// Runs one probe every ten seconds, one a letter, and returns status and since after each.
    fn run(letters: &str) -> Vec<(Status, i64)> {
        let mut state = CheckState::new(Timestamp::from_secs(0));
        letters
            .chars()
            .zip(1..)
            .map(|(letter, i)| {
                state.apply(&spec(), result(i * 10, letter));
                (state.status, state.since.as_micros() / 1_000_000)
            })
            .collect()
    }

    #[test]
    fn one_failure_is_degraded_and_two_are_down_since_the_first() {
        use Status::{Degraded, Down, Up};
        assert_eq!(run("pffp"), [(Up, 10), (Degraded, 20), (Down, 20), (Up, 40)]);
    }

    #[test]
    fn a_single_failed_probe_never_leaves_the_check_green() {
        assert_eq!(run("ppf").last(), Some(&(Status::Degraded, 30)));
    }

    #[test]
    fn not_being_able_to_ask_is_neither_up_nor_down() {
        use Status::{Down, Unknown, Up};
        assert_eq!(run("pu"), [(Up, 10), (Unknown, 20)]);
        assert_eq!(run("fful").get(1..3), Some(&[(Down, 10), (Unknown, 30)][..]));
    }

    #[test]
    fn an_outage_that_we_lost_sight_of_still_began_when_it_began() {
        assert_eq!(run("fffuf").last(), Some(&(Status::Down, 10)));
    }

    #[test]
    fn a_flapping_check_must_prove_itself_longer() {
        let mut state = CheckState::new(Timestamp::from_secs(0));
        for (letter, i) in "ffpffpffp".chars().zip(1..) {
            state.apply(&spec(), result(i * 10, letter));
        }
        assert!(state.is_flapping(Timestamp::from_secs(90)));
        for (letter, i) in "ffppp".chars().zip(10..) {
            state.apply(&spec(), result(i * 10, letter));
        }
        assert_eq!(state.status, Status::Down);
        state.apply(&spec(), result(150, 'p'));
        assert_eq!(state.status, Status::Up);
        assert!(!state.is_flapping(Timestamp::from_secs(150 + 16 * 60)));
    }

    #[test]
    fn reopening_the_console_leaves_a_gap_and_not_a_green_stretch() {
        let mut state = CheckState::new(Timestamp::from_secs(0));
        state.apply(&spec(), result(10, 'p'));
        state.resume_watching(spec().cadence, Timestamp::from_secs(1_000));
        let strip =
            state.history.strip(Timestamp::from_secs(0), Timestamp::from_secs(1_000), Timestamp::from_secs(1_000), 10);
        assert_eq!(strip[0], Status::Up);
        assert!(strip[1..].iter().all(|status| *status == Status::Unwatched));
    }

    proptest::proptest! {
        #[test]
        fn down_is_only_ever_left_by_enough_passes_and_the_last_failure_is_never_green(letters in "[pwfu]{1,60}") {
            let mut state = CheckState::new(Timestamp::from_secs(0));
            let mut failures = 0;
            for (letter, i) in letters.chars().zip(1..) {
                state.apply(&spec(), result(i * 10, letter));
                failures = match letter { 'f' => failures + 1, 'u' => failures, _ => 0 };
                match letter {
                    'f' => proptest::prop_assert!(matches!(state.status, Status::Down | Status::Degraded)),
                    'u' => proptest::prop_assert_eq!(state.status, Status::Unknown),
                    _ => {}
                }
                if failures >= 2 && letter == 'f' {
                    proptest::prop_assert_eq!(state.status, Status::Down);
                }
                proptest::prop_assert!(state.since <= Timestamp::from_secs(i * 10));
            }
        }
    }
}
