//! Did it help? The checks that were red are asked until they are green, or the time is over.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::carry::{Carrying, end};
use super::{Left, WorkerError};
use crate::model::alert::AlertState;
use crate::model::check::{CheckSpec, Outcome};
use crate::model::id::CheckId;
use crate::model::operation::{OperationEvent, PlatformEnd, Verdict, WatchedAlert};
use crate::model::source::{Capability, Found};
use crate::model::text::Line;
use crate::operation::Phase;
use crate::provider::engine::Ask;

/// Two answers in a row: one may come from an instance that is about to go.
const PASSES: u32 = 2;

/// What has been seen of the checks.
#[derive(Default)]
struct Seen {
    passes: BTreeMap<CheckId, u32>,
    /// What is not green, with why.
    red: Vec<String>,
    green: usize,
}

impl Carrying {
    /// Watches checks and alerts, and writes the verdict.
    pub(super) async fn verify(&mut self) -> Result<Left, WorkerError> {
        let verification = self.plan().verification.clone();
        if self.operation.phase != Phase::Verifying {
            self.write(OperationEvent::VerifyStarted).await?;
        }
        let (checks, alerts) = (self.full(&verification.checks), verification.alerts.clone());
        if checks.is_empty() && alerts.is_empty() {
            return self.unwatched(verification.within.is_zero()).await;
        }
        let was_red = !verification.red.is_empty() || (checks.is_empty() && !alerts.is_empty());
        let begun = self.operation.phase_since;
        let mut seen = Seen::default();
        let mut told = String::new();
        loop {
            self.probe(&checks, &mut seen).await;
            let firing = self.firing(&alerts).await;
            self.scribe.point();
            let now = self.task.clock.now();
            let green = seen.red.is_empty() && checks.iter().all(|check| self.is_green(check, &seen));
            let quiet = !checks.is_empty() || firing.is_empty();
            let settled = was_red || now.since(begun) >= self.task.patience.settle;
            if green && quiet && settled {
                return self.good(was_red, checks.len(), &firing).await;
            }
            let text = words(&seen, &checks, &firing);
            if text != told {
                told.clone_from(&text);
                self.write(OperationEvent::VerifySaw { said: Line::from_text(&text) }).await?;
            }
            if self.is_cancelled()? {
                let by = self.operation.cancelled_by.as_ref().map(ToString::to_string).unwrap_or_default();
                return end(&mut self.scribe, Verdict::Unverified, &format!("{by} stopped the watch: {text}")).await;
            }
            if now.since(begun) > verification.within {
                let text = format!("after {} s: {text}", verification.within.as_secs());
                return end(&mut self.scribe, Verdict::NotRecovered, &text).await;
            }
            tokio::time::sleep(self.task.patience.look).await;
        }
    }

    async fn unwatched(&mut self, on_purpose: bool) -> Result<Left, WorkerError> {
        let said = self.operation.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
        match (self.operation.platform, on_purpose) {
            (Some(PlatformEnd::Unknown), _) => {
                end(&mut self.scribe, Verdict::Unknown, &format!("nothing tells how it ended{said}")).await
            }
            (_, true) => end(&mut self.scribe, Verdict::Done, &format!("done{said}")).await,
            (_, false) => {
                let text = format!("done{said}; the service has no checks that would tell whether it helped");
                end(&mut self.scribe, Verdict::Unverified, &text).await
            }
        }
    }

    async fn good(&mut self, was_red: bool, checks: usize, firing: &[String]) -> Result<Left, WorkerError> {
        let still = match firing {
            [] => String::new(),
            firing => format!("; {} still fires, which may lag", firing.join(", ")),
        };
        let platform = match (self.operation.platform, &self.operation.said) {
            (Some(PlatformEnd::Unknown), _) => "; the platform did not say that it is done".to_owned(),
            _ => String::new(),
        };
        if was_red {
            let after = self.task.clock.now().since(self.operation.approved_at);
            let what = if checks == 0 { "the alerts have ended".to_owned() } else { green(checks) };
            let text = format!("recovered after {} s: {what}{platform}{still}", after.as_secs());
            end(&mut self.scribe, Verdict::Recovered { after }, &text).await
        } else {
            end(&mut self.scribe, Verdict::Done, &format!("done: {}{platform}{still}", green(checks))).await
        }
    }

    fn is_green(&self, check: &CheckSpec, seen: &Seen) -> bool {
        seen.passes.get(&check.id).is_some_and(|passes| *passes >= PASSES)
    }

    /// Returns the checks as the configuration has them now: a plan keeps no secret of them.
    fn full(&self, checks: &[CheckSpec]) -> Vec<CheckSpec> {
        let now = |check: &CheckSpec| self.task.catalog.check(&check.id).unwrap_or(check).clone();
        checks.iter().map(now).collect()
    }

    async fn probe(&self, checks: &[CheckSpec], seen: &mut Seen) {
        let results = join_all(checks.iter().map(|check| self.task.outside.probe(check))).await;
        seen.red.clear();
        seen.green = 0;
        for (check, result) in checks.iter().zip(results) {
            let passes = seen.passes.entry(check.id.clone()).or_default();
            match &result.outcome {
                Outcome::Pass | Outcome::Warn(_) => {
                    *passes += 1;
                    seen.green += 1;
                }
                Outcome::Fail(finding) | Outcome::Unknown(finding) => {
                    *passes = 0;
                    seen.red.push(format!("{}: {}", check.title, finding.message));
                }
            }
        }
    }

    /// Returns the titles of the watched alerts that fire still. What cannot be read is said to.
    async fn firing(&self, alerts: &[WatchedAlert]) -> Vec<String> {
        let mut firing = Vec::new();
        let mut feeds: BTreeSet<String> = BTreeSet::new();
        for alert in alerts {
            if !feeds.insert(format!("{} {}", alert.source.id, serde_json::json!(alert.params))) {
                continue;
            }
            let input = BTreeMap::new();
            let params = &alert.params;
            let ask = Ask { source: &alert.source, capability: Capability::Alerts, params, input: &input, now: true };
            match self.task.engine.read(&ask).await {
                Ok(mapped) => {
                    if let Found::Alerts(now) = mapped.found {
                        let fires = |watched: &&WatchedAlert| {
                            now.iter().any(|now| {
                                now.id == watched.id
                                    && matches!(now.state, AlertState::Firing | AlertState::Acknowledged)
                            })
                        };
                        let same_feed = alerts.iter().filter(|other| other.source.id == alert.source.id);
                        firing.extend(same_feed.filter(fires).map(|alert| alert.title.to_string()));
                    }
                }
                Err(_) => firing.push(format!("{} (cannot be read)", alert.title)),
            }
        }
        firing
    }
}

fn green(checks: usize) -> String {
    if checks == 1 { "its check is green".to_owned() } else { format!("all {checks} checks are green") }
}

fn words(seen: &Seen, checks: &[CheckSpec], firing: &[String]) -> String {
    let mut parts = Vec::new();
    if !checks.is_empty() {
        parts.push(format!("{} of {} checks green", seen.green, checks.len()));
    }
    parts.extend(seen.red.iter().take(2).cloned());
    if checks.is_empty() {
        parts.extend(firing.iter().map(|title| format!("{title} fires")));
    }
    parts.join("; ")
}
