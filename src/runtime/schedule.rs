//! When a check is probed next. Pure: the poller asks, with everything it knows.

use std::time::Duration;

use crate::model::check::{CheckSpec, Outcome};
use crate::model::id::CheckId;

/// What is on the screen is probed this often at least; more often would be a load, not an answer.
const FOCUSED: Duration = Duration::from_secs(5);
/// A failure is confirmed no sooner than this: a restart of the service takes a moment.
const CONFIRM: Duration = Duration::from_secs(2);
/// The first probes of many checks are spread, so that they do not slow each other down and look like an outage.
const SPREAD: Duration = Duration::from_millis(4);
/// The first round must be over within this time, however many there are.
const FIRST_ROUND: Duration = Duration::from_secs(5);

/// Returns how long after the start the `nth` of `count` checks is probed first.
pub fn first(nth: usize, count: usize) -> Duration {
    let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    let nth = u32::try_from(nth).unwrap_or(u32::MAX);
    (SPREAD * nth).min(FIRST_ROUND * nth / count)
}

/// Returns how long after the begin of its last probe a check is probed again.
///
/// `failures` counts the failures in a row, the latest included; `round` makes the jitter differ from time to time.
pub fn next(spec: &CheckSpec, latest: &Outcome, failures: u32, focused: bool, round: u64) -> Duration {
    let every = spec.cadence.every;
    let mut wait = if focused { every.min(FOCUSED.max(every / 2)).min(every) } else { every };
    let doubtful = matches!(latest, Outcome::Fail(_)) && failures < spec.failures_to_down;
    if doubtful {
        wait = wait.min(CONFIRM.max(every / 5)).min(every);
    }
    jittered(wait, &spec.id, round)
}

/// Varies a duration by a tenth down, the same way for the same check and round.
///
/// Only down: a check that is probed later than promised would look stale.
fn jittered(wait: Duration, check: &CheckId, round: u64) -> Duration {
    let mut mixed = check.as_str().bytes().fold(round, |mixed, byte| mixed.rotate_left(5) ^ u64::from(byte));
    // The finaliser of splitmix64 (Steele, Lea and Flood): every input bit moves every output bit.
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    wait - wait / 10 * u32::try_from(mixed % 101).unwrap_or(0) / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::{Cause, Finding, ProbeSpec};
    use crate::model::id::ServiceId;
    use crate::model::observed::Cadence;
    use crate::model::text::Line;

    fn spec(every: u64) -> CheckSpec {
        CheckSpec {
            id: CheckId::new("api/tcp"),
            service: ServiceId::new("api"),
            title: Line::default(),
            probe: ProbeSpec::Tcp { host: "api".into(), port: 80, slow: None },
            cadence: Cadence { every: Duration::from_secs(every), timeout: Duration::from_secs(5) },
            failures_to_down: 2,
            passes_to_up: 1,
        }
    }

    fn check(every: u64, failed: bool, failures: u32, focused: bool, expected: u64) {
        let outcome = match failed {
            true => Outcome::Fail(Finding::new(Cause::Refused, Line::default())),
            false => Outcome::Pass,
        };
        for round in 0..50 {
            let wait = next(&spec(every), &outcome, failures, focused, round);
            let expected = Duration::from_secs(expected);
            assert!(wait <= expected && wait >= expected * 9 / 10, "{wait:?} is not about {expected:?}");
        }
    }

    #[test]
    fn what_is_looked_at_is_probed_more_often_and_a_doubt_is_cleared_soon() {
        check(15, false, 0, false, 15);
        check(60, false, 0, true, 30);
        check(10, false, 0, true, 5);
        check(3, false, 0, true, 3);
        check(15, true, 1, false, 3);
        check(15, true, 2, false, 15);
        check(3_600, true, 1, false, 720);
    }

    #[test]
    fn the_first_round_is_spread_and_bounded() {
        assert_eq!(first(0, 1), Duration::ZERO);
        assert_eq!(first(10, 20), Duration::from_millis(40));
        assert!(first(9_999, 10_000) <= FIRST_ROUND);
    }
}
