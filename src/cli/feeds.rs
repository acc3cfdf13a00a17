//! `crashcart releases`, `alerts`, `issues`, `metrics`, `instances`, `vendors`, `on-call`: what sources say, once.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::anyhow;
use futures_util::StreamExt as _;
use serde_json::{Value, json};

mod table;

use super::args::{Cli, FeedsArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, output, outside};
use crate::clock::Clock;
use crate::config::nearest::nearest;
use crate::diagnosis::feeds::is_ill;
use crate::model::alert::{AlertState, MonitorState};
use crate::model::id::{FeedId, SourceId};
use crate::model::observed::Cadence;
use crate::model::source::{Capability, Feed, Found, Source, Trouble};
use crate::model::text::Line;
use crate::model::vendor::VendorState;
use crate::provider::engine::Engine;
use crate::provider::map::Mapped;
use crate::runtime::feeds::{Reader, input_of, trouble};
use crate::runtime::redaction::redact;

/// Feeds that are read at once.
const AT_ONCE: usize = 16;

/// A feed and what a read of it brought.
pub struct Answer {
    pub feed: Feed,
    pub found: Result<Mapped, Trouble>,
}

/// Reads and prints every feed of a capability, or those of the named services, vendors and sources.
pub(super) fn run(
    cli: &Cli,
    args: &FeedsArgs,
    capability: Capability,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let project = config_file::open(&cli.global, &[], &[], environment)?;
    for notice in &project.notices {
        output::tell(&format!("{notice}\n"));
    }
    if let Some(withheld) = &project.withheld {
        return Err(Failure::usage(anyhow!("{withheld}")));
    }
    let clock = Clock::system();
    let engine = outside::engine(environment, &clock, &project.definitions);
    let feeds = wanted(&project, &engine, args, capability)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let answers = runtime.block_on(read_all(&engine, feeds, args, &clock));
    // A resolver that hangs must not keep the prompt from coming back.
    runtime.shutdown_background();
    let text = if args.json {
        let document: Vec<Value> = answers.iter().map(document).collect();
        format!("{:#}\n", Value::Array(document))
    } else {
        let looks = table::Looks {
            now: clock.now(),
            zone: project.time_zone.clone(),
            width: environment.stdout_is_terminal.then(|| usize::from(crate::runtime::terminal::size().0)),
        };
        table::table(&answers, &looks)
    };
    output::print(redact(&text).as_ref())?;
    Ok(exit(&answers))
}

/// Returns the feeds to read. A source that no service names is read as a whole.
fn wanted(
    project: &Project,
    engine: &Engine,
    args: &FeedsArgs,
    capability: Capability,
) -> Result<Vec<(Source, Feed)>, Failure> {
    let catalog = &project.catalog;
    let of_kind: Vec<&Feed> = catalog.feeds.iter().filter(|feed| feed.capability == capability).collect();
    let named = |feed: &Feed, name: &str| {
        feed.service.as_ref().is_some_and(|service| service.as_str() == name)
            || feed.vendor.as_ref().is_some_and(|vendor| vendor.as_str() == name)
            || feed.source.as_str() == name
    };
    let mut feeds = Vec::new();
    for name in &args.names {
        let found: Vec<&&Feed> = of_kind.iter().filter(|feed| named(feed, name)).collect();
        if found.is_empty() {
            // A source may be asked for what no service takes from it, when it says all that is needed.
            let source = catalog.source(&SourceId::new(name));
            let able = source
                .and_then(|source| engine.definition(source).ok())
                .is_some_and(|definition| definition.readings.contains_key(&capability));
            match source.filter(|_| able) {
                Some(source) => feeds.push((source.clone(), whole(source, capability))),
                None => return Err(unknown(name, &of_kind, capability)),
            }
        }
        feeds.extend(
            found.into_iter().filter_map(|feed| Some((catalog.source(&feed.source)?.clone(), (*feed).clone()))),
        );
    }
    if args.names.is_empty() {
        feeds
            .extend(of_kind.into_iter().filter_map(|feed| Some((catalog.source(&feed.source)?.clone(), feed.clone()))));
    }
    if feeds.is_empty() {
        let word = capability.word().replace('_', " ");
        return Err(Failure::usage(anyhow!("no source of this configuration has {word}"))
            .hint("crashcart providers lists what is known; crashcart providers show NAME says what to write"));
    }
    Ok(feeds)
}

fn unknown(name: &str, feeds: &[&Feed], capability: Capability) -> Failure {
    let word = capability.word().replace('_', " ");
    let names: Vec<&str> = feeds
        .iter()
        .filter_map(|feed| feed.service.as_ref().map(|id| id.as_str()).or(feed.vendor.as_ref().map(|id| id.as_str())))
        .collect();
    let failure = Failure::usage(anyhow!("`{name}` has no {word}"));
    match nearest(name, &names) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => failure,
        None => failure.hint(format!("these have: {}", names.join(", "))),
    }
}

/// A source as a whole.
pub fn whole(source: &Source, capability: Capability) -> Feed {
    Feed {
        id: FeedId::new(format!("{}@{}", capability, source.id)),
        source: source.id.clone(),
        capability,
        service: None,
        vendor: None,
        params: BTreeMap::new(),
        input: BTreeMap::new(),
        title: Line::from_text(source.id.as_str()),
        cadence: Cadence { every: std::time::Duration::from_secs(60), timeout: std::time::Duration::from_secs(45) },
        warn: None,
        critical: None,
        unit: None,
    }
}

async fn read_all(engine: &Arc<Engine>, feeds: Vec<(Source, Feed)>, args: &FeedsArgs, clock: &Clock) -> Vec<Answer> {
    let reads = feeds.into_iter().map(|(source, mut feed)| {
        if let Some(query) = &args.query {
            feed.input.insert("query".to_owned(), query.clone().into());
        }
        if let Some(limit) = args.limit {
            feed.input.insert("limit".to_owned(), limit.into());
        }
        async move {
            let input = input_of(&feed, clock.now());
            let read =
                tokio::time::timeout(args.timeout, Reader::read(engine.as_ref(), &source, &feed, &input, true)).await;
            let found = match read {
                Ok(read) => read.map_err(|failure| trouble(&failure)),
                Err(_) => Err(Trouble {
                    kind: crate::model::source::FailureKind::TimedOut,
                    message: Line::from_text(&format!("{} has not answered in time", source.id)),
                    hint: Line::from_text("wait for longer with --timeout DURATION"),
                }),
            };
            Answer { feed, found }
        }
    });
    // In the order of the configuration, whoever answers first.
    futures_util::stream::iter(reads).buffered(AT_ONCE).collect().await
}

fn document(answer: &Answer) -> Value {
    let Answer { feed, found } = answer;
    let mut row = json!({ "source": feed.source, "capability": feed.capability });
    if let Some(service) = &feed.service {
        row["service"] = json!(service);
    }
    if let Some(vendor) = &feed.vendor {
        row["vendor"] = json!(vendor);
    }
    if feed.capability == Capability::Metrics {
        row["title"] = json!(feed.title);
        row["warn"] = json!(feed.warn);
        row["critical"] = json!(feed.critical);
    }
    match found {
        Ok(mapped) => {
            let found = serde_json::to_value(&mapped.found).unwrap_or_default();
            row["found"] = found.as_object().and_then(|found| found.values().next().cloned()).unwrap_or_default();
            if !mapped.problems.is_empty() {
                row["problems"] = json!(mapped.problems);
            }
        }
        Err(trouble) => row["trouble"] = json!(trouble),
    }
    row
}

/// What the answers mean as an exit code. Wrong wins over unknown.
fn exit(answers: &[Answer]) -> Exit {
    let wrong = |found: &Found, feed: &Feed| match found {
        Found::Alerts(alerts) => {
            alerts.iter().any(|alert| matches!(alert.state, AlertState::Firing | AlertState::Acknowledged))
        }
        Found::Instances(instances) => instances.iter().any(is_ill),
        Found::Checks(monitors) => {
            monitors.iter().any(|monitor| matches!(monitor.state, MonitorState::Down | MonitorState::Degraded))
        }
        Found::VendorStatus(status) => !matches!(status.state, VendorState::Operational | VendorState::Maintenance),
        Found::Metrics(series) => series.iter().filter_map(|series| series.latest()).any(|(_, value)| {
            let line = feed.warn.or(feed.critical);
            let low = feed.warn.zip(feed.critical).is_some_and(|(warn, critical)| critical < warn);
            line.is_some_and(|line| if low { value <= line } else { value >= line })
        }),
        _ => false,
    };
    let is_wrong =
        answers.iter().any(|answer| answer.found.as_ref().is_ok_and(|mapped| wrong(&mapped.found, &answer.feed)));
    if is_wrong {
        Exit::Wrong
    } else if answers.iter().any(|answer| answer.found.is_err()) {
        Exit::CouldNotTell
    } else {
        Exit::Healthy
    }
}
