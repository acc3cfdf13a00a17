//! From a definition and values to requests, and from answers to what they mean. Nothing here talks to anybody.
//!
//! ```text
//!   let mut run = Run::read(&definition, capability, values)?;
//!   while let Some(plan) = run.next_plan()? { run.answer(ask(plan))?; }      the engine, a test or a dry run asks
//!   let mapped = run.finish();
//! ```
//!
//! Pages, requests for each item of a list and variables bound on the way are all in here, so that a fixture, a vendor's
//! description and the real server see the same requests.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

pub mod action;
mod answer;
mod failure;
mod origin;
mod plan;
mod sequence;
mod unread;

pub use answer::{Answer, decode};
pub use failure::{Failure, FailureKind, judge};
pub use plan::{Call, Mail, Plan, prepare, quoted};
pub use sequence::Sequence;

use super::definition::program::RunError as ProgramRunError;
use super::definition::template::Missing;
use super::definition::{Capability, Definition, Done, PagingWay, Permission, Reading};
use super::map::{Mapped, read};
use crate::model::secret::{Redactor, Secret};
use crate::model::source::Found;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// What templates and programs are given.
#[derive(Clone, Default)]
pub struct Values {
    variables: BTreeMap<String, Value>,
    /// Names whose values are never shown.
    secrets: Vec<String>,
    /// Other texts that are never shown.
    hidden: Vec<String>,
    /// Where the system answers; the definition's own address unless given.
    pub base_url: Option<String>,
    /// What the login adds to every request, and previews leave out.
    pub headers: Vec<(String, String)>,
}

/// Secrets are among the values.
impl std::fmt::Debug for Values {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        formatter.debug_struct("Values").field("names", &names).field("base_url", &self.base_url).finish()
    }
}

impl Values {
    /// Sets a value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.variables.insert(name.into(), value.into());
    }

    /// Sets a secret, which previews leave out.
    pub fn set_secret(&mut self, name: impl Into<String>, secret: &str) {
        let name = name.into();
        self.variables.insert(name.clone(), Value::String(secret.to_owned()));
        self.secrets.push(name);
    }

    /// Sets a secret that is the whole address: its path is what nobody may see.
    pub fn set_secret_url(&mut self, secret: &str) {
        let secret = secret.trim();
        self.base_url = Some(secret.to_owned());
        if let Ok(url) = url::Url::parse(secret) {
            let behind = secret.split_once("://").and_then(|(_, behind)| behind.split_once('/')).map(|(_, path)| path);
            let path = [Some(url.path()), url.query(), behind].into_iter().flatten();
            let path = path.map(|part| part.trim_matches('/').to_owned()).filter(|part| part.len() > 5);
            self.hidden.extend(path);
        }
    }

    /// Returns a failure without the secrets that a system may have repeated.
    pub fn without_secrets(&self, failure: Failure) -> Failure {
        let secrets: Vec<Secret> = self.secret_texts().map(Secret::new).collect();
        let redactor = Redactor::new(&secrets);
        let clean = |text: &str| without_beginning(&redactor.redact(text), &secrets);
        Failure {
            kind: failure.kind,
            request: clean(&failure.request),
            message: Line::from_text(&clean(failure.message.as_str())),
        }
    }

    /// Returns a value, or null.
    pub fn get(&self, name: &str) -> Value {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    /// Returns whether there is a value.
    pub fn has(&self, name: &str) -> bool {
        self.variables.get(name).is_some_and(|value| !value.is_null())
    }

    /// Returns the texts that must not be shown.
    pub fn secret_texts(&self) -> impl Iterator<Item = &str> {
        let of_names = self.secrets.iter().filter_map(|name| self.variables.get(name)).filter_map(Value::as_str);
        self.hidden.iter().map(String::as_str).chain(of_names)
    }

    /// Fills in a definition's defaults, and says what is missing for what uses it.
    ///
    /// # Errors
    /// When a parameter has no value, or one that it may not have.
    pub fn complete(&mut self, definition: &Definition, uses: impl Fn(&str) -> bool) -> Result<(), RunError> {
        for param in &definition.params {
            if !self.has(&param.name) && !param.default.is_null() {
                self.set(param.name.clone(), param.default.clone());
            }
            if !self.has(&param.name) && !param.optional && uses(&param.name) {
                return Err(RunError::MissingParam { name: param.name.clone(), help: param.help.clone() });
            }
            if let Some(value) = self.variables.get(&param.name)
                && !param.one_of.is_empty()
                && !value.is_null()
                && !param.one_of.iter().any(|one| value.as_str() == Some(one))
            {
                return Err(RunError::WrongParam {
                    name: param.name.clone(),
                    value: shown(value),
                    one_of: param.one_of.join(", "),
                });
            }
        }
        Ok(())
    }
}

/// Takes away the beginning of a secret that a text ends with: messages are cut.
fn without_beginning(text: &str, secrets: &[Secret]) -> String {
    const RECOGNISED: usize = 6;
    for secret in secrets.iter().map(Secret::expose) {
        for (end, _) in secret.char_indices().rev().filter(|(end, _)| *end >= RECOGNISED) {
            if let Some(before) = text.strip_suffix(&secret[..end]) {
                return format!("{before}[redacted]");
            }
        }
    }
    text.to_owned()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Why a run cannot go on.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum RunError {
    #[error("`{name}` is missing: {help}")]
    MissingParam { name: String, help: String },
    #[error("`{name}` is `{value}`, and can only be one of {one_of}")]
    WrongParam { name: String, value: String, one_of: String },
    #[error("{request}: {source}")]
    Template { request: String, source: Missing },
    #[error("{request}: {what}: {source}")]
    Program { request: String, what: &'static str, source: ProgramRunError },
    #[error("{request}: the address {url} is not one that can be asked")]
    Address { request: String, url: String },
    #[error("{name} needs an address: write url = \"...\" in its source")]
    NoBase { name: String },
    #[error("{definition} has no {capability}")]
    NoCapability { definition: String, capability: String },
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A capability that is being read.
#[derive(Debug)]
pub struct Run<'d> {
    definition: &'d Definition,
    capability: Capability,
    reading: &'d Reading,
    values: Values,
    sequence: Sequence<'d>,
    page: u32,
    /// The next page's whole address, for the last request of the sequence.
    next_url: Option<String>,
    /// Pages that were asked for: a system that goes in circles is left.
    pages: BTreeSet<String>,
    outputs: Vec<Value>,
    problems: Vec<Line>,
    finished: bool,
}

impl<'d> Run<'d> {
    /// Begins to read a capability.
    ///
    /// # Errors
    /// When the definition does not have it, or a parameter is missing.
    pub fn read(
        definition: &'d Definition,
        capability: Capability,
        mut values: Values,
        now: Timestamp,
    ) -> Result<Self, RunError> {
        let Some(reading) = definition.readings.get(&capability) else {
            return Err(RunError::NoCapability {
                definition: definition.title.clone(),
                capability: capability.to_string(),
            });
        };
        values.complete(definition, |name| {
            reading.requests.iter().any(|request| request.uses(name))
                || reading.map.uses(name)
                || definition.auth_uses(name)
        })?;
        values.set("now", seconds(now));
        for input in capability.inputs() {
            if !values.has(input) {
                values.set(*input, default_input(capability, input, now));
            }
        }
        values.set("page", 1);
        values.set("cursor", Value::Null);
        let mut sequence = Sequence::new(definition, &reading.requests);
        if capability == Capability::Settings {
            sequence.watch_origin();
        }
        Ok(Self {
            definition,
            capability,
            reading,
            values,
            sequence,
            page: 1,
            next_url: None,
            pages: BTreeSet::new(),
            outputs: Vec::new(),
            problems: Vec::new(),
            finished: false,
        })
    }

    /// Returns the next request, or nothing when there is no more to ask.
    ///
    /// # Errors
    /// When a request cannot be made.
    pub fn next_plan(&mut self) -> Result<Option<Plan>, RunError> {
        self.planned().map_err(|error| self.without_values(error))
    }

    fn planned(&mut self) -> Result<Option<Plan>, RunError> {
        if self.finished {
            return Ok(None);
        }
        let Some(mut plan) = self.sequence.next_plan(&mut self.values)? else {
            self.page_is_complete(&Answer::default())?;
            return if self.finished { Ok(None) } else { self.next_plan() };
        };
        if let (Some(url), true) = (&self.next_url, self.sequence.is_last())
            && let Call::Http { url: asked, .. } = &mut plan.call
        {
            *asked = url.clone();
        }
        Ok(Some(plan))
    }

    /// Takes in the answer to the last request.
    ///
    /// # Errors
    /// When the answer is an error, or a program cannot read it.
    pub fn answer(&mut self, answer: &Answer) -> Result<(), RunError> {
        self.taken_in(answer).map_err(|error| self.without_values(error))
    }

    fn taken_in(&mut self, answer: &Answer) -> Result<(), RunError> {
        self.sequence.answer(answer, &mut self.values)?;
        if self.sequence.is_over() {
            self.page_is_complete(answer)?;
        }
        Ok(())
    }

    /// A program that fails shows what it failed at, and that may be the value of a variable.
    fn without_values(&self, error: RunError) -> RunError {
        match error {
            RunError::Program { request, what, .. } if self.capability == Capability::Settings => {
                let message =
                    format!("`{what}` fails at the answer, which is not shown: it may hold values of variables");
                Failure { kind: FailureKind::Malformed, request, message: Line::from_text(&message) }.into()
            }
            other => other,
        }
    }

    fn page_is_complete(&mut self, answer: &Answer) -> Result<(), RunError> {
        let body = self.sequence.last_body();
        let variable = |name: &str| answer.variable(name).unwrap_or_else(|| self.values.get(name));
        let failed = |what| move |source| RunError::Program { request: "reading the answer".to_owned(), what, source };
        let outputs = self.reading.map.run(&body, variable).map_err(failed("map"))?;
        if unread::is_nothing(&outputs)
            && let Some(request) = self.reading.requests.last()
            && let Some(has) = unread::has_only_others(&body, self.reading, request)
        {
            let message = Line::from_text(&format!("nothing in the answer is known: {has}"));
            let request = request.name.clone().unwrap_or_else(|| "reading the answer".to_owned());
            return Err(Failure { kind: FailureKind::Malformed, request, message }.into());
        }
        self.outputs.extend(outputs);
        self.finished = true;
        let Some(paging) = &self.reading.paging else { return Ok(()) };
        if self.page >= paging.pages {
            return Ok(());
        }
        match &paging.way {
            PagingWay::Link => self.next_url = answer.next_link(),
            PagingWay::Url(program) => {
                let url = program.first(&body, variable).map_err(failed("paging.url"))?;
                self.next_url = url.as_str().filter(|url| !url.is_empty()).map(str::to_owned);
            }
            PagingWay::Cursor(program) => {
                let cursor = program.first(&body, variable).map_err(failed("paging.cursor"))?;
                if cursor.is_null() || cursor == Value::String(String::new()) || !self.pages.insert(cursor.to_string())
                {
                    return Ok(());
                }
                self.page += 1;
                self.values.set("cursor", cursor);
                self.values.set("page", self.page);
                self.finished = false;
                self.sequence.repeat_last();
                return Ok(());
            }
        }
        if let Some(url) = self.next_url.take() {
            let base = self.values.base_url.clone().unwrap_or_default();
            match plan::same_origin(&answer.url, &base, &url) {
                Some(url) if !self.pages.insert(url.clone()) => {}
                Some(url) => {
                    self.page += 1;
                    self.values.set("page", self.page);
                    self.next_url = Some(url);
                    self.finished = false;
                    self.sequence.repeat_last();
                }
                None => {
                    // Its query may hold a cursor with a secret in it.
                    let place = url.split(['?', '#']).next().unwrap_or_default();
                    let told = format!("the next page is at another place, {place}: not followed");
                    self.problems.push(Line::from_text(&told));
                }
            }
        }
        Ok(())
    }

    /// Returns what was read.
    pub fn finish(self) -> Mapped {
        let mut mapped = read(self.capability, self.reading, &self.outputs);
        if let (Found::Settings(all), Some(origin)) = (&mut mapped.found, self.sequence.origin()) {
            let left_out = origin.keep(all);
            mapped.problems.extend(left_out);
        }
        mapped.problems.extend(self.problems);
        mapped.problems.extend(self.sequence.into_problems());
        mapped
    }

    /// Returns what templates and programs are given.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Returns what is being run.
    pub fn definition(&self) -> &'d Definition {
        self.definition
    }

    /// Returns what the programs gave, before it was mapped.
    pub fn outputs(&self) -> &[Value] {
        &self.outputs
    }
}

impl Definition {
    /// Returns whether the credentials or the address name the variable.
    pub fn auth_uses(&self, name: &str) -> bool {
        self.auth.headers.uses(name)
            || self.auth.query.uses(name)
            || self.auth.bearer.as_deref() == Some(name)
            || self.auth.basic.as_ref().is_some_and(|(user, password)| user.uses(name) || password.uses(name))
            || self.headers.uses(name)
            || self.base_url.as_ref().is_some_and(|base| base.uses(name))
            || match &self.auth.scheme {
                Some(super::definition::Scheme::SigV4 { region, .. }) => region.uses(name),
                Some(super::definition::Scheme::Exchange(exchange)) => exchange.request.uses(name),
                _ => false,
            }
    }
}

/// Returns a time as programs see it.
#[expect(clippy::cast_precision_loss, reason = "microseconds of this century fit")]
pub fn seconds(at: Timestamp) -> f64 {
    at.as_micros() as f64 / 1e6
}

/// What a capability is asked for when nobody says.
fn default_input(capability: Capability, input: &str, now: Timestamp) -> Value {
    /// A screen and what one scrolls back first.
    const LIMIT: u64 = 100;
    const HOUR: Duration = Duration::from_secs(3_600);
    match (capability, input) {
        (Capability::Releases, "limit") => 20.into(),
        (_, "limit") => LIMIT.into(),
        (_, "since" | "start") => seconds(now - HOUR).into(),
        (_, "until" | "end") => seconds(now).into(),
        (_, "step") => 60.into(),
        _ => Value::Null,
    }
}

/// What is known of a permission.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permitted {
    /// Nothing when nobody can tell.
    pub allowed: Option<bool>,
    pub message: Option<Line>,
}

/// Reads whether an action is permitted, from the answer to the last request of its `permission`.
///
/// # Errors
/// When the program cannot read it.
pub fn permitted(
    permission: &Permission,
    body: &Value,
    values: &Values,
    answer: &Answer,
) -> Result<Permitted, RunError> {
    let variable = |name: &str| answer.variable(name).unwrap_or_else(|| values.get(name));
    let request = "looking whether it is permitted".to_owned();
    let output =
        permission.map.first(body, variable).map_err(|source| RunError::Program { request, what: "map", source })?;
    Ok(Permitted {
        allowed: output.get("allowed").and_then(Value::as_bool),
        message: output.get("message").and_then(Value::as_str).map(Line::from_text),
    })
}

/// How far an action is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Progress {
    Running(Option<Line>),
    Succeeded(Option<Line>),
    Failed(Option<Line>),
}

/// Reads how far an action is, from the answer to the last request of its `done`.
///
/// # Errors
/// When the program cannot read it, or gives a word that is none of ours.
pub fn progress(done: &Done, body: &Value, values: &Values, answer: &Answer) -> Result<Progress, RunError> {
    let variable = |name: &str| answer.variable(name).unwrap_or_else(|| values.get(name));
    let failed = |source| RunError::Program { request: "looking whether it is done".to_owned(), what: "map", source };
    let output = done.map.first(body, variable).map_err(failed)?;
    let message = output.get("message").and_then(Value::as_str).map(Line::from_text);
    let word = output.get("state").map(shown).unwrap_or_default();
    Ok(match done.states.translate(&word).as_ref() {
        "succeeded" => Progress::Succeeded(message),
        "failed" => Progress::Failed(message.or_else(|| Some(Line::from_text(&word)))),
        // A word that we do not know is not the end: looking goes on until the time is up, and shows the word.
        _ => Progress::Running(message.or_else(|| (!word.is_empty()).then(|| Line::from_text(&word)))),
    })
}
