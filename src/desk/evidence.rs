//! What a restart destroys, put aside in one file before anybody restarts anything: logs, metrics, states, processes.
//!
//! ```text
//!   logs  feeds  checks  this machine  journal     each on its own, at the same time, until its deadline
//!     \     |      |          |          /
//!      `----+------+---- pieces --------'--redact--> bundle (.tar.gz with MANIFEST.json)
//! ```
//!
//! What cannot be got costs its own line in the manifest, and nothing else. Everything is redacted when all of it is there:
//! a secret that one source makes known may stand in the log of another.

mod alone;
mod bundle;
mod host;
mod logs;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::model::catalog::Catalog;
use crate::model::id::ServiceId;
use crate::model::incident::IncidentEvent;
use crate::model::journal::Entry;
use crate::model::source::Capability;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runtime::feeds::{Reader, input_of, trouble};
use crate::runtime::host::Machine;
use crate::runtime::poll::Outside;
use crate::runtime::redaction::redact;

pub use alone::by_itself;
pub use bundle::{BundleError, Taken, default_path, pack};

/// Things that are asked at once.
const AT_ONCE: usize = 16;

/// What is to be put aside.
#[derive(Clone, Debug)]
pub struct Request {
    pub number: u32,
    /// Empty: everything.
    pub services: Vec<ServiceId>,
    pub catalog: Catalog,
    pub zone: TimeZone,
    /// How far back logs go.
    pub since: Duration,
    /// How long each thing may take.
    pub deadline: Duration,
    /// The journal's entries of the incident.
    pub entries: Vec<Entry>,
    /// What the console or a command saw last, where it was kept.
    pub last_known: Option<Value>,
    /// What could not be looked at for all, such as a configuration that is broken: what it is, and why.
    pub troubles: Vec<(String, String)>,
}

/// What the world is asked with.
pub struct Means {
    pub reader: Arc<dyn Reader>,
    pub outside: Arc<dyn Outside>,
    pub machine: Box<dyn Machine>,
    pub clock: Clock,
}

/// One file of a bundle, or why there is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Its place in the bundle: `logs/checkout/app.log`.
    pub file: String,
    /// Where it is from, for people.
    pub from: String,
    pub taken_at: Timestamp,
    pub took: Duration,
    pub content: Result<Got, String>,
}

/// What was got.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Got {
    pub text: String,
    /// What is not in it: `8,123 bytes before`.
    pub left_out: Option<String>,
}

impl From<Value> for Got {
    fn from(value: Value) -> Self {
        Self { text: format!("{:#}\n", bundle::clean(value)), left_out: None }
    }
}

/// Something that is asked for.
struct Wanted {
    file: String,
    from: String,
    asked: BoxFuture<'static, Result<Got, String>>,
}

/// Asks for everything at the same time. `progress` hears what came and of how many, and what is waited for.
pub async fn gather(request: &Request, means: Means, mut progress: impl FnMut(usize, usize, &str)) -> Vec<Piece> {
    let clock = means.clock.clone();
    let wanted = wanted(request, means);
    let all = wanted.len();
    let deadline = request.deadline;
    let asked = wanted.into_iter().map(|one| {
        let clock = clock.clone();
        async move {
            let begun = clock.now();
            let content = tokio::time::timeout(deadline, one.asked).await.unwrap_or_else(|_| {
                Err(format!("no answer within {} s; wait for longer with --timeout DURATION", deadline.as_secs()))
            });
            let taken_at = clock.now();
            Piece { file: one.file, from: one.from, taken_at, took: taken_at.since(begun), content }
        }
    });
    let mut asked = futures_util::stream::iter(asked).buffer_unordered(AT_ONCE);
    let mut pieces = Vec::with_capacity(all);
    progress(0, all, "");
    while let Some(piece) = asked.next().await {
        progress(pieces.len() + 1, all, &piece.file);
        pieces.push(piece);
    }
    for (from, why) in &request.troubles {
        let (taken_at, took) = (clock.now(), Duration::ZERO);
        pieces.push(Piece { file: String::new(), from: from.clone(), taken_at, took, content: Err(why.clone()) });
    }
    let mut names = BTreeSet::new();
    for piece in &mut pieces {
        // A command with a token in it gives its log the name.
        piece.file = redact(&piece.file).replace("[redacted]", "redacted");
    }
    pieces.sort_by(|one, other| (&one.file, &one.from).cmp(&(&other.file, &other.from)));
    for piece in pieces.iter_mut().filter(|piece| !piece.file.is_empty()) {
        piece.file = distinct(&piece.file, &mut names);
    }
    pieces
}

/// Returns the event that says what was put aside.
pub fn event(taken: &Taken, now: Timestamp) -> IncidentEvent {
    IncidentEvent::Evidence {
        path: Line::from_text(&taken.path.to_string_lossy()),
        sha256: Line::from_text(&taken.sha256),
        bytes: taken.bytes,
        files: taken.files,
        missing: taken.missing,
        happened_at: now,
    }
}

fn wanted(request: &Request, means: Means) -> Vec<Wanted> {
    let catalog = &request.catalog;
    let concerns = |service: Option<&ServiceId>| {
        service.is_none_or(|service| request.services.is_empty() || request.services.contains(service))
    };
    let mut wanted = Vec::new();
    for spec in catalog.logs.iter().filter(|spec| concerns(spec.service.as_ref())) {
        wanted.extend(logs::wanted(spec, request, &means));
    }
    for feed in &catalog.feeds {
        if feed.capability == Capability::Logs || !concerns(feed.service.as_ref()) {
            continue;
        }
        let Some(source) = catalog.source(&feed.source).cloned() else { continue };
        let about = feed.service.as_ref().map(ToString::to_string).or(feed.vendor.as_ref().map(ToString::to_string));
        let name = about.unwrap_or_else(|| feed.source.to_string());
        let file = format!("{}/{}.json", feed.capability.word(), plain(&format!("{name}-{}", feed.title)));
        let (feed, reader, clock) = (feed.clone(), Arc::clone(&means.reader), means.clock.clone());
        let from = format!("{} of {} ({})", feed.capability.word().replace('_', " "), name, feed.source);
        let asked = async move {
            let input = input_of(&feed, clock.now());
            match reader.read(&source, &feed, &input, true).await {
                Ok(mapped) => {
                    let value = json!({ "feed": feed, "found": mapped.found, "problems": mapped.problems });
                    Ok(Got::from(value))
                }
                Err(failure) => Err(told(&trouble(&failure))),
            }
        };
        wanted.push(Wanted { file, from, asked: Box::pin(asked) });
    }
    for spec in catalog.checks.iter().filter(|spec| concerns(Some(&spec.service))) {
        let file = format!("checks/{}.json", plain(&format!("{}-{}", spec.service, spec.title)));
        let (spec, outside) = (spec.clone(), Arc::clone(&means.outside));
        let from = format!("check {} of {}, asked now", spec.title, spec.service);
        let asked = async move {
            let result = outside.probe(&spec).await;
            Ok(Got::from(json!({ "check": spec.id, "service": spec.service, "title": spec.title, "result": result })))
        };
        wanted.push(Wanted { file, from, asked: Box::pin(asked) });
    }
    if let Some(known) = &request.last_known {
        let got = Got::from(known.clone());
        wanted.push(ready("last-known.json", "what was seen last, on disk", got));
    }
    let entries: String = request
        .entries
        .iter()
        .filter_map(|entry| serde_json::to_value(entry).ok())
        .map(|entry| format!("{}\n", bundle::clean(entry)))
        .collect();
    wanted.push(ready("journal.jsonl", "the journal's entries of the incident", Got { text: entries, left_out: None }));
    wanted.extend(host::wanted(means.machine, &means.clock));
    wanted
}

fn ready(file: &str, from: &str, got: Got) -> Wanted {
    Wanted { file: file.to_owned(), from: from.to_owned(), asked: Box::pin(std::future::ready(Ok(got))) }
}

fn told(trouble: &crate::model::source::Trouble) -> String {
    if trouble.hint.is_empty() { trouble.message.to_string() } else { format!("{}; {}", trouble.message, trouble.hint) }
}

/// Makes a name that every system can unpack.
fn plain(text: &str) -> String {
    let mut name: String = text
        .chars()
        .take(80)
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    while name.contains("--") {
        name = name.replace("--", "-");
    }
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "unnamed".to_owned() } else { name.to_owned() }
}

/// Two sources of one name are two files.
fn distinct(file: &str, names: &mut BTreeSet<String>) -> String {
    let (stem, end) = file.rsplit_once('.').unwrap_or((file, ""));
    let mut name = file.to_owned();
    for number in 2.. {
        if names.insert(name.clone()) {
            break;
        }
        name = format!("{stem}-{number}.{end}");
    }
    name
}

/// The machine is read on a thread of its own, which may hang where a mount does.
type Shared = Arc<Mutex<Box<dyn Machine>>>;

fn locked(machine: &Shared) -> std::sync::MutexGuard<'_, Box<dyn Machine>> {
    machine.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_bundle_are_plain_and_distinct() {
        assert_eq!(plain("../../etc/passwd \u{1b}[2J"), "etc-passwd-2J");
        assert_eq!(plain("…"), "unnamed");
        let mut names = BTreeSet::new();
        assert_eq!(distinct("logs/a.log", &mut names), "logs/a.log");
        assert_eq!(distinct("logs/a.log", &mut names), "logs/a-2.log");
        assert_eq!(distinct("logs/a.log", &mut names), "logs/a-3.log");
    }
}
