//! Who is next: from the list, the calls that were made, and the time.
//!
//! ```text
//!   nobody called yet -----------------------------> call the first one who answers at this hour
//!   no answer, another number is open -------------> call that number
//!   no answer, and escalate_after is not over -----> wait, and say until when
//!   over, or declined, or a wrong number ----------> call the next one; behind the last, the first again
//!   reached ---------------------------------------> done
//! ```

use std::time::Duration;

use super::{Moment, callable, is_for_any, ordered, ring};
use crate::model::contact::{Call, Contact, Outcome, Way};
use crate::model::time::Timestamp;

/// What to do now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next<'a> {
    /// Call this number.
    Call { contact: &'a Contact, way: &'a Way, why: Why },
    /// They may call back until then; `then` is who comes after.
    Wait { contact: &'a Contact, until: Timestamp, then: Option<&'a Contact> },
    /// Somebody has taken it.
    Reached { contact: &'a Contact, at: Timestamp },
    /// Nobody in the list has a number.
    Nobody,
}

/// Why this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// The first in the order.
    First,
    /// The first whose hours it is; some before are asleep.
    FirstAwake,
    /// It is nobody's hours: the first in the order all the same.
    NobodysHours,
    /// The same person under another number.
    OtherNumber,
    /// The one before did not take it.
    Escalated,
    /// Everybody was tried: the round begins anew.
    Again,
}

/// Says who is to be called for a service, or for anything.
pub fn next<'a>(contacts: &'a [Contact], service: Option<&str>, calls: &[Call], moment: &Moment) -> Next<'a> {
    next_for(contacts, service.as_slice(), calls, moment)
}

/// Says who is to be called when several services are at stake: whoever is for one of them. Without any, everybody is.
pub fn next_for<'a>(contacts: &'a [Contact], services: &[&str], calls: &[Call], moment: &Moment) -> Next<'a> {
    let candidates: Vec<&Contact> = ordered(contacts)
        .into_iter()
        .filter(|contact| is_for_any(contact, services))
        .filter(|contact| callable(contact).next().is_some())
        .collect();
    if candidates.is_empty() {
        return Next::Nobody;
    }
    // What was noted later may have happened earlier.
    let mut calls: Vec<&Call> = calls.iter().collect();
    calls.sort_by_key(|call| call.at);
    let last = calls
        .iter()
        .rev()
        .find_map(|call| candidates.iter().position(|contact| contact.id == call.contact).map(|place| (*call, place)));
    let Some((call, place)) = last else { return first(&candidates, moment) };
    let contact = candidates[place];
    if call.outcome == Outcome::Reached {
        return Next::Reached { contact, at: call.at };
    }
    // Everything since somebody else was called last.
    let turn: Vec<&Call> = calls.iter().rev().take_while(|call| call.contact == contact.id).copied().collect();
    if call.outcome != Outcome::Declined
        && let Some(way) = untried(contact, &turn, moment)
    {
        return Next::Call { contact, way, why: Why::OtherNumber };
    }
    let begun = turn.last().map_or(call.at, |call| call.at);
    let wait = contact.escalate_after.unwrap_or(Duration::ZERO);
    let after = following(&candidates, place, moment);
    let until = begun + wait;
    let may_call_back = turn.iter().any(|call| call.outcome.may_call_back()) && call.outcome != Outcome::Declined;
    if may_call_back && moment.now < until {
        return Next::Wait { contact, until, then: after.map(|(place, _)| candidates[place]) };
    }
    let (place, wrapped) = after.unwrap_or((place, true));
    let contact = candidates[place];
    match best(contact, moment) {
        Some(way) => Next::Call { contact, way, why: if wrapped { Why::Again } else { Why::Escalated } },
        None => Next::Nobody,
    }
}

/// The one to begin with.
fn first<'a>(candidates: &[&'a Contact], moment: &Moment) -> Next<'a> {
    let awake = candidates.iter().position(|contact| awake(contact, moment));
    let contact = candidates[awake.unwrap_or(0)];
    let why = match awake {
        Some(0) => Why::First,
        Some(_) => Why::FirstAwake,
        None => Why::NobodysHours,
    };
    best(contact, moment).map_or(Next::Nobody, |way| Next::Call { contact, way, why })
}

/// The one after, and whether it stands at or before the one who was called last.
fn following(candidates: &[&Contact], place: usize, moment: &Moment) -> Option<(usize, bool)> {
    let next = ring::following(candidates, place, |contact| awake(contact, moment), |_| false)?;
    Some((next, next <= place))
}

fn awake(contact: &Contact, moment: &Moment) -> bool {
    callable(contact).any(|way| moment.open(way).worth_trying())
}

/// The first number where somebody answers now, or else the first.
fn best<'a>(contact: &'a Contact, moment: &Moment) -> Option<&'a Way> {
    callable(contact).find(|way| moment.open(way).worth_trying()).or_else(|| callable(contact).next())
}

/// A number of theirs that is open and was not dialled in this turn. Which number an unnamed call went to is not known:
/// it counts as the first that is left.
fn untried<'a>(contact: &'a Contact, turn: &[&Call], moment: &Moment) -> Option<&'a Way> {
    let mut open: Vec<&Way> = callable(contact).filter(|way| moment.open(way).worth_trying()).collect();
    for call in turn.iter().rev() {
        let dialled = match &call.number {
            Some(number) => open.iter().position(|way| &way.address == number),
            None => (!open.is_empty()).then_some(0),
        };
        if let Some(at) = dialled {
            open.remove(at);
        }
    }
    open.first().copied()
}
