//! Rest after failures: a system in trouble, or a wrong token, is not asked every few seconds.

use std::time::Duration;

use crate::model::source::FailureKind;
use crate::model::time::Timestamp;

/// What is remembered of a source's failures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Breaker {
    failures: u32,
    /// From when until when it rests. Both: a clock that is set back must not make minutes into hours.
    rest: Option<(Timestamp, Timestamp)>,
}

/// This many failures in a row are forgiven.
const FORGIVEN: u32 = 3;
/// The first rest; each further one is twice as long.
const FIRST_REST: Duration = Duration::from_secs(15);
/// No rest is longer: an outage's end should be seen.
const LONGEST_REST: Duration = Duration::from_secs(120);
/// A wrong credential does not become right by itself, and asking with it may lock the account.
const WRONG_CREDENTIAL: Duration = Duration::from_secs(60);

impl Breaker {
    /// Returns until when the source rests.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.rest.filter(|(since, until)| *since <= now && now < *until).map(|(_, until)| until)
    }

    /// Returns whether nothing has failed since the last success.
    pub fn is_untroubled(&self) -> bool {
        self.failures == 0
    }

    /// Takes in how a request went.
    pub fn learned(&mut self, failure: Option<FailureKind>, now: Timestamp) {
        match failure {
            // It is there, and answers: what it refuses is no reason to rest.
            None
            | Some(FailureKind::NotFound | FailureKind::Forbidden | FailureKind::Refused | FailureKind::Malformed) => {
                *self = Self::default();
            }
            Some(FailureKind::Resting | FailureKind::Misconfigured | FailureKind::NoCredential) => {}
            Some(FailureKind::RateLimited { wait_ms: Some(wait) }) => {
                self.rest = Some((now, now + Duration::from_millis(wait)));
            }
            // It does not say how long: longer each time, until it is enough.
            Some(FailureKind::RateLimited { wait_ms: None }) => {
                self.failures = self.failures.saturating_add(1);
                self.rest = Some((now, now + doubled(self.failures - 1)));
            }
            Some(FailureKind::Unauthorised) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= FORGIVEN {
                    self.rest = Some((now, now + WRONG_CREDENTIAL));
                }
            }
            Some(FailureKind::Unavailable | FailureKind::Unreachable | FailureKind::CutOff | FailureKind::TimedOut) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= FORGIVEN {
                    self.rest = Some((now, now + doubled(self.failures - FORGIVEN)));
                }
            }
        }
    }
}

fn doubled(times: u32) -> Duration {
    (FIRST_REST * 2_u32.saturating_pow(times.min(10))).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn a_source_rests_after_failures_in_a_row_and_longer_each_time() {
        let mut breaker = Breaker::default();
        breaker.learned(Some(FailureKind::Unreachable), at(0));
        breaker.learned(Some(FailureKind::TimedOut), at(1));
        assert_eq!(breaker.rests_until(at(1)), None);
        breaker.learned(Some(FailureKind::Unavailable), at(2));
        assert_eq!(breaker.rests_until(at(2)), Some(at(17)));
        assert_eq!(breaker.rests_until(at(17)), None);
        breaker.learned(Some(FailureKind::Unreachable), at(20));
        assert_eq!(breaker.rests_until(at(20)), Some(at(50)));
        for _ in 0..20 {
            breaker.learned(Some(FailureKind::Unreachable), at(100));
        }
        assert_eq!(breaker.rests_until(at(100)), Some(at(220)));
        breaker.learned(None, at(230));
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_limit_is_obeyed_at_once_and_a_refusal_is_no_trouble() {
        let mut breaker = Breaker::default();
        breaker.learned(Some(FailureKind::RateLimited { wait_ms: Some(7_000) }), at(0));
        assert_eq!(breaker.rests_until(at(1)), Some(at(7)));
        for (second, rest) in [(10, 15), (30, 30), (70, 60), (200, 120), (400, 120)] {
            breaker.learned(Some(FailureKind::RateLimited { wait_ms: None }), at(second));
            assert_eq!(breaker.rests_until(at(second)), Some(at(second + rest)));
        }
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            breaker.learned(Some(FailureKind::NotFound), at(0));
        }
        assert_eq!(breaker.rests_until(at(0)), None);
    }

    #[test]
    fn a_clock_that_is_set_back_ends_a_rest_instead_of_making_it_hours() {
        let mut breaker = Breaker::default();
        breaker.learned(Some(FailureKind::RateLimited { wait_ms: Some(60_000) }), at(100_000));
        assert_eq!(breaker.rests_until(at(100_001)), Some(at(100_060)));
        assert_eq!(breaker.rests_until(at(100_000 - 86_400)), None);
        assert_eq!(breaker.rests_until(at(100_000 + 86_400)), None);
    }
}
