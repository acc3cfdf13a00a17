//! Writing the last known state without the loop waiting for the disk.
//!
//! A disk that is full says so at once, but one that is overloaded or gone makes a write wait for as long as it likes,
//! and that is just the night on which keys must work. One write is under way at a time; what was learned meanwhile is in
//! the next.

use tokio::task::JoinHandle;

use super::{Store, StoreError};
use crate::model::snapshot::Snapshot;
use crate::model::time::Timestamp;

/// Writes one state after the other.
#[derive(Debug)]
pub struct Keeper {
    store: Store,
    under_way: Option<JoinHandle<Result<(), StoreError>>>,
}

impl Keeper {
    /// Returns what keeps states in a store.
    pub fn new(store: Store) -> Self {
        Self { store, under_way: None }
    }

    /// Returns whether a write has not come back yet.
    pub fn is_busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Begins to write a state. Not while another write is under way.
    pub fn keep(&mut self, snapshot: Snapshot, now: Timestamp) {
        if self.is_busy() {
            return;
        }
        let store = self.store.clone();
        self.under_way = Some(tokio::task::spawn_blocking(move || store.save(&snapshot, now)));
    }

    /// Waits until the write that is under way has come back. For ever when there is none.
    ///
    /// # Errors
    /// When the state could not be written.
    pub async fn kept(&mut self) -> Result<(), StoreError> {
        let Some(under_way) = &mut self.under_way else { return std::future::pending().await };
        let result = under_way.await;
        self.under_way = None;
        // A write that panicked is told by the panic.
        result.unwrap_or(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;
    use crate::model::catalog::Catalog;

    #[tokio::test]
    async fn a_disk_that_hangs_holds_up_nobody_and_the_next_state_waits_for_its_turn() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path(), &Catalog::default());
        // A pipe that nobody reads: opening it to write waits, as a dead disk does.
        std::fs::create_dir(&store.directory).unwrap();
        let pipe = store.temporary();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let mut keeper = Keeper::new(store.clone());
        keeper.keep(Snapshot::default(), Timestamp::from_secs(1));
        assert!(keeper.is_busy());
        keeper.keep(Snapshot::default(), Timestamp::from_secs(2));
        // A reader comes and goes: the disk is back, and this write has failed.
        drop(std::fs::File::open(&pipe).unwrap());
        let _ = keeper.kept().await;
        assert!(!keeper.is_busy());
        assert!(!pipe.exists(), "a write that failed leaves nothing behind");
        keeper.keep(Snapshot::default(), Timestamp::from_secs(3));
        keeper.kept().await.unwrap();
        assert!(matches!(store.load(Timestamp::from_secs(3)), (Some(_), None)));
    }
}
