//! By which senders a message goes, and to which address, in the order in which they are tried.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contacts::number::Number;
use crate::contacts::{Moment, callable};
use crate::model::contact::{Contact, Way, WayKind};
use crate::model::id::SourceId;
use crate::model::message::{MessageKind, Reach, Sender};
use crate::model::text::Line;

/// One way for a message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Route {
    /// The sender's name.
    pub sender: Line,
    pub source: SourceId,
    /// Where it goes; the source knows its own place when nothing stands here.
    pub to: Vec<Line>,
    /// It goes to this person; otherwise to one place, whoever is meant.
    pub is_personal: bool,
}

impl Route {
    /// Returns what definitions read as `$to`.
    pub fn to_json(&self) -> Value {
        match self.to.as_slice() {
            [] => Value::Null,
            [one] => Value::from(one.as_str()),
            several => several.iter().map(Line::as_str).collect(),
        }
    }
}

/// Returns the ways for a message to somebody. What reaches themselves comes first, in the order of the senders; then the places
/// where others read along.
pub fn routes(senders: &[Sender], contact: Option<&Contact>, kind: MessageKind, moment: &Moment) -> Vec<Route> {
    let carries = |sender: &&Sender| match kind {
        MessageKind::Page => sender.pages,
        MessageKind::Update => sender.updates,
    };
    let mut personal = Vec::new();
    let mut places = Vec::new();
    for sender in senders.iter().filter(carries) {
        let named = contact.is_some_and(|contact| sender.contacts.contains(&contact.id));
        if !sender.contacts.is_empty() && !named {
            continue;
        }
        let route = |to: Vec<Line>, is_personal| Route {
            sender: sender.name.clone(),
            source: sender.source.clone(),
            to,
            is_personal,
        };
        match (sender.reaches, contact) {
            (None, _) if named => personal.push(route(sender.to.clone(), true)),
            (None, _) => places.push(route(sender.to.clone(), false)),
            (Some(reach), Some(contact)) => {
                personal.extend(address(sender, reach, contact, moment).map(|to| route(vec![to], true)));
            }
            (Some(_), None) => {}
        }
    }
    personal.extend(places);
    personal
}

/// Returns the address of a contact that a sender reaches: one that is answered now, or else any.
fn address(sender: &Sender, reach: Reach, contact: &Contact, moment: &Moment) -> Option<Line> {
    let best = |mut ways: Vec<&Way>| -> Option<Line> {
        // A message to a switchboard wakes nobody.
        ways.sort_by_key(|way| (is_a_desk(way.kind), !moment.open(way).worth_trying()));
        ways.first().map(|way| way.address.clone())
    };
    match reach {
        Reach::Phone => {
            let number = best(callable(contact).collect())?;
            // Systems want digits behind a plus. What cannot be read is theirs to refuse.
            Some(Number::read(number.as_str()).map_or(number, |read| Line::from_text(&read.plain())))
        }
        Reach::Email => best(contact.emails.iter().collect()),
        Reach::Chat => contact.chat.iter().find_map(|way| {
            let (system, address) = way.address.as_str().split_once(':')?;
            let system = system.trim();
            (system == sender.name.as_str() || system == sender.source.as_str())
                .then(|| Line::from_text(address.trim()))
        }),
    }
}

fn is_a_desk(kind: WayKind) -> bool {
    matches!(kind, WayKind::Work | WayKind::Main | WayKind::Support | WayKind::Home)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::id::ContactId;
    use crate::model::time::Timestamp;

    fn sender(name: &str, reaches: Option<Reach>) -> Sender {
        Sender {
            name: Line::from_text(name),
            source: SourceId::new(name),
            reaches,
            to: Vec::new(),
            contacts: Vec::new(),
            pages: true,
            updates: reaches.is_none(),
        }
    }

    fn said(senders: &[Sender], contact: Option<&Contact>, kind: MessageKind) -> Vec<String> {
        let moment = Moment { now: Timestamp::EPOCH, here: TimeZone::UTC, zones: BTreeMap::new() };
        routes(senders, contact, kind, &moment)
            .iter()
            .map(|route| format!("{} {}", route.sender, route.to_json()))
            .collect()
    }

    #[test]
    fn a_persons_own_addresses_come_before_places_where_others_read_along() {
        let work = Way { kind: WayKind::Work, ..Way::to("+49 30 1111111") };
        let kim = Contact {
            phones: vec![work, Way::to("+49 (151) 12 34 567-8")],
            emails: vec![Way::to("kim@acme.example")],
            chat: vec![Way::to("#ops"), Way::to("telegram: 12345")],
            ..Contact::named("Kim")
        };
        let senders = [
            sender("channel", None),
            sender("sms", Some(Reach::Phone)),
            sender("telegram", Some(Reach::Chat)),
            Sender { contacts: vec![ContactId::new("Kim")], to: vec![Line::from_text("u1")], ..sender("push", None) },
            Sender { contacts: vec![ContactId::new("Sam")], ..sender("other", None) },
            sender("mail", Some(Reach::Email)),
        ];
        assert_eq!(
            said(&senders, Some(&kim), MessageKind::Page),
            [
                "sms \"+4915112345678\"",
                "telegram \"12345\"",
                "push \"u1\"",
                "mail \"kim@acme.example\"",
                "channel null"
            ]
        );
        assert_eq!(said(&senders, Some(&Contact::named("Alex")), MessageKind::Page), ["channel null"]);
        assert_eq!(said(&senders, None, MessageKind::Update), ["channel null"]);
    }
}
