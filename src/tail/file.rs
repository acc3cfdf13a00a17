//! One path that is followed: what stands behind the name now, and what stood behind it before.
//!
//! ```text
//! look: read the files that lost the name -> read the file that has it -> does it still have it?
//!                                                                          | no: it retires, the new one is opened
//! ```
//!
//! A file that lost its name (log rotation) is read for a while longer, because its writer goes on until it is told
//! to open the new one. Nothing here waits: the caller says when to look, and is told when to look again.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use crate::model::id::LogSourceId;
use crate::model::log::LogSourceState;
use crate::model::text::Line;

use super::event::{Outbox, reason};
use super::opened::{Identity, Looking, Opened, Progress, Restart, Start};

/// What the caller should do after a look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Looked {
    /// There is more to read at once.
    pub more: bool,
    /// Something was read: more is likely soon.
    pub read: bool,
    /// Another file stands behind the name, or none.
    pub switched: bool,
    /// When to look again even if nothing happens to the file.
    pub again: Option<Instant>,
}

/// A path that is followed.
#[derive(Debug)]
pub struct FileFollower {
    source: LogSourceId,
    path: PathBuf,
    /// Where the first file behind the path is begun. Later ones are begun at their beginning.
    start: Start,
    current: Behind,
    /// Files that had the name, oldest first, and since when they have not.
    retired: Vec<(Opened, Instant)>,
    /// A file that we had to let go, and how far it was read.
    left_off: Option<(Identity, u64)>,
    /// How many more files were heard to appear under the name than were opened. Below zero the news of one that was
    /// opened is still to come.
    unseen: i32,
    told: Option<LogSourceState>,
    told_at: Instant,
}

/// What stands behind the path.
#[derive(Debug)]
enum Behind {
    Nothing,
    File(Box<Opened>),
    /// A named pipe, which somebody else reads; see [`FileFollower::pipe`].
    Pipe(Identity),
}

impl FileFollower {
    /// How long a file that lost its name is read after its last line.
    ///
    /// logrotate's `postrotate` and a daemon's reopening take a second or two; a deleted file must be let go soon,
    /// because its space on disk is only freed then.
    const GRACE: Duration = Duration::from_secs(5);

    /// At most this many files that lost the name are kept open; the oldest is let go.
    const RETIRED: usize = 4;

    /// How often the growing length of a file is told.
    const TELL_LENGTH: Duration = Duration::from_secs(1);

    /// How long "rotated" is what is told about a file.
    const TELL_ROTATED: Duration = Duration::from_secs(5);

    /// Returns a follower that has not looked yet.
    pub fn new(source: LogSourceId, path: PathBuf, start: Start, now: Instant) -> Self {
        let current = Behind::Nothing;
        let retired = Vec::new();
        Self { source, path, start, current, retired, left_off: None, unseen: 0, told: None, told_at: now }
    }

    /// Notes that another file was heard to appear under the name.
    pub fn note_appearance(&mut self) {
        self.unseen = self.unseen.saturating_add(1);
    }

    /// Returns the followed path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the named pipe that stands behind the path, for the caller to read.
    pub fn pipe(&self) -> Option<Identity> {
        match &self.current {
            Behind::Pipe(identity) => Some(*identity),
            Behind::Nothing | Behind::File(_) => None,
        }
    }

    /// Returns the files that are being read.
    pub fn reading(&self) -> impl Iterator<Item = Identity> {
        let current = match &self.current {
            Behind::File(opened) => Some(&**opened),
            Behind::Nothing | Behind::Pipe(_) => None,
        };
        current.into_iter().chain(self.retired.iter().map(|(opened, _)| opened)).map(|opened| opened.identity)
    }

    /// Returns whether no file is being read at all.
    pub fn is_idle(&self) -> bool {
        matches!(self.current, Behind::Nothing) && self.retired.is_empty()
    }

    /// Reads what is new, and when `check_name` is set finds out whether the file still has its name.
    pub fn look(&mut self, check_name: bool, looking: &mut Looking<'_>, outbox: &mut Outbox) -> Looked {
        let mut looked = Looked::default();
        self.read_retired(looking, outbox, &mut looked);
        if !looked.more {
            self.read_current(looking, outbox, &mut looked);
        }
        // A file that still has unread lines is finished first.
        if check_name && !looked.more {
            let was_there = self.start != Start::Beginning;
            looked.switched = self.check_name(looking, outbox);
            // Of a file that was there before us nothing was heard.
            self.tell_unseen(looked.switched && !was_there, looking.now, outbox);
            if looked.switched {
                self.read_current(looking, outbox, &mut looked);
            }
        }
        self.tell_progress(looking.now, outbox, &mut looked);
        outbox.end_of_lines(&self.source);
        looked
    }

    fn read_retired(&mut self, looking: &mut Looking<'_>, outbox: &mut Outbox, looked: &mut Looked) {
        let mut index = 0;
        while index < self.retired.len() && !looked.more {
            let (opened, since) = &mut self.retired[index];
            let progress = read(opened, looking, outbox);
            let quiet_since = opened.grown.max(*since);
            match progress {
                // Its writer may be about to finish its last line.
                Ok(progress) => {
                    looked.more |= progress.more;
                    if looking.now < quiet_since + Self::GRACE && self.retired.len() <= Self::RETIRED {
                        looked.look_again_at(quiet_since + Self::GRACE);
                        index += 1;
                        continue;
                    }
                    if progress.more {
                        continue;
                    }
                }
                Err(error) => tracing::debug!(path = %self.path.display(), %error, "a rotated log cannot be read"),
            }
            let (mut opened, _) = self.retired.remove(index);
            take_partial(&mut opened, looking, outbox);
        }
    }

    fn read_current(&mut self, looking: &mut Looking<'_>, outbox: &mut Outbox, looked: &mut Looked) {
        let Behind::File(opened) = &mut self.current else { return };
        let progress = match read(opened, looking, outbox) {
            Ok(progress) => progress,
            Err(error) => {
                self.left_off = Some((opened.identity, opened.position()));
                self.current = Behind::Nothing;
                let why = format!("{} cannot be read: {}; it is tried again", self.path.display(), reason(&error));
                self.tell(LogSourceState::Failed(Line::from_text(&why)), looking.now, outbox);
                return;
            }
        };
        looked.more |= progress.more;
        looked.read |= progress.read > 0;
        if opened.has_partial() && !progress.more {
            let shown_at = opened.grown + looking.options.partial_after;
            if shown_at <= looking.now {
                take_partial(opened, looking, outbox);
            } else {
                looked.look_again_at(shown_at);
            }
        }
        let what = match progress.restart {
            None => return,
            Some(Restart::Truncated) => "was truncated",
            Some(Restart::Rewritten) => "was truncated or overwritten",
        };
        let what = format!("{} {what}; it is followed from its new beginning", self.path.display());
        self.tell(LogSourceState::Rotated(Line::from_text(&what)), looking.now, outbox);
    }

    /// Compares the path with the file that is open, and returns whether another one was opened.
    fn check_name(&mut self, looking: &mut Looking<'_>, outbox: &mut Outbox) -> bool {
        let now = looking.now;
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.lose_name(&error, now, outbox);
                return false;
            }
        };
        let found = Identity::of(&metadata);
        match &self.current {
            Behind::File(opened) if opened.identity == found => {
                if matches!(self.told, Some(LogSourceState::Waiting(_) | LogSourceState::Failed(_))) {
                    let bytes = Some(opened.size);
                    self.tell(LogSourceState::Following { bytes }, now, outbox);
                }
                return false;
            }
            Behind::Pipe(identity) if *identity == found => return false,
            Behind::File(_) | Behind::Pipe(_) | Behind::Nothing => {}
        }
        match self.open() {
            Ok((file, metadata)) => self.take_over(file, &metadata, looking, outbox),
            Err(error) => {
                let hint = match error.kind() {
                    io::ErrorKind::PermissionDenied => "; run crashcart as a user or group that may read it",
                    _ => "; it is tried again",
                };
                let why = format!("{} cannot be opened: {}{hint}", self.path.display(), reason(&error));
                self.tell(LogSourceState::Failed(Line::from_text(&why)), now, outbox);
                false
            }
        }
    }

    /// Opens what stands behind the path. Never waits for the other end of a named pipe.
    fn open(&self) -> io::Result<(File, Metadata)> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(flags.bits()).unwrap_or(0);
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&self.path)?;
        let metadata = file.metadata()?;
        Ok((file, metadata))
    }

    fn take_over(&mut self, file: File, metadata: &Metadata, looking: &mut Looking<'_>, outbox: &mut Outbox) -> bool {
        let (now, identity) = (looking.now, Identity::of(metadata));
        let had_file = matches!(self.current, Behind::File(_));
        let next = if metadata.is_file() {
            let start = match self.left_off {
                Some((left, position)) if left == identity => Start::At(position),
                Some(_) | None => self.start,
            };
            match Opened::new(file, metadata, start, looking.options, now) {
                Ok(opened) => Ok(Behind::File(Box::new(opened))),
                Err(error) => Err(LogSourceState::Failed(Line::from_text(&format!(
                    "{} cannot be read: {}; it is tried again",
                    self.path.display(),
                    reason(&error)
                )))),
            }
        } else if metadata.file_type().is_fifo() {
            Ok(Behind::Pipe(identity))
        } else {
            Err(self.not_a_log(metadata.file_type()))
        };
        // Whatever comes next for this path appeared while we were watching.
        self.start = Start::Beginning;
        let next = match next {
            Ok(next) => next,
            Err(state) => {
                self.retire(now);
                self.tell(state, now, outbox);
                return false;
            }
        };
        self.retire(now);
        self.current = next;
        let state = if had_file {
            let what = format!("{} is a new file since just now; the old one was read to its end", self.path.display());
            LogSourceState::Rotated(Line::from_text(&what))
        } else {
            LogSourceState::Following { bytes: Some(metadata.len()) }
        };
        self.tell(state, now, outbox);
        true
    }

    fn not_a_log(&self, kind: FileType) -> LogSourceState {
        let path = self.path.display();
        if kind.is_dir() {
            LogSourceState::Failed(Line::from_text(&format!("{path} is a directory; follow {path}/*.log instead")))
        } else {
            LogSourceState::Waiting(Line::from_text(&format!(
                "{path} is a device that holds no lines; waiting for a file"
            )))
        }
    }

    /// Notes that nothing can be found behind the path.
    fn lose_name(&mut self, error: &io::Error, now: Instant, outbox: &mut Outbox) {
        let path = self.path.display().to_string();
        let gone = error.kind() == io::ErrorKind::NotFound;
        let told = match &self.told {
            Some(LogSourceState::Waiting(why)) => why.as_str().to_owned(),
            Some(_) => format!("{path} was renamed or deleted; waiting for a new one"),
            None => format!("{path} does not exist yet; waiting for it"),
        };
        match &self.current {
            // A file that was only renamed is still the log, until a new one takes the name. One that was deleted is
            // let go when it is quiet: its space on the disk is taken until then.
            Behind::File(opened) if now >= opened.grown + Self::GRACE && opened.is_deleted() => self.retire(now),
            Behind::File(_) => {}
            Behind::Pipe(_) | Behind::Nothing => self.current = Behind::Nothing,
        }
        let state = if gone {
            if matches!(self.current, Behind::Nothing) {
                // What appears from now on is new.
                self.start = Start::Beginning;
            }
            LogSourceState::Waiting(Line::from_text(&told))
        } else {
            LogSourceState::Failed(Line::from_text(&format!("{path} cannot be looked up: {}", reason(error))))
        };
        self.tell(state, now, outbox);
    }

    fn retire(&mut self, now: Instant) {
        match std::mem::replace(&mut self.current, Behind::Nothing) {
            Behind::File(opened) => self.retired.push((*opened, now)),
            Behind::Pipe(_) | Behind::Nothing => {}
        }
    }

    /// Tells of files that had the name between two looks. What they are called now nobody knows.
    fn tell_unseen(&mut self, opened: bool, now: Instant, outbox: &mut Outbox) {
        if opened {
            self.unseen -= 1;
        }
        if self.unseen > 0 && matches!(self.current, Behind::File(_)) {
            let (path, unseen) = (self.path.display(), std::mem::take(&mut self.unseen));
            let what = format!("{path} was replaced so fast that {unseen} files before it were not read");
            self.tell(LogSourceState::Rotated(Line::from_text(&what)), now, outbox);
        }
        // All news is heard before a look: what did not come by the look after the opening does not come.
        if self.unseen < 0 && !opened {
            self.unseen = 0;
        }
    }

    fn tell_progress(&mut self, now: Instant, outbox: &mut Outbox, looked: &mut Looked) {
        let Behind::File(opened) = &self.current else { return };
        let following = LogSourceState::Following { bytes: Some(opened.size) };
        if self.told.as_ref() == Some(&following) {
            return;
        }
        let stands_for = match &self.told {
            Some(LogSourceState::Rotated(_)) => Self::TELL_ROTATED,
            Some(LogSourceState::Waiting(_)) => return,
            _ => Self::TELL_LENGTH,
        };
        let due = self.told_at + stands_for;
        if due <= now {
            self.tell(following, now, outbox);
        } else {
            looked.look_again_at(due);
        }
    }

    fn tell(&mut self, state: LogSourceState, now: Instant, outbox: &mut Outbox) {
        // Each rotation is told, however much it is like the one before.
        if self.told.as_ref() == Some(&state) && !matches!(state, LogSourceState::Rotated(_)) {
            return;
        }
        self.told = Some(state.clone());
        self.told_at = now;
        outbox.state(&self.source, state);
    }
}

impl Looked {
    fn look_again_at(&mut self, at: Instant) {
        self.again = Some(self.again.map_or(at, |other| other.min(at)));
    }
}

fn read(opened: &mut Opened, looking: &mut Looking<'_>, outbox: &mut Outbox) -> io::Result<Progress> {
    let mut lines = Vec::new();
    let progress = opened.read(looking, &mut lines);
    let dropped = progress.as_ref().map_or(0, |progress| progress.dropped);
    outbox.lines(lines, dropped);
    progress
}

fn take_partial(opened: &mut Opened, looking: &Looking<'_>, outbox: &mut Outbox) {
    let mut lines = Vec::new();
    opened.take_partial(looking.clock.now(), &mut lines);
    outbox.lines(lines, 0);
}
