//! Requests in their order: conditions, one request for each item of a list, and what is kept for the next.

use std::collections::VecDeque;

use serde_json::Value;

use super::answer::{Answer, decode};
use super::failure::{Failure, FailureKind, judge};
use super::origin::Origin;
use super::plan::{Plan, prepare};
use super::{RunError, Values};
use crate::model::text::Line;
use crate::provider::definition::{Definition, Request};

/// More items than this are not asked for one by one.
const MOST_ITEMS: usize = 50;

/// Requests that are being made one after the other.
#[derive(Debug)]
pub struct Sequence<'d> {
    definition: &'d Definition,
    requests: &'d [Request],
    position: usize,
    /// Items that are still to be asked for, while a request is made for each.
    items: Option<VecDeque<Value>>,
    answers: Vec<Value>,
    asked: Option<Plan>,
    last: Value,
    problems: Vec<Line>,
    /// Where names stand in the answers, for a reading that may only bring names.
    origin: Option<Origin>,
}

impl<'d> Sequence<'d> {
    /// Begins with the first request.
    pub fn new(definition: &'d Definition, requests: &'d [Request]) -> Self {
        Self {
            definition,
            requests,
            position: 0,
            items: None,
            answers: Vec::new(),
            asked: None,
            last: Value::Null,
            problems: Vec::new(),
            origin: None,
        }
    }

    /// From now on answers are looked through for where names stand.
    pub fn watch_origin(&mut self) {
        self.origin = Some(Origin::default());
    }

    /// Returns where names stand in the answers.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Returns the next request.
    ///
    /// # Errors
    /// When it cannot be filled in.
    pub fn next_plan(&mut self, values: &mut Values) -> Result<Option<Plan>, RunError> {
        while let Some(request) = self.requests.get(self.position) {
            let name = request.name.clone().unwrap_or_default();
            let program = |program: &crate::provider::definition::program::Program, what, values: &Values| {
                program.first(&Value::Null, |name| values.get(name)).map_err(|source| RunError::Program {
                    request: name.clone(),
                    what,
                    source,
                })
            };
            if let Some(when) = &request.when
                && self.items.is_none()
                && program(when, "when", values)? != Value::Bool(true)
            {
                self.take(request, Value::Null, values, &Answer::default())?;
                continue;
            }
            if let Some(each) = &request.each {
                if self.items.is_none() {
                    let items = program(each, "each", values)?;
                    let items = items.as_array().cloned().unwrap_or_default();
                    if items.len() > MOST_ITEMS {
                        let what = request.name.as_deref().unwrap_or("one request for each");
                        let told = format!("{what}: there are {}, and only {MOST_ITEMS} are asked for", items.len());
                        self.problems.push(Line::from_text(&told));
                    }
                    self.items = Some(items.into_iter().take(MOST_ITEMS).collect());
                    self.answers.clear();
                }
                match self.items.as_mut().and_then(VecDeque::pop_front) {
                    Some(item) => values.set("item", item),
                    None => {
                        self.items = None;
                        let answers = Value::Array(std::mem::take(&mut self.answers));
                        self.take(request, answers, values, &Answer::default())?;
                        continue;
                    }
                }
            }
            let plan = prepare(self.definition, request, values)?;
            self.asked = Some(plan.clone());
            return Ok(Some(plan));
        }
        Ok(None)
    }

    /// Takes in the answer to the request that was returned last.
    ///
    /// # Errors
    /// When the answer is an error or cannot be read.
    pub fn answer(&mut self, answer: &Answer, values: &mut Values) -> Result<(), RunError> {
        let (Some(request), Some(plan)) = (self.requests.get(self.position), self.asked.take()) else { return Ok(()) };
        let body = match judge(&self.definition.errors, &plan.accept, &plan.summary(), answer, values) {
            Ok(()) => decode(plan.answer, answer).map_err(|what| Failure {
                kind: FailureKind::Malformed,
                request: plan.summary(),
                message: Line::from_text(&what),
            })?,
            Err(failure) if plan.optional && matches!(failure.kind, FailureKind::NotFound | FailureKind::Forbidden) => {
                Value::Null
            }
            Err(failure) => return Err(failure.into()),
        };
        if let Some(origin) = &mut self.origin {
            origin.see(&body);
        }
        if self.items.is_some() {
            self.answers.push(body);
            // The last item's answer closes the request, so that whoever asks sees that it is over.
            if self.items.as_ref().is_some_and(VecDeque::is_empty) {
                self.items = None;
                let answers = Value::Array(std::mem::take(&mut self.answers));
                self.take(request, answers, values, answer)?;
            }
            return Ok(());
        }
        self.take(request, body, values, answer)
    }

    /// Binds what the request keeps, and goes on to the next.
    fn take(&mut self, request: &Request, body: Value, values: &mut Values, answer: &Answer) -> Result<(), RunError> {
        for (name, program) in &request.bind {
            let value = program.first(&body, |name| answer.variable(name).unwrap_or_else(|| values.get(name)));
            let value = value.map_err(|source| RunError::Program {
                request: request.name.clone().unwrap_or_else(|| format!("binding {name}")),
                what: "bind",
                source,
            })?;
            values.set(name.clone(), value);
        }
        self.last = body;
        self.position += 1;
        Ok(())
    }

    /// Returns whether every request was made.
    pub fn is_over(&self) -> bool {
        self.position >= self.requests.len()
    }

    /// Returns whether the request that was returned last is the last one.
    pub fn is_last(&self) -> bool {
        self.position + 1 >= self.requests.len()
    }

    /// Returns what the last request brought.
    pub fn last_body(&self) -> Value {
        self.last.clone()
    }

    /// Returns what was left out.
    pub fn into_problems(self) -> Vec<Line> {
        self.problems
    }

    /// Makes the last request again, for the next page.
    pub fn repeat_last(&mut self) {
        self.position = self.requests.len().saturating_sub(1);
    }
}
