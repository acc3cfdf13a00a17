//! What the platforms say, for the audit: every source of the folder's trusted configuration is asked at once, and only to
//! read. What could not be asked is said.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use crate::audit::live::{Answer, Live};
use crate::cli::args::{AuditArgs, Cli};
use crate::cli::config_file::{self, ConfigFile, Origin, Project};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::Progress;
use crate::cli::outside;
use crate::clock::Clock;
use crate::model::id::ServiceId;
use crate::model::source::{Capability, FailureKind, Found, Source};
use crate::provider::definition::{Definition, Kind};
use crate::provider::engine::{Ask, Engine};
use crate::runtime::feeds::trouble;

/// The newest issues whose latest occurrence is looked at: enough to see whether errors name their release.
const ISSUES: usize = 3;

/// Something that is asked of a source.
#[derive(Clone)]
struct Question {
    source: Source,
    service: Option<ServiceId>,
    capability: Capability,
    params: BTreeMap<String, Value>,
    input: BTreeMap<String, Value>,
}

/// Returns what is known of the platforms of a folder.
pub(super) fn live(cli: &Cli, args: &AuditArgs, root: &Path, environment: &Environment) -> Result<Live, Failure> {
    let nothing = |why: &str| Ok(Live { skipped: vec![format!("the live platforms: {why}")], ..Live::default() });
    // The folder's own configuration, or one that was named; never that of whoever happens to look.
    let mut there = Environment { current_dir: Some(root.to_path_buf()), ..environment.clone() };
    if args.path.is_some() {
        there.config = None;
    }
    let mut global = cli.global.clone();
    if let (Some(config), Some(here)) = (&global.config, &environment.current_dir) {
        global.config = Some(here.join(config));
    }
    let found = match config_file::find(&global, &there)? {
        None => return nothing("there is no crashcart.toml here (`crashcart init` writes one)"),
        Some(found) if found.origin == Origin::Own => {
            return nothing("there is no crashcart.toml here, and your own is about something else");
        }
        Some(found) => found,
    };
    let project = match config_file::open(&global, &[], &[], &there) {
        Ok(project) => project,
        Err(failure) if global.config.is_some() => return Err(failure),
        Err(_) => return nothing("crashcart.toml cannot be used (`crashcart status` says why)"),
    };
    if let Some(withheld) = &project.withheld {
        // What stands in it is a text like the others here: it is read, and nothing of it is followed.
        let catalog = ConfigFile::read(found, &there).ok().map(|file| file.meaning(&there));
        return Ok(Live { catalog, skipped: vec![format!("the live platforms: {withheld}")], ..Live::default() });
    }
    let mut live = Live { catalog: Some(project.catalog.clone()), ..Live::default() };
    live.skipped.extend(project.notices.iter().cloned());
    if project.catalog.sources.iter().all(|source| source.own.is_some()) {
        live.skipped.push("the live platforms: crashcart.toml names no source".to_owned());
        return Ok(live);
    }
    if args.offline {
        live.skipped.push("the live platforms: not asked, as --offline says".to_owned());
        return Ok(live);
    }
    ask(&project, args, &there, &mut live)?;
    Ok(live)
}

fn ask(project: &Project, args: &AuditArgs, environment: &Environment, live: &mut Live) -> Result<(), Failure> {
    let clock = Clock::system();
    let engine = outside::engine(environment, &clock, &project.definitions);
    let questions = questions(project, &engine, &mut live.skipped);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut progress = environment.stderr_is_terminal.then(Progress::default);
    let all = questions.len();
    let answers = runtime.block_on(async {
        let mut running: FuturesUnordered<_> = questions
            .into_iter()
            .enumerate()
            .map(|(place, question)| {
                let engine = Arc::clone(&engine);
                async move { (place, answer(&engine, question, args).await) }
            })
            .collect();
        let mut answers = Vec::new();
        while let Some(one) = running.next().await {
            answers.push(one);
            if let Some(progress) = &mut progress {
                progress.show(&format!("{} of {all} questions to the platforms answered", answers.len()));
            }
        }
        // In the order of the configuration, whoever answers first.
        answers.sort_by_key(|(place, _)| *place);
        answers
    });
    drop(progress);
    // A resolver that hangs must not keep the prompt from coming back.
    runtime.shutdown_background();
    for (_, (found, skipped)) in answers {
        live.answers.extend(found);
        live.skipped.extend(skipped);
    }
    Ok(())
}

/// Returns everything that is asked: for each service what its platform is configured with, its releases and its issues; of
/// monitoring systems their rules and their checks.
fn questions(project: &Project, engine: &Engine, skipped: &mut Vec<String>) -> Vec<Question> {
    let catalog = &project.catalog;
    let mut all: Vec<Question> = Vec::new();
    let mut add = |question: Question| {
        let same = |other: &Question| {
            (&other.source.id, &other.service, other.capability)
                == (&question.source.id, &question.service, question.capability)
                && other.params == question.params
        };
        if !all.iter().any(same) {
            all.push(question);
        }
    };
    for source in
        catalog.sources.iter().filter(|source| source.own.is_none() && !source.id.as_str().starts_with("status of "))
    {
        let Ok(definition) = engine.definition(source) else { continue };
        let able = |capability| definition.readings.contains_key(&capability);
        let watches = matches!(definition.kind, Kind::Monitoring);
        // What has metrics or annotations too lists its own parts as checks: that is no look from outside.
        let from_outside = watches && !able(Capability::Metrics) && !able(Capability::Releases);
        let ask = |service: Option<&ServiceId>, capability, params: &BTreeMap<String, Value>| Question {
            source: source.clone(),
            service: service.cloned(),
            capability,
            params: params
                .iter()
                .filter(|(name, _)| definition.param(name).is_some())
                .map(|(a, b)| (a.clone(), b.clone()))
                .collect(),
            input: BTreeMap::new(),
        };
        let mut asked_for = Vec::new();
        for feed in catalog.feeds.iter().filter(|feed| feed.source == source.id) {
            match feed.capability {
                Capability::Releases | Capability::Issues => {
                    add(ask(feed.service.as_ref(), feed.capability, &feed.params))
                }
                Capability::Checks if from_outside => add(ask(None, Capability::Checks, &feed.params)),
                _ => {}
            }
            let Some(service) = &feed.service else { continue };
            if !watches && able(Capability::Settings) {
                asked_for.push(service);
                add(ask(Some(service), Capability::Settings, &feed.params));
            } else if !watches && feed.capability == Capability::Releases {
                skipped.push(format!(
                    "{}, settings of {service}: {} is not asked for them yet",
                    source.id, definition.title
                ));
            }
        }
        let whole = BTreeMap::new();
        if watches && able(Capability::Settings) && is_complete(&definition, source, Capability::Settings) {
            add(ask(None, Capability::Settings, &whole));
        }
        if from_outside && able(Capability::Checks) && is_complete(&definition, source, Capability::Checks) {
            add(ask(None, Capability::Checks, &whole));
        }
    }
    all
}

/// Returns whether a source says all that a reading of it as a whole needs.
fn is_complete(definition: &Definition, source: &Source, capability: Capability) -> bool {
    let Some(reading) = definition.readings.get(&capability) else { return false };
    definition.params.iter().all(|param| {
        let needed = reading.requests.iter().any(|request| request.uses(&param.name)) || reading.map.uses(&param.name);
        param.optional || !param.default.is_null() || source.params.contains_key(&param.name) || !needed
    })
}

/// Asks one question, and what follows from the answer.
async fn answer(engine: &Engine, question: Question, args: &AuditArgs) -> (Vec<Answer>, Vec<String>) {
    let (mut answers, mut skipped) = (Vec::new(), Vec::new());
    let found = once(engine, &question, args, &mut skipped).await;
    if let Some(Found::Issues(issues)) = &found
        && engine.definition(&question.source).is_ok_and(|known| known.readings.contains_key(&Capability::Issue))
    {
        // Most lists of issues leave the release out; the latest occurrence has it.
        let mut newest: Vec<_> = issues.iter().filter(|issue| issue.release.is_none()).collect();
        newest.sort_by_key(|issue| std::cmp::Reverse(issue.last_seen));
        for issue in newest.into_iter().take(ISSUES) {
            let input = [("issue".to_owned(), serde_json::to_value(issue).unwrap_or_default())].into();
            let deeper = Question { capability: Capability::Issue, input, ..question.clone() };
            if let Some(found) = once(engine, &deeper, args, &mut skipped).await {
                answers.push(Answer { source: question.source.id.clone(), service: question.service.clone(), found });
            }
        }
    }
    if let Some(found) = found {
        answers.insert(0, Answer { source: question.source.id, service: question.service, found });
    }
    (answers, skipped)
}

async fn once(engine: &Engine, question: &Question, args: &AuditArgs, skipped: &mut Vec<String>) -> Option<Found> {
    let Question { source, service, capability, params, input } = question;
    let whose = service.as_ref().map_or_else(String::new, |service| format!(" of {service}"));
    let what = format!("{}, {}{whose}", source.id, capability.word().replace('_', " "));
    let ask = Ask { source, capability: *capability, params, input, now: true };
    match tokio::time::timeout(args.timeout, engine.read(&ask)).await {
        Err(_) => {
            let within = crate::config::duration::text(args.timeout);
            skipped.push(format!("{what}: no answer within {within} (--timeout gives it more)"));
            None
        }
        // What a program fails at is in its words, and an answer may have values of variables in it.
        Ok(Err(failure)) if failure.kind == FailureKind::Malformed => {
            let try_it = format!("crashcart providers try {} {capability}", source.id);
            skipped.push(format!("{what}: the answer cannot be read (`{try_it}` asks again)"));
            None
        }
        Ok(Err(failure)) => {
            let trouble = trouble(&failure);
            skipped.push(format!("{what}: {}", trouble.message));
            None
        }
        Ok(Ok(mapped)) => {
            skipped.extend(mapped.problems.iter().map(|problem| format!("{what}: {problem}")));
            Some(mapped.found)
        }
    }
}
