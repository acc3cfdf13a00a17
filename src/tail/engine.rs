//! The thread that follows files: many of them, in turns, woken by the kernel and otherwise by time.
//!
//! ```text
//! look at every file that is due -> send what it brought -> wait (kernel, time, end) -> who is due?
//! ```
//!
//! Files that grow are looked at once a pace, not once a write; files that rest cost nothing but a look-up every few
//! seconds. A full channel stops the reading, never the writer: what was not read still stands in the file.

use std::collections::HashSet;
use std::io::PipeReader;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::model::id::LogSourceId;
use crate::model::log::LogSourceSpec;

use super::event::{Outbox, TailEvent};
use super::file::FileFollower;
use super::glob::GlobFollower;
use super::opened::{Identity, Looking, Start};
use super::options::Options;
use super::pipe;
use super::watch::{Heard, Key, Watcher, Woken};

/// What every follower needs.
#[derive(Clone, Debug)]
pub struct Context {
    pub options: Options,
    pub clock: Clock,
    pub events: Sender<TailEvent>,
    pub cancel: CancellationToken,
    pub runtime: Handle,
}

impl Context {
    /// Sends from a thread; returns false when nobody listens any more.
    pub fn send(&self, event: TailEvent) -> bool {
        match self.events.try_send(event) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(event)) => self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => false,
                    sent = self.events.send(event) => sent.is_ok(),
                }
            }),
        }
    }
}

/// Follows files until it is over.
#[derive(Debug)]
pub struct Engine {
    context: Context,
    watcher: Watcher,
    /// By their keys. A file that left gives its key to the next one.
    files: Vec<Option<Member>>,
    globs: Vec<GlobFollower>,
    next_look_up: Instant,
    buffer: Vec<u8>,
    outbox: Outbox,
}

/// One followed file and when to look at it.
#[derive(Debug)]
struct Member {
    follower: FileFollower,
    source: LogSourceId,
    /// Its content may have changed.
    content: bool,
    /// Its name may stand for another file.
    name: bool,
    looked: Instant,
    again: Option<Instant>,
    /// Pauses between looks when nothing can be heard of it; `None` when it can.
    polled: Option<Duration>,
    /// The reader of the named pipe that stands behind the path.
    pipe: Option<(Identity, CancellationToken)>,
}

/// Glob keys count from here, above all file keys.
const GLOBS: Key = 1 << 32;

impl Engine {
    /// The pauses between looks at a file of which nothing can be heard, when it is busy and when it rests.
    const POLL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

    /// Read at a time: fits the processor's cache, and one tenth of a second at 10,000 lines/s.
    const BUFFER: usize = 128 * 1024;

    /// Returns an engine for files and globs. Without `listen` nothing is expected to be heard from the kernel.
    pub fn new(context: Context, end: PipeReader, listen: bool) -> Self {
        Self {
            watcher: Watcher::new(end, listen),
            files: Vec::new(),
            globs: Vec::new(),
            next_look_up: Instant::now() + context.options.look_up,
            buffer: vec![0; Self::BUFFER],
            outbox: Outbox::default(),
            context,
        }
    }

    /// Adds a file.
    pub fn add_file(&mut self, source: LogSourceId, path: PathBuf, start: Start) {
        let now = Instant::now();
        let member = Member {
            follower: FileFollower::new(source.clone(), path, start, now),
            source,
            content: true,
            name: true,
            looked: now - self.context.options.pace,
            again: None,
            polled: None,
            pipe: None,
        };
        match self.files.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => *slot = Some(member),
            None => self.files.push(Some(member)),
        }
    }

    /// Adds all files that match a glob.
    pub fn add_glob(&mut self, spec: LogSourceSpec, pattern: String) {
        let glob = GlobFollower::new(spec, pattern, Instant::now());
        self.watcher.watch_directory(GLOBS + self.globs.len(), glob.base());
        self.globs.push(glob);
    }

    /// Follows until it is over.
    pub fn run(mut self) {
        loop {
            let now = Instant::now();
            self.look_up(now);
            let scanned = self.scan(now);
            let looked = self.look(now);
            if !(scanned && looked) {
                return;
            }
            let now = Instant::now();
            let due = self.files.iter().flatten().map(|member| member.due(&self.context.options));
            let due = due.chain(self.globs.iter().map(GlobFollower::due)).min();
            let due = due.map_or(self.next_look_up, |due| due.min(self.next_look_up));
            // Something that grows is looked at soon anyway: its every write need not wake us.
            let busy = self.files.iter().flatten().any(|member| member.content || member.name);
            if self.watcher.wait(due.saturating_duration_since(now), !busy) == Woken::Cancelled {
                return;
            }
            self.hear();
        }
    }

    fn hear(&mut self) {
        for heard in self.watcher.heard() {
            match heard {
                Heard::Content(key) => {
                    if let Some(Some(member)) = self.files.get_mut(key) {
                        member.content = true;
                    }
                }
                Heard::Name(key) if key >= GLOBS => {
                    if let Some(glob) = self.globs.get_mut(key - GLOBS) {
                        glob.something_happened(Instant::now());
                    }
                }
                Heard::Name(key) => {
                    if let Some(Some(member)) = self.files.get_mut(key) {
                        member.name = true;
                    }
                }
                Heard::Appeared(key) => {
                    if let Some(Some(member)) = self.files.get_mut(key) {
                        member.name = true;
                        member.follower.note_appearance();
                    }
                }
                Heard::Anything => self.files.iter_mut().flatten().for_each(|member| member.name = true),
            }
        }
    }

    /// Looks every path up once in a while, all at the same time so that we wake up rarely.
    fn look_up(&mut self, now: Instant) {
        if now >= self.next_look_up {
            self.next_look_up = now + self.context.options.look_up;
            self.files.iter_mut().flatten().for_each(|member| member.name = true);
        }
    }

    /// Looks at every file that is due. Returns false when nobody listens any more.
    fn look(&mut self, now: Instant) -> bool {
        for key in 0..self.files.len() {
            let Some(Some(member)) = self.files.get_mut(key) else { continue };
            if member.due(&self.context.options) > now {
                continue;
            }
            member.looked = Instant::now();
            let mut looking = Looking {
                options: &self.context.options,
                clock: &self.context.clock,
                now: member.looked,
                buffer: &mut self.buffer,
            };
            let check_name = member.name || member.polled.is_some();
            let first = member.follower.is_idle();
            let looked = member.follower.look(check_name, &mut looking, &mut self.outbox);
            member.content = looked.more || looked.read;
            member.name = check_name && looked.more;
            member.again = looked.again;
            if looked.more {
                // No pause: it is behind.
                member.looked -= self.context.options.pace;
            }
            if looked.switched || first {
                let hears = self.watcher.watch(key, member.follower.path());
                let enough = hears.name && (hears.content || member.follower.is_idle());
                member.polled = (!enough).then_some(Self::POLL.0);
                // What happened between opening and watching was not heard.
                member.content |= looked.switched;
            } else if let Some(pause) = &mut member.polled {
                *pause = if looked.read { Self::POLL.0 } else { (*pause * 5 / 4).min(Self::POLL.1) };
            }
            member.read_pipe(&self.context);
            for event in self.outbox.take() {
                if !self.context.send(event) {
                    return false;
                }
            }
        }
        true
    }

    /// Finds files that globs match. Returns false when nobody listens any more.
    fn scan(&mut self, now: Instant) -> bool {
        for index in 0..self.globs.len() {
            if self.globs[index].due() > now {
                continue;
            }
            let glob = &mut self.globs[index];
            let members = self.files.iter().flatten().filter(|member| glob.has(&member.source));
            let reading: HashSet<Identity> = members.flat_map(|member| member.follower.reading()).collect();
            let scan = glob.scan(&reading, &self.context.options, now);
            for (source, path, start) in scan.joined {
                self.add_file(source, path, start);
            }
            for source in scan.left {
                self.remove(&source);
            }
            for event in scan.events {
                if !self.context.send(event) {
                    return false;
                }
            }
        }
        true
    }

    fn remove(&mut self, source: &LogSourceId) {
        let found = self.files.iter().position(|slot| slot.as_ref().is_some_and(|member| &member.source == source));
        if let Some(key) = found {
            self.watcher.forget(key);
            self.files[key] = None;
        }
    }
}

impl Member {
    /// Returns when to look at it.
    fn due(&self, options: &Options) -> Instant {
        let paced = self.looked + options.pace;
        if self.content || self.name {
            return paced;
        }
        let poll = self.polled.map(|pause| self.looked + pause);
        // Far enough never to be the first.
        let never = self.looked + Duration::from_secs(3600);
        [self.again, poll].into_iter().flatten().min().unwrap_or(never).max(paced)
    }

    /// Starts or stops the reader of a named pipe, which must not be read in turns with files.
    fn read_pipe(&mut self, context: &Context) {
        let pipe = self.follower.pipe();
        if self.pipe.as_ref().map(|(identity, _)| *identity) == pipe {
            return;
        }
        if let Some((_, reader)) = self.pipe.take() {
            reader.cancel();
        }
        if let Some(identity) = pipe {
            let cancel = context.cancel.child_token();
            let context = Context { cancel: cancel.clone(), ..context.clone() };
            let runtime = context.runtime.clone();
            runtime.spawn(pipe::follow(self.source.clone(), self.follower.path().to_owned(), context));
            self.pipe = Some((identity, cancel));
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if let Some((_, reader)) = &self.pipe {
            reader.cancel();
        }
    }
}
