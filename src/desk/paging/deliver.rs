//! Handing one message to one sender, and what its answer means.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Post;
use crate::model::message::SendOutcome;
use crate::model::source::Source;
use crate::model::text::Line;
use crate::operation::doubt::{Doubt, doubt};
use crate::paging::{PagePlan, Route};
use crate::provider::definition::{Action, Definition};
use crate::provider::engine::{Engine, failure_of};
use crate::provider::run::action::{begin, dry_run, step_answer, step_plan};
use crate::provider::run::{Failure, FailureKind, RunError, Values};
use crate::runtime::redaction::redact;

/// A sender that takes longer is not waited for: the next one is tried meanwhile. Longer than one request may take.
const WAIT: Duration = Duration::from_secs(30);

/// What came of one message.
#[derive(Debug)]
pub(super) struct Answer {
    pub outcome: SendOutcome,
    pub said: Line,
    /// The same may work a moment later.
    pub may_pass: bool,
}

/// The exact requests of one route, without secrets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Preview {
    pub sender: Line,
    pub requests: Vec<Vec<Line>>,
    /// Why it cannot be sent as it stands.
    pub trouble: Option<Line>,
}

/// Returns what would go out by each of a plan's routes. Credentials are got for it; nothing is sent.
pub async fn preview(post: Post<'_>, plan: &PagePlan) -> Vec<Preview> {
    let mut previews = Vec::new();
    for route in &plan.routes {
        let sender = route.sender.clone();
        let shown = match ready(post, plan, route).await {
            Ok((definition, action, values, _)) => {
                dry_run(&definition, &action, values, plan.planned_at).map_err(failure_of)
            }
            Err(failure) => Err(failure),
        };
        previews.push(match shown {
            Ok(plans) => {
                let lines = |text: &str| text.lines().map(|line| Line::from_text(&redact(line))).collect();
                let requests = plans.iter().map(|plan| lines(&plan.preview())).collect();
                Preview { sender, requests, trouble: None }
            }
            Err(failure) => {
                let trouble = Some(Line::from_text(&redact(&failure.to_string())));
                Preview { sender, requests: Vec::new(), trouble }
            }
        });
    }
    previews
}

/// Returns whether a sender's system tells equal messages apart.
pub(super) fn is_repeatable(post: Post<'_>, route: &Route) -> bool {
    let Some(source) = post.catalog.source(&route.source) else { return false };
    let definition = post.engine.definition(source).ok();
    definition.and_then(|definition| definition.send.as_ref().map(|send| send.deduplicates)).unwrap_or(false)
}

/// Sends it.
pub(super) async fn deliver(post: Post<'_>, plan: &PagePlan, route: &Route) -> Answer {
    let sent = tokio::time::timeout(WAIT, try_to(post, plan, route)).await;
    match sent {
        Ok(answer) => answer,
        Err(_) => Answer {
            outcome: SendOutcome::Unknown,
            said: Line::from_text(&format!("no answer within {} s", WAIT.as_secs())),
            may_pass: true,
        },
    }
}

type Ready = (std::sync::Arc<Definition>, Action, Values, Source);

async fn ready(post: Post<'_>, plan: &PagePlan, route: &Route) -> Result<Ready, Failure> {
    let misconfigured = |message: String| Failure {
        kind: FailureKind::Misconfigured,
        request: String::new(),
        message: Line::from_text(&message),
    };
    let source = post.catalog.source(&route.source);
    let source = source.ok_or_else(|| misconfigured(format!("there is no source {}", route.source)))?.clone();
    let definition = Engine::definition(post.engine, &source)?;
    let action = definition.send.clone();
    let action = action.ok_or_else(|| misconfigured(format!("{} cannot send messages", definition.title)))?;
    let mut values = post.engine.source_values(&source, &BTreeMap::new()).await?;
    values.set("message", plan.message.to_json(action.max_length));
    values.set("to", route.to_json());
    values.set("user", Value::from(post.by.to_string()));
    Ok((definition, action, values, source))
}

async fn try_to(post: Post<'_>, plan: &PagePlan, route: &Route) -> Answer {
    let (definition, action, mut values, source) = match ready(post, plan, route).await {
        Ok(ready) => ready,
        Err(failure) => return not_sent(&failure),
    };
    let now = post.clock.now();
    if let Err(error) = begin(&definition, &action, &mut values, now) {
        return not_sent(&values.without_secrets(failure_of(error)));
    }
    // Once a step has acted, what fails after it leaves a message that is half sent.
    let mut acted = false;
    for step in &action.steps {
        let planned = match step_plan(&definition, step, &values) {
            Ok(None) => continue,
            Ok(Some(planned)) => planned,
            Err(error) => return failed(&values.without_secrets(failure_of(error)), acted, false),
        };
        let answer = match post.engine.act(&source, &planned, &values).await {
            Ok(answer) => answer,
            Err(failure) => return failed(&failure, acted, !step.reads),
        };
        match step_answer(&definition, step, &planned, &answer, &mut values) {
            Ok(_) => acted |= !step.reads,
            // It was taken, and only what it is called over there is not known.
            Err(RunError::Program { .. }) if answer.is_success(&planned.accept) => acted |= !step.reads,
            Err(error) => {
                let failure = values.without_secrets(failure_of(error));
                let taken = failure.kind == FailureKind::Malformed && answer.is_success(&planned.accept);
                if !taken {
                    return failed(&failure, acted, !step.reads);
                }
                acted |= !step.reads;
            }
        }
    }
    match acted {
        true => Answer { outcome: SendOutcome::Taken, said: Line::default(), may_pass: false },
        false => Answer {
            outcome: SendOutcome::NotSent,
            said: Line::from_text("this system has nothing to send for it"),
            may_pass: false,
        },
    }
}

fn not_sent(failure: &Failure) -> Answer {
    Answer { outcome: SendOutcome::NotSent, said: said(failure), may_pass: failure.kind.may_pass() }
}

/// Sorts a failure by what is known of the message. `acts` when the request that failed was one that sends.
fn failed(failure: &Failure, acted: bool, acts: bool) -> Answer {
    let outcome = match doubt(failure.kind) {
        _ if acted => SendOutcome::Unknown,
        _ if !acts => SendOutcome::NotSent,
        Doubt::NeverSent => SendOutcome::NotSent,
        Doubt::Later => SendOutcome::Later,
        Doubt::Refused => SendOutcome::Refused,
        Doubt::Unknown => SendOutcome::Unknown,
    };
    let half = if acted { "it was sent in part: " } else { "" };
    let said = Line::from_text(&format!("{half}{}", said(failure)));
    Answer { outcome, said, may_pass: failure.kind.may_pass() || failure.kind == FailureKind::Malformed }
}

fn said(failure: &Failure) -> Line {
    Line::from_text(&redact(&failure.to_string()))
}
