//! Recorded conversations with a system, replayed against its definition without any network.
//!
//! A fixture is a JSON file: the parameters, the requests that must go out in their order, and what each is answered. What
//! comes of it is compared with the file beside it. `docs/providers.md` shows one.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

use super::definition::{Action, Capability, Definition, Permission};
use super::run::action::{StepOutcome, begin, step_answer, step_plan};
use super::run::{Answer, Call, Permitted, Plan, Progress, Run, RunError, Sequence, Values, permitted, progress};
use crate::model::time::Timestamp;

/// One recorded conversation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// What it is about, for people.
    #[serde(default)]
    pub about: String,
    /// Where the answers were taken from.
    #[serde(default)]
    pub source: String,
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// What the capability or the action is given.
    #[serde(default)]
    pub input: BTreeMap<String, Value>,
    /// The time at which it happens, RFC 3339.
    #[serde(default)]
    pub now: Option<String>,
    pub exchanges: Vec<Exchange>,
}

/// One request and its answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Method and address: below the base address, or whole. Or the program and its arguments.
    pub ask: String,
    /// Headers that must be there.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body that must go out; text for other bodies.
    #[serde(default)]
    pub body: Option<Value>,
    #[serde(default = "success")]
    pub status: u16,
    #[serde(default)]
    pub answer_headers: BTreeMap<String, String>,
    /// The answer: JSON, or a text.
    #[serde(default)]
    pub answer: Value,
    /// The answer is the text itself, also when it could be JSON.
    #[serde(default)]
    pub text: Option<String>,
}

fn success() -> u16 {
    200
}

/// Where fixtures play when they do not say.
const NOW: i64 = 1_764_036_849;

/// What is wrong with a fixture, or with the definition.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum FixtureError {
    #[error("it asks for `{asked}`, and the fixture expects `{expected}`")]
    Asks { asked: String, expected: String },
    #[error("it asks for `{0}`, and the fixture has nothing more")]
    TooMuch(String),
    #[error("the fixture has {0} more that is not asked for")]
    TooLittle(usize),
    #[error("header `{name}` of `{ask}` is {found}, and the fixture expects `{expected}`")]
    Header { ask: String, name: String, expected: String, found: String },
    #[error("the body of `{ask}` is {found}, and the fixture expects {expected}")]
    Body { ask: String, found: String, expected: String },
    #[error("there is no capability or action `{0}`")]
    NoSuch(String),
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Plays a fixture and returns what comes of it, as JSON. `what` is a capability's word, `send`,
/// `actions.NAME` or `permission.NAME`.
///
/// # Errors
/// When the requests differ, or the definition fails.
pub fn play(definition: &Definition, what: &str, fixture: &Fixture) -> Result<Value, FixtureError> {
    let now = fixture.now.as_deref().and_then(Timestamp::parse_rfc3339).unwrap_or(Timestamp::from_secs(NOW));
    let mut values = Values::default();
    for slot in &definition.secrets {
        if !slot.is_url {
            values.set_secret(slot.name.clone(), &format!("test-{}", slot.name));
        } else {
            values.base_url = Some(format!("https://{}.test", slot.name));
        }
    }
    if definition.auth.scheme.is_some() {
        values.set_secret(super::definition::ACCESS_TOKEN, "test-access-token");
    }
    if definition.base_url.is_none() && values.base_url.is_none() {
        values.base_url = Some("http://system.test".to_owned());
    }
    for (name, value) in fixture.params.iter().chain(&fixture.input) {
        values.set(name.clone(), value.clone());
    }
    let mut conversation = Conversation { exchanges: &fixture.exchanges, definition };
    let outcome = if let Some(name) = what.strip_prefix("actions.") {
        let action = definition.actions.get(name).ok_or_else(|| FixtureError::NoSuch(what.to_owned()))?;
        act(definition, action, values, now, &mut conversation)
    } else if let Some(name) = what.strip_prefix("permission.") {
        let action = definition.actions.get(name).ok_or_else(|| FixtureError::NoSuch(what.to_owned()))?;
        let permission = action.permission.as_ref().ok_or_else(|| FixtureError::NoSuch(what.to_owned()))?;
        may(definition, action, permission, values, now, &mut conversation)
    } else if what == "send" {
        let action = definition.send.as_ref().ok_or_else(|| FixtureError::NoSuch(what.to_owned()))?;
        act(definition, action, values, now, &mut conversation)
    } else {
        let capability = Capability::of(what).ok_or_else(|| FixtureError::NoSuch(what.to_owned()))?;
        let mut run = Run::read(definition, capability, values, now)?;
        while let Some(plan) = run.next_plan()? {
            let answer = conversation.answer(&plan)?;
            if let Err(error) = run.answer(&answer) {
                return conversation.over(json!({ "error": error.to_string() }));
            }
        }
        let mapped = run.finish();
        let mut value = json!({ "found": mapped.found });
        if !mapped.problems.is_empty() {
            value["problems"] = mapped.problems.iter().map(|problem| problem.as_str()).collect::<Vec<_>>().into();
        }
        Ok(value)
    };
    conversation.over(without_nulls(outcome?))
}

/// What is absent is not worth recording.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

struct Conversation<'a> {
    exchanges: &'a [Exchange],
    definition: &'a Definition,
}

impl Conversation<'_> {
    fn answer(&mut self, plan: &Plan) -> Result<Answer, FixtureError> {
        let Some((exchange, rest)) = self.exchanges.split_first() else {
            return Err(FixtureError::TooMuch(self.asked(plan, "")));
        };
        self.exchanges = rest;
        let asked = self.asked(plan, &exchange.ask);
        if asked != exchange.ask {
            return Err(FixtureError::Asks { asked, expected: exchange.ask.clone() });
        }
        if let Call::Http { headers, body, .. } = &plan.call {
            for (name, expected) in &exchange.headers {
                let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
                if found != Some(expected) {
                    let found = found.map_or_else(|| "absent".to_owned(), |found| format!("`{found}`"));
                    return Err(FixtureError::Header {
                        ask: asked,
                        name: name.clone(),
                        expected: expected.clone(),
                        found,
                    });
                }
            }
            if let Some(expected) = &exchange.body {
                let text = String::from_utf8_lossy(body.as_deref().unwrap_or_default()).into_owned();
                let found = match expected {
                    Value::String(_) => Value::String(text),
                    _ => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                };
                if !same(&found, expected) {
                    return Err(FixtureError::Body {
                        ask: asked,
                        found: found.to_string(),
                        expected: expected.to_string(),
                    });
                }
            }
        }
        let body = match (&exchange.text, &exchange.answer) {
            (Some(text), _) => text.clone(),
            (None, Value::Null) => String::new(),
            (None, Value::String(text)) => text.clone(),
            (None, json) => json.to_string(),
        };
        let headers = exchange.answer_headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
        let (url, printed) = match &plan.call {
            Call::Http { url, .. } => (url.clone(), false),
            Call::Run { .. } => (String::new(), true),
            Call::Mail { server, .. } => (server.clone(), false),
        };
        // A program's success is 0, and a fixture that says nothing means success.
        let status = if printed && exchange.status == success() { 0 } else { exchange.status };
        Ok(Answer { status, headers: headers.collect(), body: body.into_bytes(), url, printed })
    }

    /// Returns how a fixture writes the request: below the base address where it is there.
    fn asked(&self, plan: &Plan, expected: &str) -> String {
        match &plan.call {
            Call::Run { argv, .. } => argv.join(" "),
            Call::Mail { .. } => plan.preview().trim_end().to_owned(),
            Call::Http { method, url, .. } => {
                let whole = format!("{method} {url}");
                if whole == expected {
                    return whole;
                }
                let base = self.definition.base_url.as_ref().map(|_| ()).map_or("http://system.test", |()| "");
                // With a base address of its own, the part after it is found from the fixture's own words.
                let path = expected.split_once(' ').map_or("", |(_, path)| path);
                if !path.is_empty() && path.starts_with('/') && url.ends_with(path) {
                    return format!("{method} {path}");
                }
                format!("{method} {}", url.strip_prefix(base).unwrap_or(url))
            }
        }
    }

    fn over(&self, outcome: Value) -> Result<Value, FixtureError> {
        if self.exchanges.is_empty() { Ok(outcome) } else { Err(FixtureError::TooLittle(self.exchanges.len())) }
    }
}

/// Compares JSON; 1 and 1.0 are the same number.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        (left, right) => left == right,
    }
}

/// Asks whether an action is permitted.
fn may(
    definition: &Definition,
    action: &Action,
    permission: &Permission,
    mut values: Values,
    now: Timestamp,
    conversation: &mut Conversation<'_>,
) -> Result<Value, FixtureError> {
    values.complete(definition, |name| permission.requests.iter().any(|request| request.uses(name)))?;
    for input in action.inputs.iter().filter(|input| !input.default.is_null()) {
        values.set(input.name.clone(), input.default.clone());
    }
    values.set("now", super::run::seconds(now));
    let mut sequence = Sequence::new(definition, &permission.requests);
    let mut last = Answer::default();
    while let Some(plan) = sequence.next_plan(&mut values)? {
        last = conversation.answer(&plan)?;
        if let Err(error) = sequence.answer(&last, &mut values) {
            return Ok(json!({ "error": error.to_string() }));
        }
    }
    let Permitted { allowed, message } = permitted(permission, &sequence.last_body(), &values, &last)?;
    Ok(json!({ "allowed": allowed, "message": message }))
}

/// Does every step, then looks until it is done.
fn act(
    definition: &Definition,
    action: &Action,
    mut values: Values,
    now: Timestamp,
    conversation: &mut Conversation<'_>,
) -> Result<Value, FixtureError> {
    if let Err(error) = begin(definition, action, &mut values, now) {
        return Ok(json!({ "refused": error.to_string() }));
    }
    let mut steps = Vec::new();
    let mut undo = Vec::new();
    for step in &action.steps {
        let name = step.request.name.clone().unwrap_or_default();
        let outcome = match step_plan(definition, step, &values)? {
            None => StepOutcome::Skipped,
            Some(plan) => {
                let answer = conversation.answer(&plan)?;
                match step_answer(definition, step, &plan, &answer, &mut values) {
                    Ok(outcome) => outcome,
                    Err(error) => {
                        steps.push(json!({ "step": name, "error": error.to_string() }));
                        return Ok(json!({ "steps": steps }));
                    }
                }
            }
        };
        let word = match outcome {
            StepOutcome::Done => "done",
            StepOutcome::Already => "was so already",
            StepOutcome::Skipped => "skipped",
        };
        steps.push(json!({ "step": name, "outcome": word }));
        if let (Some(request), StepOutcome::Done) = (&step.undo, outcome) {
            let plan = super::run::prepare(definition, request, &values)?;
            undo.push(json!(format!("{}\n{}", plan.name, plan.preview())));
        }
    }
    let mut looks = Vec::new();
    if let Some(done) = &action.done {
        while !conversation.exchanges.is_empty() {
            let mut sequence = Sequence::new(definition, &done.requests);
            let mut last = Answer::default();
            while let Some(plan) = sequence.next_plan(&mut values)? {
                last = conversation.answer(&plan)?;
                sequence.answer(&last, &mut values)?;
            }
            looks.push(match progress(done, &sequence.last_body(), &values, &last)? {
                Progress::Running(message) => json!({ "state": "running", "message": message }),
                Progress::Succeeded(message) => json!({ "state": "succeeded", "message": message }),
                Progress::Failed(message) => json!({ "state": "failed", "message": message }),
            });
        }
    }
    Ok(json!({ "steps": steps, "undo": undo, "done": looks }))
}
