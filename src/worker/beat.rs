//! The sign of life of a worker: a thread that tells the journal every two seconds that the lease's holder lives.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Clock;
use crate::journal::{Journal, JournalError};

/// Six of them fit into the time after which a lease is stale.
const EVERY: Duration = Duration::from_secs(2);

/// A heart that beats until it is dropped.
pub struct Beat {
    stop: Arc<AtomicBool>,
    lost: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Beat {
    /// Starts to beat, with a connection of its own: a step that takes minutes must not stop it.
    pub fn start(state_dir: &Path, key: String, holder: String, clock: Clock) -> Result<Self, JournalError> {
        let mut journal = Journal::open(state_dir, clock.now())?.journal;
        let (stop, lost) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (stopped, is_lost) = (Arc::clone(&stop), Arc::clone(&lost));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match journal.beat(&key, &holder, clock.now()) {
                    Ok(()) => {}
                    Err(JournalError::LostLease { .. }) => {
                        is_lost.store(true, Ordering::Relaxed);
                        return;
                    }
                    // A full disk: the lease turns stale for others, and writing is tried again.
                    Err(error) => tracing::warn!("{error}"),
                }
                std::thread::park_timeout(EVERY);
            }
        });
        Ok(Self { stop, lost, thread: Some(thread) })
    }

    /// Returns whether somebody else has the lease now.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
