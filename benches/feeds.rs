//! A thousand sources, each at an address of its own, read every ten seconds for a minute by the engine and the feeds of the
//! console: processor, memory, and how late reads begin. Beside it stand plain GETs of the same addresses at the same rate
//! with the same HTTP client, which is what it costs at least.
//!
//! Server, feeds and GETs are processes of their own, so that none's time is counted as another's.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crashcart::app::event::EventKind;
use crashcart::clock::Clock;
use crashcart::model::catalog::Catalog;
use crashcart::model::id::{FeedId, SourceId};
use crashcart::model::observed::Cadence;
use crashcart::model::secret::{Secret, SecretRef};
use crashcart::model::snapshot::Update;
use crashcart::model::source::{Capability, Feed, Source};
use crashcart::model::surroundings::Surroundings;
use crashcart::model::text::Line;
use crashcart::provider::engine::{Engine, LogStream, NoSecret, Secrets};
use crashcart::provider::map::Mapped;
use crashcart::provider::registry::Registry;
use crashcart::provider::run::Failure;
use crashcart::runtime::feeds::{Feeds, Reader, pace};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const SOURCES: u32 = 1_000;
const EVERY: Duration = Duration::from_secs(10);
/// Connections are opened in this time; nothing of it is counted.
const WARM_UP: Duration = Duration::from_secs(15);
const RUN: Duration = Duration::from_secs(60);

const DEFINITION: &str = r#"
[provider]
name = "bench"
title = "Bench"
kind = "monitoring"
auth = { bearer = "token" }
[secrets.token]
help = "a token"
[alerts]
get = "/api/v2/alerts"
query = "{limit: $limit}"
map = '[.data[]? | {id: .fingerprint, title: .labels.alertname, severity: .labels.severity, since: .startsAt, labels}]'
[alerts.severities]
critical = "page"
"#;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let port = || arguments.get(2).and_then(|port| port.parse::<u16>().ok()).ok_or(io::ErrorKind::InvalidInput);
    match arguments.get(1).map(String::as_str) {
        Some("serve") => serve(),
        Some("ours") => ours(port()?),
        Some("plain") => plain(port()?),
        _ => compare(),
    }
}

fn compare() -> io::Result<()> {
    let this = std::env::current_exe()?;
    let mut server = Command::new(&this).arg("serve").stdout(Stdio::piped()).spawn()?;
    let mut port = String::new();
    BufReader::new(server.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?).read_line(&mut port)?;
    println!(
        "{:28} {:>8} {:>8} {:>8} {:>10} {:>10} {:>10} {:>12}",
        "", "reads", "CPU %", "RSS MB", "late p50", "late p95", "late max", "answer p95"
    );
    for who in ["plain", "ours"] {
        let status = Command::new(&this).args([who, port.trim()]).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("{who} failed")));
        }
    }
    server.kill()?;
    server.wait()?;
    Ok(())
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Answers everything with the same three alerts, on every address of this machine.
fn serve() -> io::Result<()> {
    let alert = r#"{"fingerprint":"a1b2c3","startsAt":"2026-01-01T00:00:00Z","labels":{"alertname":"QueueGrows","severity":"page","service":"shop","instance":"10.0.0.1:9100"},"annotations":{"summary":"The queue has grown for ten minutes"}}"#;
    let body = format!("{{\"status\":\"success\",\"data\":[{alert},{alert},{alert}]}}");
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer: Arc<[u8]> = answer.into_bytes().into();
    runtime()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await?;
        println!("{}", listener.local_addr()?.port());
        loop {
            let (mut stream, _) = listener.accept().await?;
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut buffer = [0; 4_096];
                // A request without a body fits, and comes in one piece on loopback.
                while matches!(stream.read(&mut buffer).await, Ok(1..)) {
                    if stream.write_all(&answer).await.is_err() {
                        return;
                    }
                }
            });
        }
    })
}

fn url(nth: u32, port: u16) -> String {
    format!("http://127.1.{}.{}:{port}", nth / 250, nth % 250 + 1)
}

/// When reads began, and how long they took.
#[derive(Default)]
struct Measured {
    late: Vec<Duration>,
    took: Vec<Duration>,
}

fn print(who: &str, mut measured: Measured, busy: Duration) -> io::Result<()> {
    measured.late.sort();
    measured.took.sort();
    let at = |all: &[Duration], part: usize| {
        let index = (all.len() * part / 100).min(all.len().saturating_sub(1));
        format!("{:.1} ms", all.get(index).copied().unwrap_or_default().as_secs_f64() * 1e3)
    };
    println!(
        "{who:28} {:>8} {:>8.1} {:>8.1} {:>10} {:>10} {:>10} {:>12}",
        measured.took.len(),
        100.0 * busy.as_secs_f64() / RUN.as_secs_f64(),
        resident()? as f64 / 1e6,
        at(&measured.late, 50),
        at(&measured.late, 95),
        at(&measured.late, 100),
        at(&measured.took, 95),
    );
    Ok(())
}

/// One secret, from nowhere.
struct Keys;

impl Secrets for Keys {
    fn get<'a>(&'a self, _: &'a SecretRef) -> BoxFuture<'a, Result<Secret, NoSecret>> {
        Box::pin(std::future::ready(Ok(Secret::new("token-of-the-benchmark"))))
    }

    fn forget(&self, _: &SecretRef) {}

    fn learn(&self, _: &Secret) {}
}

/// The engine, with a note of when each read begins.
struct Watched {
    engine: Engine,
    begun: Mutex<HashMap<FeedId, (Instant, u32)>>,
    measured: Mutex<Measured>,
}

impl Reader for Watched {
    fn read<'a>(
        &'a self,
        source: &'a Source,
        feed: &'a Feed,
        input: &'a BTreeMap<String, Value>,
        now: bool,
    ) -> BoxFuture<'a, Result<Mapped, Failure>> {
        let begins = Instant::now();
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let round = begun.get(&feed.id).map_or(0, |(_, round)| round + 1);
        if let Some((before, _)) = begun.insert(feed.id.clone(), (begins, round)) {
            let due = before + pace(&feed.id, feed.cadence.every, round);
            let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
            measured.late.push(begins.saturating_duration_since(due));
        }
        Box::pin(async move {
            let read = Reader::read(&self.engine, source, feed, input, now).await;
            let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
            measured.took.push(begins.elapsed());
            read
        })
    }

    fn follow<'a>(&'a self, _: &'a Source, _: &'a Feed) -> BoxFuture<'a, Option<Result<LogStream, Failure>>> {
        Box::pin(std::future::ready(None))
    }
}

fn catalog(port: u16) -> Catalog {
    let mut catalog = Catalog::default();
    for nth in 0..SOURCES {
        let name = format!("source-{nth}");
        catalog.sources.push(Source {
            id: SourceId::new(&name),
            provider: "bench".to_owned(),
            url: Some(url(nth, port)),
            params: BTreeMap::new(),
            secrets: BTreeMap::from([("token".to_owned(), SecretRef::Env("TOKEN".to_owned()))]),
            ca: None,
            insecure: false,
            every: None,
            own: None,
        });
        catalog.feeds.push(Feed {
            id: FeedId::new(&name),
            source: SourceId::new(&name),
            capability: Capability::Alerts,
            service: None,
            vendor: None,
            params: BTreeMap::new(),
            input: BTreeMap::new(),
            title: Line::default(),
            cadence: Cadence { every: EVERY, timeout: EVERY },
            warn: None,
            critical: None,
            unit: None,
        });
    }
    catalog
}

fn ours(port: u16) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("bench.toml"), DEFINITION)?;
    let registry = Arc::new(Registry::new(vec![folder.path().to_owned()]));
    let clock = Clock::system();
    let engine = Engine::new(registry, Arc::new(Keys), Surroundings::default(), clock.clone());
    let watched = Arc::new(Watched { engine, begun: Mutex::default(), measured: Mutex::default() });
    runtime()?.block_on(async {
        let (sender, mut events) = tokio::sync::mpsc::channel(1_024);
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let reader: Arc<dyn Reader> = Arc::clone(&watched) as _;
        let _feeds = Feeds::start(&catalog(port), reader, sender, clock, &tasks, &cancel);
        let mut drain = async |until: tokio::time::Instant| -> io::Result<()> {
            while let Ok(Some(event)) = tokio::time::timeout_at(until, events.recv()).await {
                if let EventKind::Update(Update::Feed { found: Err(trouble), .. }) = event.kind {
                    return Err(io::Error::other(trouble.message.as_str().to_owned()));
                }
            }
            Ok(())
        };
        let begin = tokio::time::Instant::now() + WARM_UP;
        drain(begin).await?;
        let busy = busy()?;
        *watched.measured.lock().unwrap_or_else(PoisonError::into_inner) = Measured::default();
        drain(begin + RUN).await?;
        let busy = self::busy()? - busy;
        let measured = std::mem::take(&mut *watched.measured.lock().unwrap_or_else(PoisonError::into_inner));
        print("engine and feeds", measured, busy)?;
        cancel.cancel();
        Ok(())
    })
}

/// The same GETs, with nothing before and behind them.
fn plain(port: u16) -> io::Result<()> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .pool_idle_timeout(Duration::from_secs(60))
        .build()
        .map_err(io::Error::other)?;
    runtime()?.block_on(async {
        let measured = Arc::new(Mutex::new(Measured::default()));
        for nth in 0..SOURCES {
            let (client, measured) = (client.clone(), Arc::clone(&measured));
            let url = format!("{}/api/v2/alerts?limit=100", url(nth, port));
            tokio::spawn(async move {
                let mut due = tokio::time::Instant::now() + EVERY * nth / SOURCES;
                loop {
                    tokio::time::sleep_until(due).await;
                    let begins = tokio::time::Instant::now();
                    let answer = client.get(&url).header("authorization", "Bearer token-of-the-benchmark").send().await;
                    let Ok(answer) = answer else { std::process::exit(1) };
                    let Ok(_) = answer.bytes().await else { std::process::exit(1) };
                    let mut measured = measured.lock().unwrap_or_else(PoisonError::into_inner);
                    measured.late.push(begins - due);
                    measured.took.push(begins.elapsed());
                    due += EVERY;
                }
            });
        }
        tokio::time::sleep(WARM_UP).await;
        let busy = busy()?;
        *measured.lock().unwrap_or_else(PoisonError::into_inner) = Measured::default();
        tokio::time::sleep(RUN).await;
        let busy = self::busy()? - busy;
        let measured = std::mem::take(&mut *measured.lock().unwrap_or_else(PoisonError::into_inner));
        print("plain GETs", measured, busy)
    })
}

/// Returns the processor time that this process has used, in the kernel's ticks of a hundredth of a second.
fn busy() -> io::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Returns the memory of this process, in bytes.
fn resident() -> io::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    Ok(statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096)
}
