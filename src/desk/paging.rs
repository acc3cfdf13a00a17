//! Sending pages and status updates: written into the journal first, then handed to a sender, then what came of it.
//!
//! ```text
//!   paging::plan_page ----> PagePlan: a view shows it, `preview` adds the exact requests
//!                              | somebody confirms
//!                              v
//!   send: journal "sending" -> engine -> journal "sent / refused / nobody knows" -> the next sender, until one has taken it
//! ```
//!
//! A message is never sent twice unless its system tells equal messages apart: of two who want the same, the journal takes one.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

mod deliver;

use super::incidents::write_once;
use super::itself;
use super::start::Starter;
use crate::clock::Clock;
use crate::contacts::Moment;
use crate::journal::Journal;
use crate::model::catalog::Catalog;
use crate::model::contact::Contact;
use crate::model::incident::IncidentEvent;
use crate::model::message::{MessageKind, SendOutcome};
use crate::model::operation::Actor;
use crate::model::source::{FailureKind, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::paging::{PagePlan, Route};
use crate::provider::engine::Engine;
use crate::runtime::zones::zones_of;
use deliver::{Answer, deliver, is_repeatable};

pub use deliver::{Preview, preview};

/// The pause before the one further try, where a system tells equal messages apart.
const AGAIN: Duration = Duration::from_secs(2);
/// So often a message is handed to a sender that tells equal ones apart.
const TRIES: u32 = 2;

/// Returns what time it is, also where the numbers of some contacts are answered.
pub fn time_of(contacts: &[Contact], here: &TimeZone, now: Timestamp) -> Moment {
    Moment { now, here: here.clone(), zones: zones_of(contacts) }
}

/// One message that was handed to a sender, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    pub sender: Line,
    pub attempt: u32,
    pub outcome: SendOutcome,
    /// What the system said, or what happened instead.
    pub said: Line,
}

/// What sending needs.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    pub engine: &'a Engine,
    pub catalog: &'a Catalog,
    pub by: &'a Actor,
    pub clock: &'a Clock,
}

/// Sends a plan's message. A page goes to the first sender that takes it; a status update to all.
///
/// `told` hears of each attempt when it is over.
///
/// # Errors
/// When the journal does not take that it goes out (then nothing does), or somebody else has sent the same.
pub async fn send(
    journal: &mut Journal,
    post: Post<'_>,
    plan: &PagePlan,
    told: &mut (dyn FnMut(&Attempt) + Send),
) -> Result<Vec<Attempt>, Trouble> {
    match plan.kind {
        MessageKind::Page => one_after_the_other(journal, post, plan, told).await,
        MessageKind::Update => all_at_once(journal, post, plan, told).await,
    }
}

/// Has the command that sends a plan run by itself. What comes of it stands in the journal; this waits for its end.
///
/// # Errors
/// What stood in the way, or that nobody took it, in a sentence.
pub fn by_itself(starter: &Starter, plan: &PagePlan) -> impl Future<Output = Result<(), String>> + Send + use<> {
    let cannot = |error: &dyn std::fmt::Display| format!("it was not sent: {error}");
    let arguments = ["page", "--planned", "--incident", plan.incident.as_str()];
    let going = serde_json::to_vec(plan).map(|text| itself::run(starter, &arguments, Some(text)));
    async move {
        let said = going.map_err(|error| cannot(&error))?.await.map_err(|error| cannot(&error))?;
        match said.code {
            Some(0) => Ok(()),
            Some(3) => Err("nobody knows whether it arrived: the timeline says more".to_owned()),
            _ => Err(said
                .error
                .map_or_else(|| "no sender took it: the timeline says why".to_owned(), |why| cannot(&why))),
        }
    }
}

/// Returns whether somebody may have got it.
pub fn has_arrived(attempts: &[Attempt]) -> bool {
    attempts.iter().any(|attempt| attempt.outcome.may_have_arrived())
}

async fn one_after_the_other(
    journal: &mut Journal,
    post: Post<'_>,
    plan: &PagePlan,
    told: &mut (dyn FnMut(&Attempt) + Send),
) -> Result<Vec<Attempt>, Trouble> {
    let mut attempts = Vec::new();
    for route in &plan.routes {
        for attempt in 1..=TRIES {
            if !begin(journal, post, plan, route, attempt)? {
                return Err(somebody_else(plan));
            }
            let answer = deliver(post, plan, route).await;
            let again = attempt < TRIES && is_worth_a_retry(&answer) && is_repeatable(post, route);
            let one = attempt_of(route, attempt, answer);
            finish(journal, post, plan, route, &one);
            told(&one);
            let taken = one.outcome == SendOutcome::Taken;
            attempts.push(one);
            if taken {
                return Ok(attempts);
            }
            if !again {
                break;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
    Ok(attempts)
}

/// A slow system delays no other.
async fn all_at_once(
    journal: &mut Journal,
    post: Post<'_>,
    plan: &PagePlan,
    told: &mut (dyn FnMut(&Attempt) + Send),
) -> Result<Vec<Attempt>, Trouble> {
    let mut going = FuturesUnordered::new();
    let mut sent_by_others = 0;
    for route in &plan.routes {
        if begin(journal, post, plan, route, 1)? {
            going.push(async move { (route, deliver(post, plan, route).await) });
        } else {
            sent_by_others += 1;
        }
    }
    if going.is_empty() && sent_by_others > 0 {
        return Err(somebody_else(plan));
    }
    let mut attempts = Vec::new();
    let mut failed = Vec::new();
    while let Some((route, answer)) = going.next().await {
        let again = is_worth_a_retry(&answer) && is_repeatable(post, route);
        let one = attempt_of(route, 1, answer);
        finish(journal, post, plan, route, &one);
        told(&one);
        attempts.push(one);
        if again {
            failed.push(route);
        }
    }
    if !failed.is_empty() {
        tokio::time::sleep(AGAIN).await;
    }
    for route in failed {
        if begin(journal, post, plan, route, 2)? {
            let one = attempt_of(route, 2, deliver(post, plan, route).await);
            finish(journal, post, plan, route, &one);
            told(&one);
            attempts.push(one);
        }
    }
    Ok(attempts)
}

/// What was refused is refused again.
fn is_worth_a_retry(answer: &Answer) -> bool {
    matches!(answer.outcome, SendOutcome::Unknown | SendOutcome::Later | SendOutcome::NotSent) && answer.may_pass
}

fn attempt_of(route: &Route, attempt: u32, answer: Answer) -> Attempt {
    Attempt { sender: route.sender.clone(), attempt, outcome: answer.outcome, said: answer.said }
}

/// Writes that a message goes out. Says no when somebody has written the same.
fn begin(journal: &mut Journal, post: Post<'_>, plan: &PagePlan, route: &Route, attempt: u32) -> Result<bool, Trouble> {
    let event = IncidentEvent::Sending {
        key: plan.key.clone(),
        kind: plan.kind,
        sender: route.sender.clone(),
        attempt,
        contact: plan.contact.clone().filter(|_| route.is_personal || plan.kind == MessageKind::Page),
        title: plan.message.title.clone(),
        text: if plan.kind == MessageKind::Update { plan.message.text.clone() } else { Vec::new() },
    };
    write_once(journal, &plan.incident, &event, post.by, post.clock.now())
}

/// Writes what came of it. It has gone out: that this cannot be written must not stop the next one.
fn finish(journal: &mut Journal, post: Post<'_>, plan: &PagePlan, route: &Route, one: &Attempt) {
    let event = IncidentEvent::Sent {
        key: plan.key.clone(),
        kind: plan.kind,
        sender: route.sender.clone(),
        attempt: one.attempt,
        contact: plan.contact.clone(),
        title: plan.message.title.clone(),
        outcome: one.outcome,
        said: one.said.clone(),
    };
    if let Err(trouble) = write_once(journal, &plan.incident, &event, post.by, post.clock.now()) {
        tracing::warn!("what came of a message could not be written: {}", trouble.message);
    }
}

fn somebody_else(plan: &PagePlan) -> Trouble {
    Trouble {
        kind: FailureKind::Refused,
        message: Line::from_text(&format!("somebody else has just sent this ({}): nothing was sent twice", plan.key)),
        hint: Line::from_text(&format!("crashcart incident show -i {} tells what came of it", plan.number)),
    }
}
