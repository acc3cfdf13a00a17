//! Several logs become one, by time, without tearing entries apart.

use crate::model::id::LogSourceId;
use crate::model::log::LogLine;
use crate::model::time::Timestamp;

/// A head and the lines that continue it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    pub source: LogSourceId,
    /// By this it is merged.
    pub time: Timestamp,
    pub lines: Vec<LogLine>,
}

/// Cuts the lines of one source into entries. One without a time of its own happened with the one before it.
pub fn entries(source: &LogSourceId, lines: Vec<LogLine>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut last = lines.iter().find_map(|line| line.stated);
    for line in lines {
        match entries.last_mut() {
            Some(entry) if line.continues => entry.lines.push(line),
            _ => {
                last = line.stated.or(last);
                let time = last.unwrap_or(line.received);
                entries.push(Entry { source: source.clone(), time, lines: vec![line] });
            }
        }
    }
    entries
}

/// Sorts entries by time; those of one source keep their order.
pub fn by_time(mut sources: Vec<Vec<Entry>>) -> Vec<Entry> {
    for entries in &mut sources {
        // Clocks are set back, and threads write out of order: order within a log is what it says it is.
        let mut latest = None;
        for entry in entries {
            entry.time = latest.map_or(entry.time, |latest: Timestamp| latest.max(entry.time));
            latest = Some(entry.time);
        }
    }
    let mut all: Vec<Entry> = sources.into_iter().flatten().collect();
    all.sort_by_key(|entry| entry.time);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::Line;

    fn line(stated: Option<i64>, continues: bool, text: &str) -> LogLine {
        let stated = stated.map(Timestamp::from_secs);
        let received = Timestamp::from_secs(1_000);
        LogLine { stated, received, level: None, continues, offset: None, text: Line::from_text(text) }
    }

    #[test]
    fn entries_are_merged_whole_and_each_log_keeps_its_order() {
        let source = |name: &str, lines| entries(&LogSourceId::new(name), lines);
        let one = source(
            "one",
            vec![
                line(Some(10), false, "a"),
                line(None, true, "a+"),
                line(None, false, "b"),
                line(Some(5), false, "c"),
                line(Some(30), false, "d"),
            ],
        );
        let two = source("two", vec![line(None, false, "e"), line(Some(20), false, "f")]);
        let merged = by_time(vec![one, two]);
        let texts: Vec<&str> = merged.iter().flat_map(|entry| &entry.lines).map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["a", "a+", "b", "c", "e", "f", "d"]);
    }
}
