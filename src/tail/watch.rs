//! Waiting until something happens to a file, or it is time, or it is over.
//!
//! On Linux the kernel tells (inotify). Where it cannot (another system, no watches left) the caller has to look by
//! itself more often; [`Watcher::watch`] says so.

use std::io::{self, PipeReader};
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

#[cfg(target_os = "linux")]
use inotify::Kernel;
#[cfg(not(target_os = "linux"))]
use nothing::Kernel;

/// Who wants to know; the caller's own number.
pub type Key = usize;

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// The content of a watched file changed.
    Content(Key),
    /// A name vanished, or its file changed in another way than by its content.
    Name(Key),
    /// A file appeared under a name. Each time is told.
    Appeared(Key),
    /// Too much happened to be told in detail.
    Anything,
}

/// What of a path can be heard of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hears {
    pub content: bool,
    pub name: bool,
}

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Woken {
    /// Something may have happened, or it is time.
    Up,
    /// It is over.
    Cancelled,
}

/// Waits for files and for the end.
#[derive(Debug)]
pub struct Watcher {
    kernel: Option<Kernel>,
    /// Readable or closed when it is over.
    end: PipeReader,
}

impl Watcher {
    /// Returns a watcher that ends when the other side of `end` is closed. Without `listen` it only waits for that.
    pub fn new(end: PipeReader, listen: bool) -> Self {
        let kernel = if listen { Kernel::new().ok() } else { None };
        Self { kernel, end }
    }

    /// Watches what stands behind a path now, and the name in its directory. Returns what can be heard of.
    pub fn watch(&mut self, key: Key, path: &Path) -> Hears {
        self.kernel.as_mut().map_or(Hears::default(), |kernel| kernel.watch(key, path))
    }

    /// Watches the names in a directory. Returns whether they can be heard of.
    pub fn watch_directory(&mut self, key: Key, directory: &Path) -> bool {
        self.kernel.as_mut().is_some_and(|kernel| kernel.watch_directory(key, directory))
    }

    /// Stops watching for somebody.
    pub fn forget(&mut self, key: Key) {
        if let Some(kernel) = &mut self.kernel {
            kernel.forget(key);
        }
    }

    /// Waits at most that long. With `listen` it ends earlier when something happens to a watched file.
    pub fn wait(&self, at_most: Duration, listen: bool) -> Woken {
        let timeout = Timespec {
            tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(at_most.subsec_nanos()),
        };
        let end = PollFd::new(&self.end, PollFlags::IN);
        let result = match self.kernel.as_ref().filter(|_| listen) {
            Some(kernel) => {
                let mut both = [end, PollFd::new(kernel, PollFlags::IN)];
                poll(&mut both, Some(&timeout)).map(|_| both[0].revents())
            }
            None => {
                let mut one = [end];
                poll(&mut one, Some(&timeout)).map(|_| one[0].revents())
            }
        };
        match result {
            Ok(revents) if !revents.is_empty() => Woken::Cancelled,
            // Interrupted by a signal, or the system is out of memory: look around and wait again.
            Ok(_) | Err(_) => Woken::Up,
        }
    }

    /// Takes what happened since the last call.
    pub fn heard(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        if let Some(kernel) = &mut self.kernel
            && let Err(error) = kernel.heard(&mut heard)
        {
            tracing::warn!(%error, "the kernel does not tell about files any more; they are looked at by time");
            self.kernel = None;
            heard.push(Heard::Anything);
        }
        heard
    }
}

#[cfg(target_os = "linux")]
mod inotify {
    use std::collections::HashMap;
    use std::ffi::{OsStr, OsString};
    use std::mem::MaybeUninit;
    use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
    use std::os::unix::ffi::OsStrExt;

    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
    use rustix::io::Errno;

    use super::{Heard, Hears, Key, Path, io};

    /// The kernel's watches. One watch may be for several of ours, as it belongs to the file and not to its name.
    #[derive(Debug)]
    pub struct Kernel {
        fd: OwnedFd,
        wanted: HashMap<i32, Vec<Want>>,
    }

    #[derive(Clone, PartialEq, Eq, Debug)]
    struct Want {
        key: Key,
        what: What,
    }

    #[derive(Clone, PartialEq, Eq, Debug)]
    enum What {
        File,
        /// One name in a directory.
        Name(OsString),
        /// All names in a directory.
        Names,
    }

    impl Kernel {
        const FILE: WatchFlags =
            WatchFlags::MODIFY.union(WatchFlags::ATTRIB).union(WatchFlags::MOVE_SELF).union(WatchFlags::DELETE_SELF);
        const DIRECTORY: WatchFlags = WatchFlags::CREATE
            .union(WatchFlags::MOVED_TO)
            .union(WatchFlags::MOVED_FROM)
            .union(WatchFlags::DELETE)
            .union(WatchFlags::DELETE_SELF)
            .union(WatchFlags::ONLYDIR);

        pub fn new() -> rustix::io::Result<Self> {
            let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            Ok(Self { fd, wanted: HashMap::new() })
        }

        pub fn watch(&mut self, key: Key, path: &Path) -> Hears {
            let directory = match path.parent() {
                Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
                Some(parent) => parent,
                None => return Hears::default(),
            };
            let name = path.file_name().unwrap_or_default().to_owned();
            let content = self.add(key, path, Self::FILE, What::File);
            Hears { content, name: self.add(key, directory, Self::DIRECTORY, What::Name(name)) }
        }

        pub fn watch_directory(&mut self, key: Key, directory: &Path) -> bool {
            self.add(key, directory, Self::DIRECTORY, What::Names)
        }

        fn add(&mut self, key: Key, path: &Path, flags: WatchFlags, what: What) -> bool {
            let Ok(watch) = inotify::add_watch(&self.fd, path, flags) else { return false };
            let wants = self.wanted.entry(watch).or_default();
            let want = Want { key, what };
            if !wants.contains(&want) {
                wants.push(want);
            }
            true
        }

        pub fn forget(&mut self, key: Key) {
            let fd = &self.fd;
            self.wanted.retain(|watch, wants| {
                wants.retain(|want| want.key != key);
                if wants.is_empty() {
                    // It may be gone already, together with its file.
                    let _ = inotify::remove_watch(fd, *watch);
                }
                !wants.is_empty()
            });
        }

        pub fn heard(&mut self, heard: &mut Vec<Heard>) -> io::Result<()> {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(&self.fd, &mut buffer);
            loop {
                let event = match reader.next() {
                    Ok(event) => event,
                    Err(Errno::WOULDBLOCK) => return Ok(()),
                    Err(Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                };
                let flags = event.events();
                if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
                    heard.push(Heard::Anything);
                }
                let wants = self.wanted.get(&event.wd()).map_or(&[][..], Vec::as_slice);
                let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                for want in wants {
                    let what = match &want.what {
                        What::File if flags == ReadFlags::MODIFY => Heard::Content(want.key),
                        What::File | What::Names => Heard::Name(want.key),
                        What::Name(wanted) if name.is_none_or(|name| name == wanted) => {
                            if flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) {
                                Heard::Appeared(want.key)
                            } else {
                                Heard::Name(want.key)
                            }
                        }
                        What::Name(_) => continue,
                    };
                    if heard.last() != Some(&what) || matches!(what, Heard::Appeared(_)) {
                        heard.push(what);
                    }
                }
                // The kernel gave the watch up: its file is gone.
                if flags.contains(ReadFlags::IGNORED) {
                    self.wanted.remove(&event.wd());
                }
            }
        }
    }

    impl AsFd for Kernel {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.fd.as_fd()
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod nothing {
    use std::os::fd::{AsFd, BorrowedFd};

    use super::{Heard, Hears, Key, Path, io};

    /// Never there.
    #[derive(Debug)]
    pub enum Kernel {}

    impl Kernel {
        pub fn new() -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub fn watch(&mut self, _: Key, _: &Path) -> Hears {
            match *self {}
        }

        pub fn watch_directory(&mut self, _: Key, _: &Path) -> bool {
            match *self {}
        }

        pub fn forget(&mut self, _: Key) {
            match *self {}
        }

        pub fn heard(&mut self, _: &mut Vec<Heard>) -> io::Result<()> {
            match *self {}
        }
    }

    impl AsFd for Kernel {
        fn as_fd(&self) -> BorrowedFd<'_> {
            match *self {}
        }
    }
}
