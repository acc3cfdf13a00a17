//! A file of contacts: it stands by itself, so that it can be read when everything else cannot.

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Problems};
use super::document::{Shape as _, Table};
use super::shape::ContactsShape;
use super::validate::contact::contacts_of;
use crate::model::contact::Contact;

/// Reads a file of contacts. What can be read is given even when something else in it is wrong.
pub fn load(text: &str) -> (Vec<Contact>, Vec<Diagnostic>) {
    let mut problems = Problems::default();
    let (document, errors) = DeTable::parse_recoverable(text);
    let first_error = errors.iter().filter_map(|error| error.span()).map(|span| span.start).min();
    for error in &errors {
        problems.error(&error.span().unwrap_or(0..0), error.message(), None);
    }
    let mut reading = Problems::default();
    let mut table = Table::root(document.get_ref(), &mut reading);
    let file = ContactsShape::take(&mut table);
    table.finish(|_| Some("this file holds nothing but [[contacts]]".to_owned()));
    let mut meaning = Problems::default();
    // Which services there are is said elsewhere.
    let contacts = contacts_of(file.contacts.map_or_else(Vec::new, |list| list.value), |_| true, &mut meaning);
    problems.append(reading, first_error);
    if first_error.is_none() {
        problems.append(meaning, None);
    }
    (contacts, problems.locate(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_does_not_take_the_others_away() {
        let text = "[[contacts]]\nname = \"Kim\"\nphone = \"+49 30 1\"\n\n[[contacts]]\nname = \"Sam\"\nphnoe = \"1\"\nphone = \"+1 415 555 2671\"\n\n[[contacts]]\nname = \"Alex\nphone = \"2\"\n\n[[contacts]]\nname = \"Noor\"\nphone = \"+31 20 123 4567\"\n";
        let (contacts, diagnostics) = load(text);
        let names: Vec<&str> = contacts.iter().map(|contact| contact.name.as_str()).collect();
        assert!(names.contains(&"Kim") && names.contains(&"Sam") && names.contains(&"Noor"), "{names:?}");
        assert!(diagnostics.iter().any(|it| it.line == 7 && it.message.as_str().contains("phnoe")), "{diagnostics:?}");
        assert!(diagnostics.iter().any(|it| it.line >= 11), "{diagnostics:?}");
    }

    #[test]
    fn everything_that_can_be_written_is_read() {
        let text = r##"
            [[contacts]]
            name = "Stripe support"
            kind = "vendor"
            phones = ["+1 888 926 2289", { number = "+49 30 901820", kind = "support", hours = "Mon-Fri 9-17", zone = "Europe/Berlin", note = "in German" }]
            emails = [{ address = "support@stripe.com", kind = "support" }]
            chat = ["#stripe"]
            urls = ["https://support.stripe.com"]
            languages = ["en", "de"]
            services = ["stripe"]
            account = "acct_1F0000"
            contract = "C-1"
            notes = ["one", "two\nthree"]
            order = 3
            escalate_after = "10m"
            verified = 2026-05-01
        "##;
        let (contacts, diagnostics) = load(text);
        assert_eq!(diagnostics, []);
        let contact = &contacts[0];
        assert_eq!(contact.phones.len(), 2);
        assert_eq!(contact.phones[1].hours.as_ref().unwrap().to_string(), "Mon-Fri 09:00-17:00");
        assert_eq!(contact.notes.len(), 3);
        assert_eq!(contact.verified.unwrap().to_string(), "2026-05-01");
        let again: Contact = serde_json::from_str(&serde_json::to_string(contact).unwrap()).unwrap();
        assert_eq!(&again, contact);
    }
}
