//! The world as last observed.
//!
//! New facts come in as [`Update`]s; `apply` says what differed. Health and findings are derived elsewhere.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::catalog::Catalog;
use super::check::{CertificateFacts, Facts, ProbeResult};
use super::check_state::{CheckState, Turn};
use super::feed_state::{FeedState, News};
use super::host::{HostHistory, HostSample};
use super::id::{CheckId, FeedId, LogSourceId};
use super::log::LogSourceState;
use super::observed::Observed;
use super::self_check::{Network, SelfCheck};
use super::source::{Found, Trouble};
use super::text::Line;
use super::time::Timestamp;

/// A new fact from outside.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Update {
    Probe {
        check: CheckId,
        result: ProbeResult,
    },
    Host(HostSample),
    SelfCheck(SelfCheck),
    LogSource {
        source: LogSourceId,
        state: LogSourceState,
    },
    /// What a read of a feed brought.
    Feed {
        feed: FeedId,
        at: Timestamp,
        found: Result<Box<Found>, Trouble>,
        problems: Vec<Line>,
    },
}

/// Something that became different.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Change {
    pub at: Timestamp,
    pub what: Difference,
}

/// What became different.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Difference {
    Check { check: CheckId, turn: Turn, why: Option<Line> },
    Certificate { check: CheckId, issuer: Line },
    Dns { check: CheckId, before: Vec<Line>, after: Vec<Line> },
    Network { before: Network, after: Network },
    Feed { feed: FeedId, news: News },
}

/// The world as last observed. What lies on disk between two runs is this.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    pub checks: HashMap<CheckId, CheckState>,
    pub host: Observed<HostSample>,
    pub host_history: HostHistory,
    pub self_check: Observed<SelfCheck>,
    /// States of followed logs; they begin anew with every run.
    #[serde(skip)]
    pub logs: HashMap<LogSourceId, LogSourceState>,
    #[serde(default)]
    pub feeds: HashMap<FeedId, FeedState>,
    /// The latest changes, oldest first.
    pub changes: VecDeque<Change>,
    /// When it was written last: what happened after that, nobody here has seen.
    pub saved_at: Option<Timestamp>,
}

impl Snapshot {
    /// A screen of what changed, several times over.
    const CHANGES: usize = 200;

    /// Takes in one fact and returns what it changed. A fact about something that is not configured is ignored.
    pub fn apply(&mut self, catalog: &Catalog, update: Update) -> Vec<Change> {
        let mut changes = Vec::new();
        match update {
            Update::Probe { check, result } => {
                let Some(spec) = catalog.check(&check) else { return changes };
                let at = result.at;
                let state = self.checks.entry(check.clone()).or_insert_with(|| CheckState::new(at));
                if let Some(last) = &state.last.value {
                    changes.extend(fact_changes(&check, last, &result));
                }
                let why = result.outcome.finding().map(|finding| finding.message.clone());
                if let Some(turn) = state.apply(spec, result) {
                    changes.push(Change { at: turn.since.min(at), what: Difference::Check { check, turn, why } });
                }
            }
            Update::Host(sample) => {
                self.host_history.record(&sample);
                let at = sample.at;
                self.host.see(sample, at);
            }
            Update::SelfCheck(found) => {
                let before = self.self_check.value.as_ref().map_or(Network::Unknown, SelfCheck::network);
                let (after, at) = (found.network(), found.at);
                if before != after && before != Network::Unknown {
                    changes.push(Change { at, what: Difference::Network { before, after } });
                }
                self.self_check.see(found, at);
            }
            Update::LogSource { source, state } => {
                self.logs.insert(source, state);
            }
            Update::Feed { feed, at, found, problems } => {
                if catalog.feed(&feed).is_none() {
                    return changes;
                }
                let state = self.feeds.entry(feed.clone()).or_default();
                match found {
                    Ok(found) => {
                        let news = state.see(*found, problems, at);
                        changes.extend(
                            news.into_iter()
                                .map(|(at, news)| Change { at, what: Difference::Feed { feed: feed.clone(), news } }),
                        );
                    }
                    Err(trouble) => state.miss(trouble, at),
                }
            }
        }
        self.changes.extend(changes.iter().cloned());
        while self.changes.len() > Self::CHANGES {
            self.changes.pop_front();
        }
        changes
    }

    /// Returns what we know of a feed, if it was ever read.
    pub fn feed(&self, id: &FeedId) -> Option<&FeedState> {
        self.feeds.get(id)
    }

    /// Returns what we know of a check, if it was ever probed.
    pub fn check(&self, id: &CheckId) -> Option<&CheckState> {
        self.checks.get(id)
    }

    /// Prepares a snapshot from an earlier run: drops what is not configured any more, and notes the gap.
    pub fn resume(&mut self, catalog: &Catalog, now: Timestamp) {
        self.checks.retain(|id, _| catalog.check(id).is_some());
        self.feeds.retain(|id, _| catalog.feed(id).is_some());
        for (id, state) in &mut self.checks {
            if let Some(spec) = catalog.check(id) {
                state.resume_watching(spec.cadence, now);
            }
        }
    }

    /// Returns the part that is worth writing to disk: enough for a first paint, small enough to read at once.
    pub fn for_disk(&self) -> Self {
        let mut copy = self.clone();
        for state in copy.checks.values_mut() {
            state.history.trim(64, 60);
        }
        copy
    }
}

fn fact_changes(check: &CheckId, before: &ProbeResult, after: &ProbeResult) -> Vec<Change> {
    let mut changes = Vec::new();
    let at = after.at;
    if let (Some(old), Some(new)) = (certificate(&before.facts), certificate(&after.facts))
        && old.fingerprint != new.fingerprint
    {
        changes.push(Change { at, what: Difference::Certificate { check: check.clone(), issuer: new.issuer.clone() } });
    }
    if let (Facts::Dns(old), Facts::Dns(new)) = (&before.facts, &after.facts)
        && old.answers != new.answers
        && !old.answers.is_empty()
        && !new.answers.is_empty()
    {
        let (before, after) = (old.answers.clone(), new.answers.clone());
        changes.push(Change { at, what: Difference::Dns { check: check.clone(), before, after } });
    }
    changes
}

/// Returns the certificate that a probe saw, whichever kind of probe it was.
pub fn certificate(facts: &Facts) -> Option<&CertificateFacts> {
    match facts {
        Facts::Http(http) => http.certificate.as_ref(),
        Facts::Tls(tls) => tls.certificate.as_ref(),
        Facts::None | Facts::Tcp(_) | Facts::Dns(_) | Facts::Heartbeat(_) | Facts::Command(_) => None,
    }
}
