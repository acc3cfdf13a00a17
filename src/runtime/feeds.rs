//! Reading feeds at their own pace, and log streams of platforms as they come.
//!
//! One task a feed. A slow or dead source delays nobody else: every read has its deadline, and the engine its own limits for
//! each source and host.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

mod seen;
#[cfg(test)]
mod tests;

use super::redaction::redact;
use super::secrets::Kept;
use crate::app::effect::ReadRequest;
use crate::app::event::{Event, EventKind, ReadEvent};
use crate::clock::Clock;
use crate::logs::parse::LineParser;
use crate::model::catalog::Catalog;
use crate::model::id::{FeedId, LogSourceId};
use crate::model::log::{LogBatch, LogLine, LogSourceState};
use crate::model::snapshot::Update;
use crate::model::source::{Capability, FailureKind, Feed, Found, LogEntry, Source, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::provider::engine::{Ask, Engine, LogStream};
use crate::provider::map::Mapped;
use crate::provider::run::{Failure, seconds};
use seen::Seen;

/// What is on the screen is read this often at least.
const FOCUSED: Duration = Duration::from_secs(10);
/// A read that takes longer is given up.
const DEADLINE: Duration = Duration::from_secs(60);
/// The first reads of many feeds are spread.
const SPREAD: Duration = Duration::from_millis(20);
/// A stream that broke is opened again after this, and after longer each time.
const REOPEN: Duration = Duration::from_secs(2);
const REOPEN_AT_MOST: Duration = Duration::from_secs(60);
/// A stream that held this long is opened again as soon as the first.
const STEADY: Duration = Duration::from_secs(30);
/// Lines of a stream are gathered for this long: a frame needs no more.
const GATHER: Duration = Duration::from_millis(100);
/// How far back the first look at a log goes.
const LOOK_BACK: Duration = Duration::from_secs(15 * 60);

/// What reads feeds.
pub trait Reader: Send + Sync + 'static {
    /// Reads a feed once.
    fn read<'a>(
        &'a self,
        source: &'a Source,
        feed: &'a Feed,
        input: &'a BTreeMap<String, Value>,
        now: bool,
    ) -> BoxFuture<'a, Result<Mapped, Failure>>;
    /// Follows a log, where the source can be followed.
    fn follow<'a>(&'a self, source: &'a Source, feed: &'a Feed) -> BoxFuture<'a, Option<Result<LogStream, Failure>>>;
}

impl Reader for Engine {
    fn read<'a>(
        &'a self,
        source: &'a Source,
        feed: &'a Feed,
        input: &'a BTreeMap<String, Value>,
        now: bool,
    ) -> BoxFuture<'a, Result<Mapped, Failure>> {
        Box::pin(async move {
            let ask = Ask { source, capability: feed.capability, params: &feed.params, input, now };
            Engine::read(self, &ask).await
        })
    }

    fn follow<'a>(&'a self, source: &'a Source, feed: &'a Feed) -> BoxFuture<'a, Option<Result<LogStream, Failure>>> {
        Box::pin(async move {
            let definition = match self.definition(source) {
                Ok(definition) => definition,
                Err(failure) => return Some(Err(failure)),
            };
            definition.stream.as_ref()?;
            Some(Engine::follow(self, source, &feed.params).await)
        })
    }
}

/// The running feeds.
#[derive(Debug)]
pub struct Feeds {
    handles: HashMap<FeedId, Arc<Handle>>,
}

#[derive(Debug, Default)]
struct Handle {
    now: Notify,
    focused: AtomicBool,
    looked_at: Notify,
}

struct Shared {
    reader: Arc<dyn Reader>,
    events: mpsc::Sender<Event>,
    clock: Clock,
}

impl Feeds {
    /// Starts to read. Everything ends when `cancel` is cancelled.
    pub fn start(
        catalog: &Catalog,
        reader: Arc<dyn Reader>,
        events: mpsc::Sender<Event>,
        clock: Clock,
        tasks: &TaskTracker,
        cancel: &CancellationToken,
    ) -> Self {
        let shared = Arc::new(Shared { reader, events, clock });
        let mut handles = HashMap::new();
        for (nth, feed) in (0_u32..).zip(&catalog.feeds) {
            let Some(source) = catalog.source(&feed.source) else { continue };
            let handle = Arc::new(Handle::default());
            handles.insert(feed.id.clone(), Arc::clone(&handle));
            let first = (SPREAD * nth).min(feed.cadence.every / 2);
            let (source, feed, shared) = (source.clone(), feed.clone(), Arc::clone(&shared));
            if feed.capability == Capability::Logs {
                tasks.spawn(cancel.clone().run_until_cancelled_owned(follow(source, feed, handle, shared)));
            } else {
                tasks.spawn(cancel.clone().run_until_cancelled_owned(watch(source, feed, handle, shared, first)));
            }
        }
        Self { handles }
    }

    /// Reads everything now.
    pub fn read_now(&self) {
        self.handles.values().for_each(|handle| handle.now.notify_one());
    }

    /// Reads these now.
    pub fn read_these(&self, feeds: &[FeedId]) {
        feeds.iter().filter_map(|id| self.handles.get(id)).for_each(|handle| handle.now.notify_one());
    }

    /// Reads these more often than others.
    pub fn focus(&self, feeds: &[FeedId]) {
        let wanted: HashSet<_> = feeds.iter().collect();
        for (id, handle) in &self.handles {
            let focus = wanted.contains(id);
            if handle.focused.swap(focus, Ordering::SeqCst) != focus && focus {
                handle.looked_at.notify_one();
            }
        }
    }
}

/// Reads once what somebody looks at.
pub struct Reads {
    reader: Arc<dyn Reader>,
    catalog: Arc<Catalog>,
    events: mpsc::Sender<Event>,
    clock: Clock,
    tasks: TaskTracker,
}

impl std::fmt::Debug for Reads {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Reads")
    }
}

impl Reads {
    /// Makes what reads once.
    pub fn new(
        reader: Arc<dyn Reader>,
        catalog: Arc<Catalog>,
        events: mpsc::Sender<Event>,
        clock: Clock,
        tasks: TaskTracker,
    ) -> Self {
        Self { reader, catalog, events, clock, tasks }
    }

    /// Starts to read. The answer comes as an event.
    pub fn start(&self, request: ReadRequest) {
        let (id, capability, about, input) = match request {
            ReadRequest::Issue { feed, issue } => {
                let about = issue.id.clone();
                let input = [("issue".to_owned(), serde_json::to_value(issue).unwrap_or_default())];
                (feed, Capability::Issue, about, BTreeMap::from(input))
            }
            ReadRequest::Changes { feed, from, to } => {
                let about = Line::from_text(&format!("{}..{}", from.id, to.id));
                let value = |release| serde_json::to_value(release).unwrap_or_default();
                let input = [("from".to_owned(), value(from)), ("to".to_owned(), value(to))];
                (feed, Capability::Changes, about, BTreeMap::from(input))
            }
        };
        let Some(feed) = self.catalog.feed(&id) else { return };
        let Some(source) = self.catalog.source(&feed.source) else { return };
        let (source, mut feed) = (source.clone(), feed.clone());
        feed.capability = capability;
        let (reader, events, clock) = (Arc::clone(&self.reader), self.events.clone(), self.clock.clone());
        self.tasks.spawn(async move {
            let read = bounded(reader.read(&source, &feed, &input, true)).await;
            let found = read.map(|mapped| Box::new(mapped.found)).map_err(|failure| trouble(&failure));
            let kind = EventKind::Read(ReadEvent { feed: id, about, found });
            let _ = events.send(Event { at: clock.now(), kind }).await;
        });
    }
}

/// Turns a failure into what the model keeps of it.
pub fn trouble(failure: &Failure) -> Trouble {
    Trouble {
        kind: failure.kind,
        message: Line::from_text(&redact(&failure.to_string())),
        hint: Line::from_text(failure.kind.hint()),
    }
}

/// Reads within the deadline. A panic is a failure of this read, and not the end of its feed.
async fn bounded<T>(read: BoxFuture<'_, Result<T, Failure>>) -> Result<T, Failure> {
    let failed = |kind, message: &str| Err(Failure { kind, request: String::new(), message: Line::from_text(message) });
    match tokio::time::timeout(DEADLINE, AssertUnwindSafe(read).catch_unwind()).await {
        Ok(Ok(read)) => read,
        Ok(Err(_)) => failed(FailureKind::Malformed, "crashcart itself failed at reading this; its log says where"),
        Err(_) => failed(FailureKind::TimedOut, &format!("not complete within {} s", DEADLINE.as_secs())),
    }
}

async fn watch(source: Source, feed: Feed, handle: Arc<Handle>, shared: Arc<Shared>, first: Duration) {
    tokio::time::sleep(first).await;
    let mut asked_for = false;
    let mut round = 0_u32;
    loop {
        let begun = Instant::now();
        let input = input_of(&feed, shared.clock.now());
        let read = bounded(shared.reader.read(&source, &feed, &input, asked_for)).await;
        let rate_limited = matches!(&read, Err(failure) if matches!(failure.kind, FailureKind::RateLimited { .. } | FailureKind::Resting));
        // A source that rests has told its reason already: that one stays.
        let told = !matches!(&read, Err(failure) if failure.kind == FailureKind::Resting);
        if told {
            let (found, problems) = match read {
                Ok(mapped) => (Ok(Box::new(mapped.found)), mapped.problems),
                Err(failure) => (Err(trouble(&failure)), Vec::new()),
            };
            let kind =
                EventKind::Update(Update::Feed { feed: feed.id.clone(), at: shared.clock.now(), found, problems });
            if shared.events.send(Event { at: shared.clock.now(), kind }).await.is_err() {
                return;
            }
        }
        round = round.wrapping_add(1);
        loop {
            let mut every = feed.cadence.every;
            if handle.focused.load(Ordering::SeqCst) && !rate_limited {
                every = every.min(FOCUSED.max(every / 3));
            }
            let wait = pace(&feed.id, every, round);
            tokio::select! {
                () = tokio::time::sleep_until(begun + wait) => {
                    asked_for = false;
                    break;
                }
                () = handle.now.notified() => {
                    asked_for = true;
                    break;
                }
                () = handle.looked_at.notified() => {}
            }
        }
    }
}

/// Returns the time from the beginning of one read to the next: up to a tenth less than what is configured, so that feeds do
/// not march in step.
pub fn pace(feed: &FeedId, every: Duration, round: u32) -> Duration {
    let mut hasher = DefaultHasher::new();
    (feed.as_str(), round).hash(&mut hasher);
    every - every / 10 * u32::try_from(hasher.finish() % 101).unwrap_or(0) / 100
}

/// What a feed is given: its own input, and for metrics the last hour in as many points as a chart has columns.
pub fn input_of(feed: &Feed, now: Timestamp) -> BTreeMap<String, Value> {
    const HOUR: Duration = Duration::from_secs(3_600);
    let mut input = feed.input.clone();
    if feed.capability == Capability::Metrics {
        input.entry("start".to_owned()).or_insert_with(|| seconds(now - HOUR).into());
        input.entry("end".to_owned()).or_insert_with(|| seconds(now).into());
        input.entry("step".to_owned()).or_insert_with(|| 30.into());
    }
    input
}

/// Returns the log source that a feed's lines are shown under.
pub fn log_source(feed: &Feed) -> LogSourceId {
    LogSourceId::new(feed.id.as_str())
}

async fn follow(source: Source, feed: Feed, handle: Arc<Handle>, shared: Arc<Shared>) {
    let id = log_source(&feed);
    let mut seen = Seen::default();
    let mut pause = REOPEN;
    let mut parser = parser();
    loop {
        let opened = bounded(Box::pin(async { Ok(shared.reader.follow(&source, &feed).await) })).await;
        match opened.unwrap_or_else(|failure| Some(Err(failure))) {
            None => return poll(source, feed, handle, shared, seen).await,
            Some(Err(failure)) => {
                if !shared.state(&id, LogSourceState::Failed(Line::from_text(&failure.to_string()))).await {
                    return;
                }
            }
            Some(Ok(mut stream)) => {
                let opened_at = Instant::now();
                if !shared.state(&id, LogSourceState::Following { bytes: None }).await {
                    return;
                }
                let mut next = async || {
                    let panicked = || Failure {
                        kind: FailureKind::Malformed,
                        request: String::new(),
                        message: Line::from_text("crashcart itself failed at reading this; its log says where"),
                    };
                    AssertUnwindSafe(stream.next()).catch_unwind().await.unwrap_or_else(|_| Some(Err(panicked())))
                };
                let ended = loop {
                    match next().await {
                        None => break "the stream ended".to_owned(),
                        Some(Err(failure)) => break failure.to_string(),
                        Some(Ok(mut entries)) => {
                            let gather = tokio::time::sleep(GATHER);
                            tokio::pin!(gather);
                            let broken = loop {
                                tokio::select! {
                                    () = &mut gather => break None,
                                    more = next() => match more {
                                        Some(Ok(more)) => entries.extend(more),
                                        Some(Err(failure)) => break Some(failure.to_string()),
                                        None => break Some("the stream ended".to_owned()),
                                    },
                                }
                            };
                            if !shared.lines(&id, &mut parser, seen.new_of(entries)).await {
                                return;
                            }
                            if let Some(why) = broken {
                                break why;
                            }
                        }
                    }
                };
                // One that says its last lines and breaks, again and again, is not steady.
                if opened_at.elapsed() >= STEADY {
                    pause = REOPEN;
                }
                if !shared.state(&id, LogSourceState::Ended(Line::from_text(&ended))).await {
                    return;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = handle.now.notified() => {}
        }
        pause = (pause * 2).min(REOPEN_AT_MOST);
    }
}

/// Asks for new lines again and again, where nothing can be followed.
async fn poll(source: Source, feed: Feed, handle: Arc<Handle>, shared: Arc<Shared>, mut seen: Seen) {
    let id = log_source(&feed);
    let mut since = shared.clock.now() - LOOK_BACK;
    let mut fine = false;
    let mut asked_for = false;
    let mut parser = parser();
    loop {
        let begun = Instant::now();
        let now = shared.clock.now();
        // A clock that was set back: nothing is newer than what comes tomorrow.
        if since > now {
            since = now - LOOK_BACK;
        }
        let mut input = feed.input.clone();
        input.insert("since".to_owned(), seconds(since).into());
        input.insert("until".to_owned(), seconds(now + Duration::from_secs(1)).into());
        input.insert("limit".to_owned(), 200.into());
        match bounded(shared.reader.read(&source, &feed, &input, asked_for)).await {
            Ok(Mapped { found: Found::Logs(entries), .. }) => {
                if !fine && !shared.state(&id, LogSourceState::Following { bytes: None }).await {
                    return;
                }
                fine = true;
                // What comes late to the platform has an earlier time: the next look reaches back a little.
                if let Some(latest) = entries.iter().filter_map(|entry| entry.at).max() {
                    since = since.max(latest.min(now) - Duration::from_secs(10));
                }
                let new = seen.after_last(entries);
                let new = seen.new_of(new);
                if !shared.lines(&id, &mut parser, new).await {
                    return;
                }
            }
            Ok(_) => return,
            // A source that rests has told its reason already: that one stays.
            Err(failure) if failure.kind == FailureKind::Resting => {}
            Err(failure) => {
                fine = false;
                if !shared.state(&id, LogSourceState::Failed(Line::from_text(&failure.to_string()))).await {
                    return;
                }
            }
        }
        let every = if handle.focused.load(Ordering::SeqCst) {
            feed.cadence.every.min(Duration::from_secs(3))
        } else {
            feed.cadence.every
        };
        tokio::select! {
            () = tokio::time::sleep_until(begun + every.max(Duration::from_secs(1))) => asked_for = false,
            () = handle.now.notified() => asked_for = true,
        }
    }
}

impl Shared {
    async fn state(&self, source: &LogSourceId, state: LogSourceState) -> bool {
        let kind = EventKind::Update(Update::LogSource { source: source.clone(), state });
        self.events.send(Event { at: self.clock.now(), kind }).await.is_ok()
    }

    async fn lines(&self, source: &LogSourceId, parser: &mut LineParser, entries: Vec<LogEntry>) -> bool {
        if entries.is_empty() {
            return true;
        }
        let received = self.clock.now();
        let lines = entries.into_iter().map(|entry| line(parser, entry, received)).collect();
        let kind = EventKind::Lines(LogBatch { source: source.clone(), lines, dropped: 0 });
        self.events.send(Event { at: received, kind }).await.is_ok()
    }
}

/// Turns a platform's line into one of ours. What the platform does not say, the text may.
pub fn line(parser: &mut LineParser, entry: LogEntry, received: Timestamp) -> LogLine {
    let mut line = parser.parse(entry.text.as_str().as_bytes(), None, received);
    line.stated = entry.at.or(line.stated);
    line.level = entry.level.or(line.level);
    if let Some(instance) = entry.instance
        && !line.text.as_str().contains(instance.as_str())
        && !line.continues
    {
        line.text = Line::from_text(&format!("[{instance}] {}", line.text));
    }
    line
}

fn parser() -> LineParser {
    // Platforms write times of their own; what a program writes without a zone is most often UTC in a container.
    LineParser::new(jiff::tz::TimeZone::UTC)
}

/// Makes the engine that feeds are read with.
pub fn engine(
    registry: Arc<crate::provider::registry::Registry>,
    kept: Kept,
    surroundings: crate::model::surroundings::Surroundings,
    clock: Clock,
) -> Arc<Engine> {
    Arc::new(Engine::new(registry, Arc::new(kept), surroundings, clock))
}
