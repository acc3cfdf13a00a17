//! A contact as it is written into a file of contacts.
//!
//! A block is put behind what is there, so that nothing of what somebody wrote, comments among it, is touched.

use std::fmt::Write as _;

use crate::config::duration;
use crate::model::contact::{Contact, ContactKind, Way, WayKind};
use crate::model::text::Line;

/// What stands at the beginning of a file that crashcart made.
pub const HEAD: &str = "\
# Whom to call, in the order in which they are tried. For your eyes only; `crashcart contacts edit` opens this file.
# docs/contacts.md says what can be written.
";

/// Returns a contact as a block of TOML.
pub fn block(contact: &Contact) -> String {
    let Contact {
        id: _,
        name,
        kind,
        phones,
        emails,
        chat,
        urls,
        languages,
        services,
        account,
        contract,
        notes,
        order,
        escalate_after,
        verified,
    } = contact;
    let mut text = format!("[[contacts]]\nname = {}\n", quoted(name.as_str()));
    if *kind == ContactKind::Vendor {
        text.push_str("kind = \"vendor\"\n");
    }
    ways(&mut text, "phones", "number", phones);
    ways(&mut text, "emails", "address", emails);
    ways(&mut text, "chat", "address", chat);
    ways(&mut text, "urls", "address", urls);
    lines(&mut text, "languages", languages);
    lines(&mut text, "services", services);
    for (key, value) in [("account", account), ("contract", contract)] {
        if let Some(value) = value.as_ref().filter(|value| !value.as_str().trim().is_empty()) {
            let _ = writeln!(text, "{key} = {}", quoted(value.as_str()));
        }
    }
    lines(&mut text, "notes", notes);
    if let Some(order) = order {
        let _ = writeln!(text, "order = {order}");
    }
    if let Some(after) = escalate_after {
        let _ = writeln!(text, "escalate_after = \"{}\"", duration::text(*after));
    }
    if let Some(day) = verified {
        let _ = writeln!(text, "verified = \"{day}\"");
    }
    text
}

/// Returns a file with blocks behind what is there.
pub fn append<'c>(file: &str, contacts: impl IntoIterator<Item = &'c Contact>) -> String {
    let mut text = if file.trim().is_empty() { HEAD.to_owned() } else { file.to_owned() };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    for contact in contacts {
        text.push('\n');
        text.push_str(&block(contact));
    }
    text
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn lines(text: &mut String, key: &str, lines: &[Line]) {
    if !lines.is_empty() {
        let all: Vec<String> = lines.iter().map(|line| quoted(line.as_str())).collect();
        let _ = writeln!(text, "{key} = [{}]", all.join(", "));
    }
}

fn ways(text: &mut String, key: &str, address: &str, ways: &[Way]) {
    let all: Vec<String> = ways.iter().map(|it| way(address, it)).collect();
    match all.as_slice() {
        [] => {}
        all if all.iter().all(|one| one.starts_with('"')) => {
            let _ = writeln!(text, "{key} = [{}]", all.join(", "));
        }
        all => {
            let _ = writeln!(text, "{key} = [\n  {},\n]", all.join(",\n  "));
        }
    }
}

fn way(address: &str, way: &Way) -> String {
    let Way { address: at, kind, hours, zone, note } = way;
    let plain = *kind == WayKind::Other && hours.is_none() && zone.is_none() && note.is_none();
    if plain {
        return quoted(at.as_str());
    }
    let mut text = format!("{{ {address} = {}", quoted(at.as_str()));
    if *kind != WayKind::Other {
        let _ = write!(text, ", kind = \"{}\"", kind.word());
    }
    if let Some(hours) = hours {
        let _ = write!(text, ", hours = \"{hours}\"");
    }
    for (key, value) in [("zone", zone), ("note", note)] {
        if let Some(value) = value {
            let _ = write!(text, ", {key} = {}", quoted(value.as_str()));
        }
    }
    text.push_str(" }");
    text
}
