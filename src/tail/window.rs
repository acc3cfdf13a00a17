//! Reading a stretch of a file around a place, however long the file is.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use thiserror::Error;

use crate::model::log::LogLine;
use crate::model::time::Timestamp;

use super::blocks::{line_start_before, read_whole};
use super::encoding::Encoding;
use super::line::LineReader;
use super::options::Options;
use super::split::Splitter;

/// Why a file could not be read in place.
#[derive(Debug, Error)]
pub enum FileError {
    #[error("{} cannot be opened", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} is not a regular file; only what is in memory can be looked at", path.display())]
    NotAFile { path: PathBuf },
    #[error("{} cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("no thread to look at {} with", path.display())]
    Thread {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// A regular file that is read at any place.
#[derive(Debug)]
pub struct Readable {
    pub file: File,
    pub path: PathBuf,
    pub size: u64,
    pub encoding: Encoding,
    /// Where the first line begins.
    pub first: u64,
}

impl Readable {
    /// Opens a file.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let cannot_open = |source| FileError::Open { path: path.to_owned(), source };
        // Looked at before it is opened: opening a named pipe would wait for its writer.
        let metadata = std::fs::metadata(path).map_err(cannot_open)?;
        if !metadata.is_file() {
            return Err(FileError::NotAFile { path: path.to_owned() });
        }
        let file = File::open(path).map_err(cannot_open)?;
        let mut head = [0; 3];
        let mut read = |file: &File| {
            let read = read_whole(file, &mut head, 0)?;
            Ok((file.metadata()?.len(), Encoding::sniff(&head[..read])))
        };
        let (size, (encoding, mark)) =
            read(&file).map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        Ok(Self { file, path: path.to_owned(), size, encoding, first: mark as u64 })
    }

    /// Says what could not be read.
    pub fn cannot_read(&self, source: io::Error) -> FileError {
        FileError::Read { path: self.path.clone(), source }
    }
}

/// A stretch of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    pub lines: Vec<LogLine>,
    /// Whether nothing comes before it.
    pub at_start: bool,
    /// Whether nothing comes after it, for now.
    pub at_end: bool,
}

/// Reads at most `before` lines that end at a byte offset and `after` lines from it on.
///
/// An offset within a line stands for that line's beginning. Lines that take megabytes may be fewer than asked for.
///
/// # Errors
/// When the file cannot be read.
pub fn window(
    path: &Path,
    offset: u64,
    before: u32,
    after: u32,
    zone: &TimeZone,
    received: Timestamp,
) -> Result<Window, FileError> {
    let readable = Readable::open(path)?;
    readable.window(offset, before, after, zone, received).map_err(|source| readable.cannot_read(source))
}

impl Readable {
    /// What is read at most to each side; more than a thousand lines of 64 KiB.
    const FARTHEST: u64 = 64 * 1024 * 1024;
    const BLOCK: usize = 64 * 1024;

    fn window(&self, offset: u64, before: u32, after: u32, zone: &TimeZone, received: Timestamp) -> io::Result<Window> {
        let mut reader = LineReader::of_file(zone);
        let mut buffer = vec![0; Self::BLOCK];
        let middle = self.line_start_at(offset.clamp(self.first, self.size.max(self.first)), &mut buffer)?;
        let (start, found) = self.before(middle, before, &mut buffer)?;
        let wanted = usize::try_from(found + u64::from(after)).unwrap_or(usize::MAX);
        let mut lines = Vec::new();
        let mut splitter = Splitter::new(self.encoding, start, Options::default().limits.longest_line);
        let mut at = start;
        while lines.len() < wanted && at - start < 2 * Self::FARTHEST {
            let read = read_whole(&self.file, &mut buffer, at)?;
            if read == 0 {
                splitter.take_partial(|raw| lines.push(reader.read(&raw, received)));
                break;
            }
            splitter.feed(&buffer[..read], |raw| {
                if lines.len() <= wanted {
                    lines.push(reader.read(&raw, received));
                }
            });
            at += read as u64;
        }
        let more = lines.len() > wanted || (at < self.size || splitter.has_partial());
        lines.truncate(wanted);
        Ok(Window { lines, at_start: start <= self.first, at_end: !more })
    }

    /// Returns the beginning of the line in which a byte stands.
    fn line_start_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<u64> {
        let unit = self.encoding.unit();
        let offset = offset - offset % unit as u64;
        if offset <= self.first {
            return Ok(self.first);
        }
        let mut character = [0; 2];
        let read = read_whole(&self.file, &mut character[..unit], offset - unit as u64)?;
        if character[..read] == *self.encoding.newline() {
            return Ok(offset);
        }
        Ok(self.before(offset, 1, buffer)?.0)
    }

    fn before(&self, end: u64, lines: u32, buffer: &mut [u8]) -> io::Result<(u64, u64)> {
        if end <= self.first || lines == 0 {
            return Ok((end, 0));
        }
        let found = line_start_before(&self.file, self.encoding, end, lines.into(), Self::FARTHEST, buffer)?;
        Ok(match found {
            // One line that is longer than all we read: go on in its middle, so that one can scroll through it.
            (_, 0) => ((end - Self::FARTHEST.min(end)).max(self.first), 1),
            (start, found) => (start.max(self.first), found),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        file
    }

    fn read(file: &tempfile::NamedTempFile, offset: u64, before: u32, after: u32) -> (String, bool, bool) {
        let window = window(file.path(), offset, before, after, &TimeZone::UTC, Timestamp::EPOCH).unwrap();
        let lines = window.lines.iter().map(|line| format!("{}:{}", line.offset.unwrap(), line.text));
        (lines.collect::<Vec<_>>().join(" "), window.at_start, window.at_end)
    }

    #[test]
    fn a_window_is_the_lines_before_and_after_a_place() {
        let file = file(b"one\ntwo\nthree\nfour\nfive\n");
        assert_eq!(read(&file, 8, 1, 1), ("4:two 8:three".into(), false, false));
        assert_eq!(read(&file, 0, 5, 2), ("0:one 4:two".into(), true, false));
        assert_eq!(read(&file, 24, 2, 5), ("14:four 19:five".into(), false, true));
        assert_eq!(read(&file, 99, 1, 1), ("19:five".into(), false, true));
        assert_eq!(read(&file, 0, 9, 9), ("0:one 4:two 8:three 14:four 19:five".into(), true, true));
    }

    #[test]
    fn a_place_within_a_line_stands_for_its_beginning() {
        let file = file(b"one\ntwo\nthree");
        for offset in 4..8 {
            assert_eq!(read(&file, offset, 0, 1), ("4:two".into(), false, false), "{offset}");
        }
        assert_eq!(read(&file, 10, 1, 9), ("4:two 8:three".into(), false, true));
        assert_eq!(read(&file, 2, 1, 1), ("0:one".into(), true, false));
    }

    #[test]
    fn an_empty_file_is_an_empty_window() {
        assert_eq!(read(&file(b""), 0, 5, 5), (String::new(), true, true));
    }

    #[test]
    fn a_window_of_utf_16_begins_after_its_mark() {
        let bytes: Vec<u8> = "\u{feff}one\r\ntwo\r\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let file = file(&bytes);
        assert_eq!(read(&file, 0, 1, 9), ("2:one 12:two".into(), true, true));
        assert_eq!(read(&file, 12, 1, 0), ("2:one".into(), true, false));
    }

    #[test]
    fn lines_of_megabytes_are_shown_by_their_beginning() {
        let long = "x".repeat(3_000_000);
        let file = file(format!("{long}\n{long}\nend\n").as_bytes());
        let window = window(file.path(), 6_000_002, 2, 1, &TimeZone::UTC, Timestamp::EPOCH).unwrap();
        let offsets: Vec<_> = window.lines.iter().map(|line| line.offset.unwrap()).collect();
        assert_eq!(offsets, [0, 3_000_001, 6_000_002]);
        assert!(window.lines[0].text.as_str().len() < 70_000);
    }
}
