//! Signs that something goes wrong while its checks still pass: it became slow, or makes errors that it did not make.

use std::time::Duration;

use crate::model::catalog::Catalog;
use crate::model::history::{Sample, Status};
use crate::model::id::ServiceId;
use crate::model::issue::{ErrorIssue, IssueState};
use crate::model::snapshot::Snapshot;
use crate::model::source::Found;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Something that a check does not say.
pub(super) struct Sign {
    pub since: Timestamp,
    pub text: Line,
}

/// Of how many probes the middle is what it is now.
const NOW: usize = 5;
/// Fewer probes before say nothing of what is usual.
const USUAL: usize = 30;
/// So many times slower than usual ...
const TIMES: u32 = 3;
/// ... and at least by so much: a cache that answers in 2 ms instead of 0.5 ms is no trouble.
const SLOWER: Duration = Duration::from_millis(300);
/// An error that appeared within this time is new.
const NEW: Duration = Duration::from_secs(15 * 60);
/// Fewer are somebody who tries something.
const ERRORS: u64 = 20;

/// Returns the first sign that a service goes wrong.
pub(super) fn sign(service: &ServiceId, catalog: &Catalog, snapshot: &Snapshot, now: Timestamp) -> Option<Sign> {
    let slow = catalog.checks_of(service).find_map(|check| {
        let samples: Vec<&Sample> =
            snapshot.check(&check.id)?.history.samples().filter(|sample| sample.status == Status::Up).collect();
        let split = samples.len().checked_sub(NOW)?;
        let (before, latest) = samples.split_at(split);
        let (usual, here) = (middle(before, USUAL)?, middle(latest, NOW)?);
        let slower = Duration::from_millis(u64::from(here.saturating_sub(usual))) >= SLOWER;
        (slower && here / TIMES >= usual).then(|| {
            let [here, usual] = [here, usual].map(shown);
            Sign {
                since: latest.first().map_or(now, |sample| sample.at),
                text: Line::from_text(&format!("{} answers in {here}, usually in {usual}", check.title)),
            }
        })
    });
    slow.or_else(|| {
        catalog.feeds_of(service).find_map(|feed| {
            let state = snapshot.feed(&feed.id).filter(|state| state.is_live(feed, now))?;
            let Some(Found::Issues(issues)) = state.last.value.as_ref() else { return None };
            issues.iter().find_map(|issue| spike(issue, now))
        })
    })
}

fn middle(samples: &[&Sample], least: usize) -> Option<u32> {
    let mut times: Vec<u32> = samples.iter().map(|sample| sample.ms).collect();
    times.sort_unstable();
    (times.len() >= least).then(|| times[times.len() / 2])
}

/// `180 ms`, `2.1 s`.
fn shown(ms: u32) -> String {
    if ms < 1_000 { format!("{ms} ms") } else { format!("{}.{} s", ms / 1_000, ms % 1_000 / 100) }
}

/// An error that is new, came back or becomes more, and comes often.
fn spike(issue: &ErrorIssue, now: Timestamp) -> Option<Sign> {
    let is_new = issue.first_seen.is_some_and(|at| now.since(at) < NEW);
    let word = match issue.state {
        IssueState::Ignored | IssueState::Resolved => return None,
        IssueState::Escalating => "more and more often",
        IssueState::Regressed => "again",
        _ if is_new => "new",
        _ => return None,
    };
    let goes_on = issue.last_seen.is_none_or(|at| now.since(at) < NEW);
    let count = issue.count.filter(|count| *count >= ERRORS && goes_on)?;
    let text = Line::from_text(&format!("error, {word}: {} ({count} times)", issue.title));
    Some(Sign { since: issue.first_seen.filter(|_| is_new).unwrap_or(now), text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::alert::Severity;
    use crate::model::check::{CheckSpec, Facts, Outcome, ProbeResult, ProbeSpec};
    use crate::model::id::CheckId;
    use crate::model::observed::Cadence;
    use crate::model::snapshot::Update;

    /// Probes every ten seconds with these latencies, and returns the sign.
    fn slow(latencies: impl IntoIterator<Item = u64>) -> Option<String> {
        let service = ServiceId::new("api");
        let check = CheckSpec {
            id: CheckId::new("api/http"),
            service: service.clone(),
            title: Line::from_text("health"),
            probe: ProbeSpec::Tcp { host: "api".into(), port: 80, slow: None },
            cadence: Cadence { every: Duration::from_secs(10), timeout: Duration::from_secs(5) },
            failures_to_down: 2,
            passes_to_up: 1,
        };
        let catalog = Catalog { checks: vec![check.clone()], ..Catalog::default() };
        let (mut snapshot, mut now) = (Snapshot::default(), Timestamp::EPOCH);
        for ms in latencies {
            now = now + Duration::from_secs(10);
            let took = Duration::from_millis(ms);
            let result = ProbeResult { at: now, took, outcome: Outcome::Pass, facts: Facts::None };
            snapshot.apply(&catalog, Update::Probe { check: check.id.clone(), result });
        }
        sign(&service, &catalog, &snapshot, now).map(|sign| sign.text.to_string())
    }

    #[test]
    fn what_became_much_slower_than_it_usually_is_is_a_sign() {
        let usual = || std::iter::repeat_n(180, 60);
        assert_eq!(slow(usual().chain([2_100; 5])).unwrap(), "health answers in 2.1 s, usually in 180 ms");
        assert_eq!(slow(usual().chain([2_100; 2])), None, "two slow answers are an accident");
        assert_eq!(slow(usual().chain([400; 5])), None);
        assert_eq!(slow(std::iter::repeat_n(2, 60).chain([40; 5])), None, "nobody feels 40 ms");
        assert_eq!(slow(std::iter::repeat_n(180, 10).chain([2_100; 5])), None, "nobody knows what is usual");
    }

    #[test]
    fn an_error_that_is_new_and_frequent_is_a_sign_and_an_old_or_muted_one_is_none() {
        let now = Timestamp::from_secs(100_000);
        let issue = |state, count, first_seen: i64| ErrorIssue {
            id: Line::from_text("1"),
            short_id: None,
            title: Line::from_text("undefined id"),
            state,
            stated: None,
            severity: Severity::Critical,
            culprit: None,
            count: Some(count),
            users: None,
            first_seen: Some(Timestamp::from_secs(first_seen)),
            last_seen: Some(now),
            release: None,
            project: None,
            assigned_to: None,
            unhandled: None,
            url: None,
            extra: serde_json::Value::Null,
        };
        for (issue, expected) in [
            (issue(IssueState::New, 412, 99_900), Some("error, new: undefined id (412 times)")),
            (issue(IssueState::Regressed, 412, 0), Some("error, again: undefined id (412 times)")),
            (issue(IssueState::Escalating, 412, 0), Some("error, more and more often: undefined id (412 times)")),
            (issue(IssueState::New, 3, 99_900), None),
            (issue(IssueState::Open, 412, 0), None),
            (issue(IssueState::Ignored, 412, 99_900), None),
        ] {
            assert_eq!(spike(&issue, now).map(|sign| sign.text.to_string()).as_deref(), expected, "{issue:?}");
        }
    }
}
