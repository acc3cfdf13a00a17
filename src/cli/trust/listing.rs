//! What a file would do, for a person to judge: in groups, worst first, with what has changed.
//!
//! A line that is cut off or scrolls away could be the one that matters: nothing is cut, and the last line sums it up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::trust_store::Standing;
use crate::config::effects::{TrustItem, TrustKind};
use crate::model::text::{Line, measure};
use crate::ui::format::count;

/// A file, and what it would do.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// As it is shown.
    pub name: String,
    pub items: Vec<TrustItem>,
    pub standing: Standing,
    /// Why it needs no approval, if so.
    pub why: &'static str,
    /// What else there is to say.
    pub notes: Vec<String>,
}

/// How a line has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sign {
    Same,
    New,
    Gone,
}

impl Sign {
    fn glyph(self) -> char {
        match self {
            Self::Same => ' ',
            Self::New => '+',
            Self::Gone => '-',
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

fn heading(kind: TrustKind) -> &'static str {
    match kind {
        TrustKind::Run => "Run on this machine",
        TrustKind::Ssh => "Run on other machines, through ssh",
        TrustKind::Send => "Send secrets",
        TrustKind::Contact => "Contact",
        TrustKind::Read => "Read",
        TrustKind::Change => "Change what the console does and shows",
    }
}

/// The rows of a list, by kind.
type Rows = BTreeMap<TrustKind, Vec<(Sign, String)>>;

impl Subject {
    /// Returns what it would do as it is kept with an approval.
    pub fn lines(&self) -> Vec<String> {
        self.items.iter().map(ToString::to_string).collect()
    }

    /// Returns everything that there is and was, by kind; what has changed comes first.
    fn rows(&self) -> Rows {
        let before: Option<BTreeSet<&str>> = match &self.standing {
            Standing::Changed { before } => Some(before.iter().map(String::as_str).collect()),
            Standing::Trusted | Standing::New => None,
        };
        let mut rows = Rows::new();
        for item in &self.items {
            let known = before.as_ref().is_none_or(|before| before.contains(item.to_string().as_str()));
            let sign = if known { Sign::Same } else { Sign::New };
            rows.entry(item.kind).or_default().push((sign, item.what.to_string()));
        }
        let now: BTreeSet<String> = self.lines().into_iter().collect();
        for line in before.into_iter().flatten().filter(|line| !now.contains(*line)) {
            let (word, what) = line.split_once(' ').unwrap_or(("", line));
            let kind = TrustKind::ALL.iter().find(|kind| kind.word() == word).copied();
            // What an older crashcart kept may begin otherwise.
            let (kind, what) = kind.map_or((TrustKind::Run, line), |kind| (kind, what.trim_start()));
            rows.entry(kind).or_default().push((Sign::Gone, what.to_owned()));
        }
        for rows in rows.values_mut() {
            rows.sort_by_key(|(sign, what)| (*sign == Sign::Same, what.clone(), *sign == Sign::New));
        }
        rows
    }

    /// Writes it for a person. `width` is that of the screen, if it is one.
    pub fn text(&self, width: Option<usize>) -> String {
        let name = &self.name;
        let rows = self.rows();
        let changed = rows.values().flatten().any(|(sign, _)| *sign != Sign::Same);
        let first = match &self.standing {
            _ if self.items.is_empty() && !changed => {
                format!("{name} runs, contacts and reads nothing: it needs no trust.")
            }
            Standing::Trusted => format!("{name} {}. It would:", self.why),
            Standing::New => format!("{name} is not trusted yet. It would:"),
            Standing::Changed { .. } if changed => {
                format!("{name} has changed since you trusted it. What it would do now (+ new, - no more):")
            }
            Standing::Changed { .. } => {
                format!("{name} has changed since you trusted it, and would still do exactly the same:")
            }
        };
        let mut text = wrapped(&first, "", width);
        for (kind, rows) in &rows {
            let _ = write!(text, "\n{}", wrapped(&format!("{}:", heading(*kind)), "", width));
            for (sign, what) in rows {
                text.push_str(&wrapped(&format!("{} {what}", sign.glyph()), "    ", width));
                if let Some(foreign) = foreign_letters(what) {
                    text.push_str(&wrapped(&format!("    ! not ASCII: {foreign}"), "      ", width));
                }
            }
        }
        for note in &self.notes {
            let _ = write!(text, "\n{}", wrapped(note, "", width));
        }
        text
    }

    /// Returns it for a program.
    pub fn json(&self) -> Value {
        let standing = match &self.standing {
            _ if self.items.is_empty() => "nothing",
            Standing::Trusted => "trusted",
            Standing::New => "new",
            Standing::Changed { .. } => "changed",
        };
        let rows = self.rows();
        let sign = |item: &TrustItem| {
            let mut rows = rows.get(&item.kind).into_iter().flatten();
            let found = rows.find(|(sign, what)| *sign != Sign::Gone && what == item.what.as_str());
            found.map_or("same", |(sign, _)| sign.word())
        };
        let effects: Vec<Value> = self
            .items
            .iter()
            .map(|item| {
                json!({ "kind": item.kind, "what": item.what, "secret": item.secret, "host": item.host, "change": sign(item) })
            })
            .collect();
        let gone: Vec<Value> = rows
            .iter()
            .flat_map(|(kind, rows)| rows.iter().map(move |row| (kind, row)))
            .filter(|(_, (sign, _))| *sign == Sign::Gone)
            .map(|(kind, (_, what))| json!({ "kind": kind, "what": what }))
            .collect();
        json!({ "name": self.name, "standing": standing, "effects": effects, "no_more": gone, "notes": self.notes })
    }
}

/// Sums it up in one line: the last that is read before the question.
pub(super) fn summary(subjects: &[&Subject]) -> String {
    let items = || subjects.iter().flat_map(|subject| &subject.items);
    let of = |kind: TrustKind| items().filter(|item| item.kind == kind).count();
    let sent = || items().filter(|item| item.kind == TrustKind::Send);
    let hosts: BTreeSet<&str> = sent().filter_map(|item| item.host.as_ref().map(Line::as_str)).collect();
    let secrets: BTreeSet<&str> = sent().filter_map(|item| item.secret.as_ref().map(Line::as_str)).collect();
    let mut parts = Vec::new();
    for (kind, place) in [(TrustKind::Run, "here"), (TrustKind::Ssh, "elsewhere")] {
        if of(kind) > 0 {
            parts.push(format!("{} {place}", count(of(kind), "command")));
        }
    }
    if !secrets.is_empty() {
        parts.push(format!("{} sent to {}", count(secrets.len(), "secret"), count(hosts.len(), "host")));
    }
    match of(TrustKind::Contact) {
        0 => {}
        1 => parts.push("1 address".to_owned()),
        several => parts.push(format!("{several} addresses")),
    }
    for (kind, what) in [(TrustKind::Read, "thing read"), (TrustKind::Change, "setting")] {
        match (of(kind), kind) {
            (0, _) => {}
            (several, TrustKind::Read) if several > 1 => parts.push(format!("{several} things read")),
            (some, _) => parts.push(count(some, what)),
        }
    }
    format!("Altogether: {}.", parts.join(", "))
}

/// Returns the letters that are no ASCII, with their numbers: some look like others.
fn foreign_letters(text: &str) -> Option<String> {
    const MOST: usize = 8;
    let letters: BTreeSet<char> = text.chars().filter(|letter| !letter.is_ascii()).collect();
    let shown: Vec<String> =
        letters.iter().take(MOST).map(|letter| format!("{letter} U+{:04X}", u32::from(*letter))).collect();
    let more = if letters.len() > MOST { ", ..." } else { "" };
    (!shown.is_empty()).then(|| format!("{}{more}", shown.join(", ")))
}

/// Breaks a line at the screen's width, at spaces where there are some. Nothing is left out.
pub(super) fn wrapped(text: &str, indent: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| *width > indent.len() + 10) else { return format!("{text}\n") };
    let mut out = String::new();
    let mut rest = text;
    let mut before = "";
    loop {
        let head = measure::head(rest, width - before.len());
        if head.len() == rest.len() {
            let _ = writeln!(out, "{before}{rest}");
            return out;
        }
        // A break at a space, unless that leaves half of the line empty.
        let end = match head.rfind(' ') {
            Some(space) if space > head.len() / 2 => space + 1,
            _ => head.len().max(rest.chars().next().map_or(1, char::len_utf8)),
        };
        let _ = writeln!(out, "{before}{}", rest[..end].trim_end_matches(' '));
        rest = &rest[end..];
        before = indent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(items: Vec<TrustItem>, standing: Standing) -> Subject {
        Subject { name: "crashcart.toml".to_owned(), items, standing, why: "", notes: Vec::new() }
    }

    fn contact(what: &str) -> TrustItem {
        TrustItem::new(TrustKind::Contact, what)
    }

    #[test]
    fn an_address_that_moved_is_a_minus_and_a_plus() {
        let before = vec!["contact GET https://a.example/".to_owned(), "run     true".to_owned()];
        let items = vec![TrustItem::new(TrustKind::Run, "true"), contact("GET https://b.example/")];
        let moved = subject(items, Standing::Changed { before });
        assert_eq!(
            moved.text(None),
            "crashcart.toml has changed since you trusted it. What it would do now (+ new, - no more):\n\n\
             Run on this machine:\n  true\n\nContact:\n- GET https://a.example/\n+ GET https://b.example/\n"
        );
        let document = moved.json();
        assert_eq!(document["effects"][1]["change"], "new");
        assert_eq!(document["no_more"][0]["what"], "GET https://a.example/");
    }

    #[test]
    fn bytes_that_changed_and_do_the_same_say_so() {
        let before = vec!["contact x".to_owned()];
        let text = subject(vec![contact("x")], Standing::Changed { before }).text(None);
        assert!(text.contains("would still do exactly the same"), "{text}");
    }

    #[test]
    fn nothing_is_cut_off_on_a_phone() {
        let long = format!("curl {}; rm -rf /", "x".repeat(200));
        let text = subject(vec![TrustItem::new(TrustKind::Run, &long)], Standing::New).text(Some(40));
        assert!(text.lines().all(|line| measure::width(line) <= 40), "{text}");
        let joined: String = text.lines().map(str::trim).collect();
        assert!(joined.contains(&"x".repeat(200)) && text.contains("rm -rf /"), "{text}");
    }

    #[test]
    fn letters_that_look_like_others_are_named() {
        let text = subject(vec![TrustItem::new(TrustKind::Run, "s\u{443}stemctl stop")], Standing::New).text(None);
        assert!(text.contains("! not ASCII: \u{443} U+0443"), "{text}");
    }

    #[test]
    fn the_sum_says_what_goes_where() {
        let items = vec![
            TrustItem::new(TrustKind::Run, "true"),
            TrustItem::send("keyring entry fly", "api.machines.dev", "source fly"),
            TrustItem::send("keyring entry fly", "api.fly.io", "source fly"),
            contact("api.fly.io"),
            contact("api.machines.dev"),
        ];
        assert_eq!(
            summary(&[&subject(items, Standing::New)]),
            "Altogether: 1 command here, 1 secret sent to 2 hosts, 2 addresses."
        );
    }
}
