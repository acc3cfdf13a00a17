//! One look at everything: each check is asked until its answer counts, or the time is over.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Known;
use crate::app::effect::ProbeWhich;
use crate::app::event::{Event, EventKind};
use crate::cli::output::Progress;
use crate::config::duration;
use crate::model::check::{Cause, CheckSpec, Facts, Finding, Outcome, ProbeResult};
use crate::model::history::Status;
use crate::model::id::{CheckId, FeedId};
use crate::model::snapshot::{Change, Update};
use crate::model::source::{Capability, Feed};
use crate::model::text::Line;
use crate::runtime::feeds::{Feeds, Reader};
use crate::runtime::host::{self, Machine};
use crate::runtime::poll::{Outside, Poller};

/// Events wait here; more than a round of a thousand checks brings at once.
const EVENTS: usize = 256;
/// A failure is asked about again after this long: a restart of the service takes a moment, and somebody waits here.
const CONFIRM: Duration = Duration::from_millis(1_500);
/// The first sample of this machine has no processor share, because there is nothing to compare it with.
const SAMPLES: u32 = 2;
/// After this long a person wonders whether anything happens; then as often they want to see that time goes on.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was heard in this run.
#[derive(Debug, Default)]
pub struct Heard {
    checks: HashSet<CheckId>,
    pub feeds: HashSet<FeedId>,
    samples: u32,
    self_check: bool,
}

/// Whether how things are hangs on the feed.
fn is_waited_for(feed: &Feed) -> bool {
    !matches!(feed.capability, Capability::Logs | Capability::OnCall)
}

/// The pollers and what they say. They end when this is dropped.
pub struct Round {
    poller: Poller,
    received: mpsc::Receiver<Event>,
    /// What is asked again, and when; the earliest first.
    again: VecDeque<(Instant, CheckId)>,
    cancel: CancellationToken,
}

impl Drop for Round {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Known {
    /// Takes in an event and returns what it changed.
    pub fn take(&mut self, event: Event) -> Vec<Change> {
        let EventKind::Update(update) = event.kind else { return Vec::new() };
        match &update {
            Update::Probe { check, .. } => {
                self.heard.checks.insert(check.clone());
            }
            Update::Host(_) => self.heard.samples += 1,
            Update::SelfCheck(_) => self.heard.self_check = true,
            Update::Feed { feed, .. } => {
                self.heard.feeds.insert(feed.clone());
            }
            Update::LogSource { .. } => {}
        }
        self.snapshot.apply(&self.project.catalog, update)
    }

    /// Whether the latest answer does not count yet: a failure or a recovery that is not confirmed.
    fn is_doubtful(&self, check: &CheckId) -> bool {
        let Some(state) = self.snapshot.check(check) else { return false };
        match state.last.value.as_ref().map(|result| &result.outcome) {
            Some(Outcome::Fail(_)) => state.status != Status::Down,
            Some(Outcome::Pass | Outcome::Warn(_)) => state.status == Status::Down,
            Some(Outcome::Unknown(_)) | None => false,
        }
    }

    fn silent(&self) -> impl Iterator<Item = &CheckSpec> {
        self.project.catalog.checks.iter().filter(|check| !self.heard.checks.contains(&check.id))
    }

    fn is_complete(&self) -> bool {
        self.heard.samples >= SAMPLES
            && self.heard.self_check
            && self.silent().next().is_none()
            && !self
                .project
                .catalog
                .feeds
                .iter()
                .any(|feed| is_waited_for(feed) && !self.heard.feeds.contains(&feed.id))
            && !self.project.catalog.checks.iter().any(|check| self.is_doubtful(&check.id))
    }

    /// Calls unknown what has not answered. What an earlier run knew of it says nothing about now.
    pub fn give_up(&mut self, waited: Duration) {
        let silent: Vec<CheckId> = self.silent().map(|check| check.id.clone()).collect();
        for check in silent {
            let text = format!("no answer within the {} that status waits", duration::text(waited));
            let finding =
                Finding::new(Cause::Timeout, Line::from_text(&text)).hint("wait for longer with --timeout DURATION");
            let result = ProbeResult {
                at: self.clock.now(),
                took: waited,
                outcome: Outcome::Unknown(finding),
                facts: Facts::None,
            };
            self.snapshot.apply(&self.project.catalog, Update::Probe { check, result });
        }
    }

    fn waiting_for(&self, waited: Duration, at_most: Duration) -> String {
        let (waited, at_most) = (duration::text(Duration::from_secs(waited.as_secs())), duration::text(at_most));
        let (silent, checks) = (self.silent().count(), self.project.catalog.checks.len());
        let what = match self.silent().next() {
            Some(check) if silent == 1 => format!("{} has not answered", check.title),
            Some(_) => format!("{} of {checks} checks have answered", checks - silent),
            None if self
                .project
                .catalog
                .feeds
                .iter()
                .any(|feed| is_waited_for(feed) && !self.heard.feeds.contains(&feed.id)) =>
            {
                "asking the sources".to_owned()
            }
            None => "asking again what failed".to_owned(),
        };
        format!("{what}, {waited} of at most {at_most}")
    }
}

impl Round {
    /// Starts to ask.
    pub fn start(
        known: &Known,
        outside: Arc<dyn Outside>,
        reader: Option<Arc<dyn Reader>>,
        machine: Box<dyn Machine>,
    ) -> Self {
        let (events, received) = mpsc::channel(EVENTS);
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let checks = &known.project.catalog.checks;
        if let Some(reader) = reader {
            // Logs are another command's.
            let mut catalog = known.project.catalog.clone();
            catalog.feeds.retain(is_waited_for);
            Feeds::start(&catalog, reader, events.clone(), known.clock.clone(), &tasks, &cancel);
        }
        let poller = Poller::start(checks, outside, events.clone(), known.clock.clone(), &tasks, &cancel);
        host::watch(machine, events, known.clock.clone(), &tasks, &cancel);
        Self { poller, received, again: VecDeque::new(), cancel }
    }

    /// Takes in answers until all count or the time is over. Says what it waits for when `tells`.
    pub async fn finish(&mut self, known: &mut Known, timeout: Duration, tells: bool) {
        let begun = Instant::now();
        let mut progress = Progress::default();
        let mut patience = tokio::time::interval_at(begun + PATIENCE, PATIENCE);
        let deadline = tokio::time::sleep(timeout);
        tokio::pin!(deadline);
        while !known.is_complete() {
            tokio::select! {
                () = self.next(known) => {}
                () = &mut deadline => break,
                _ = patience.tick(), if tells => progress.show(&known.waiting_for(begun.elapsed(), timeout)),
            }
        }
    }

    /// Takes in the next event. Whatever leaves a doubt is asked again soon, however seldom it is asked by itself.
    pub async fn next(&mut self, known: &mut Known) {
        let due = self.again.front().map(|(at, _)| *at);
        tokio::select! {
            Some(event) = self.received.recv() => {
                let probed = match &event.kind {
                    EventKind::Update(Update::Probe { check, .. }) => Some(check.clone()),
                    _ => None,
                };
                known.take(event);
                if let Some(check) = probed.filter(|check| known.is_doubtful(check)) {
                    self.again.push_back((Instant::now() + CONFIRM, check));
                }
            }
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                if let Some((_, check)) = self.again.pop_front() {
                    self.poller.probe_now(&ProbeWhich::These(vec![check]));
                }
            }
            else => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use futures_util::future::BoxFuture;

    use super::*;
    use crate::cli::config_file::Project;
    use crate::clock::Clock;
    use crate::config;
    use crate::model::check::CheckSpec;
    use crate::model::host::{HostSample, Memory};
    use crate::model::self_check::{ClockState, Resolvers, Route, SelfCheck};
    use crate::model::service::Health;
    use crate::model::snapshot::Snapshot;
    use crate::model::time::Timestamp;

    /// Answers each check with the next of its letters, the last of them for ever: `p`ass, `f`ail, anything else hangs.
    #[derive(Default)]
    struct World(Mutex<HashMap<CheckId, String>>);

    impl Outside for World {
        fn probe<'a>(&'a self, spec: &'a CheckSpec) -> BoxFuture<'a, ProbeResult> {
            let mut scripts = self.0.lock().unwrap();
            let script = scripts.get_mut(&spec.id).unwrap();
            let letter = if script.len() > 1 { script.remove(0) } else { script.chars().next().unwrap() };
            let finding = Finding::new(Cause::Refused, Line::from_text("connection refused"));
            let outcome = match letter {
                'p' => Outcome::Pass,
                'f' => Outcome::Fail(finding),
                _ => return Box::pin(std::future::pending()),
            };
            let (at, took) = (Timestamp::from_secs(100), Duration::ZERO);
            Box::pin(std::future::ready(ProbeResult { at, took, outcome, facts: Facts::None }))
        }

        fn self_check(&self) -> BoxFuture<'_, SelfCheck> {
            Box::pin(std::future::ready(SelfCheck {
                at: Timestamp::from_secs(100),
                route: Route::Unknown,
                resolvers: Resolvers::NoneConfigured,
                clock: ClockState::Unknown,
                vantage: None,
            }))
        }
    }

    struct Idle;

    impl Machine for Idle {
        fn sample(&mut self, now: Timestamp, _: bool) -> HostSample {
            HostSample {
                at: now,
                name: Line::default(),
                cpu: None,
                cores: 1,
                load: [0.0; 3],
                memory: Memory::default(),
                swap: Memory::default(),
                disks: Vec::new(),
                top: Vec::new(),
                failed_units: None,
                uptime: Duration::ZERO,
            }
        }
    }

    fn known(addresses: &[&str], snapshot: Snapshot) -> Known {
        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let mut catalog = config::from_arguments(&addresses, Vec::new()).unwrap();
        // An address also means its name and its certificate; one script for each service is enough here.
        catalog.checks.dedup_by(|check, before| check.service == before.service);
        let clock = Clock::manual(Timestamp::from_secs(100));
        Known { project: Project { catalog, ..Project::empty() }, snapshot, clock, heard: Heard::default() }
    }

    /// Runs one round in which every check answers by a script of its own, and returns how long it took.
    async fn look(known: &mut Known, scripts: &[&str]) -> Duration {
        let checks = known.project.catalog.checks.iter().zip(scripts);
        let world = World(Mutex::new(checks.map(|(check, script)| (check.id.clone(), (*script).to_owned())).collect()));
        let begun = Instant::now();
        let mut round = Round::start(known, Arc::new(world), None, Box::new(Idle));
        round.finish(known, Duration::from_secs(20), false).await;
        known.give_up(Duration::from_secs(20));
        begun.elapsed()
    }

    fn healths(known: &Known) -> Vec<Health> {
        known.assessment().services.iter().map(|found| found.health).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_confirmed_within_the_run_however_seldom_the_check_is_made() {
        // Certificates are looked at every five minutes.
        let mut known = known(&["tls://a.example", "tcp://b.example:1"], Snapshot::default());
        let took = look(&mut known, &["f", "fp"]).await;
        assert_eq!(healths(&known), [Health::Down, Health::Healthy]);
        assert!(took < Duration::from_secs(5), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_is_unknown_although_it_was_healthy_a_moment_ago() {
        let mut before = known(&["http://a.example", "http://b.example"], Snapshot::default());
        look(&mut before, &["p", "p"]).await;
        assert_eq!(healths(&before), [Health::Healthy; 2]);
        let mut after = known(&["http://a.example", "http://b.example"], before.snapshot);
        let took = look(&mut after, &["p", "-"]).await;
        assert_eq!(healths(&after), [Health::Healthy, Health::Unknown]);
        assert_eq!(took, Duration::from_secs(20));
    }

    #[tokio::test(start_paused = true)]
    async fn a_recovery_that_needs_several_passes_gets_them_within_the_run() {
        let mut known = known(&["tls://a.example"], Snapshot::default());
        known.project.catalog.checks[0].passes_to_up = 3;
        look(&mut known, &["f"]).await;
        known.heard = Heard::default();
        look(&mut known, &["p"]).await;
        assert_eq!(healths(&known), [Health::Healthy]);
    }
}
