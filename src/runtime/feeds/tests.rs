//! The pace of feeds, on tokio's own time: nothing here waits.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::model::id::SourceId;
use crate::model::observed::Cadence;

/// Sources by their names: what hangs, panics, rests, or has a log that breaks.
#[derive(Default)]
struct World {
    clock: Option<Clock>,
    streams: AtomicUsize,
    /// Feed, whether it was asked for, and since when log lines were wanted.
    asked: Mutex<Vec<(String, bool, f64)>>,
}

fn failed<T>(kind: FailureKind, message: &str) -> Result<T, Failure> {
    Err(Failure { kind, request: String::new(), message: Line::from_text(message) })
}

fn entry(text: &str, at: Option<Timestamp>) -> LogEntry {
    LogEntry { id: None, at, level: None, instance: None, text: Line::from_text(text) }
}

impl World {
    fn asked(&self, source: &Source, now: bool, input: &BTreeMap<String, Value>) -> usize {
        let since = input.get("since").and_then(Value::as_f64).unwrap_or_default();
        let mut asked = self.asked.lock().unwrap();
        asked.push((source.id.as_str().to_owned(), now, since));
        asked.iter().filter(|(name, ..)| name == source.id.as_str()).count()
    }
}

impl Reader for World {
    fn read<'a>(
        &'a self,
        source: &'a Source,
        feed: &'a Feed,
        input: &'a BTreeMap<String, Value>,
        now: bool,
    ) -> BoxFuture<'a, Result<Mapped, Failure>> {
        Box::pin(async move {
            let nth = self.asked(source, now, input);
            let at = self.clock.as_ref().map(Clock::now);
            match source.id.as_str() {
                "hung" => std::future::pending().await,
                "mistaken" => panic!("a mistake that this test makes"),
                "mends" if nth == 1 => panic!("a mistake that this test makes once"),
                "resting" if !now => failed(FailureKind::Resting, "tried again in 100 s"),
                _ if feed.capability == Capability::Logs => {
                    let entries = (nth.saturating_sub(2)..nth).map(|line| entry(&format!("line {line}"), at)).collect();
                    Ok(Mapped { found: Found::Logs(entries), problems: Vec::new() })
                }
                _ => Ok(Mapped { found: Found::Alerts(Vec::new()), problems: Vec::new() }),
            }
        })
    }

    fn follow<'a>(&'a self, source: &'a Source, _: &'a Feed) -> BoxFuture<'a, Option<Result<LogStream, Failure>>> {
        Box::pin(async move {
            let nth = self.streams.fetch_add(1, Ordering::SeqCst);
            let (line, again) = (entry(&format!("stream {nth}"), None), entry("again", Some(Timestamp::EPOCH)));
            let lines = futures_util::stream::iter([Ok(vec![line]), Ok(vec![again])]);
            match source.id.as_str() {
                "breaks" => {
                    let broken = failed(FailureKind::Unreachable, "the connection was cut");
                    Some(Ok(lines.chain(futures_util::stream::iter([broken])).boxed()))
                }
                "panics" => {
                    let panics = futures_util::stream::poll_fn(|_| panic!("a mistake that this test makes"));
                    Some(Ok(lines.chain(panics).boxed()))
                }
                "never-opens" => std::future::pending().await,
                _ => None,
            }
        })
    }
}

fn catalog(sources: &[&str], capability: Capability, every: u64) -> Catalog {
    let mut catalog = Catalog::default();
    for name in sources {
        catalog.sources.push(Source {
            id: SourceId::new(*name),
            provider: "test".to_owned(),
            url: None,
            params: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ca: None,
            insecure: false,
            every: None,
            own: None,
        });
        catalog.feeds.push(Feed {
            id: FeedId::new(*name),
            source: SourceId::new(*name),
            capability,
            service: None,
            vendor: None,
            params: BTreeMap::new(),
            input: BTreeMap::new(),
            title: Line::default(),
            cadence: Cadence { every: Duration::from_secs(every), timeout: Duration::from_secs(10) },
            warn: None,
            critical: None,
            unit: None,
        });
    }
    catalog
}

struct Running {
    world: Arc<World>,
    feeds: Feeds,
    events: mpsc::Receiver<Event>,
    cancel: CancellationToken,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

fn start(sources: &[&str], capability: Capability, every: u64, clock: &Clock) -> Running {
    let world = Arc::new(World { clock: Some(clock.clone()), ..World::default() });
    let (sender, events) = mpsc::channel(1_024);
    let cancel = CancellationToken::new();
    let catalog = catalog(sources, capability, every);
    let feeds = Feeds::start(
        &catalog,
        Arc::clone(&world) as Arc<dyn Reader>,
        sender,
        clock.clone(),
        &TaskTracker::new(),
        &cancel,
    );
    Running { world, feeds, events, cancel }
}

impl Running {
    /// Lets some of tokio's time pass, and returns what was told meanwhile, a sentence each.
    async fn pass(&mut self, time: u64) -> Vec<String> {
        let end = Instant::now() + Duration::from_secs(time);
        let mut told = Vec::new();
        while let Ok(Some(event)) = tokio::time::timeout_at(end, self.events.recv()).await {
            match event.kind {
                EventKind::Update(Update::Feed { feed, found: Ok(_), .. }) => told.push(format!("{feed} fine")),
                EventKind::Update(Update::Feed { feed, found: Err(trouble), .. }) => {
                    told.push(format!("{feed} {}", trouble.message));
                }
                EventKind::Update(Update::LogSource { source, state }) => told.push(format!("{source} {state:?}")),
                EventKind::Lines(batch) => {
                    told.extend(batch.lines.iter().map(|line| format!("{} | {}", batch.source, line.text)));
                }
                _ => {}
            }
        }
        told
    }

    fn times_asked(&self, source: &str) -> usize {
        self.world.asked.lock().unwrap().iter().filter(|(name, ..)| name == source).count()
    }
}

fn count(told: &[String], what: &str) -> usize {
    told.iter().filter(|line| line.contains(what)).count()
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_hangs_or_panics_says_so_and_delays_no_other() {
    let clock = Clock::manual(Timestamp::EPOCH);
    let mut running = start(&["hung", "mistaken", "fine"], Capability::Alerts, 10, &clock);
    let told = running.pass(200).await;
    assert!(count(&told, "fine fine") >= 19, "{told:#?}");
    assert!(count(&told, "hung no answer in time: not complete within 60 s") >= 2, "{told:#?}");
    assert!(count(&told, "mistaken the answer cannot be read: crashcart itself failed") >= 19, "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_panicked_once_is_read_again() {
    let mut running = start(&["mends"], Capability::Alerts, 10, &Clock::manual(Timestamp::EPOCH));
    let told = running.pass(60).await;
    assert_eq!(count(&told, "itself failed"), 1, "{told:#?}");
    assert!(count(&told, "mends fine") >= 4, "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_rests_is_not_told_again_and_is_asked_when_the_user_wants_to_know() {
    for capability in [Capability::Alerts, Capability::Logs] {
        let mut running = start(&["resting"], capability, 10, &Clock::manual(Timestamp::EPOCH));
        assert_eq!(running.pass(60).await, [""; 0], "{capability}");
        running.feeds.read_now();
        assert_ne!(running.pass(1).await, [""; 0], "{capability}");
        let asked: Vec<bool> = running.world.asked.lock().unwrap().iter().map(|(_, now, _)| *now).collect();
        assert_eq!(asked.iter().filter(|now| **now).count(), 1, "{capability}: {asked:?}");
        // Only the one that was wanted.
        running.pass(60).await;
        assert_eq!(running.world.asked.lock().unwrap().iter().filter(|(_, now, _)| *now).count(), 1, "{capability}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_looked_at_is_read_faster_and_looking_around_is_no_load() {
    let mut running = start(&["seen", "other"], Capability::Alerts, 30, &Clock::manual(Timestamp::EPOCH));
    running.pass(1).await;
    running.feeds.focus(&[FeedId::new("seen")]);
    running.pass(120).await;
    let (seen, other) = (running.times_asked("seen"), running.times_asked("other"));
    assert!(seen >= 12 && (4..=6).contains(&other), "{seen} {other}");
    for _ in 0..100 {
        running.feeds.focus(&[FeedId::new("other")]);
        running.feeds.focus(&[FeedId::new("seen")]);
        tokio::task::yield_now().await;
    }
    running.pass(1).await;
    assert!(running.times_asked("seen") <= seen + 1 && running.times_asked("other") <= other + 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_is_opened_again_and_shows_no_line_twice() {
    let mut running = start(&["breaks"], Capability::Logs, 5, &Clock::manual(Timestamp::EPOCH));
    let told = running.pass(30).await;
    assert!(count(&told, "| stream ") >= 3, "{told:#?}");
    assert_eq!(count(&told, "| again"), 1, "{told:#?}");
    assert!(count(&told, "Ended(\"unreachable: the connection was cut\")") >= 3, "{told:#?}");
    assert!(running.world.streams.load(Ordering::SeqCst) <= 8, "not again and again without a pause: {told:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_with_a_mistake_in_it_or_that_never_opens_says_so_and_is_tried_again() {
    let mut running =
        start(&["panics", "never-opens", "polled"], Capability::Logs, 5, &Clock::manual(Timestamp::EPOCH));
    let told = running.pass(200).await;
    assert!(count(&told, "panics Ended(\"the answer cannot be read: crashcart itself failed") >= 3, "{told:#?}");
    assert!(count(&told, "never-opens Failed(\"no answer in time") >= 2, "{told:#?}");
    assert!(count(&told, "polled | line ") >= 30, "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_poll_shows_no_line_twice_and_a_clock_that_is_set_back_does_not_silence_a_log() {
    let clock = Clock::manual(Timestamp::from_secs(1_764_036_849));
    let mut running = start(&["polled"], Capability::Logs, 5, &clock);
    let told = running.pass(60).await;
    let asked = running.times_asked("polled");
    assert_eq!(count(&told, "| line "), asked, "{told:#?}");
    let yesterday = Timestamp::from_secs(1_764_036_849 - 86_400);
    clock.set(yesterday);
    running.pass(20).await;
    let asked = running.world.asked.lock().unwrap();
    let (_, _, since) = asked.last().unwrap();
    assert!(*since <= seconds(yesterday), "{since} is in the future");
}
