//! Contacts: from what was written to people and support desks.

use super::super::diagnostic::{Problems, Severity};
use super::super::document::At;
use super::super::leaf::Filled;
use super::super::shape::{AddressEntry, AddressShape, ContactShape, PhoneEntry, PhoneShape, WayShape};
use super::list;
use crate::model::contact::{Contact, ContactKind, Way};
use crate::model::id::ContactId;
use crate::model::text::Line;

/// Returns the contacts of a file. `knows` says whether there is a service or vendor of a name.
pub fn contacts_of(
    shapes: Vec<At<ContactShape>>,
    knows: impl Fn(&str) -> bool,
    problems: &mut Problems,
) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    for At { value: shape, .. } in shapes {
        let ContactShape {
            name,
            kind,
            phone,
            phones,
            email,
            emails,
            chat,
            url,
            urls,
            languages,
            services,
            account,
            contract,
            note,
            notes,
            order,
            escalate_after,
            verified,
        } = shape;
        let Some(name) = name else { continue };
        let id = ContactId::new(&name.value.0);
        if contacts.iter().any(|contact| contact.id == id) {
            let help = "give one of them another name".to_owned();
            problems.error(&name.span, format!("there is already a contact `{id}`"), Some(help));
            continue;
        }
        let services = list(services);
        for service in services.iter().filter(|service| !knows(&service.value.0)) {
            let message =
                format!("`{id}` is called for `{}`, which is neither a service nor a vendor", service.value.0);
            problems.note(Severity::Warning, &service.span, message, None);
        }
        let contact = Contact {
            id,
            name: Line::from_text(&name.value.0),
            kind: kind.map_or(ContactKind::Person, |kind| kind.value.0),
            phones: one(phone).into_iter().chain(list(phones).into_iter().filter_map(number)).collect(),
            emails: one(email).into_iter().chain(list(emails).into_iter().filter_map(address)).collect(),
            chat: list(chat).into_iter().filter_map(address).collect(),
            urls: url
                .map(|url| Way::to(url.value.0.as_str()))
                .into_iter()
                .chain(list(urls).into_iter().filter_map(address))
                .collect(),
            languages: list(languages).into_iter().map(|language| Line::from_text(&language.value.0)).collect(),
            services: services.into_iter().map(|service| Line::from_text(&service.value.0)).collect(),
            account: line(account),
            contract: line(contract),
            notes: line(note)
                .into_iter()
                .chain(
                    notes
                        .into_iter()
                        .flat_map(|notes| notes.value.0)
                        .flat_map(|note| Line::lines_of(&note, NOTE_LINES)),
                )
                .collect(),
            order: order.map(|order| order.value.0),
            escalate_after: escalate_after.map(|after| after.value.0),
            verified: verified.map(|day| day.value.0),
        };
        if contact.ways().next().is_none() {
            let help = "add phone, email, chat or url".to_owned();
            let message = format!("`{}` cannot be reached", contact.id);
            problems.note(Severity::Warning, &name.span, message, Some(help));
        }
        contacts.push(contact);
    }
    contacts
}

/// Longer notes belong into a runbook.
const NOTE_LINES: usize = 200;

fn line(text: Option<At<Filled>>) -> Option<Line> {
    text.map(|text| Line::from_text(&text.value.0))
}

fn one(text: Option<At<Filled>>) -> Option<Way> {
    text.map(|text| Way::to(&text.value.0))
}

fn number(entry: At<PhoneEntry>) -> Option<Way> {
    let PhoneShape { number, way } = entry.value.0;
    Some(with(Way::to(&number?.value.0), way))
}

fn address(entry: At<AddressEntry>) -> Option<Way> {
    let AddressShape { address, way } = entry.value.0;
    Some(with(Way::to(&address?.value.0), way))
}

fn with(way: Way, shape: WayShape) -> Way {
    let WayShape { kind, hours, zone, note } = shape;
    Way {
        kind: kind.map_or(way.kind, |kind| kind.value.0),
        hours: hours.map(|hours| hours.value.0),
        zone: zone.map(|zone| Line::from_text(&zone.value.0)),
        note: line(note),
        ..way
    }
}
