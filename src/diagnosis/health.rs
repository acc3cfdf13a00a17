//! A service's health, from its checks and their age.

use super::feeds;
use crate::model::check::{CheckSpec, Outcome};
use crate::model::check_state::CheckState;
use crate::model::history::Status;
use crate::model::id::{CheckId, FeedId, ServiceId};
use crate::model::observed::Freshness;
use crate::model::service::Health;
use crate::model::snapshot::Snapshot;
use crate::model::source::Feed;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// What a service is, since when, and why we say so.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceHealth {
    pub service: ServiceId,
    pub health: Health,
    /// Since when; `None` when that is not known.
    pub since: Option<Timestamp>,
    /// Why, worst first; empty for a healthy service.
    pub reasons: Vec<Reason>,
    /// The service that this one fails because of, when it depends on one that is down.
    pub because_of: Option<ServiceId>,
    /// How many services fail because of this one.
    pub affects: usize,
}

/// One reason for a health that is not healthy.
#[derive(Clone, PartialEq, Debug)]
pub struct Reason {
    pub health: Health,
    pub about: About,
    pub since: Option<Timestamp>,
    /// One clause: `503 Service Unavailable, expected 200-399`.
    pub text: Line,
    /// What to try next, when we know.
    pub hint: Option<Line>,
}

/// What a reason rests on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    Check(CheckId),
    Feed(FeedId),
}

impl About {
    /// Returns the check, if it is one.
    pub fn check(&self) -> Option<&CheckId> {
        match self {
            Self::Check(check) => Some(check),
            Self::Feed(_) => None,
        }
    }
}

/// What one check says about its service at `now`: nothing at all when all is well.
#[derive(Clone, PartialEq, Debug)]
pub struct CheckHealth {
    pub health: Health,
    pub since: Option<Timestamp>,
    pub freshness: Freshness,
    pub text: Line,
    pub hint: Option<Line>,
}

/// Judges one service from its checks and its feeds.
pub fn judge(
    service: &ServiceId,
    checks: &[&CheckSpec],
    feeds: &[&Feed],
    snapshot: &Snapshot,
    now: Timestamp,
) -> ServiceHealth {
    let mut reasons = Vec::new();
    let mut healthy_since = None;
    for spec in checks {
        let found = judge_check(spec, snapshot.check(&spec.id), now);
        if found.health == Health::Healthy {
            healthy_since = healthy_since.max(found.since);
        } else {
            let (health, since) = (found.health, found.since);
            let about = About::Check(spec.id.clone());
            reasons.push(Reason { health, about, since, text: found.text, hint: found.hint });
        }
    }
    let told = feeds::judge(service, feeds, snapshot, now, checks.is_empty());
    // The rule of one system is often the alert of another: the same sentence is a reason once.
    for reason in told.reasons {
        if !reasons.iter().any(|other: &Reason| other.text == reason.text) {
            reasons.push(reason);
        }
    }
    if checks.is_empty() {
        healthy_since = told.healthy_since;
    }
    // The worst decides; among equals the oldest trouble comes first.
    reasons.sort_by_key(|reason| (reason.health, reason.since));
    let (health, since) = match reasons.first() {
        Some(worst) => (worst.health, worst.since),
        None if checks.is_empty() && healthy_since.is_none() => (Health::Unknown, None),
        None => (Health::Healthy, healthy_since),
    };
    ServiceHealth { service: service.clone(), health, since, reasons, because_of: None, affects: 0 }
}

/// Judges one check: its status as far as it is recent enough to mean anything.
pub fn judge_check(spec: &CheckSpec, state: Option<&CheckState>, now: Timestamp) -> CheckHealth {
    let Some((state, result)) = state.and_then(|state| Some((state, state.last.value.as_ref()?))) else {
        return CheckHealth {
            health: Health::Unknown,
            since: None,
            freshness: Freshness::Never,
            text: Line::from_text("not checked yet"),
            hint: None,
        };
    };
    let freshness = state.freshness(spec.cadence, now);
    let finding = result.outcome.finding();
    let told = || finding.map_or_else(|| Line::from_text("no details"), |finding| finding.message.clone());
    let hint = finding.and_then(|finding| finding.hint.clone());
    let (health, since, text) = match (state.status, freshness) {
        (Status::Down, Freshness::Live | Freshness::Stale(_)) => {
            // While passes are being counted, the latest probe has no failure to tell of.
            let text = match &result.outcome {
                Outcome::Pass | Outcome::Warn(_) => Line::from_text(&format!(
                    "answers again: {} of {} passes before it counts as up",
                    state.passes,
                    state.passes_needed(spec, now)
                )),
                Outcome::Fail(_) | Outcome::Unknown(_) => told(),
            };
            (Health::Down, Some(state.since), text)
        }
        (_, Freshness::Stale(_) | Freshness::Lost(_)) => {
            let before = match state.status {
                Status::Up => "was ok",
                Status::Down => "was down",
                Status::Degraded => "was degraded",
                Status::Unknown | Status::Unwatched => "was unknown",
            };
            (Health::Unknown, state.last.seen, Line::from_text(&format!("{before} when last checked")))
        }
        (Status::Up, _) => (Health::Healthy, Some(state.since), Line::default()),
        (Status::Degraded, _) => {
            let text = match &result.outcome {
                Outcome::Fail(finding) => Line::from_text(&format!(
                    "{} (failure {} of {} before it counts as down)",
                    finding.message, state.failures, spec.failures_to_down
                )),
                Outcome::Pass | Outcome::Warn(_) | Outcome::Unknown(_) => told(),
            };
            (Health::Degraded, Some(state.since), text)
        }
        (Status::Unknown | Status::Unwatched | Status::Down, _) => (Health::Unknown, Some(state.since), told()),
    };
    CheckHealth { health, since, freshness, text, hint }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::check::{Cause, Facts, Finding, ProbeResult, ProbeSpec};
    use crate::model::observed::Cadence;
    use crate::model::snapshot::Update;

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

    /// Probes every ten seconds, one a letter, then judges `later` seconds after the last.
    fn judged(letters: &str, later: i64) -> ServiceHealth {
        let catalog = crate::model::catalog::Catalog { checks: vec![spec()], ..Default::default() };
        let mut snapshot = Snapshot::default();
        let mut at = 0;
        for letter in letters.chars() {
            at += 10;
            let finding = Finding::new(Cause::Refused, Line::from_text("connection refused by 10.0.0.5:80"));
            let outcome = match letter {
                'p' => Outcome::Pass,
                'f' => Outcome::Fail(finding),
                _ => Outcome::Unknown(finding),
            };
            let took = Duration::from_millis(3);
            let result = ProbeResult { at: Timestamp::from_secs(at), took, outcome, facts: Facts::None };
            snapshot.apply(&catalog, Update::Probe { check: spec().id, result });
        }
        judge(&ServiceId::new("api"), &[&spec()], &[], &snapshot, Timestamp::from_secs(at + later))
    }

    #[test]
    fn a_service_that_was_never_checked_is_unknown() {
        let found = judged("", 0);
        assert_eq!((found.health, found.since), (Health::Unknown, None));
        assert_eq!(found.reasons[0].text.as_str(), "not checked yet");
    }

    #[test]
    fn a_green_light_goes_out_when_nobody_has_looked_for_long_enough() {
        assert_eq!(judged("p", 20).health, Health::Healthy);
        let stale = judged("p", 40);
        assert_eq!(stale.health, Health::Unknown);
        assert_eq!(stale.reasons[0].text.as_str(), "was ok when last checked");
    }

    #[test]
    fn an_outage_stays_an_outage_while_it_is_stale_and_becomes_unknown_when_it_is_lost() {
        assert_eq!(judged("pff", 40).health, Health::Down);
        let lost = judged("pff", 400);
        assert_eq!(lost.health, Health::Unknown);
        assert_eq!(lost.reasons[0].text.as_str(), "was down when last checked");
    }

    #[test]
    fn the_first_failure_is_degraded_and_counts() {
        let found = judged("pf", 0);
        assert_eq!(found.health, Health::Degraded);
        assert_eq!(
            found.reasons[0].text.as_str(),
            "connection refused by 10.0.0.5:80 (failure 1 of 2 before it counts as down)"
        );
    }

    #[test]
    fn a_service_without_checks_is_not_green() {
        let found = judge(&ServiceId::new("db"), &[], &[], &Snapshot::default(), Timestamp::EPOCH);
        assert_eq!(found.health, Health::Unknown);
    }
}
