//! `crashcart contacts export`: for phones, and for other programs.

use super::super::args::{Cli, ContactExportArgs, ContactsArgs};
use super::super::failure::Failure;
use super::super::{Exit, output};
use super::book::{Book, write_failed};
use super::find_one;
use crate::contacts::ordered;
use crate::contacts::vcard::{self, Version};
use crate::model::contact::Contact;
use crate::secret::{Existing, write_file};
use crate::ui::format;

pub(super) fn run(cli: &Cli, book: &Book, wanted: &ContactExportArgs, args: &ContactsArgs) -> Result<Exit, Failure> {
    let chosen: Vec<&Contact> = if wanted.names.is_empty() {
        ordered(&book.contacts)
    } else {
        wanted.names.iter().map(|name| find_one(book, name)).collect::<Result<_, _>>()?
    };
    let contacts: Vec<Contact> = chosen.into_iter().map(|contact| leaving(contact, args.reveal)).collect();
    let text = if args.json {
        format!("{:#}\n", serde_json::to_value(&contacts)?)
    } else {
        let version = match wanted.vcard.as_deref() {
            Some("2.1") => Version::V2,
            Some("4.0") => Version::V4,
            _ => Version::V3,
        };
        vcard::write(&contacts, version)
    };
    let Some(path) = &wanted.output else {
        output::print(text)?;
        return Ok(book.exit());
    };
    let count = format::count(contacts.len(), "contact");
    if cli.global.read_only {
        output::tell(&format!("{count} would be written to {}; nothing is changed\n", path.display()));
        return Ok(book.exit());
    }
    write_file(path, text.as_bytes(), Existing::Replace).map_err(write_failed)?;
    output::tell(&format!("{count} written to {}\n", path.display()));
    Ok(book.exit())
}

/// What leaves this machine takes no account along unless somebody says so. Half a number would be worse than none: who
/// imports it would believe it.
fn leaving(contact: &Contact, reveal: bool) -> Contact {
    let mut leaving = contact.clone();
    if !reveal {
        leaving.account = None;
        leaving.contract = None;
    }
    leaving
}
