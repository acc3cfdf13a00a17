//! `crashcart contacts show`: everything about one, or a picture that a phone dials.

use std::io::IsTerminal as _;

use super::super::args::{Cli, ContactShowArgs, ContactsArgs, QrWhat};
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::{Exit, output};
use super::book::Book;
use super::{find_one, print_json, shown, vendors};
use crate::contacts::number::{Number, Reach};
use crate::contacts::qr::{self, Ink, QrError};
use crate::contacts::vcard::{self, Version};
use crate::contacts::words::way_words;
use crate::contacts::{callable, find};
use crate::model::contact::{Contact, Way};
use crate::runtime::terminal;
use crate::ui::format;

/// Where a picture is printed that is no terminal: a file, a pipe, a chat.
const PAPER: (usize, usize) = (200, 200);

/// Below the picture stand its words and the shell's next line.
const ROWS_BELOW: usize = 2;

pub(super) fn run(
    cli: &Cli,
    book: &Book,
    show: &ContactShowArgs,
    args: &ContactsArgs,
    environment: &Environment,
) -> Result<Exit, Failure> {
    if show.qr.is_none()
        && find(&book.contacts, &show.name).is_empty()
        && let Some(vendor) = crate::provider::vendors::find(&show.name, None)
    {
        return vendors::show(&vendor, args.json);
    }
    let contact = find_one(book, &show.name)?;
    if let Some(what) = show.qr {
        return picture(cli, book, contact, what, show.invert, environment);
    }
    let contact = shown(contact, args.reveal);
    if args.json {
        print_json(&serde_json::to_value(&contact)?)?;
    } else {
        output::print(text(&contact, book))?;
    }
    Ok(book.exit())
}

fn text(contact: &Contact, book: &Book) -> String {
    let mut text = format!("{}\n", contact.name);
    let mut line = |title: &str, value: &str| text.push_str(&format!("  {title:<10} {value}\n"));
    let groups =
        [("phone", &contact.phones), ("chat", &contact.chat), ("e-mail", &contact.emails), ("page", &contact.urls)];
    for (title, ways) in groups {
        for way in ways {
            line(title, &way_words(way, &book.moment));
            if let Some(hours) = &way.hours {
                line("", &format!("{hours}{}", way.zone.as_ref().map(|zone| format!(" {zone}")).unwrap_or_default()));
            }
            if let Some(note) = &way.note {
                line("", note.as_str());
            }
        }
    }
    let joined =
        |lines: &[crate::model::text::Line]| lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join(", ");
    let after = contact.escalate_after.map(format::span);
    let rows = [
        ("account", contact.account.as_ref().map(ToString::to_string)),
        ("contract", contact.contract.as_ref().map(ToString::to_string)),
        ("for", (!contact.services.is_empty()).then(|| joined(&contact.services))),
        ("speaks", (!contact.languages.is_empty()).then(|| joined(&contact.languages))),
        ("then", after.map(|after| format!("the next one after {after}"))),
        ("verified", contact.verified.map(|day| day.to_string())),
    ];
    for (title, value) in rows {
        if let Some(value) = value {
            line(title, &value);
        }
    }
    for note in &contact.notes {
        line("note", note.as_str());
    }
    text
}

/// Returns the number to dial now, and its link.
fn number_of<'c>(contact: &'c Contact, book: &Book) -> Result<(&'c Way, Number), Failure> {
    let open = callable(contact).find(|way| book.moment.open(way).worth_trying());
    let Some(way) = open.or_else(|| callable(contact).next()) else {
        return Err(Failure::usage(anyhow::anyhow!("{} has no number to call", contact.name)).hint("try --qr=vcard"));
    };
    match Number::read(way.address.as_str()) {
        Ok(number) => Ok((way, number)),
        Err(error) => Err(Failure::usage(anyhow::anyhow!("`{}` cannot be dialled: {error}", way.address))
            .hint("mend it: crashcart contacts edit")),
    }
}

fn picture(
    cli: &Cli,
    book: &Book,
    contact: &Contact,
    what: QrWhat,
    invert: bool,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let (content, caption) = match what {
        QrWhat::Tel => {
            let (way, number) = number_of(contact, book)?;
            if number.reach == Reach::Country {
                output::tell(&format!("warning: `{}` can only be dialled from its own country\n", way.address));
            }
            (number.link(), format!("{}: {}", contact.name, way_words(way, &book.moment)))
        }
        QrWhat::Vcard => (small_card(contact), contact.name.to_string()),
    };
    let is_terminal = std::io::stdout().is_terminal();
    let (columns, rows) = if is_terminal {
        let (columns, rows) = terminal::size();
        (usize::from(columns), usize::from(rows).saturating_sub(ROWS_BELOW))
    } else {
        PAPER
    };
    let is_coloured = is_terminal && !cli.global.no_color && !environment.no_color;
    let ink = match () {
        () if !environment.is_utf8() && is_terminal => Ink::Ascii,
        () if is_coloured || invert => Ink::Dark,
        () => Ink::Light,
    };
    // In ASCII a module is two cells wide and a row of its own high.
    let (columns, rows) = if ink == Ink::Ascii { (columns / 2, rows.div_ceil(2)) } else { (columns, rows) };
    let picture = qr::draw(&content, columns, rows).map_err(|error| too_large(error, what, columns, rows))?;
    let mut text = String::new();
    for row in picture.rows(ink) {
        // Black on white, whatever the terminal's own colours are: cameras expect paper.
        if is_coloured && ink == Ink::Dark {
            text.push_str(&format!("\x1b[38;5;16;48;5;231m{row}\x1b[0m\n"));
        } else {
            text.push_str(&format!("{row}\n"));
        }
    }
    text.push_str(&format!("{caption}\n"));
    output::print(text)?;
    Ok(book.exit())
}

fn too_large(error: QrError, what: QrWhat, columns: usize, rows: usize) -> Failure {
    let hint = match (what, error) {
        (QrWhat::Vcard, _) => "make the window larger or its letters smaller, or try --qr=tel",
        (QrWhat::Tel, _) => "make the window larger or its letters smaller",
    };
    Failure::usage(anyhow::anyhow!("{error}, and this screen has room for {columns}x{rows}")).hint(hint)
}

/// A card of what a phone needs: every further word makes the picture larger.
fn small_card(contact: &Contact) -> String {
    let small = |way: &Way| Way { hours: None, zone: None, note: None, ..way.clone() };
    let card = Contact {
        kind: contact.kind,
        phones: contact.phones.iter().map(small).collect(),
        emails: contact.emails.iter().map(small).collect(),
        urls: contact.urls.iter().map(small).take(1).collect(),
        ..Contact::named(contact.name.as_str())
    };
    vcard::write(&[card], Version::V3)
}
