//! The last lines of a file, or the last that somebody wants to see, without reading more of it than that takes.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use crate::model::log::LogLine;
use crate::model::time::Timestamp;

use super::search::{Pattern, find};
use super::window::{FileError, Readable, window};

/// The last lines of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Last {
    pub lines: Vec<LogLine>,
    /// The length that the file had; what is written from now on begins there.
    pub end: u64,
}

/// Which entries are wanted: a head and the lines that continue it.
pub struct Wanted<'a> {
    /// How many lines at most.
    pub lines: usize,
    pub passes: &'a dyn Fn(&[LogLine]) -> bool,
    /// What a line of every wanted entry matches, to leap over stretches without one.
    pub matching: Option<&'a Pattern>,
}

/// Lines that are read at a time.
const BLOCK: u32 = 2000;

/// Lines before a block that are read to know what its first lines belong to.
const CONTEXT: u32 = 64;

/// Reads the last lines of a file that are wanted.
///
/// # Errors
/// When the file cannot be read.
pub fn last(path: &Path, wanted: &Wanted<'_>, zone: &TimeZone, received: Timestamp) -> Result<Last, FileError> {
    let end = Readable::open(path)?.size;
    let mut blocks: Vec<Vec<LogLine>> = Vec::new();
    let mut have = 0;
    // The first byte that was looked at.
    let mut from = end;
    let mut around = end;
    while have < wanted.lines {
        let mut block = window(path, around, BLOCK + CONTEXT, BLOCK, zone, received)?;
        block.lines.retain(|line| line.offset.is_none_or(|offset| offset < from || from == end));
        let lines = &block.lines;
        let context = if block.at_start { 0 } else { (CONTEXT as usize).min(lines.len().saturating_sub(1)) };
        let begin = (context..lines.len()).find(|index| !lines[*index].continues).unwrap_or(context);
        let mut passed = Vec::new();
        for entry in lines[begin..].chunk_by(|_, next| next.continues) {
            if (wanted.passes)(entry) {
                passed.extend_from_slice(entry);
            }
        }
        let found_none = passed.is_empty();
        have += passed.len();
        blocks.push(passed);
        let Some(first) = lines.get(begin).and_then(|line| line.offset).filter(|first| *first < from) else { break };
        if block.at_start {
            break;
        }
        (from, around) = (first, first);
        if let Some(pattern) = wanted.matching.filter(|_| found_none) {
            match find(path, pattern, from, true, &CancellationToken::new())? {
                Some(hit) => around = hit,
                None => break,
            }
        }
    }
    let mut lines: Vec<LogLine> = blocks.into_iter().rev().flatten().collect();
    lines.drain(..lines.len().saturating_sub(wanted.lines));
    Ok(Last { lines, end })
}

/// Returns the files that a glob matches now, as following it would find them, sorted by name.
///
/// # Errors
/// When the glob is not valid, or nothing matches because a directory cannot be read; the error says so.
pub fn matching_files(pattern: &str) -> Result<Vec<PathBuf>, crate::model::text::Line> {
    let found = super::glob::find(pattern)?;
    if let (true, Some(trouble)) = (found.files.is_empty(), found.trouble) {
        return Err(trouble);
    }
    let mut paths: Vec<PathBuf> = found.files.into_iter().map(|(path, _)| path).collect();
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(content: &str, lines: usize, word: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let passes = |entry: &[LogLine]| entry.iter().any(|line| line.text.as_str().contains(word));
        let pattern = Pattern::new(word, super::super::Case::Sensitive).unwrap();
        let with = |matching| {
            let wanted = Wanted { lines, passes: &passes, matching };
            let last = last(file.path(), &wanted, &TimeZone::UTC, Timestamp::EPOCH).unwrap();
            assert_eq!(last.end, content.len() as u64);
            last.lines.iter().map(|line| line.text.as_str().to_owned()).collect::<Vec<_>>()
        };
        let found = with(None);
        assert_eq!(with(Some(&pattern)), found, "leaping finds the same");
        found
    }

    #[test]
    fn the_last_lines_come_in_their_order_with_one_that_is_not_finished() {
        assert_eq!(texts("one\ntwo\nthree\nfour", 2, ""), ["three", "four"]);
        assert_eq!(texts("one\ntwo\n", 9, ""), ["one", "two"]);
        assert_eq!(texts("", 9, ""), [""; 0]);
    }

    #[test]
    fn the_last_wanted_lines_are_found_however_far_they_are_apart() {
        let gap = "nothing here\n".repeat(30_000);
        let content = format!("hit 1\n{gap}hit 2\nhit 3\n{gap}hit 4\n{gap}");
        assert_eq!(texts(&content, 9, "hit"), ["hit 1", "hit 2", "hit 3", "hit 4"]);
        assert_eq!(texts(&content, 3, "hit"), ["hit 2", "hit 3", "hit 4"]);
    }

    #[test]
    fn many_lines_are_each_given_once() {
        let content: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
        let expected: Vec<String> = (5_000..20_000).map(|number| format!("line {number}")).collect();
        assert_eq!(texts(&content, 15_000, "line"), expected);
    }

    #[test]
    fn an_entry_comes_with_the_lines_that_continue_it() {
        let gap = "2026-11-25T02:00:00Z INFO fine\n".repeat(5_000);
        let trace = "2026-11-25T02:00:01Z ERROR failed\n    at one (a.js:1:1)\n    at two (a.js:2:2)\n";
        let found = texts(&format!("{gap}{trace}{gap}"), 9, "at one");
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
