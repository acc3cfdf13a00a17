//! Plays one recorded answer through a definition, and compares what comes of it with the answer itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use crashcart::model::time::Timestamp;
use crashcart::provider::definition::program::Program;
use crashcart::provider::definition::{ACCESS_TOKEN, AnswerFormat, Capability, Definition};
use crashcart::provider::registry::{BUILT_IN, from_text};
use crashcart::provider::run::action::{StepOutcome, begin, step_answer, step_plan};
use crashcart::provider::run::{Answer, Call, Plan, Run, Values, decode};
use serde_json::{Value, json};

use super::table::{Means, Reads, Step};

/// When the answers are read, seconds since 1970: later than all of them.
const NOW: i64 = 1_800_000_000;

/// A recorded answer: as it came, and decoded.
struct Recorded {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    value: Value,
}

/// What came of a file.
#[derive(Default)]
pub struct Outcome {
    pub things: usize,
    /// What some of them lack, as the row says.
    pub lacked: Vec<&'static str>,
}

/// Plays a file and returns what came of it.
///
/// # Errors
/// What is lost, or what differs from what the table says.
pub fn file(means: &Means, path: &Path) -> Result<Outcome, String> {
    match means {
        Means::Other(_) => Ok(Outcome::default()),
        Means::Reads(reads) => read(reads, &recorded(path, 200)?),
        Means::Refused { reads, status, words } => {
            let answer = recorded(path, *status)?;
            match run(reads, &answer) {
                Ok(found) => Err(format!("it should be an error, and it is {found}")),
                Err(error) if error.contains(words) && is_a_sentence(&error) => Ok(Outcome::default()),
                Err(error) => Err(format!("it should say {words:?}, and it says {error:?}")),
            }
        }
        Means::Does(step) => act(step, &recorded(path, 200)?).map(|()| Outcome { things: 1, lacked: Vec::new() }),
    }
}

/// Reads a file: an answer, or a recording that has the request, the status and the headers beside the answer.
fn recorded(path: &Path, status: u16) -> Result<Recorded, String> {
    let body = std::fs::read(path).map_err(|error| error.to_string())?;
    let name = path.to_string_lossy();
    if name.ends_with(".yaml") {
        let value: Value = yaml_serde::from_slice(&body).map_err(|error| error.to_string())?;
        return Ok(Recorded { status, headers: Vec::new(), body: value.to_string().into_bytes(), value });
    }
    let whole = decoded(&body);
    if let Some(response) = whole.get("response").filter(|_| whole.get("request").is_some()) {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let headers = response["headers"].as_object().into_iter().flatten();
        let value = response["body"].clone();
        let body = if value.is_null() { Vec::new() } else { text(&value).into_bytes() };
        return Ok(Recorded {
            status: response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(status),
            headers: headers.map(|(name, value)| (name.to_lowercase(), text(value))).collect(),
            body,
            value,
        });
    }
    Ok(Recorded { status, headers: Vec::new(), body, value: whole })
}

/// JSON, a JSON document a line, or a text.
fn decoded(body: &[u8]) -> Value {
    let answer = Answer { status: 200, body: body.to_vec(), ..Answer::default() };
    [AnswerFormat::Json, AnswerFormat::Lines, AnswerFormat::Text]
        .into_iter()
        .find_map(|format| decode(format, &answer).ok())
        .unwrap_or_default()
}

/// Returns a built-in definition. Each is compiled once: some are asked two hundred times.
fn definition(name: &'static str) -> Rc<Definition> {
    thread_local! {
        static COMPILED: RefCell<BTreeMap<&'static str, Rc<Definition>>> = const { RefCell::new(BTreeMap::new()) };
    }
    let compile = || {
        let text =
            BUILT_IN.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no definition {name}")).1;
        Rc::new(from_text(name, text).unwrap_or_else(|error| panic!("{error}")).0)
    };
    COMPILED.with_borrow_mut(|compiled| Rc::clone(compiled.entry(name).or_insert_with(compile)))
}

fn jq(program: &str, input: &Value) -> Result<Value, String> {
    let compiled = Program::compile(program, &[]).map_err(|error| format!("{program}: {error}"))?;
    compiled.first(input, |_| Value::Null).map_err(|error| format!("{program}: {error}"))
}

fn values(definition: &Definition, params: &[(&str, &str)]) -> Values {
    let mut values = Values::default();
    for slot in &definition.secrets {
        if slot.is_url {
            values.base_url = Some(format!("https://{}.test", slot.name));
        } else if !slot.optional {
            values.set_secret(slot.name.clone(), &format!("test-{}", slot.name));
        }
    }
    if definition.auth.scheme.is_some() {
        values.set_secret(ACCESS_TOKEN, "test-access-token");
    }
    if definition.base_url.is_none() && values.base_url.is_none() {
        values.base_url = Some("http://system.test".to_owned());
    }
    for param in definition.params.iter().filter(|param| !param.optional && !param.example.is_null()) {
        values.set(param.name.clone(), param.example.clone());
    }
    for (name, text) in params {
        values.set(*name, serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{name}: {error}")));
    }
    values
}

/// Answers a request with what the table says about it: a program over the recorded answer.
fn answer(plan: &Plan, talk: &[(&str, &str)], recorded: &Recorded) -> Result<Answer, String> {
    let (asked, printed) = match &plan.call {
        Call::Http { method, url, .. } => (format!("{method} {url}"), false),
        Call::Run { argv, .. } => (argv.join(" "), true),
        Call::Mail { server, .. } => (format!("mail through {server}"), false),
    };
    let program = if talk.is_empty() {
        "."
    } else {
        talk.iter()
            .find(|(part, _)| asked.contains(part))
            .map(|(_, program)| *program)
            .ok_or(format!("it asks {asked}"))?
    };
    let url = asked.split_once(' ').map(|(_, url)| url.to_owned()).unwrap_or_default();
    if program == "." {
        let (headers, body) = (recorded.headers.clone(), recorded.body.clone());
        return Ok(Answer { status: recorded.status, headers, body, url, printed });
    }
    let body = match jq(program, &recorded.value)? {
        Value::Null => Vec::new(),
        Value::String(text) => text.into_bytes(),
        value => value.to_string().into_bytes(),
    };
    Ok(Answer { status: if printed { 0 } else { 200 }, headers: Vec::new(), body, url, printed })
}

/// One line that fits on a screen.
fn is_a_sentence(error: &str) -> bool {
    !error.contains('\n') && error.chars().count() < 400
}

/// Reads the capability; returns what is found, and the problems, as JSON.
fn run(reads: &Reads, recorded: &Recorded) -> Result<Value, String> {
    let definition = definition(reads.provider);
    let capability = Capability::of(reads.capability).unwrap_or_else(|| panic!("no {}", reads.capability));
    let values = values(&definition, reads.given);
    let mut run = Run::read(&definition, capability, values, Timestamp::from_secs(NOW)).map_err(|e| e.to_string())?;
    // A recording is one page.
    let mut asked = 0;
    while let Some(plan) = run.next_plan().map_err(|error| error.to_string())? {
        run.answer(&answer(&plan, reads.talk, recorded)?).map_err(|error| error.to_string())?;
        asked += 1;
        assert!(asked < 500, "{} {} never ends", reads.provider, reads.capability);
    }
    let mapped = run.finish();
    let found = serde_json::to_value(&mapped.found).unwrap();
    let found = found.as_object().and_then(|found| found.values().next()).cloned().unwrap_or_default();
    Ok(json!({ "found": found, "problems": mapped.problems }))
}

/// What every thing of a capability must have; `state` must be one that we know.
fn must_have(capability: &str) -> &'static [&'static str] {
    match capability {
        "releases" => &["state", "created_at"],
        "instances" => &["state", "started_at"],
        "logs" | "issue" => &["at"],
        "checks" => &["state"],
        "alerts" => &["state", "since"],
        "issues" => &["state", "last_seen"],
        "metrics" => &["points"],
        "vendor_status" => &["state"],
        _ => &[],
    }
}

fn is_there(thing: &Value, key: &str) -> bool {
    match thing.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::String(word)) => key != "state" || word != "unknown",
        Some(Value::Array(points)) => !points.is_empty(),
        Some(_) => true,
    }
}

fn read(reads: &Reads, recorded: &Recorded) -> Result<Outcome, String> {
    let outcome = run(reads, recorded)?;
    let problems: Vec<&str> = outcome["problems"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if problems != reads.problems {
        return Err(format!("problems: {problems:?}"));
    }
    let found = &outcome["found"];
    let one = [found.clone()];
    let things = found.as_array().map_or(&one[..], Vec::as_slice);
    let mut lacked = Vec::new();
    for key in must_have(reads.capability) {
        let lacking = things.iter().filter(|thing| !is_there(thing, key)).count();
        let why = reads.lacks.iter().find(|(lacks, _)| lacks == key);
        match (lacking, why) {
            (1.., Some((lacks, _))) => lacked.push(*lacks),
            (1.., None) => {
                let thing = things.iter().find(|thing| !is_there(thing, key));
                return Err(format!("{lacking} of {} have no `{key}`: {}", things.len(), thing.unwrap_or(found)));
            }
            _ => {}
        }
    }
    let expected = jq(reads.things, &recorded.value)?;
    let inside = match reads.capability {
        "issue" => found["exceptions"].as_array().map_or(0, Vec::len),
        // What is fine is only counted.
        "vendor_status" => {
            let components = found["components_total"].as_u64().and_then(|total| usize::try_from(total).ok());
            components.unwrap_or(0) + found["incidents"].as_array().map_or(0, Vec::len)
        }
        _ => things.len(),
    };
    match &expected {
        Value::Number(number) if number.as_f64() == Some(inside as f64) => Ok(Outcome { things: inside, lacked }),
        Value::Array(ids) => {
            let key = if reads.capability == "on_call" || reads.capability == "identity" { "name" } else { "id" };
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let mut expected: Vec<String> = ids.iter().map(text).collect();
            let mut ids: Vec<String> = things.iter().map(|thing| text(&thing[key])).collect();
            expected.sort();
            ids.sort();
            if ids == expected {
                Ok(Outcome { things: ids.len(), lacked })
            } else {
                Err(format!("it has {expected:?}, and {ids:?} came out"))
            }
        }
        _ => Err(format!("it has {expected}, and {inside} came out: {found}")),
    }
}

/// Does one step of an action with the recorded answer to it.
fn act(step: &Step, recorded: &Recorded) -> Result<(), String> {
    let definition = definition(step.provider);
    let action = if step.action == "send" { definition.send.as_ref() } else { definition.actions.get(step.action) };
    let action = action.unwrap_or_else(|| panic!("{} has no action {}", step.provider, step.action));
    let mut values = values(&definition, step.given);
    begin(&definition, action, &mut values, Timestamp::from_secs(NOW)).map_err(|error| error.to_string())?;
    let request = &action.steps[step.step];
    let plan = step_plan(&definition, request, &values).map_err(|error| error.to_string())?.ok_or("it is skipped")?;
    let outcome = match step_answer(&definition, request, &plan, &answer(&plan, &[], recorded)?, &mut values) {
        Ok(StepOutcome::Done) => "done".to_owned(),
        Ok(StepOutcome::Already) => "was so already".to_owned(),
        Ok(StepOutcome::Skipped) => "skipped".to_owned(),
        Err(error) => error.to_string(),
    };
    if outcome.contains(step.outcome) {
        Ok(())
    } else {
        Err(format!("it should be {:?}, and it is {outcome:?}", step.outcome))
    }
}
