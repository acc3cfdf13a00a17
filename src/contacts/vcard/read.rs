//! From properties to contacts.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::lines::logical;
use super::property::Property;
use super::text::{parts, unescape};
use super::{Import, Problem};
use crate::contacts::{LONGEST_NAME, rename};
use crate::model::contact::{Contact, ContactKind, Hours, Way, WayKind};
use crate::model::id::ContactId;
use crate::model::text::Line;

/// An assistant may have an assistant; further down somebody plays tricks.
const DEEPEST: usize = 4;

/// Reads a file.
pub fn read(bytes: &[u8]) -> Import {
    let mut reader = Reader::default();
    reader.file(bytes, None, 0);
    if reader.untold > 0 {
        let line = reader.import.problems.last().map_or(1, |problem| problem.line);
        let message = Line::from_text(&format!("and {} more like these", reader.untold));
        reader.import.problems.push(Problem { line, message });
    }
    if reader.import.contacts.is_empty() && reader.import.problems.is_empty() {
        reader.problem(1, "there is no vCard in this file");
    }
    reader.import
}

#[derive(Default)]
struct Reader {
    import: Import,
    /// The card that is being read is the last one; those around it wait for its end.
    open: Vec<Draft>,
    /// The names that are taken.
    ids: HashSet<ContactId>,
    /// Problems beyond those that anybody reads.
    untold: usize,
}

/// A picture that was saved as a card has a problem in every line.
const MOST_PROBLEMS: usize = 1000;

/// A card that is being read.
#[derive(Default)]
struct Draft {
    begun: usize,
    full_name: Option<String>,
    name: Option<String>,
    nickname: Option<String>,
    organisation: Vec<String>,
    role: Vec<String>,
    is_company: bool,
    phones: Vec<Found>,
    emails: Vec<Found>,
    chat: Vec<Found>,
    urls: Vec<Found>,
    notes: Vec<Line>,
    languages: Vec<(u32, Line)>,
    /// What is said of a group: its label, and our own words.
    said: HashMap<(String, String), String>,
    /// Our own words on the whole card.
    own: HashMap<String, Vec<String>>,
}

/// A number or an address, and where it stood.
struct Found {
    way: Way,
    group: Option<String>,
    preferred: u32,
}

impl Reader {
    fn problem(&mut self, line: usize, message: &str) {
        if self.import.problems.len() < MOST_PROBLEMS {
            self.import.problems.push(Problem { line, message: Line::from_text(message) });
        } else {
            self.untold += 1;
        }
    }

    /// Reads lines; `at` is the line in which they all stand when they are a value themselves.
    fn file(&mut self, bytes: &[u8], at: Option<usize>, depth: usize) {
        let outside = self.open.len();
        let mut complained = false;
        for line in logical(bytes) {
            let number = at.unwrap_or(line.number);
            let Some(property) = Property::read(&line.bytes) else {
                let text = Line::from_bytes(&line.bytes);
                let message = format!("`{}` is no property: there is no colon behind a name", text.ellipsize(40));
                self.problem(number, &message);
                continue;
            };
            let is_card = |value: &[u8]| value.trim_ascii().eq_ignore_ascii_case(b"VCARD");
            match property.name.as_str() {
                "BEGIN" if is_card(&property.value) => {
                    complained = false;
                    if self.open.len() < outside + DEEPEST {
                        self.open.push(Draft { begun: number, ..Draft::default() });
                    } else {
                        self.problem(
                            number,
                            "cards in cards in cards: this one is read as a part of the one around it",
                        );
                    }
                }
                "END" if is_card(&property.value) => match self.open.pop() {
                    Some(draft) if self.open.len() >= outside => self.finish(draft),
                    other => {
                        self.open.extend(other);
                        self.problem(number, "a card ends here that has not begun");
                    }
                },
                _ if self.open.len() > outside => self.property(&property, number, depth),
                _ if complained => {}
                _ => {
                    complained = true;
                    self.problem(number, "this stands outside of a card (BEGIN:VCARD)");
                }
            }
        }
        while self.open.len() > outside {
            if let Some(draft) = self.open.pop() {
                self.problem(
                    draft.begun,
                    "the card that begins here has no end (END:VCARD); it was read as far as it goes",
                );
                self.finish(draft);
            }
        }
    }

    fn property(&mut self, property: &Property, line: usize, depth: usize) {
        let name = property.name.as_str();
        if property.is_binary() || matches!(name, "PHOTO" | "LOGO" | "SOUND" | "KEY") {
            self.ignore(name);
            return;
        }
        let (raw, trouble) = property.text();
        if let Some(trouble) = trouble {
            self.problem(line, &format!("{name}: {trouble}"));
        }
        let value = unescape(&raw);
        if name == "AGENT" {
            self.agent(&value, line, depth);
            return;
        }
        let Some(draft) = self.open.last_mut() else { return };
        let found = |way: Way| Found { way, group: property.group.clone(), preferred: property.preferred() };
        let trimmed = value.trim();
        match name {
            "VERSION" | "PRODID" | "UID" | "REV" | "CLASS" | "PROFILE" | "SORT-STRING" | "MAILER" | "SOURCE" => {}
            _ if trimmed.is_empty() => {}
            "FN" => {
                draft.full_name.get_or_insert_with(|| trimmed.to_owned());
            }
            "N" => {
                draft.name.get_or_insert_with(|| spoken(&parts(&raw, ';')));
            }
            "NICKNAME" => {
                draft.nickname.get_or_insert_with(|| trimmed.to_owned());
            }
            "ORG" => draft.organisation.extend(parts(&raw, ';').into_iter().filter(|part| !part.is_empty())),
            "TITLE" | "ROLE" => draft.role.push(trimmed.to_owned()),
            "KIND" | "X-ADDRESSBOOKSERVER-KIND" => draft.is_company |= trimmed.eq_ignore_ascii_case("org"),
            "X-ABSHOWAS" => draft.is_company |= trimmed.eq_ignore_ascii_case("COMPANY"),
            "TEL" | "X-MS-TEL" => match number(trimmed) {
                Some(number) => draft.phones.push(found(Way { kind: phone_kind(property), ..Way::to(&number) })),
                None => draft.chat.push(found(Way { kind: address_kind(property), ..Way::to(trimmed) })),
            },
            "EMAIL" => {
                let address = trimmed.strip_prefix("mailto:").unwrap_or(trimmed);
                draft.emails.push(found(Way { kind: address_kind(property), ..Way::to(address) }));
            }
            "URL" | "X-SOCIALPROFILE" | "CONTACT-URI" => {
                draft.urls.push(found(Way { kind: address_kind(property), ..Way::to(trimmed) }));
            }
            "IMPP" => draft.chat.push(found(Way { kind: address_kind(property), ..Way::to(trimmed) })),
            _ if messenger(name).is_some() => {
                let note = messenger(name).map(Line::from_text);
                draft.chat.push(found(Way { kind: address_kind(property), note, ..Way::to(trimmed) }));
            }
            // Old KDE programs: several addresses with a private character between them.
            _ if name.starts_with("X-MESSAGING/") => {
                let service = name.trim_start_matches("X-MESSAGING/").trim_end_matches("-ALL").to_lowercase();
                for address in trimmed.split('\u{e000}').filter(|address| !address.is_empty()) {
                    let note = Some(Line::from_text(&service));
                    draft.chat.push(found(Way { kind: address_kind(property), note, ..Way::to(address) }));
                }
            }
            "NOTE" => {
                let lines = value.lines().filter(|line| !line.trim().is_empty());
                draft.notes.extend(lines.map(Line::from_text));
            }
            "LANG" | "LANGUAGE" => draft.languages.push((property.preferred(), Line::from_text(trimmed))),
            "X-ABLABEL" => draft.say(property, unlabelled(trimmed)),
            _ => match name.strip_prefix("X-CRASHCART-") {
                Some(_) if property.group.is_some() => draft.say(property, trimmed),
                Some(own) => draft.own.entry(own.to_owned()).or_default().push(value),
                None => self.ignore(name),
            },
        }
    }

    fn ignore(&mut self, name: &str) {
        *self.import.ignored.entry(Line::from_text(name).to_string()).or_default() += 1;
    }

    /// An assistant: a card within the value, or one that begins on the next line.
    fn agent(&mut self, value: &str, line: usize, depth: usize) {
        let begins = value.trim_start().get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD"));
        if !begins {
            if !value.trim().is_empty() {
                self.ignore("AGENT");
            }
        } else if depth >= DEEPEST {
            self.problem(line, "cards in cards in cards: this one was not read");
        } else if value.trim().contains('\n') {
            self.file(value.as_bytes(), Some(line), depth + 1);
        } else {
            self.open.push(Draft { begun: line, ..Draft::default() });
        }
    }

    fn finish(&mut self, draft: Draft) {
        let line = draft.begun;
        let (mut contact, trouble) = draft.into_contact();
        for message in trouble {
            self.problem(line, &message);
        }
        if self.ids.contains(&contact.id) && self.import.contacts.contains(&contact) {
            self.problem(line, &format!("`{}` is there twice; once is enough", contact.name));
            return;
        }
        rename(&mut contact, |id| self.ids.contains(id));
        self.ids.insert(contact.id.clone());
        self.import.contacts.push(contact);
    }
}

impl Draft {
    fn say(&mut self, property: &Property, value: &str) {
        if let Some(group) = &property.group {
            self.said.insert((group.clone(), property.name.clone()), value.to_owned());
        }
    }

    fn into_contact(self) -> (Contact, Vec<String>) {
        let mut trouble = Vec::new();
        let first = |ways: &[Found]| ways.first().map(|found| found.way.address.to_string());
        let company = self.organisation.join(", ");
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let name = filled(self.full_name.clone())
            .or_else(|| filled(self.name.clone()))
            .or_else(|| filled(Some(company.clone())))
            .or_else(|| filled(self.nickname.clone()))
            .or_else(|| first(&self.emails))
            .or_else(|| first(&self.phones));
        if name.is_none() {
            trouble.push("the card that begins here has no name".to_owned());
        }
        let mut contact = Contact::named(&fitting(name.as_deref().unwrap_or("unnamed")));
        if self.is_company {
            contact.kind = ContactKind::Vendor;
        }
        let said = &self.said;
        let mut ways = |found: Vec<Found>| -> Vec<Way> {
            let mut found = found;
            found.sort_by_key(|found| found.preferred);
            found.into_iter().map(|found| found.with(said, &mut trouble)).collect()
        };
        contact.phones = ways(self.phones);
        contact.emails = ways(self.emails);
        contact.chat = ways(self.chat);
        contact.urls = ways(self.urls);
        let mut languages = self.languages;
        languages.sort_by_key(|(preferred, _)| *preferred);
        contact.languages = languages.into_iter().map(|(_, language)| language).collect();

        let own = |name: &str| self.own.get(name).and_then(|values| values.first());
        contact.account = own("ACCOUNT").map(|text| Line::from_text(text));
        contact.contract = own("CONTRACT").map(|text| Line::from_text(text));
        contact.services = self.own.get("SERVICE").into_iter().flatten().map(|text| Line::from_text(text)).collect();
        contact.order = own("ORDER").and_then(|text| text.trim().parse().ok()).filter(|order| *order <= 100_000);
        contact.verified = own("VERIFIED").and_then(|text| text.trim().parse().ok());
        contact.escalate_after =
            own("ESCALATE-AFTER").and_then(|text| text.trim().parse().ok()).map(Duration::from_millis);

        let about = [company, self.role.join(", ")]
            .into_iter()
            .filter(|text| !text.is_empty() && text != contact.name.as_str());
        let about = about.collect::<Vec<_>>().join(": ");
        contact.notes.extend((!about.is_empty()).then(|| Line::from_text(&about)));
        // What phones show in the note stands in a field of its own as well.
        let doubled: Vec<String> = [("Account", &contact.account), ("Contract", &contact.contract)]
            .into_iter()
            .filter_map(|(word, number)| Some(format!("{word}: {}", number.as_ref()?)))
            .collect();
        contact.notes.extend(self.notes.into_iter().filter(|note| !doubled.iter().any(|known| known == note.as_str())));
        (contact, trouble)
    }
}

impl Found {
    /// Adds what was said of its group.
    fn with(self, said: &HashMap<(String, String), String>, trouble: &mut Vec<String>) -> Way {
        let Self { mut way, group, preferred: _ } = self;
        let Some(group) = group else { return way };
        let get = |name: &str| said.get(&(group.clone(), name.to_owned()));
        if let Some((_, kind)) =
            get("X-CRASHCART-KIND").and_then(|word| WayKind::WORDS.iter().find(|(known, _)| known == word))
        {
            way.kind = *kind;
        }
        if let Some(hours) = get("X-CRASHCART-HOURS") {
            match Hours::parse(hours) {
                Ok(hours) => way.hours = Some(hours),
                Err(error) => trouble.push(error.to_string()),
            }
        }
        let zone = get("X-CRASHCART-ZONE").map(|zone| Line::from_text(zone));
        way.zone = zone.filter(|zone| zone.as_str().chars().all(|c| c.is_ascii_alphanumeric() || "_+-/".contains(c)));
        let label = get("X-ABLABEL").filter(|label| !label.is_empty());
        let is_kind = |label: &&String| get("X-CRASHCART-KIND").is_some() && label.as_str() == way.kind.word();
        if let Some(label) = label.filter(|label| !is_kind(label)) {
            way.note = Some(Line::from_text(label));
        }
        way
    }
}

/// Returns the words of a structured name as they are spoken: family, given, additional, prefix, suffix.
fn spoken(parts: &[String]) -> String {
    let order = [3, 1, 2, 0, 4];
    let words = order.iter().filter_map(|at| parts.get(*at)).filter(|part| !part.is_empty());
    words.map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Returns a name that a file of contacts takes: harmless, in one line, and not too long.
fn fitting(name: &str) -> String {
    let one_line = name.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let mut fitting = Line::from_text(one_line.trim()).to_string();
    // What is cut may end in the middle of something that then is shown otherwise.
    for _ in 0..4 {
        let cut: String = fitting.chars().take(LONGEST_NAME).collect();
        fitting = Line::from_text(cut.trim()).to_string();
    }
    if fitting.is_empty() || fitting.chars().count() > LONGEST_NAME { "unnamed".to_owned() } else { fitting }
}

/// Returns the number as text; nothing when it is the address of something other than a telephone.
fn number(value: &str) -> Option<String> {
    let scheme = value.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("tel") => {
            let text = value[4..].replace("%23", "#").replace("%20", " ");
            let mut pieces = text.split(';');
            let mut number = pieces.next().unwrap_or_default().to_owned();
            for piece in pieces {
                match piece.strip_prefix("ext=") {
                    Some(extension) => number.push_str(&format!(" ext. {extension}")),
                    // Where a local number is dialled from, and other things that nobody reads out.
                    None if piece.contains('=') => {}
                    None => number.push_str(&format!(";{piece}")),
                }
            }
            Some(number.trim().to_owned())
        }
        Some("sip" | "sips" | "xmpp" | "skype" | "facetime" | "facetime-audio" | "http" | "https") => None,
        _ => Some(value.to_owned()),
    }
}

fn phone_kind(property: &Property) -> WayKind {
    let table: &[(&[&str], WayKind)] = &[
        (&["FAX"], WayKind::Fax),
        (&["PAGER", "BBS"], WayKind::Pager),
        (&["CELL", "IPHONE", "MOBILE", "CAR", "PCS"], WayKind::Mobile),
        (&["MAIN"], WayKind::Main),
        (&["WORK", "BUSINESS"], WayKind::Work),
        (&["HOME"], WayKind::Home),
    ];
    table.iter().find(|(words, _)| words.iter().any(|word| property.is(word))).map_or(WayKind::Other, |(_, kind)| *kind)
}

fn address_kind(property: &Property) -> WayKind {
    match () {
        () if property.is("WORK") => WayKind::Work,
        () if property.is("HOME") => WayKind::Home,
        () => WayKind::Other,
    }
}

/// The messengers that address books have properties of their own for.
fn messenger(name: &str) -> Option<&'static str> {
    const MESSENGERS: &[(&str, &str)] = &[
        ("X-AIM", "AIM"),
        ("X-ICQ", "ICQ"),
        ("X-JABBER", "Jabber"),
        ("X-MSN", "MSN"),
        ("X-MATRIX", "Matrix"),
        ("X-SIGNAL", "Signal"),
        ("X-SKYPE", "Skype"),
        ("X-SKYPE-USERNAME", "Skype"),
        ("X-SLACK", "Slack"),
        ("X-TELEGRAM", "Telegram"),
        ("X-TWITTER", "Twitter"),
        ("X-WHATSAPP", "WhatsApp"),
        ("X-YAHOO", "Yahoo"),
        ("X-GADUGADU", "Gadu-Gadu"),
        ("X-GOOGLE-TALK", "Google Talk"),
        ("X-GTALK", "Google Talk"),
        ("X-GROUPWISE", "GroupWise"),
    ];
    MESSENGERS.iter().find(|(known, _)| *known == name).map(|(_, title)| *title)
}

/// Takes the frame off the labels that Apple's address book translates: `_$!<HomePage>!$_`.
fn unlabelled(label: &str) -> &str {
    label.strip_prefix("_$!<").and_then(|label| label.strip_suffix(">!$_")).unwrap_or(label)
}
