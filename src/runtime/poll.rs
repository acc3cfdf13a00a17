//! Probing everything at its own pace: one task a check, bounded in all and for each host.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::schedule;
use crate::app::effect::ProbeWhich;
use crate::app::event::{Event, EventKind};
use crate::clock::Clock;
use crate::model::check::{Cause, CheckSpec, Facts, Finding, HeartbeatPlace, Outcome, ProbeResult, ProbeSpec};
use crate::model::id::CheckId;
use crate::model::self_check::SelfCheck;
use crate::model::snapshot::Update;
use crate::model::text::Line;

/// More at once would compete with what they measure.
const AT_ONCE: usize = 64;
/// More than this at one host is a load on it.
const AT_ONCE_PER_HOST: usize = 4;
/// Waiting this long for a turn is being late.
const LATE: Duration = Duration::from_secs(2);
/// How often this machine looks at itself.
const SELF_CHECK: Duration = Duration::from_secs(10);

/// What the poller asks of the outside world.
pub trait Outside: Send + Sync + 'static {
    /// Probes one check. Never fails: what went wrong is in the result.
    fn probe<'a>(&'a self, spec: &'a CheckSpec) -> BoxFuture<'a, ProbeResult>;

    /// Looks at this machine's own network and clock.
    fn self_check(&self) -> BoxFuture<'_, SelfCheck>;
}

/// A check's handle.
#[derive(Debug, Default)]
struct Handle {
    now: Notify,
    focused: AtomicBool,
    /// It came into focus: the next probe may be due sooner, or already.
    looked_at: Notify,
}

/// The running poller.
#[derive(Debug)]
pub struct Poller {
    handles: HashMap<CheckId, Arc<Handle>>,
    self_check: Arc<Notify>,
}

struct Shared {
    outside: Arc<dyn Outside>,
    events: mpsc::Sender<Event>,
    clock: Clock,
    all: Semaphore,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    late: AtomicU32,
}

impl Poller {
    /// Starts to probe. Everything ends when `cancel` is cancelled.
    pub fn start(
        checks: &[CheckSpec],
        outside: Arc<dyn Outside>,
        events: mpsc::Sender<Event>,
        clock: Clock,
        tasks: &TaskTracker,
        cancel: &CancellationToken,
    ) -> Self {
        let shared = Arc::new(Shared {
            outside,
            events,
            clock,
            all: Semaphore::new(AT_ONCE),
            hosts: Mutex::default(),
            late: AtomicU32::new(0),
        });
        let mut handles = HashMap::new();
        for (nth, spec) in checks.iter().enumerate() {
            let handle = Arc::new(Handle::default());
            handles.insert(spec.id.clone(), Arc::clone(&handle));
            let task = watch(spec.clone(), handle, Arc::clone(&shared), schedule::first(nth, checks.len()));
            tasks.spawn(cancel.clone().run_until_cancelled_owned(task));
        }
        let self_check = Arc::new(Notify::new());
        let task = look_at_self(Arc::clone(&shared), Arc::clone(&self_check));
        tasks.spawn(cancel.clone().run_until_cancelled_owned(task));
        tasks.spawn(cancel.clone().run_until_cancelled_owned(tell_lateness(shared)));
        Self { handles, self_check }
    }

    /// Probes now what is not being probed already.
    pub fn probe_now(&self, which: &ProbeWhich) {
        match which {
            ProbeWhich::All => {
                self.handles.values().for_each(|handle| handle.now.notify_one());
                self.self_check.notify_one();
            }
            ProbeWhich::These(ids) => {
                ids.iter().filter_map(|id| self.handles.get(id)).for_each(|handle| handle.now.notify_one())
            }
        }
    }

    /// Probes these more often than others. What was probed a moment ago is not probed again at once: a cursor that
    /// moves over a hundred services must not be a load on them.
    pub fn focus(&self, ids: &[CheckId]) {
        let wanted: HashSet<_> = ids.iter().collect();
        for (id, handle) in &self.handles {
            let focus = wanted.contains(id);
            if handle.focused.swap(focus, Ordering::SeqCst) != focus && focus {
                handle.looked_at.notify_one();
            }
        }
    }
}

async fn watch(spec: CheckSpec, handle: Arc<Handle>, shared: Arc<Shared>, first: Duration) {
    let host = shared.host(&spec.probe);
    let (mut failures, mut round) = (0_u32, 0_u64);
    tokio::time::sleep(first).await;
    loop {
        let result = {
            let turn = async {
                let own = match &host {
                    Some(host) => host.acquire().await.ok(),
                    None => None,
                };
                (shared.all.acquire().await.ok(), own)
            };
            let permits = shared.in_turn(turn).await;
            let begun = Instant::now();
            let result = shared.probe(&spec).await;
            drop(permits);
            (begun, result)
        };
        let (begun, result) = result;
        failures = match &result.outcome {
            Outcome::Fail(_) => failures.saturating_add(1),
            Outcome::Unknown(_) => failures,
            Outcome::Pass | Outcome::Warn(_) => 0,
        };
        let outcome = result.outcome.clone();
        let kind = EventKind::Update(Update::Probe { check: spec.id.clone(), result });
        if shared.send(kind).await.is_err() {
            return;
        }
        loop {
            let wait = schedule::next(&spec, &outcome, failures, handle.focused.load(Ordering::SeqCst), round);
            // Measured from the begin: a slow answer does not shift the pace. Late ones are not caught up on.
            tokio::select! {
                () = tokio::time::sleep_until(begun + wait) => break,
                () = handle.now.notified() => break,
                () = handle.looked_at.notified() => {}
            }
        }
        round += 1;
    }
}

async fn look_at_self(shared: Arc<Shared>, now: Arc<Notify>) {
    loop {
        let found = shared.outside.self_check().await;
        if shared.send(EventKind::Update(Update::SelfCheck(found))).await.is_err() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(SELF_CHECK) => {}
            () = now.notified() => {}
        }
    }
}

async fn tell_lateness(shared: Arc<Shared>) {
    let mut told = 0;
    loop {
        tokio::time::sleep(LATE).await;
        let late = shared.late.load(Ordering::SeqCst);
        if late != told {
            told = late;
            if shared.send(EventKind::PollerBehind { overdue: late }).await.is_err() {
                return;
            }
        }
    }
}

impl Shared {
    async fn send(&self, kind: EventKind) -> Result<(), mpsc::error::SendError<Event>> {
        self.events.send(Event { at: self.clock.now(), kind }).await
    }

    /// Probes, also when the probe has a mistake in it: a check must not go silent because of us.
    async fn probe(&self, spec: &CheckSpec) -> ProbeResult {
        let begun = Instant::now();
        if let Ok(result) = AssertUnwindSafe(self.outside.probe(spec)).catch_unwind().await {
            return result;
        }
        let finding =
            Finding::new(Cause::CannotRun, Line::from_text("the probe itself failed; crashcart.log has more"));
        let outcome = Outcome::Unknown(finding);
        ProbeResult { at: self.clock.now(), took: begun.elapsed(), outcome, facts: Facts::None }
    }

    /// Waits for a turn, and counts as late while that takes too long.
    async fn in_turn<T>(&self, turn: impl Future<Output = T>) -> T {
        tokio::pin!(turn);
        if let Ok(done) = tokio::time::timeout(LATE, &mut turn).await {
            return done;
        }
        self.late.fetch_add(1, Ordering::SeqCst);
        let late = Late(&self.late);
        let done = turn.await;
        drop(late);
        done
    }

    fn host(&self, probe: &ProbeSpec) -> Option<Arc<Semaphore>> {
        let host = match probe {
            ProbeSpec::Http(http) => url::Url::parse(&http.url).ok()?.host_str()?.to_owned(),
            ProbeSpec::Tcp { host, .. } => host.clone(),
            ProbeSpec::Tls(tls) => tls.host.clone(),
            ProbeSpec::Heartbeat(beat) => match &beat.place {
                HeartbeatPlace::Url(url) => url::Url::parse(url).ok()?.host_str()?.to_owned(),
                HeartbeatPlace::File(_) => return None,
            },
            ProbeSpec::Dns(_) | ProbeSpec::Command(_) => return None,
        };
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_PER_HOST)))))
    }
}

/// Stops counting as late when the turn has come, or the wait was cancelled.
struct Late<'a>(&'a AtomicU32);

impl Drop for Late<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ServiceId;
    use crate::model::observed::Cadence;
    use crate::model::self_check::{ClockState, Resolvers, Route};
    use crate::model::time::Timestamp;

    /// Answers at once, but for one host that never does, and one whose probes have a mistake in them.
    struct World;

    impl Outside for World {
        fn probe<'a>(&'a self, spec: &'a CheckSpec) -> BoxFuture<'a, ProbeResult> {
            Box::pin(async move {
                if spec.service.as_str() == "hung" {
                    std::future::pending::<()>().await;
                }
                assert_ne!(spec.service.as_str(), "mistaken", "a mistake that this test makes");
                ProbeResult { at: Timestamp::EPOCH, took: Duration::ZERO, outcome: Outcome::Pass, facts: Facts::None }
            })
        }

        fn self_check(&self) -> BoxFuture<'_, SelfCheck> {
            let resolvers = Resolvers::NoneConfigured;
            Box::pin(std::future::ready(SelfCheck {
                at: Timestamp::EPOCH,
                route: Route::Unknown,
                resolvers,
                clock: ClockState::Unknown,
                vantage: None,
            }))
        }
    }

    fn spec(service: &str, nth: usize) -> CheckSpec {
        CheckSpec {
            id: CheckId::new(format!("{service}/{nth}")),
            service: ServiceId::new(service),
            title: Line::default(),
            probe: ProbeSpec::Tcp { host: service.into(), port: 80, slow: None },
            cadence: Cadence { every: Duration::from_secs(10), timeout: Duration::from_secs(5) },
            failures_to_down: 2,
            passes_to_up: 1,
        }
    }

    /// Runs for a while of paused time and counts the probes of each check.
    async fn run(checks: &[CheckSpec], secs: u64, during: impl FnOnce(&Poller)) -> (HashMap<CheckId, u32>, u32) {
        let (events, mut received) = mpsc::channel(64);
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let clock = Clock::manual(Timestamp::EPOCH);
        let poller = Poller::start(checks, Arc::new(World), events, clock, &tasks, &cancel);
        during(&poller);
        let (mut counts, mut overdue) = (HashMap::new(), 0);
        let end = tokio::time::sleep(Duration::from_secs(secs));
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => break,
                event = received.recv() => match event.map(|event| event.kind) {
                    Some(EventKind::Update(Update::Probe { check, .. })) => *counts.entry(check).or_insert(0) += 1,
                    Some(EventKind::PollerBehind { overdue: late }) => overdue = late,
                    _ => {}
                },
            }
        }
        cancel.cancel();
        tasks.close();
        tasks.wait().await;
        (counts, overdue)
    }

    #[tokio::test(start_paused = true)]
    async fn each_check_has_its_pace_and_what_is_looked_at_a_faster_one() {
        let checks = [spec("api", 0), spec("web", 0)];
        let (counts, _) = run(&checks, 99, |poller| poller.focus(&[CheckId::new("web/0")])).await;
        assert!((10..=12).contains(&counts[&CheckId::new("api/0")]), "{counts:?}");
        assert!((20..=24).contains(&counts[&CheckId::new("web/0")]), "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_hangs_delays_no_other_and_says_that_its_checks_are_late() {
        let mut checks: Vec<_> = (0..70).map(|nth| spec("hung", nth)).collect();
        checks.push(spec("web", 0));
        let (counts, overdue) = run(&checks, 60, |_| {}).await;
        assert!(counts[&CheckId::new("web/0")] >= 6, "{counts:?}");
        assert_eq!(overdue, 70 - u32::try_from(AT_ONCE_PER_HOST).unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_whose_probe_panics_goes_on_being_probed() {
        let (counts, _) = run(&[spec("mistaken", 0)], 60, |_| {}).await;
        assert!(counts[&CheckId::new("mistaken/0")] >= 6, "{counts:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn moving_over_many_services_is_no_load_on_them() {
        let checks = [spec("api", 0), spec("web", 0)];
        let flick = |poller: &Poller| {
            for nth in 0..200 {
                poller.focus(&[checks[nth % 2].id.clone()]);
            }
        };
        let (events, mut received) = mpsc::channel(64);
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let poller = Poller::start(&checks, Arc::new(World), events, Clock::manual(Timestamp::EPOCH), &tasks, &cancel);
        let (mut probes, mut moved) = (0, tokio::time::interval(Duration::from_millis(30)));
        let end = Instant::now() + Duration::from_secs(4);
        while Instant::now() < end {
            tokio::select! {
                event = received.recv() => {
                    probes += u32::from(matches!(event.unwrap().kind, EventKind::Update(Update::Probe { .. })));
                }
                _ = moved.tick() => flick(&poller),
            }
        }
        cancel.cancel();
        assert_eq!(probes, 2, "one each within less than the interval of what is looked at");
    }

    #[tokio::test(start_paused = true)]
    async fn probing_now_does_not_wait_for_the_pace() {
        let checks = [spec("api", 0)];
        let (events, mut received) = mpsc::channel(64);
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let poller = Poller::start(&checks, Arc::new(World), events, Clock::manual(Timestamp::EPOCH), &tasks, &cancel);
        let start = Instant::now();
        let mut probes = 0;
        while probes < 2 {
            if let Some(EventKind::Update(Update::Probe { .. })) = received.recv().await.map(|event| event.kind) {
                probes += 1;
                poller.probe_now(&ProbeWhich::All);
            }
        }
        assert!(start.elapsed() < Duration::from_secs(1));
        cancel.cancel();
    }
}
