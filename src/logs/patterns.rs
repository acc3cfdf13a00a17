//! What the lines say, without what differs: `412 x charge failed: *`.
//!
//! Numbers, identifiers, addresses, times and quoted words become `*`. Lines that are the same then are one pattern.

use std::collections::BTreeMap;

use super::buffer::{Item, LineId};
use super::detect;
use crate::model::log::Level;
use crate::model::time::Timestamp;

/// How many patterns are told apart. A program has some hundred messages; more is a sign that they differ in words.
const GROUPS: usize = 1_000;
/// How much of a line is looked at. What differs later is another detail of the same event.
const LOOKED_AT: usize = 240;

/// Lines that say the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// The worst level among them.
    pub level: Option<Level>,
    /// The newest of them.
    pub newest: LineId,
}

/// A summary of many lines.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    groups: BTreeMap<Box<str>, Group>,
    /// Lines of patterns too rare to keep.
    others: u64,
    scratch: String,
}

impl Patterns {
    /// Summarises entries by their heads.
    pub fn of<'a>(items: impl Iterator<Item = Item<'a>>) -> Self {
        let mut patterns = Self::default();
        items.filter(|item| item.id.is_head()).for_each(|item| patterns.add(&item));
        patterns
    }

    /// Counts one line.
    pub fn add(&mut self, item: &Item<'_>) {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        normalise(item.line.text.as_str(), &mut text);
        let time = item.line.time();
        if let Some(group) = self.groups.get_mut(text.as_str()) {
            group.count += 1;
            group.first = group.first.min(time);
            group.last = group.last.max(time);
            group.level = group.level.max(item.line.level);
            group.newest = group.newest.max(item.id);
        } else {
            if self.groups.len() >= GROUPS {
                self.forget_rare();
            }
            let group = Group { count: 1, first: time, last: time, level: item.line.level, newest: item.id };
            self.groups.insert(text.as_str().into(), group);
        }
        self.scratch = text;
    }

    /// Half of the patterns make room, so that this is not done for every line.
    fn forget_rare(&mut self) {
        let mut ranks: Vec<_> = self.groups.values().map(|group| (group.count, group.last)).collect();
        ranks.sort_unstable();
        let median = ranks[ranks.len() / 2];
        let others = &mut self.others;
        self.groups.retain(|_, group| {
            let stays = (group.count, group.last) > median;
            *others += if stays { 0 } else { group.count };
            stays
        });
    }

    /// Returns the patterns, the most frequent first; among equals the worst, then the latest.
    pub fn most_frequent(&self) -> Vec<(&str, &Group)> {
        let mut groups: Vec<_> = self.groups.iter().map(|(text, group)| (&**text, group)).collect();
        groups.sort_by_key(|(_, group)| std::cmp::Reverse((group.count, group.level, group.last)));
        groups
    }

    /// Returns how many lines have patterns that were too rare to be kept.
    pub fn others(&self) -> u64 {
        self.others
    }
}

/// Writes what a line says without what differs.
fn normalise(line: &str, out: &mut String) {
    let text = detect::message(line).unwrap_or(line);
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let begins_word = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        if matches!(byte, b'"' | b'\'' | b'`')
            && begins_word
            && let Some(length) = memchr::memchr(byte, &bytes[at + 1..])
        {
            out.push(char::from(byte));
            out.push('*');
            out.push(char::from(byte));
            at += length + 2;
        } else if byte.is_ascii_alphanumeric() {
            let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            let word = &text[at..at + run];
            if differs(word) {
                push_star(out)
            } else {
                out.push_str(word)
            }
            at += run;
        } else if byte == b' ' {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
            at += 1;
        } else {
            let c = text[at..].chars().next().unwrap_or(' ');
            out.push(c);
            at += c.len_utf8();
        }
    }
    // The time that a line begins with says nothing about what happened.
    let said = out.trim_start_matches(['*', ' ', '[', ']', '-', '|']).trim_end();
    if !said.is_empty() && said.len() < out.len() {
        let from = out.len() - out.trim_start_matches(['*', ' ', '[', ']', '-', '|']).len();
        out.drain(..from);
        out.truncate(out.trim_end().len());
    }
}

/// Whether a word is a number or an identifier, and no name such as `http2`, `s3` or `utf8`.
fn differs(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let begins_with_letter = word.as_bytes()[0].is_ascii_alphabetic();
    digits > 0
        && !(begins_with_letter && digits <= 2 && word.len() <= 6 && word.as_bytes()[word.len() - 1].is_ascii_digit())
}

/// Several in a row, as in an address, a time or a UUID, are one.
fn push_star(out: &mut String) {
    let before = out.trim_end_matches(['.', ':', '-', '/', ',', '+', '_', ' ']);
    if before.ends_with('*') && out.len() - before.len() <= 2 {
        out.truncate(before.len());
    } else {
        out.push('*');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::buffer::LogBuffer;
    use crate::logs::demo::{at, batch, line, more};

    #[track_caller]
    fn check(text: &str, pattern: &str) {
        let mut out = String::new();
        normalise(text, &mut out);
        assert_eq!(out, pattern, "of {text:?}");
    }

    #[test]
    fn what_differs_becomes_a_star() {
        check("charge failed: order 123 of 10.0.0.5:443 after 12ms", "charge failed: order * of * after *");
        check("2026-02-03 04:05:06,789 ERROR [pool-7] charge failed", "ERROR [pool-*] charge failed");
        check("2026-02-03T04:05:06Z user 550e8400-e29b-41d4-a716-446655440000 gone", "user * gone");
        check("GET /users/42/orders/7?page=3 200 in 1.5s", "GET /users/*/orders/*?page=* in *");
        check("key 'abc' not found in \"users\"", "key '*' not found in \"*\"");
        check("can't open s3 bucket over http2 (0x7f3a9c)", "can't open s3 bucket over http2 (*)");
        check("größer 12 東京 34", "größer * 東京 *");
        check("12345", "*");
        check("", "");
    }

    #[test]
    fn the_message_of_a_structured_line_is_what_it_says() {
        check(r#"{"level":50,"time":1770091506789,"msg":"charge 12 failed","order":7}"#, "charge * failed");
        check(r#"time=2026-02-03T04:05:06Z level=error msg="charge 12 failed" order=7"#, "charge * failed");
    }

    #[test]
    fn lines_are_summarised_by_what_they_say() {
        let mut buffer = LogBuffer::default();
        buffer.push_batch(batch(
            "a",
            [
                line(9, 1, "ERROR charge 1 failed"),
                more(9, " at f.js:1"),
                line(9, 2, "started in 5ms"),
                line(9, 3, "ERROR charge 2 failed"),
            ],
        ));
        let patterns = Patterns::of(buffer.iter());
        let found = patterns.most_frequent();
        assert_eq!(
            found.iter().map(|(text, group)| (*text, group.count)).collect::<Vec<_>>(),
            [("ERROR charge * failed", 2), ("started in *", 1)]
        );
        let charge = found[0].1;
        assert_eq!((charge.first, charge.last, charge.level), (at(1), at(3), Some(Level::Error)));
        assert_eq!(buffer.get(charge.newest).unwrap().line.text.as_str(), "ERROR charge 2 failed");
    }

    #[test]
    fn rare_patterns_make_room_and_are_counted() {
        let mut buffer = LogBuffer::default();
        let word = |n: i64| n.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect::<String>();
        buffer.push_batch(batch(
            "a",
            (0..9_000).map(|n| line(n, n, if n % 3 == 0 { "often".into() } else { word(n) }.as_str())),
        ));
        let patterns = Patterns::of(buffer.iter());
        let found = patterns.most_frequent();
        assert_eq!((found[0].0, found[0].1.count), ("often", 3_000));
        assert!(found.len() <= GROUPS);
        assert_eq!(found.iter().map(|(_, group)| group.count).sum::<u64>() + patterns.others(), 9_000);
    }
}
