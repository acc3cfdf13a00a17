//! From contacts to text. What phones take without a question is version 3.0 with CRLF and UTF-8.

use super::Version;
use super::text::escape;
use crate::model::contact::{Contact, ContactKind, Way, WayKind};

/// Returns contacts as a file.
pub fn write(contacts: &[Contact], version: Version) -> String {
    contacts.iter().map(|contact| card(contact, version)).collect()
}

fn card(contact: &Contact, version: Version) -> String {
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
    let mut card = Card { text: String::new(), version, groups: 0 };
    card.plain("BEGIN", "VCARD");
    let number = match version {
        Version::V2 => "2.1",
        Version::V3 => "3.0",
        Version::V4 => "4.0",
    };
    card.plain("VERSION", number);
    card.text("FN", name.as_str());
    match kind {
        ContactKind::Person => {
            let (given, family) = name.as_str().rsplit_once(' ').unwrap_or((name.as_str(), ""));
            card.plain("N", &format!("{};{};;;", escape(family), escape(given)));
        }
        ContactKind::Vendor => {
            card.plain("N", ";;;;");
            card.text("ORG", name.as_str());
            match version {
                Version::V4 => card.plain("KIND", "org"),
                Version::V2 | Version::V3 => card.plain("X-ABShowAs", "COMPANY"),
            }
        }
    }
    for way in phones {
        let types = match way.kind {
            WayKind::Mobile => &["CELL", "VOICE"][..],
            WayKind::Work => &["WORK", "VOICE"],
            WayKind::Home => &["HOME", "VOICE"],
            WayKind::Main => &["MAIN", "VOICE"],
            WayKind::Pager => &["PAGER"],
            WayKind::Fax => &["FAX"],
            WayKind::Support | WayKind::Emergency | WayKind::Other => &["VOICE"],
        };
        let is_told = !matches!(way.kind, WayKind::Support | WayKind::Emergency);
        card.way("TEL", types, way, is_told);
    }
    for (name, ways) in [("EMAIL", emails), ("IMPP", chat), ("URL", urls)] {
        for way in ways {
            let types = match (way.kind, name, version) {
                (WayKind::Work, ..) => &["WORK"][..],
                (WayKind::Home, ..) => &["HOME"],
                (_, "EMAIL", Version::V2 | Version::V3) => &["INTERNET"],
                _ => &[],
            };
            card.way(name, types, way, matches!(way.kind, WayKind::Work | WayKind::Home | WayKind::Other));
        }
    }
    for language in languages {
        card.text("LANG", language.as_str());
    }
    // Phones show the note and nothing else of this; the fields are for our own reader.
    let mut shown: Vec<String> = notes.iter().map(ToString::to_string).collect();
    for (word, field, number) in
        [("Account", "X-CRASHCART-ACCOUNT", account), ("Contract", "X-CRASHCART-CONTRACT", contract)]
    {
        if let Some(number) = number {
            shown.push(format!("{word}: {number}"));
            card.text(field, number.as_str());
        }
    }
    if !shown.is_empty() {
        card.text("NOTE", &shown.join("\n"));
    }
    for service in services {
        card.text("X-CRASHCART-SERVICE", service.as_str());
    }
    let own = [
        ("X-CRASHCART-ORDER", order.map(|order| order.to_string())),
        ("X-CRASHCART-ESCALATE-AFTER", escalate_after.map(|after| after.as_millis().to_string())),
        ("X-CRASHCART-VERIFIED", verified.map(|day| day.to_string())),
    ];
    for (name, value) in own {
        if let Some(value) = value {
            card.plain(name, &value);
        }
    }
    card.plain("END", "VCARD");
    card.text
}

/// A card that is being written.
struct Card {
    text: String,
    version: Version,
    groups: usize,
}

impl Card {
    /// Writes one number or address, with a group for what is said of it.
    fn way(&mut self, name: &str, types: &[&str], way: &Way, is_told: bool) {
        let Way { address, kind, hours, zone, note } = way;
        let types = match (self.version, types) {
            (_, []) => String::new(),
            (Version::V2, types) => format!(";{}", types.join(";")),
            (Version::V3, types) => format!(";TYPE={}", types.join(",")),
            (Version::V4, [one]) => format!(";TYPE={}", one.to_lowercase()),
            (Version::V4, types) => format!(";TYPE=\"{}\"", types.join(",").to_lowercase()),
        };
        // What a phone cannot know of its own, it shows as the number's label.
        let label = note.as_ref().map(ToString::to_string).or_else(|| (!is_told).then(|| kind.word().to_owned()));
        let said = [
            ("X-ABLabel", label),
            ("X-CRASHCART-KIND", (!is_told).then(|| kind.word().to_owned())),
            ("X-CRASHCART-HOURS", hours.as_ref().map(ToString::to_string)),
            ("X-CRASHCART-ZONE", zone.as_ref().map(ToString::to_string)),
        ];
        let group = if said.iter().any(|(_, value)| value.is_some()) {
            self.groups += 1;
            format!("item{}.", self.groups)
        } else {
            String::new()
        };
        self.text(&format!("{group}{name}{types}"), address.as_str());
        for (name, value) in said {
            if let Some(value) = value {
                self.text(&format!("{group}{name}"), &value);
            }
        }
    }

    /// Writes a value that is text.
    fn text(&mut self, name: &str, value: &str) {
        match self.version {
            // A new line is one, and quoted-printable takes it along.
            Version::V2 => {
                let lines: Vec<String> = value.lines().map(escape).collect();
                self.plain(name, &lines.join("\r\n"));
            }
            Version::V3 | Version::V4 => self.plain(name, &escape(value)),
        }
    }

    /// Writes a value that is escaped already.
    fn plain(&mut self, name: &str, value: &str) {
        let line = match self.version {
            Version::V2 if !value.is_ascii() || value.contains('\n') => {
                quoted_printable(&format!("{name};CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"), value)
            }
            // How 2.1 is folded, readers do not agree; that lines may be long, they do.
            Version::V2 => format!("{name}:{value}"),
            Version::V3 | Version::V4 => folded(&format!("{name}:{value}")),
        };
        self.text.push_str(&line);
        self.text.push_str("\r\n");
    }
}

/// The longest line, in bytes, without its end.
const WIDTH: usize = 75;

/// Folds a line between characters.
fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + line.len() / WIDTH * 3);
    let mut length = 0;
    for letter in line.chars() {
        if length + letter.len_utf8() > WIDTH {
            folded.push_str("\r\n ");
            length = 1;
        }
        folded.push(letter);
        length += letter.len_utf8();
    }
    folded
}

fn quoted_printable(head: &str, value: &str) -> String {
    let mut line = head.to_owned();
    let mut length = head.len();
    for byte in value.bytes() {
        let piece = match byte {
            b' ' | b'!'..=b'<' | b'>'..=b'~' => char::from(byte).to_string(),
            _ => format!("={byte:02X}"),
        };
        if length + piece.len() >= WIDTH {
            line.push_str("=\r\n");
            length = 0;
        }
        length += piece.len();
        line.push_str(&piece);
    }
    line
}
