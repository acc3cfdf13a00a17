//! What is known of one feed: its last answer, when it came, and why none came since.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::alert::AlertState;
use super::issue::IssueState;
use super::observed::{Cadence, Freshness, Observed};
use super::release::ReleaseState;
use super::source::{Feed, Found, Trouble};
use super::text::Line;
use super::time::Timestamp;
use super::vendor::VendorState;

/// What we know of one feed.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FeedState {
    pub last: Observed<Found>,
    /// Why the latest read brought nothing; `None` when it did.
    pub trouble: Option<Trouble>,
    /// Since when reads have failed.
    pub failing_since: Option<Timestamp>,
    /// What could not be read of the last answer.
    pub problems: Vec<Line>,
}

/// Something that became different on the other side.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A release went live.
    Live {
        release: Line,
        message: Option<Line>,
        author: Option<Line>,
        commit: Option<Line>,
    },
    /// A release did not come out.
    ReleaseFailed {
        release: Line,
        message: Option<Line>,
    },
    AlertFires {
        title: Line,
    },
    AlertEnds {
        title: Line,
    },
    NewIssue {
        title: Line,
    },
    Vendor {
        before: VendorState,
        after: VendorState,
        what: Option<Line>,
    },
}

impl FeedState {
    /// Returns how fresh the last answer is.
    pub fn freshness(&self, cadence: Cadence, now: Timestamp) -> Freshness {
        self.last.freshness(cadence, now)
    }

    /// Takes in an answer, and returns what is new in it, with its own time where it has one.
    pub fn see(&mut self, found: Found, problems: Vec<Line>, at: Timestamp) -> Vec<(Timestamp, News)> {
        let news = self.last.value.as_ref().map(|before| news(before, &found, at)).unwrap_or_default();
        self.last.see(found, at);
        self.trouble = None;
        self.failing_since = None;
        self.problems = problems;
        news
    }

    /// Takes in a failure. The last answer stays, and ages.
    pub fn miss(&mut self, trouble: Trouble, at: Timestamp) {
        self.last.miss(trouble.message.clone());
        self.failing_since.get_or_insert(at);
        self.trouble = Some(trouble);
    }

    /// Returns whether the feed can be believed at `now`.
    pub fn is_live(&self, feed: &Feed, now: Timestamp) -> bool {
        self.freshness(feed.cadence, now).is_live()
    }
}

fn news(before: &Found, after: &Found, at: Timestamp) -> Vec<(Timestamp, News)> {
    match (before, after) {
        (Found::Releases(before), Found::Releases(after)) => {
            let was_live = |id: &Line| before.iter().any(|release| &release.id == id && release.live);
            let had_failed =
                |id: &Line| before.iter().any(|release| &release.id == id && release.state == ReleaseState::Failed);
            let mut news = Vec::new();
            for release in after {
                let when = release.finished_at.or(release.created_at).filter(|when| *when <= at).unwrap_or(at);
                if release.live && !was_live(&release.id) {
                    let (message, author, commit) =
                        (release.message.clone(), release.author.clone(), release.commit.clone());
                    // A release that is live again has an old time: it went live now.
                    let again = before.iter().any(|known| {
                        known.id == release.id
                            && known.state != ReleaseState::Deploying
                            && known.state != ReleaseState::Building
                    });
                    let when = if again { at } else { when };
                    news.push((when, News::Live { release: release.name().clone(), message, author, commit }));
                } else if release.state == ReleaseState::Failed
                    && !had_failed(&release.id)
                    && before.iter().any(|known| known.id == release.id)
                {
                    news.push((
                        when,
                        News::ReleaseFailed { release: release.name().clone(), message: release.message.clone() },
                    ));
                }
            }
            news
        }
        (Found::Alerts(before), Found::Alerts(after)) => {
            let fires =
                |alert: &super::alert::Alert| matches!(alert.state, AlertState::Firing | AlertState::Acknowledged);
            let old: BTreeMap<&Line, bool> = before.iter().map(|alert| (&alert.id, fires(alert))).collect();
            let new: BTreeMap<&Line, bool> = after.iter().map(|alert| (&alert.id, fires(alert))).collect();
            let begun = after.iter().filter(|alert| fires(alert) && !old.get(&alert.id).copied().unwrap_or(false));
            let ended = before.iter().filter(|alert| fires(alert) && !new.get(&alert.id).copied().unwrap_or(false));
            let begun = begun.map(|alert| {
                (
                    alert.since.filter(|since| *since <= at).unwrap_or(at),
                    News::AlertFires { title: alert.title.clone() },
                )
            });
            let ended = ended.map(|alert| (at, News::AlertEnds { title: alert.title.clone() }));
            begun.chain(ended).collect()
        }
        (Found::Issues(before), Found::Issues(after)) => {
            let known = |id: &Line| before.iter().any(|issue| &issue.id == id);
            let fresh = |issue: &&super::issue::ErrorIssue| {
                // One that was there before, and only came back into the list, is not new.
                let oldest = before.iter().filter_map(|issue| issue.first_seen).max();
                !known(&issue.id)
                    && issue.state != IssueState::Resolved
                    && issue.first_seen.is_none_or(|seen| oldest.is_none_or(|oldest| seen > oldest))
            };
            let issues = after.iter().filter(fresh);
            issues
                .map(|issue| {
                    (
                        issue.first_seen.filter(|seen| *seen <= at).unwrap_or(at),
                        News::NewIssue { title: issue.title.clone() },
                    )
                })
                .collect()
        }
        (Found::VendorStatus(before), Found::VendorStatus(after)) if before.state != after.state => {
            let incident = after.incidents.first();
            let when = incident
                .and_then(|incident| incident.started_at)
                .filter(|when| *when <= at && after.state < before.state)
                .unwrap_or(at);
            let what = incident.map(|incident| incident.title.clone()).or_else(|| after.summary.clone());
            vec![(when, News::Vendor { before: before.state, after: after.state, what })]
        }
        _ => Vec::new(),
    }
}
