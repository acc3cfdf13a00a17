//! Following logs: files through rotation, commands, other hosts; and reading big files in place.
//!
//! ```text
//! file, glob ---> engine (one thread, inotify, polls) ---.
//! named pipe, command, ssh, stdin ---> stream (tasks) ----+--> TailEvent, one bounded channel
//! ```
//!
//! [`follow`] starts it all. It knows what lines are made of (`logs`), and nothing of who shows them.

mod blocks;
mod command;
mod encoding;
mod engine;
mod event;
mod file;
pub mod files;
mod glob;
mod last;
mod line;
mod opened;
mod options;
mod pipe;
mod place;
mod search;
mod split;
mod stdin;
mod stream;
mod watch;
mod window;

use std::collections::BTreeMap;
use std::io;

use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::model::log::{LogOrigin, LogSourceSpec};

pub use event::TailEvent;
pub use last::{Last, Wanted, last, matching_files};
pub use opened::Limits;
pub use options::Options;
pub use search::{Case, Pattern, Searched, find, search};
pub use window::{FileError, Window, window};

use engine::{Context, Engine};
use opened::Start;
use place::{Mounts, Place};

/// What is being followed. Cancel the token that was given to [`follow`], then wait with [`Followed::ended`].
#[derive(Debug)]
pub struct Followed {
    tasks: TaskTracker,
}

impl Followed {
    /// Waits until every follower has ended and every command that was started is gone.
    pub async fn ended(self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Follows logs until `cancel` is cancelled or nobody receives any more. Must be called within a runtime.
///
/// A receiver that is slow stops the reading, so the channel should be short: 16 events hold up to 65,536 lines. Files
/// that fall far behind by it are skipped to their end, and the lines that were passed over are counted.
///
/// # Errors
/// When the system gives no more threads or file descriptors.
pub fn follow(
    specs: Vec<LogSourceSpec>,
    options: Options,
    clock: Clock,
    events: Sender<TailEvent>,
    cancel: CancellationToken,
) -> io::Result<Followed> {
    let tasks = TaskTracker::new();
    let backlog = options.backlog_bytes;
    let context = Context { options, clock, events, cancel, runtime: Handle::current() };
    let mounts = Mounts::of_this_system();
    let mut engines: BTreeMap<Place, Engine> = BTreeMap::new();
    for spec in specs {
        match spec.origin.clone() {
            LogOrigin::File(path) => {
                let start = Start::End { backlog };
                engine(&mut engines, mounts.place(&path), &context, &tasks)?.add_file(spec.id, path, start);
            }
            LogOrigin::Glob(pattern) => {
                engine(&mut engines, mounts.place(pattern.as_ref()), &context, &tasks)?.add_glob(spec, pattern);
            }
            LogOrigin::Command(command) => {
                tasks.spawn(command::follow(spec.id, command, context.clone()));
            }
            // Read by whoever reads feeds.
            LogOrigin::Feed(_) => {}
            LogOrigin::Stdin => {
                tasks.spawn(stdin::follow(spec.id, context.clone()));
            }
        }
    }
    for engine in engines.into_values() {
        std::thread::Builder::new().name("tail".to_owned()).spawn(move || engine.run())?;
    }
    Ok(Followed { tasks })
}

/// Returns the engine for a place. A network file system that hangs holds up its own engine only.
fn engine<'a>(
    engines: &'a mut BTreeMap<Place, Engine>,
    place: Place,
    context: &Context,
    tasks: &TaskTracker,
) -> io::Result<&'a mut Engine> {
    match engines.entry(place) {
        std::collections::btree_map::Entry::Occupied(entry) => Ok(entry.into_mut()),
        std::collections::btree_map::Entry::Vacant(entry) => {
            let (end, running) = io::pipe()?;
            let cancel = context.cancel.clone();
            tasks.spawn(async move {
                cancel.cancelled().await;
                drop(running);
            });
            let listen = context.options.listen && *entry.key() == Place::Here;
            Ok(entry.insert(Engine::new(context.clone(), end, listen)))
        }
    }
}
