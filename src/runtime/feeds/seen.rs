//! Which lines of a log were shown already: a poll reaches back a little, and a stream that is opened again begins earlier.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::model::source::LogEntry;
use crate::model::text::Line;

/// Lines that are remembered.
const SEEN: usize = 2_000;

/// Lines that were shown already.
#[derive(Default)]
pub(super) struct Seen {
    keys: HashSet<u64>,
    order: VecDeque<u64>,
    /// The last answer's lines without a time and an id, in their order.
    last: Vec<u64>,
}

impl Seen {
    /// Returns a poll's lines without those with which the last answer ended. Lines without a time and an id can only be
    /// told apart by their order: what is asked again begins with the end of what was there before.
    pub(super) fn after_last(&mut self, entries: Vec<LogEntry>) -> Vec<LogEntry> {
        let nameless = |entry: &LogEntry| entry.id.is_none() && entry.at.is_none();
        let key = |entry: &LogEntry| {
            let mut hasher = DefaultHasher::new();
            (entry.instance.as_ref().map(Line::as_str), entry.text.as_str()).hash(&mut hasher);
            hasher.finish()
        };
        let now: Vec<u64> = entries.iter().filter(|entry| nameless(entry)).map(key).collect();
        let mut known = now.len().min(self.last.len());
        while self.last[self.last.len() - known..] != now[..known] {
            known -= 1;
        }
        if !now.is_empty() {
            self.last = now;
        }
        let mut skipped = 0;
        let is_new = |entry: &LogEntry| {
            let old = nameless(entry) && skipped < known;
            skipped += usize::from(old);
            !old
        };
        entries.into_iter().filter(is_new).collect()
    }

    /// Returns what was not there before, in the order of time.
    pub(super) fn new_of(&mut self, mut entries: Vec<LogEntry>) -> Vec<LogEntry> {
        entries.sort_by_key(|entry| entry.at);
        // A line may come twice in one answer and be two lines; the same line of another answer is the same.
        let before = self.keys.clone();
        entries.retain(|entry| {
            let mut hasher = DefaultHasher::new();
            match &entry.id {
                Some(id) => id.as_str().hash(&mut hasher),
                None if entry.at.is_none() => return true,
                None => (entry.at, entry.instance.as_ref().map(Line::as_str), entry.text.as_str()).hash(&mut hasher),
            }
            let key = hasher.finish();
            if before.contains(&key) {
                return false;
            }
            if self.keys.insert(key) {
                self.order.push_back(key);
            }
            true
        });
        while self.order.len() > SEEN {
            if let Some(oldest) = self.order.pop_front() {
                self.keys.remove(&oldest);
            }
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;

    fn entry(text: &str, at: Option<i64>, id: Option<&str>) -> LogEntry {
        LogEntry {
            id: id.map(Line::from_text),
            at: at.map(Timestamp::from_secs),
            level: None,
            instance: None,
            text: Line::from_text(text),
        }
    }

    fn poll(seen: &mut Seen, entries: Vec<LogEntry>) -> Vec<String> {
        let entries = seen.after_last(entries);
        seen.new_of(entries).iter().map(|entry| entry.text.as_str().to_owned()).collect()
    }

    #[test]
    fn the_same_line_of_a_later_answer_is_not_shown_again() {
        let mut seen = Seen::default();
        let first = vec![entry("a", Some(1), None), entry("a", Some(1), None), entry("b", None, Some("7"))];
        // Twice in one answer is twice.
        assert_eq!(poll(&mut seen, first.clone()).len(), 3);
        let later = [first, vec![entry("c", Some(2), None), entry("b", None, Some("8"))]].concat();
        assert_eq!(poll(&mut seen, later), ["b", "c"]);
    }

    #[test]
    fn lines_without_a_time_are_new_behind_the_end_of_the_last_answer() {
        let mut seen = Seen::default();
        let answer = |texts: &[&str]| texts.iter().map(|text| entry(text, None, None)).collect::<Vec<_>>();
        assert_eq!(poll(&mut seen, answer(&["a", "tick", "tick"])), ["a", "tick", "tick"]);
        assert_eq!(poll(&mut seen, answer(&["a", "tick", "tick"])), [""; 0]);
        assert_eq!(poll(&mut seen, answer(&["tick", "tick", "tick", "b"])), ["tick", "b"]);
        assert_eq!(poll(&mut seen, answer(&[])), [""; 0]);
        assert_eq!(poll(&mut seen, answer(&["tick", "b", "c"])), ["c"]);
        assert_eq!(poll(&mut seen, answer(&["another", "log"])), ["another", "log"]);
    }
}
