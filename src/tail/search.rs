//! Searching whole files for lines that match, as fast as the machine reads.
//!
//! A file is cut into segments; a line belongs to the segment in which it begins. Two threads take one segment after
//! the other, each into a buffer that fits the processor's cache. Files are read and never mapped: a mapped file that is
//! truncated under us would end the program.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use memchr::{memchr, memrchr};
use regex::bytes::{Regex, RegexBuilder};
use tokio_util::sync::CancellationToken;

use super::blocks::read_whole;
use super::encoding::Encoding;
use super::window::{FileError, Readable};

/// What to look for: a regular expression that is applied to one line at a time.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Whether small and capital letters differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Case {
    Sensitive,
    Ignore,
}

impl Pattern {
    /// Compiles a regular expression.
    ///
    /// # Errors
    /// When it is not a valid one; the error says where.
    pub fn new(text: &str, case: Case) -> Result<Self, regex::Error> {
        let ignore = case == Case::Ignore;
        let regex = RegexBuilder::new(text).multi_line(true).crlf(true).case_insensitive(ignore).build()?;
        Ok(Self(regex))
    }

    /// Returns whether a line matches.
    pub fn is_match(&self, line: &[u8]) -> bool {
        self.0.is_match(line)
    }

    /// Returns the first line that matches, at or after the line that begins at `from`.
    fn line_in(&self, lines: &[u8], mut from: usize) -> Option<Range<usize>> {
        while from < lines.len() {
            let found = self.0.find_at(lines, from)?;
            // An empty match behind the last newline is on no line.
            if found.start() == lines.len() && lines.last() == Some(&b'\n') {
                return None;
            }
            let end = memchr(b'\n', &lines[found.start()..]).map_or(lines.len(), |at| found.start() + at);
            let start = memrchr(b'\n', &lines[..found.start()]).map_or(0, |at| at + 1);
            // Something like `\s+` reached over the end of the line: does it match within?
            if found.end() <= end || self.0.is_match(&lines[start..end]) {
                return Some(start..end);
            }
            from = end + 1;
        }
        None
    }
}

/// How far a search is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Searched {
    /// Lines that match so far.
    pub matches: u64,
    /// Bytes read so far.
    pub read: u64,
    /// Bytes to read in all.
    pub total: u64,
    pub done: bool,
}

/// The lines that begin in this many bytes are searched at a time; two threads' worth of it fits a usual cache.
const SEGMENT: u64 = 512 * 1024;

/// Of a longer line only the beginning is searched.
const LONGEST: u64 = 8 * 1024 * 1024;

/// Most lines that begin at the end of a segment end within that.
const OVERHANG: u64 = 4096;

/// How often progress is told.
const TELL: Duration = Duration::from_millis(50);

/// Counts the lines of a file that match, and tells how far it is now and then. Returns `None` when it was cancelled.
///
/// # Errors
/// When the file cannot be read.
pub fn search(
    path: &Path,
    pattern: &Pattern,
    cancel: &CancellationToken,
    mut tell: impl FnMut(Searched),
) -> Result<Option<Searched>, FileError> {
    let readable = Readable::open(path)?;
    let (next, matches, read) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let total = readable.size;
    let so_far =
        |done| Searched { matches: matches.load(Ordering::Relaxed), read: read.load(Ordering::Relaxed), total, done };
    // Each thread has its own copy: the scratch memory of a shared one is fought for.
    let work = |pattern: Pattern, each: &mut dyn FnMut()| -> io::Result<()> {
        let mut segment = Segment::new(&readable);
        while !cancel.is_cancelled() {
            let start = next.fetch_add(SEGMENT, Ordering::Relaxed);
            if start >= total {
                break;
            }
            let end = (start + SEGMENT).min(total);
            segment.read(start..end)?;
            matches.fetch_add(segment.count(&pattern), Ordering::Relaxed);
            read.fetch_add(end - start, Ordering::Relaxed);
            each();
        }
        Ok(())
    };
    let mut told = Instant::now();
    std::thread::scope(|scope| {
        let helper = (total > 4 * SEGMENT).then(|| {
            let (pattern, work) = (pattern.clone(), &work);
            std::thread::Builder::new().name("search".to_owned()).spawn_scoped(scope, move || {
                give_way();
                work(pattern, &mut || ())
            })
        });
        let ours = work(pattern.clone(), &mut || {
            if told.elapsed() >= TELL {
                told = Instant::now();
                tell(so_far(false));
            }
        });
        // Without a second thread it only takes longer.
        let theirs = match helper {
            Some(Ok(thread)) => thread.join().unwrap_or(Ok(())),
            Some(Err(_)) | None => Ok(()),
        };
        ours.and(theirs)
    })
    .map_err(|source| readable.cannot_read(source))?;
    if cancel.is_cancelled() {
        return Ok(None);
    }
    Ok(Some(Searched { done: true, read: total, ..so_far(true) }))
}

/// Returns the beginning of the nearest line that matches: the first that begins at or after `from`, or backwards the
/// last that begins before it. `None` when there is none, or it was cancelled.
///
/// # Errors
/// When the file cannot be read.
pub fn find(
    path: &Path,
    pattern: &Pattern,
    from: u64,
    backwards: bool,
    cancel: &CancellationToken,
) -> Result<Option<u64>, FileError> {
    let readable = Readable::open(path)?;
    let mut segment = Segment::new(&readable);
    // The nearest is often near.
    let mut length = SEGMENT / 8;
    let mut at = from.min(readable.size);
    while !cancel.is_cancelled() && if backwards { at > 0 } else { at < readable.size } {
        let range = if backwards { at.saturating_sub(length)..at } else { at..(at + length).min(readable.size) };
        segment.read(range.clone()).map_err(|source| readable.cannot_read(source))?;
        let hit = if backwards { segment.last(pattern) } else { segment.first(pattern) };
        if hit.is_some() {
            return Ok(hit);
        }
        at = if backwards { range.start } else { range.end };
        length = (length * 2).min(SEGMENT);
    }
    Ok(None)
}

/// Lets everything else go first: a key that is pressed is drawn before a file is searched on.
fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // On Linux a number of zero means this thread only. It may be forbidden, which changes little.
        let _ = rustix::process::setpriority_process(None, 5);
    }
}

/// The lines that begin in one part of a file.
struct Segment<'a> {
    readable: &'a Readable,
    buffer: Vec<u8>,
    /// Where the lines stand in the buffer.
    lines: Range<usize>,
    /// The byte of the file with which the buffer begins.
    begins: u64,
}

impl<'a> Segment<'a> {
    fn new(readable: &'a Readable) -> Self {
        Self { readable, buffer: Vec::new(), lines: 0..0, begins: 0 }
    }

    /// Reads the lines that begin in `part`, each to its end.
    fn read(&mut self, part: Range<u64>) -> io::Result<()> {
        let unit = self.readable.encoding.unit() as u64;
        let first = self.readable.first;
        let part = part.start.max(first)..part.end.max(first);
        // One character before, to see whether a line begins with the part.
        let begins = if part.start == first { first } else { part.start.next_multiple_of(unit) - unit };
        let end = part.end.next_multiple_of(unit);
        self.begins = begins;
        self.lines = 0..0;
        if begins >= end {
            return Ok(());
        }
        let mut wanted = end - begins + OVERHANG;
        loop {
            self.fill(wanted)?;
            let whole = self.buffer.len() as u64 == wanted;
            let encoding = self.readable.encoding;
            let start = if part.start == first { Some(0) } else { encoding.line_end_in(&self.buffer, 0) };
            let within = usize::try_from(end - begins).unwrap_or(usize::MAX).min(self.buffer.len());
            let Some(start) = start.filter(|start| *start < within) else { return Ok(()) };
            // The last line that begins in the part has its newline in its last character or after it.
            let last = within.saturating_sub(encoding.unit());
            match encoding.line_end_in(&self.buffer, last) {
                Some(end) => {
                    self.lines = start..end;
                    return Ok(());
                }
                None if whole && wanted < SEGMENT + LONGEST => wanted += (wanted - (end - begins)) * 3,
                None => {
                    self.lines = start..self.buffer.len();
                    return Ok(());
                }
            }
        }
    }

    /// Makes the buffer hold `wanted` bytes, or as many as there are.
    fn fill(&mut self, wanted: u64) -> io::Result<()> {
        let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let read = read_whole(&self.readable.file, &mut self.buffer[..wanted], self.begins)?;
        self.buffer.truncate(read);
        Ok(())
    }

    fn count(&self, pattern: &Pattern) -> u64 {
        self.matching(pattern).count() as u64
    }

    fn first(&self, pattern: &Pattern) -> Option<u64> {
        self.matching(pattern).next()
    }

    fn last(&self, pattern: &Pattern) -> Option<u64> {
        self.matching(pattern).last()
    }

    /// Returns the beginnings of the lines that match.
    fn matching<'s>(&'s self, pattern: &'s Pattern) -> Box<dyn Iterator<Item = u64> + 's> {
        let lines = &self.buffer[self.lines.clone()];
        let base = self.begins + self.lines.start as u64;
        let encoding = self.readable.encoding;
        if encoding == Encoding::Utf8 {
            let mut from = 0;
            return Box::new(std::iter::from_fn(move || {
                let line = pattern.line_in(lines, from)?;
                from = line.end + 1;
                Some(base + line.start as u64)
            }));
        }
        let mut from = 0;
        Box::new(std::iter::from_fn(move || {
            while from < lines.len() {
                let start = from;
                from = encoding.line_end_in(lines, from).unwrap_or(lines.len());
                if pattern.is_match(&encoding.decode(encoding.without_ending(&lines[start..from]))) {
                    return Some(base + start as u64);
                }
            }
            None
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn sensitive(text: &str) -> Pattern {
        Pattern::new(text, Case::Sensitive).unwrap()
    }

    /// The beginnings of the lines that match, found the slow way.
    fn slowly(content: &[u8], pattern: &Pattern) -> Vec<u64> {
        let mut at = 0;
        let mut found = Vec::new();
        for line in content.split_inclusive(|byte| *byte == b'\n') {
            if pattern.is_match(Encoding::Utf8.without_ending(line)) {
                found.push(at);
            }
            at += line.len() as u64;
        }
        found
    }

    fn in_parts(readable: &Readable, pattern: &Pattern, part: u64) -> Vec<u64> {
        let mut segment = Segment::new(readable);
        let mut found = Vec::new();
        for start in (0..readable.size).step_by(usize::try_from(part).unwrap()) {
            segment.read(start..(start + part).min(readable.size)).unwrap();
            found.extend(segment.matching(pattern));
        }
        found
    }

    proptest! {
        #[test]
        fn any_cut_into_parts_finds_each_line_once(
            content in "[ab\n ]{0,80}",
            pattern in prop_oneof![Just("a"), Just("b$"), Just("^"), Just("^$"), Just("\\s+"), Just("[^a]b"), Just("a\nb"), Just("")],
            part in 1u64..90,
        ) {
            let file = file(content.as_bytes());
            let readable = Readable::open(file.path()).unwrap();
            let pattern = sensitive(pattern);
            prop_assert_eq!(in_parts(&readable, &pattern, part), slowly(content.as_bytes(), &pattern));
        }
    }

    #[test]
    fn a_search_counts_lines_over_many_segments_and_tells_when_it_is_done() {
        let line = format!("{} needle needle\n{}\n", "x".repeat(300), "y".repeat(500));
        let file = file(line.repeat(10_000).as_bytes());
        let cancel = CancellationToken::new();
        let found = search(file.path(), &sensitive("needle"), &cancel, |_| ()).unwrap().unwrap();
        let size = line.len() as u64 * 10_000;
        assert_eq!(found, Searched { matches: 10_000, read: size, total: size, done: true });
        cancel.cancel();
        assert_eq!(search(file.path(), &sensitive("needle"), &cancel, |_| ()).unwrap(), None);
    }

    #[test]
    fn the_nearest_match_is_found_in_both_directions() {
        let file = file(format!("hit\n{}hit\nno\nhit\n", "no\n".repeat(400_000)).as_bytes());
        let find =
            |from, backwards| find(file.path(), &sensitive("hit"), from, backwards, &CancellationToken::new()).unwrap();
        assert_eq!(find(0, false), Some(0));
        assert_eq!(find(1, false), Some(1_200_004));
        assert_eq!(find(1_200_005, false), Some(1_200_011));
        assert_eq!(find(1_200_012, false), None);
        assert_eq!(find(1_200_011, true), Some(1_200_004));
        assert_eq!(find(1_200_004, true), Some(0));
        assert_eq!(find(0, true), None);
        assert_eq!(find(u64::MAX, true), Some(1_200_011));
    }

    #[test]
    fn text_in_utf_16_is_found_where_it_stands() {
        let bytes: Vec<u8> = "\u{feff}eins\nzw\u{f6}lf\ndrei".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let file = file(&bytes);
        let readable = Readable::open(file.path()).unwrap();
        for part in [1, 2, 3, 7, 100] {
            assert_eq!(in_parts(&readable, &sensitive("zw\u{f6}lf$"), part), [12], "{part}");
            assert_eq!(in_parts(&readable, &sensitive("ei"), part), [2, 24], "{part}");
        }
    }
}
