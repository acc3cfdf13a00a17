//! An open file that is read as it grows: position, truncation, falling behind. Knows nothing of paths.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::{Instant, SystemTime};

use crate::clock::Clock;
use crate::model::log::LogLine;
use crate::model::time::Timestamp;

use super::blocks::{count_newlines, line_start_after, read_whole};
use super::encoding::Encoding;
use super::line::LineReader;
use super::options::Options;
use super::split::Splitter;

/// Which file it is, whatever its name.
///
/// The time of its creation belongs to it, because file systems give the number of a deleted file to the next one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity {
    device: u64,
    inode: u64,
    created: Option<SystemTime>,
}

impl Identity {
    /// Returns the identity of the file that was looked at.
    pub fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino(), created: metadata.created().ok() }
    }
}

/// Where reading begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// At the first byte: the file appeared while we were watching.
    Beginning,
    /// About that many bytes before the end, at the beginning of a line.
    End { backlog: u64 },
    /// Where we stopped reading it before.
    At(u64),
}

/// How much may be read and kept at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most bytes of a line that are kept.
    pub longest_line: usize,
    /// A batch ends after about that many lines.
    pub batch_lines: usize,
    /// A batch ends after about that many bytes.
    pub batch_bytes: u64,
    /// Further behind the end than this, we skip.
    pub behind_bytes: u64,
    /// How far before the end reading goes on after skipping.
    pub resume_bytes: u64,
}

/// What a look needs from outside.
#[derive(Debug)]
pub struct Looking<'a> {
    pub options: &'a Options,
    pub clock: &'a Clock,
    pub now: Instant,
    /// Where bytes are read to; shared by all files.
    pub buffer: &'a mut [u8],
}

/// What a look at the file brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    pub read: u64,
    /// Lines that were skipped before those that were given.
    pub dropped: u64,
    /// There is more to read at once.
    pub more: bool,
    /// The file's content was thrown away; reading goes on at its beginning with the next look.
    pub restart: Option<Restart>,
}

/// How a file's content went away under us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Restart {
    Truncated,
    /// It is not shorter, but what we have read last is not there any more: truncated and grown again, or overwritten.
    Rewritten,
}

/// A file that is read as it grows.
#[derive(Debug)]
pub struct Opened {
    file: File,
    pub identity: Identity,
    encoding: Encoding,
    splitter: Splitter,
    lines: LineReader,
    /// The next byte to read.
    position: u64,
    /// The last bytes before `position`, by which we know that the file is still what we have read.
    before: Vec<u8>,
    /// Its length when last looked at.
    pub size: u64,
    /// When it was last written to, as the file system says, when last looked at.
    written: (i64, i64),
    /// When it last grew.
    pub grown: Instant,
}

impl Opened {
    /// Enough to tell two stretches of a log apart, timestamps included.
    const BEFORE: usize = 64;

    /// Takes over a regular file.
    pub fn new(file: File, metadata: &Metadata, start: Start, options: &Options, now: Instant) -> io::Result<Self> {
        let size = metadata.len();
        let (encoding, mark) = sniff(&file)?;
        let mut position = match start {
            Start::Beginning => mark as u64,
            Start::At(position) if position <= size => position,
            Start::At(_) => mark as u64,
            Start::End { backlog } => backlog_start(&file, encoding, size, backlog)?,
        };
        if position < mark as u64 {
            position = mark as u64;
        }
        let splitter = Splitter::new(encoding, position, options.limits.longest_line);
        let lines = LineReader::of_file(&options.zone);
        let identity = Identity::of(metadata);
        let written = (metadata.mtime(), metadata.mtime_nsec());
        Ok(Self { file, identity, encoding, splitter, lines, position, before: Vec::new(), size, written, grown: now })
    }

    /// Returns the byte up to which the file has been read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Returns whether every name of the file is gone.
    pub fn is_deleted(&self) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    /// Returns whether the file ends in the middle of a line that was not given yet.
    pub fn has_partial(&self) -> bool {
        self.splitter.has_partial()
    }

    /// Gives the unfinished line.
    pub fn take_partial(&mut self, received: Timestamp, lines: &mut Vec<LogLine>) {
        let reader = &mut self.lines;
        self.splitter.take_partial(|raw| lines.push(reader.read(&raw, received)));
    }

    /// Reads what has been added, up to one batch, and gives its lines.
    pub fn read(&mut self, looking: &mut Looking<'_>, lines: &mut Vec<LogLine>) -> io::Result<Progress> {
        let (limits, now, received) = (&looking.options.limits, looking.now, looking.clock.now());
        let buffer = &mut *looking.buffer;
        let mut progress = Progress::default();
        let metadata = self.file.metadata()?;
        self.size = metadata.len();
        if self.size < self.position {
            return self.restart(Restart::Truncated, looking, lines);
        }
        let written = (metadata.mtime(), metadata.mtime_nsec());
        // Truncated and grown to the very length it had: told by what was read last.
        if self.size == self.position && self.written != written {
            let known = self.before.len();
            let read = read_whole(&self.file, &mut buffer[..known], self.position - known as u64)?;
            if buffer[..read] != self.before {
                return self.restart(Restart::Rewritten, looking, lines);
            }
        }
        self.written = written;
        if self.size - self.position > limits.behind_bytes {
            progress.dropped = self.skip(limits, buffer)?;
        }
        while self.position < self.size {
            if progress.read >= limits.batch_bytes || lines.len() >= limits.batch_lines {
                progress.more = true;
                break;
            }
            let known = self.before.len();
            let read = self.file.read_at(buffer, self.position - known as u64)?;
            if read < known || buffer[..known] != self.before {
                return self.restart(Restart::Rewritten, looking, lines);
            }
            let fresh = &buffer[known..read];
            if fresh.is_empty() {
                break;
            }
            let reader = &mut self.lines;
            self.splitter.feed(fresh, |raw| lines.push(reader.read(&raw, received)));
            self.before = buffer[read.saturating_sub(Self::BEFORE)..read].to_vec();
            self.position += fresh.len() as u64;
            progress.read += fresh.len() as u64;
        }
        if progress.read > 0 || progress.dropped > 0 {
            self.grown = now;
        }
        Ok(progress)
    }

    /// Begins anew at the first byte, after giving the line that will never be finished.
    fn restart(&mut self, restart: Restart, looking: &Looking<'_>, lines: &mut Vec<LogLine>) -> io::Result<Progress> {
        self.take_partial(looking.clock.now(), lines);
        self.lines.interrupt();
        let (encoding, mark) = sniff(&self.file)?;
        self.encoding = encoding;
        self.position = mark as u64;
        self.splitter = Splitter::new(encoding, self.position, looking.options.limits.longest_line);
        self.before.clear();
        self.grown = looking.now;
        Ok(Progress { more: true, restart: Some(restart), ..Progress::default() })
    }

    /// Goes on close to the end, and returns how many lines were passed over.
    fn skip(&mut self, limits: &Limits, buffer: &mut [u8]) -> io::Result<u64> {
        let target = self.size - limits.resume_bytes.min(self.size - self.position);
        let next = line_start_after(&self.file, self.encoding, target, self.size, buffer)?.unwrap_or(target);
        let dropped = count_newlines(&self.file, self.encoding, self.position..next, buffer)?;
        self.position = next;
        self.splitter = Splitter::new(self.encoding, next, limits.longest_line);
        self.lines.interrupt();
        self.before.clear();
        Ok(dropped)
    }
}

fn sniff(file: &File) -> io::Result<(Encoding, usize)> {
    let mut head = [0; 3];
    let read = file.read_at(&mut head, 0)?;
    Ok(Encoding::sniff(&head[..read]))
}

/// Returns where to begin so that about `backlog` bytes, and at least one line, come before the end.
fn backlog_start(file: &File, encoding: Encoding, size: u64, backlog: u64) -> io::Result<u64> {
    /// A line that is longer than this at the end of a file is begun in its middle.
    const FARTHEST: u64 = 4 * 1024 * 1024;

    let mut buffer = vec![0; 64 * 1024];
    let mut back = backlog;
    loop {
        if back >= size {
            return Ok(0);
        }
        let target = size - back;
        // A line that only begins at the very end is the next one, not the last one.
        if let Some(start) = line_start_after(file, encoding, target, size, &mut buffer)?
            && (start < size || backlog == 0)
        {
            return Ok(start);
        }
        if backlog == 0 || back >= FARTHEST {
            return Ok(target - target % encoding.unit() as u64);
        }
        back = (back * 4).max(4096);
    }
}
