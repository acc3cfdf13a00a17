//! What is wrong with a list of contacts, found while there is time to mend it.

use jiff::civil::Date;
use serde::Serialize;

use super::number::{Number, Reach};
use super::{Moment, callable, is_for};
use crate::model::contact::{Contact, ContactKind, Way};
use crate::model::text::Line;

/// After so many days somebody should ask whether a number is still right: people change jobs and desks move.
pub const STALE_AFTER: i32 = 180;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Worth knowing.
    Note,
    /// To be mended before the next night.
    Warning,
}

/// Something that was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// Nothing when it is about the whole list.
    pub contact: Option<Line>,
    pub kind: Kind,
    pub weight: Weight,
    pub message: Line,
    pub help: Option<Line>,
}

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    NoContacts,
    NoSecondContact,
    Unreachable,
    NoNumber,
    MalformedNumber,
    NationalNumber,
    MalformedAddress,
    Stale,
    NeverVerified,
    UnknownZone,
    UnknownService,
    SameNumber,
}

/// Returns how many days ago somebody made sure of a contact, when that is too long.
pub fn stale_days(contact: &Contact, today: Date) -> Option<i32> {
    let days = days_since(contact.verified?, today);
    (days > STALE_AFTER).then_some(days)
}

fn days_since(day: Date, today: Date) -> i32 {
    today.since(day).map_or(0, |span| span.get_days())
}

/// Looks at a list. `services` are the services and vendors that there are, when that is known.
pub fn check(contacts: &[Contact], services: Option<&[String]>, moment: &Moment) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let today = moment.now.in_zone(&moment.here).date();
    findings.of_the_list(contacts, services.unwrap_or_default());
    for contact in contacts {
        findings.of_its_ways(contact, moment);
        findings.of_its_age(contact, today);
        for name in contact
            .services
            .iter()
            .filter(|name| services.is_some_and(|known| !known.iter().any(|it| it == name.as_str())))
        {
            let message = format!("it is called for `{name}`, which is neither a service nor a vendor");
            findings.add(contact, Kind::UnknownService, Weight::Warning, &message, "");
        }
    }
    findings.of_same_numbers(contacts);
    findings.0
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, contact: &Contact, kind: Kind, weight: Weight, message: &str, help: &str) {
        self.push(Some(contact.name.clone()), kind, weight, message, help);
    }

    fn push(&mut self, contact: Option<Line>, kind: Kind, weight: Weight, message: &str, help: &str) {
        let help = (!help.is_empty()).then(|| Line::from_text(help));
        self.0.push(Finding { contact, kind, weight, message: Line::from_text(message), help });
    }

    fn of_the_list(&mut self, contacts: &[Contact], services: &[String]) {
        let people: Vec<&Contact> = contacts
            .iter()
            .filter(|contact| contact.kind == ContactKind::Person && callable(contact).next().is_some())
            .collect();
        let add = "crashcart contacts add NAME --phone +49...";
        match people.as_slice() {
            [] if contacts.is_empty() => {
                self.push(None, Kind::NoContacts, Weight::Warning, "there are no contacts", add);
            }
            [] => self.push(None, Kind::NoContacts, Weight::Warning, "no person has a telephone number", add),
            [only] => {
                let message = format!("{} is the only person with a number: there is no second contact", only.name);
                self.push(None, Kind::NoSecondContact, Weight::Warning, &message, add);
            }
            _ => {
                for service in services {
                    let mut of_it = people.iter().filter(|contact| is_for(contact, service));
                    let message = match (of_it.next(), of_it.next()) {
                        // A vendor has its desk; nobody of ours answers for it.
                        (None, _) if contacts.iter().any(|contact| is_for(contact, service)) => continue,
                        (None, _) => format!("nobody is called for {service}"),
                        (Some(only), None) => format!("{} is the only person who is called for {service}", only.name),
                        _ => continue,
                    };
                    self.push(None, Kind::NoSecondContact, Weight::Note, &message, "");
                }
            }
        }
    }

    fn of_its_ways(&mut self, contact: &Contact, moment: &Moment) {
        if contact.ways().next().is_none() {
            self.add(
                contact,
                Kind::Unreachable,
                Weight::Warning,
                "it cannot be reached",
                "add phones, emails, chat or urls",
            );
        } else if callable(contact).next().is_none() {
            // Many vendors have no telephone at all.
            let weight = if contact.kind == ContactKind::Person { Weight::Warning } else { Weight::Note };
            self.add(contact, Kind::NoNumber, weight, "it has no number to call", "add phones");
        }
        for way in &contact.phones {
            match Number::read(way.address.as_str()) {
                Err(error) => {
                    let message = format!("`{}` is no telephone number: {error}", way.address);
                    self.add(contact, Kind::MalformedNumber, Weight::Warning, &message, "write it as +49 30 901820");
                }
                Ok(Number { reach: Reach::Country, .. }) => {
                    let message = format!("`{}` can only be dialled from its own country", way.address);
                    let help = "write it with its country's code: +49 30 901820";
                    self.add(contact, Kind::NationalNumber, Weight::Warning, &message, help);
                }
                Ok(_) => {}
            }
        }
        for way in &contact.emails {
            if !looks_like_email(way.address.as_str()) {
                let message = format!("`{}` is no e-mail address", way.address);
                self.add(contact, Kind::MalformedAddress, Weight::Warning, &message, "");
            }
        }
        for way in &contact.urls {
            if !url::Url::parse(way.address.as_str()).is_ok_and(|url| url.has_host() || url.scheme() == "mailto") {
                let message = format!("`{}` is no link", way.address);
                self.add(contact, Kind::MalformedAddress, Weight::Warning, &message, "write it with its https://");
            }
        }
        for way in contact.ways() {
            self.of_its_zone(contact, way, moment);
        }
    }

    fn of_its_zone(&mut self, contact: &Contact, way: &Way, moment: &Moment) {
        match (&way.zone, &way.hours) {
            (Some(zone), _) if !moment.zones.contains_key(zone.as_str()) => {
                let message =
                    format!("this machine knows no time zone `{zone}`: whether somebody answers is not known");
                self.add(contact, Kind::UnknownZone, Weight::Warning, &message, "");
            }
            (None, Some(hours)) => {
                let message = format!("the hours of `{}` ({hours}) have no time zone: yours is taken", way.address);
                self.add(contact, Kind::UnknownZone, Weight::Note, &message, "add zone = \"Europe/Berlin\"");
            }
            _ => {}
        }
    }

    fn of_its_age(&mut self, contact: &Contact, today: Date) {
        let Some(day) = contact.verified else {
            let help = format!("when you have made sure: verified = \"{today}\"");
            self.add(contact, Kind::NeverVerified, Weight::Note, "nobody has said when it was last right", &help);
            return;
        };
        let days = days_since(day, today);
        if days > STALE_AFTER {
            let message = format!("it was last made sure of {days} days ago, on {day}");
            let help = format!("call it once, then write verified = \"{today}\"");
            self.add(contact, Kind::Stale, Weight::Warning, &message, &help);
        } else if days < 0 {
            let message = format!("it was made sure of on {day}, which is still to come");
            self.add(contact, Kind::Stale, Weight::Warning, &message, "");
        }
    }

    fn of_same_numbers(&mut self, contacts: &[Contact]) {
        let mut seen: Vec<(String, &Contact)> = Vec::new();
        for contact in contacts {
            for way in &contact.phones {
                let Ok(number) = Number::read(way.address.as_str()) else { continue };
                if number.reach == Reach::Short {
                    continue;
                }
                let link = number.link();
                match seen.iter().find(|(other, _)| *other == link) {
                    Some((_, other)) if other.id == contact.id => {
                        let message = format!("`{}` is written twice", way.address);
                        self.add(contact, Kind::SameNumber, Weight::Note, &message, "");
                    }
                    Some((_, other)) => {
                        let message = format!("`{}` is also {}'s number", way.address, other.name);
                        self.add(contact, Kind::SameNumber, Weight::Note, &message, "");
                    }
                    None => seen.push((link, contact)),
                }
            }
        }
    }
}

/// Whether something stands before and behind one `@`. What is delivered is known by the mail server only.
fn looks_like_email(text: &str) -> bool {
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    text.rsplit_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace) && !host.starts_with('.')
    })
}
