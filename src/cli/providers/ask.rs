//! `crashcart providers try`: one question, with everything that goes out and comes back.

use std::collections::BTreeMap;

use anyhow::anyhow;
use serde_json::{Value, json};

use crate::cli::args::Cli;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{Exit, config_file, output, outside};
use crate::clock::Clock;
use crate::config::nearest::nearest;
use crate::model::id::SourceId;
use crate::model::source::{Capability, Source};
use crate::model::text::Line;
use crate::provider::engine::Ask;
use crate::provider::registry::Beside;
use crate::provider::run::{Answer, Failure as Failed, Plan};
use crate::runtime::feeds::trouble;
use crate::runtime::redaction::redact;

/// More of an answer is not shown.
const SHOWN: usize = 4_000;

/// What is to be tried.
pub(super) struct Asked<'a> {
    pub name: &'a str,
    pub capability: &'a str,
    pub set: &'a [(String, String)],
    pub url: Option<&'a str>,
    pub json: bool,
}

pub(super) fn run(cli: &Cli, asked: &Asked<'_>, environment: &Environment) -> Result<Exit, Failure> {
    let words: Vec<&str> = Capability::ALL.iter().map(|capability| capability.word()).collect();
    let word = asked.capability.replace('-', "_");
    let Some(capability) = Capability::of(&word) else {
        let failure = Failure::usage(anyhow!("nothing is read under the name `{}`", asked.capability));
        let hint = nearest(&word, &words)
            .map_or_else(|| format!("try one of {}", words.join(", ")), |near| format!("did you mean `{near}`?"));
        return Err(failure.hint(hint));
    };
    let clock = Clock::system();
    let (mut source, definitions) = source(cli, asked, environment)?;
    let engine = outside::engine(environment, &clock, &definitions);
    if let Some(url) = asked.url {
        source.url = Some(url.to_owned());
    }
    let mut params = BTreeMap::new();
    let mut input = BTreeMap::new();
    for (name, text) in asked.set {
        // A number is a number, a list a list, and everything else a text.
        let value = serde_json::from_str::<Value>(text)
            .ok()
            .filter(|value| !value.is_string())
            .unwrap_or_else(|| text.clone().into());
        if capability.inputs().contains(&name.as_str()) {
            input.insert(name.clone(), value)
        } else {
            params.insert(name.clone(), value)
        };
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut shown = String::new();
    let read = runtime.block_on(async {
        let ask = Ask { source: &source, capability, params: &params, input: &input, now: true };
        engine.read_seen(&ask, &mut |plan, answer| shown.push_str(&exchange(capability, plan, answer))).await
    });
    runtime.shutdown_background();
    let text = match (&read, asked.json) {
        (Ok(mapped), true) => format!("{:#}\n", json!({ "found": mapped.found, "problems": mapped.problems })),
        (Err(failure), true) => format!("{:#}\n", json!({ "trouble": trouble(failure) })),
        (Ok(mapped), false) => {
            let mut text = format!(
                "{shown}{} found\n{:#}\n",
                mapped.found.count(),
                serde_json::to_value(&mapped.found).unwrap_or_default()
            );
            for problem in &mapped.problems {
                text.push_str(&format!("! {problem}\n"));
            }
            text
        }
        (Err(failure), false) => format!("{shown}{failure}\ntry: {}\n", failure.kind.hint()),
    };
    output::print(redact(&text).as_ref())?;
    Ok(if read.is_ok() { Exit::Healthy } else { Exit::CouldNotTell })
}

/// Returns the configured source of that name, or a provider as it comes.
fn source(cli: &Cli, asked: &Asked<'_>, environment: &Environment) -> Result<(Source, Vec<Beside>), Failure> {
    let configured = match config_file::open(&cli.global, &[], &[], environment) {
        Ok(project) if project.withheld.is_none() => {
            let source = project.catalog.source(&SourceId::new(asked.name)).cloned();
            source.map(|source| (source, project.definitions))
        }
        Ok(_) => None,
        // A configuration with a mistake does not keep a definition from being tried, unless it was named.
        Err(failure) if cli.global.config.is_some() => return Err(failure),
        Err(_) => None,
    };
    if let Some(source) = configured {
        return Ok(source);
    }
    super::registry(environment).find(asked.name).map_err(|error| Failure::usage(anyhow!("{error}")))?;
    let source = Source {
        id: SourceId::new(asked.name),
        provider: asked.name.to_owned(),
        url: None,
        params: BTreeMap::new(),
        secrets: BTreeMap::new(),
        ca: None,
        insecure: false,
        every: None,
        own: None,
    };
    Ok((source, Vec::new()))
}

fn exchange(capability: Capability, plan: &Plan, answer: Result<&Answer, &Failed>) -> String {
    let mut text = format!("> {}\n", plan.preview().trim_end().replace('\n', "\n> "));
    if let Ok(answer) = answer {
        let kind = answer
            .headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .map(|(_, kind)| format!(", {kind}"))
            .unwrap_or_default();
        text.push_str(&format!("< {} ({} bytes{kind})\n", answer.status, answer.body.len()));
        // The values of all variables may be in it.
        if capability == Capability::Settings && answer.is_success(&plan.accept) {
            text.push_str("< not shown: it may hold values of variables\n\n");
            return text;
        }
        let body = String::from_utf8_lossy(&answer.body);
        // Cut twice: a secret must not be cut in two before it is looked for.
        let body: String = body.chars().take(2 * SHOWN).collect();
        let body: String = plan.hidden(&body).chars().take(SHOWN).collect();
        for line in Line::lines_of(&body, 60) {
            text.push_str(&format!("< {line}\n"));
        }
    }
    text.push('\n');
    text
}
