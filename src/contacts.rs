//! Whom to call: the list, the order of escalation, and contacts as other programs know them.
//!
//! ```text
//!   contacts.toml, crashcart.toml --> [Contact] --+--> in order, for a service       ordered, for_service
//!                  *.vcf --vcard::read--^         +--> who is next, given the calls   escalation
//!                                                 +--> what is wrong with the list    check
//!                                                 +--> vcard::write, qr, file         for phones and for the disk
//! ```
//!
//! Pure: the time, the time zones and the text of files come from outside, and nothing here calls anybody.

pub mod check;
pub mod escalation;
pub mod file;
pub mod mask;
pub mod number;
pub mod qr;
pub mod ring;
pub mod vcard;
pub mod words;

use std::collections::BTreeMap;

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::model::contact::{Contact, Way, WayKind};
use crate::model::id::ContactId;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// What time it is, everywhere.
#[derive(Clone, Debug)]
pub struct Moment {
    pub now: Timestamp,
    /// Where the reader is.
    pub here: TimeZone,
    /// The zones that the list names and that this machine knows.
    pub zones: BTreeMap<String, TimeZone>,
}

impl Moment {
    /// Returns the time where a number is answered; nothing when this machine does not know its zone.
    fn at(&self, way: &Way, now: Timestamp) -> Option<Zoned> {
        let zone = match &way.zone {
            Some(name) => self.zones.get(name.as_str())?,
            None => &self.here,
        };
        Some(now.in_zone(zone))
    }

    /// Says whether somebody answers now.
    pub fn open(&self, way: &Way) -> Open {
        self.open_at(way, self.now)
    }

    /// Says whether somebody answers at a time.
    pub fn open_at(&self, way: &Way, now: Timestamp) -> Open {
        let Some(hours) = &way.hours else { return Open::Yes };
        let Some(local) = self.at(way, now) else { return Open::Unknown };
        if hours.hold(&local) {
            return Open::Yes;
        }
        Open::No { opens: hours.next_opening(&local).map(|at| at.timestamp().into()) }
    }
}

/// Whether somebody answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Open {
    Yes,
    /// With the time at which somebody does again.
    No {
        opens: Option<Timestamp>,
    },
    /// The hours are in a time zone that this machine does not know: better called than not.
    Unknown,
}

impl Open {
    /// Whether a call is worth trying.
    pub fn worth_trying(self) -> bool {
        !matches!(self, Self::No { .. })
    }
}

/// Returns the contacts in the order of escalation: by their place, then as they were written.
pub fn ordered(contacts: &[Contact]) -> Vec<&Contact> {
    let mut ordered: Vec<&Contact> = contacts.iter().collect();
    ordered.sort_by_key(|contact| contact.order.unwrap_or(u32::MAX));
    ordered
}

/// Returns whether a contact is called for a service or vendor: for all, unless it names some.
pub fn is_for(contact: &Contact, service: &str) -> bool {
    contact.services.is_empty() || contact.services.iter().any(|name| name.as_str() == service)
}

/// Returns whether a contact is called for one of some services: for all, unless it names some or none are at stake.
pub fn is_for_any(contact: &Contact, services: &[&str]) -> bool {
    services.is_empty() || services.iter().any(|service| is_for(contact, service))
}

/// Returns the numbers that can be called, in the order in which they are tried.
pub fn callable(contact: &Contact) -> impl Iterator<Item = &Way> {
    contact.phones.iter().filter(|way| way.kind != WayKind::Fax)
}

/// Joins two lists. What the first one says of somebody counts.
pub fn join(mut own: Vec<Contact>, others: Vec<Contact>) -> Vec<Contact> {
    for contact in others {
        if !own.iter().any(|known| known.id == contact.id) {
            own.push(contact);
        }
    }
    own
}

/// The longest name that a file of contacts takes.
const LONGEST_NAME: usize = 60;

/// Gives a contact a number behind its name when somebody else is called so: two of one name are two people.
pub fn rename(contact: &mut Contact, is_taken: impl Fn(&ContactId) -> bool) {
    let plain = contact.name.clone();
    let mut count = 2;
    while is_taken(&contact.id) {
        let number = format!(" ({count})");
        let head: String = plain.as_str().chars().take(LONGEST_NAME - number.len()).collect();
        contact.name = Line::from_text(&format!("{}{number}", head.trim_end()));
        contact.id = ContactId::new(contact.name.as_str());
        count += 1;
    }
}

/// Finds contacts by name: the one that is called so, or else those whose name or one of whose numbers holds the text.
pub fn find<'a>(contacts: &'a [Contact], text: &str) -> Vec<&'a Contact> {
    let wanted = text.trim().to_lowercase();
    let exact: Vec<&Contact> =
        contacts.iter().filter(|contact| contact.name.as_str().to_lowercase() == wanted).collect();
    if !exact.is_empty() || wanted.is_empty() {
        return exact;
    }
    contacts.iter().filter(|contact| contact.name.as_str().to_lowercase().contains(&wanted)).collect()
}

#[cfg(test)]
mod tests;
