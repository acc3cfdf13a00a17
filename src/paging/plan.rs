//! A page or a status update that is ready to go out, for a person to read first: whom, by what, in which words.

use serde::{Deserialize, Serialize};

use super::draft::{self, Material};
use super::routes::{Route, routes};
use super::turn::{Page, Policy, Turn, Why, candidates, turn};
use super::{limit, pages};
use crate::contacts::Moment as Time;
use crate::incident::Incident;
use crate::incident::timeline::Moment;
use crate::model::contact::Contact;
use crate::model::id::{ContactId, IncidentId};
use crate::model::incident::IncidentState;
use crate::model::message::{Message, MessageKind, Sender};
use crate::model::operation::Actor;
use crate::model::source::{FailureKind, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// What is wanted of a page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PageWish {
    /// Whom; the next in the order of escalation when nobody is named.
    pub contact: Option<ContactId>,
    /// What to say beside what is known.
    pub text: Option<Line>,
}

/// What a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub incident: &'a Incident,
    /// Its timeline.
    pub moments: &'a [Moment],
    pub contacts: &'a [Contact],
    pub senders: &'a [Sender],
    pub policy: Policy,
    pub time: &'a Time,
    pub by: &'a Actor,
}

/// A message that is ready to go out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PagePlan {
    pub incident: IncidentId,
    pub number: u32,
    pub kind: MessageKind,
    /// Whom it is for; nobody in particular when it goes to places.
    pub contact: Option<ContactId>,
    /// Why them, in words.
    pub why: Option<Line>,
    pub message: Message,
    /// In the order in which they are tried.
    pub routes: Vec<Route>,
    /// What it is in the journal: the same goes out once, whoever else wants it.
    pub key: String,
    /// Why it should not go out as it stands; who sends it anyway has been told.
    pub stops: Vec<Line>,
    /// Who is next, and when, if nobody acknowledges it.
    pub next: Option<NextUp>,
    pub planned_at: Timestamp,
}

/// Who comes after.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NextUp {
    pub contact: ContactId,
    pub at: Timestamp,
}

/// Plans a page.
///
/// # Errors
/// When nobody can be paged, with what to do about it.
pub fn plan_page(wish: &PageWish, ground: &Ground<'_>) -> Result<PagePlan, Trouble> {
    let Ground { incident, contacts, senders, time, .. } = *ground;
    if !senders.iter().any(|sender| sender.pages) {
        let hint = "write [[senders]] into the configuration: docs/paging.md; crashcart contacts has the numbers";
        return Err(cannot("there is no sender that carries pages", hint));
    }
    may_still_be_written(incident)?;
    let ways = |contact: Option<&Contact>| routes(senders, contact, MessageKind::Page, time);
    let reached = |contact: &Contact| ways(Some(contact)).iter().any(|route| route.is_personal);
    let people = candidates(contacts, &incident.services, reached);
    let so_far = pages(incident);
    let mut stops = Vec::new();
    let (contact, why) = match &wish.contact {
        Some(id) => {
            let contact = contacts.iter().find(|contact| contact.id == *id);
            let contact = contact
                .ok_or_else(|| cannot(&format!("there is no contact `{id}`"), "crashcart contacts lists them"))?;
            (Some(contact), Why::Named)
        }
        None => match turn(&people, &so_far, ground.policy, time) {
            Turn::Page { contact, why } => (Some(contact), why),
            Turn::Wait { contact, until, then } => {
                let at = until.in_zone(&time.here).strftime("%H:%M:%S").to_string();
                let next = then.map_or("the same again", |then| then.name.as_str());
                stops.push(Line::from_text(&format!("{} was paged, and has until {at}; then {next}", contact.name)));
                (Some(then.unwrap_or(contact)), Why::Escalated)
            }
            Turn::Unreachable { .. } => (people.first().copied(), Why::Again),
            Turn::Exhausted { rounds } => {
                stops.push(Line::from_text(&format!("everybody was paged {rounds} times")));
                (people.first().copied(), Why::Again)
            }
            // A place where somebody reads it, or a system that knows whose turn it is.
            Turn::Nobody => (None, Why::First),
        },
    };
    let routes = ways(contact);
    if routes.is_empty() {
        let who = contact.map_or_else(|| "anybody".to_owned(), |contact| contact.name.to_string());
        let hint =
            "give them an address that a sender reaches, or write a sender for one that they have: docs/paging.md";
        return Err(cannot(&format!("no sender reaches {who}"), hint));
    }
    let id = contact.map(|contact| contact.id.clone());
    stops.extend(limit::page(&incident.messages, id.as_ref(), time.now).map(|why| Line::from_text(&why)));
    if !incident.is_open() {
        stops.push(Line::from_text(&format!("incident #{} is {}", incident.number, incident.state.word())));
    }
    let material = material(ground);
    let times = so_far.iter().filter(|page| page.contact == id).count();
    let who = id.as_ref().map_or("place", ContactId::as_str);
    Ok(PagePlan {
        incident: incident.id.clone(),
        number: incident.number,
        kind: MessageKind::Page,
        why: contact.map(|_| Line::from_text(why.words())),
        message: draft::page(&material, wish.text.as_ref()),
        routes,
        key: format!("page/{who}/{}", times + 1),
        stops,
        next: next_up(&people, so_far, id.as_ref(), ground),
        contact: id,
        planned_at: time.now,
    })
}

/// Plans a status update to everybody who is told, or to some senders.
///
/// # Errors
/// When there is nobody to tell.
pub fn plan_update(own: &[Line], to: &[String], resolved: bool, ground: &Ground<'_>) -> Result<PagePlan, Trouble> {
    let Ground { incident, senders, time, .. } = *ground;
    may_still_be_written(incident)?;
    let mut all = routes(senders, None, MessageKind::Update, time);
    for wanted in to {
        if !all.iter().any(|route| route.sender.as_str() == wanted) {
            let names: Vec<&str> = all.iter().map(|route| route.sender.as_str()).collect();
            let hint = if names.is_empty() {
                "none is configured".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            };
            return Err(cannot(&format!("no sender `{wanted}` carries status updates"), &hint));
        }
    }
    if !to.is_empty() {
        all.retain(|route| to.iter().any(|wanted| wanted == route.sender.as_str()));
    }
    if all.is_empty() {
        let hint = "write [[senders]] with a source that can send: docs/paging.md";
        return Err(cannot("there is no sender that carries status updates", hint));
    }
    let mut message = draft::update(&material(ground), own);
    message.resolved |= resolved;
    let mut stops = Vec::new();
    all.retain(|route| {
        let why = limit::update(&incident.messages, &route.sender, &message.title, &message.text, time.now);
        stops.extend(why.iter().map(|why| Line::from_text(why)));
        why.is_none()
    });
    let updates: std::collections::BTreeSet<&str> = incident
        .messages
        .iter()
        .filter(|sent| sent.kind == MessageKind::Update)
        .map(|sent| sent.key.as_str())
        .collect();
    Ok(PagePlan {
        incident: incident.id.clone(),
        number: incident.number,
        kind: MessageKind::Update,
        contact: None,
        why: None,
        key: format!("update/{}", updates.len() + 1),
        message,
        routes: all,
        stops,
        next: None,
        planned_at: time.now,
    })
}

fn material<'a>(ground: &Ground<'a>) -> Material<'a> {
    let Ground { incident, moments, time, by, .. } = *ground;
    Material { incident, moments, zone: &time.here, now: time.now, by }
}

/// Who is paged after this page, if it arrives and nobody acknowledges it.
fn next_up(
    people: &[&Contact],
    mut pages: Vec<Page>,
    paged: Option<&ContactId>,
    ground: &Ground<'_>,
) -> Option<NextUp> {
    pages.push(Page { contact: paged.cloned(), at: ground.time.now, arrived: true });
    match turn(people, &pages, ground.policy, ground.time) {
        Turn::Wait { until, then: Some(then), .. } => {
            let time = Time { now: until, ..ground.time.clone() };
            // They may have been paged often enough.
            match turn(people, &pages, ground.policy, &time) {
                Turn::Exhausted { .. } => None,
                _ => Some(NextUp { contact: then.id.clone(), at: until }),
            }
        }
        _ => None,
    }
}

/// What is closed takes nothing more.
fn may_still_be_written(incident: &Incident) -> Result<(), Trouble> {
    match incident.state {
        IncidentState::Closed => {
            Err(cannot(&format!("incident #{} is closed", incident.number), "crashcart incident reopen opens it again"))
        }
        _ => Ok(()),
    }
}

fn cannot(message: &str, hint: &str) -> Trouble {
    Trouble { kind: FailureKind::Misconfigured, message: Line::from_text(message), hint: Line::from_text(hint) }
}
