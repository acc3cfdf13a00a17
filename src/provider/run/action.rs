//! One step of an action at a time: its request, what its answer means, its undo.
//!
//! Who executes it (a worker, a fixture, a dry run) decides when; the order and the meaning are here.

use serde_json::Value;

use super::answer::{Answer, among, decode};
use super::failure::{Failure, FailureKind, judge};
use super::plan::{Plan, prepare};
use super::{RunError, Values, seconds};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::provider::definition::{Action, Definition, Request, Step};

/// What the answer to a step means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StepOutcome {
    Done,
    /// It was so already, which is as good.
    Already,
    /// Its condition does not hold.
    Skipped,
}

/// Checks an action's values, and fills in defaults.
///
/// # Errors
/// When one is missing or wrong, or the definition says that the action cannot be done: its own sentence.
pub fn begin(definition: &Definition, action: &Action, values: &mut Values, now: Timestamp) -> Result<(), RunError> {
    values.complete(definition, |name| {
        let uses = |request: &Request| request.uses(name);
        definition.auth_uses(name)
            || action.steps.iter().any(|step| uses(&step.request) || step.undo.as_ref().is_some_and(uses))
            || action.done.as_ref().is_some_and(|done| done.requests.iter().any(uses) || done.map.uses(name))
    })?;
    for input in &action.inputs {
        if !values.has(&input.name) && !input.default.is_null() {
            values.set(input.name.clone(), input.default.clone());
        }
        if !values.has(&input.name) && !input.optional {
            return Err(RunError::MissingParam { name: input.name.clone(), help: input.help.clone() });
        }
    }
    values.set("now", seconds(now));
    if let Some(refuse) = &action.refuse {
        let answer = refuse.first(&Value::Null, |name| values.get(name));
        let answer =
            answer.map_err(|source| RunError::Program { request: action.title.clone(), what: "refuse", source })?;
        if let Some(why) = answer.as_str() {
            let message = Line::from_text(why);
            return Err(Failure { kind: FailureKind::Refused, request: action.title.clone(), message }.into());
        }
    }
    Ok(())
}

/// Returns a step's request, or nothing when its condition does not hold.
///
/// # Errors
/// When the request cannot be filled in.
pub fn step_plan(definition: &Definition, step: &Step, values: &Values) -> Result<Option<Plan>, RunError> {
    if let Some(when) = &step.request.when {
        let name = step.request.name.clone().unwrap_or_default();
        let answer = when.first(&Value::Null, |name| values.get(name));
        let answer = answer.map_err(|source| RunError::Program { request: name, what: "when", source })?;
        if answer != Value::Bool(true) {
            return Ok(None);
        }
    }
    prepare(definition, &step.request, values).map(Some)
}

/// Reads a step's answer, and keeps what the step binds.
///
/// # Errors
/// When the answer is an error, or cannot be read although something is to be kept of it.
pub fn step_answer(
    definition: &Definition,
    step: &Step,
    plan: &Plan,
    answer: &Answer,
    values: &mut Values,
) -> Result<StepOutcome, RunError> {
    let body = decode(plan.answer, answer);
    let variable = |values: &Values, name: &str| answer.variable(name).unwrap_or_else(|| values.get(name));
    let already = among(answer.status, &step.already)
        || match (&step.already_when, &body) {
            (Some(program), Ok(body)) => program.first(body, |name| variable(values, name)) == Ok(Value::Bool(true)),
            _ => false,
        };
    if already {
        return Ok(StepOutcome::Already);
    }
    judge(&definition.errors, &plan.accept, &plan.summary(), answer, values)?;
    if step.request.bind.is_empty() {
        // An action does not fail because its answer is no JSON.
        return Ok(StepOutcome::Done);
    }
    let body = body.map_err(|what| Failure {
        kind: FailureKind::Malformed,
        request: plan.summary(),
        message: Line::from_text(&what),
    })?;
    for (name, program) in &step.request.bind {
        let value = program.first(&body, |name| variable(values, name));
        let value = value.map_err(|source| RunError::Program { request: plan.name.clone(), what: "bind", source })?;
        values.set(name.clone(), value);
    }
    Ok(StepOutcome::Done)
}

/// Returns the requests of a dry run: what earlier steps would bring stands there as its name.
///
/// # Errors
/// When a request cannot be filled in.
pub fn dry_run(
    definition: &Definition,
    action: &Action,
    mut values: Values,
    now: Timestamp,
) -> Result<Vec<Plan>, RunError> {
    begin(definition, action, &mut values, now)?;
    let mut plans = Vec::new();
    for step in &action.steps {
        plans.extend(step_plan(definition, step, &values)?);
        for (name, _) in &step.request.bind {
            values.set(name.clone(), format!("<{name}>"));
        }
    }
    Ok(plans)
}
