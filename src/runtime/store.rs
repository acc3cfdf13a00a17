//! The last known state on disk, from which the next first paint comes.
//!
//! One small file for each set of checks. Written to a temporary file and renamed, so that a crash or a full disk leaves
//! the old one. A file that cannot be read is set aside, never deleted: it may be the only trace of the night.

mod keeper;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::model::catalog::Catalog;
use crate::model::snapshot::Snapshot;
use crate::model::time::Timestamp;

pub use keeper::Keeper;

/// Raised when an older program could misread what a newer one writes.
const VERSION: u32 = 1;

/// Where the last known state of one set of checks lies.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
    path: PathBuf,
}

/// What was wrong with the state on disk, or with writing it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot write the last known state to {path}: {reason}")]
    Write { path: PathBuf, reason: String },
    #[error("the last known state in {path} cannot be read ({reason}); it was set aside as {aside}")]
    Unreadable { path: PathBuf, reason: String, aside: PathBuf },
}

#[derive(Deserialize)]
struct Read {
    version: u32,
    saved_at: Timestamp,
    snapshot: Snapshot,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    saved_at: Timestamp,
    snapshot: &'a Snapshot,
}

/// Returns the word for a set of checks, by which what is known of it is found again.
pub(super) fn key(catalog: &Catalog) -> String {
    let mut hash = Sha256::new();
    for check in &catalog.checks {
        hash.update(check.id.as_str());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Store {
    /// Returns the place for a catalog's state under the state directory.
    pub fn new(state_dir: &Path, catalog: &Catalog) -> Self {
        let key = key(catalog);
        let directory = state_dir.join("last");
        Self { path: directory.join(format!("{key}.json")), directory }
    }

    /// Reads the last known state, if there is one, and what was wrong if it could not be read.
    pub fn load(&self, now: Timestamp) -> (Option<Snapshot>, Option<StoreError>) {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (None, None),
            Err(error) => return (None, Some(self.set_aside(error.to_string()))),
        };
        match serde_json::from_slice::<Read>(&bytes) {
            // The clock was set back since: ages would lie, so nothing is better than something.
            Ok(read) if read.version == VERSION && read.saved_at > now => (None, None),
            Ok(read) if read.version == VERSION => {
                (Some(Snapshot { saved_at: Some(read.saved_at), ..read.snapshot }), None)
            }
            Ok(read) => (None, Some(self.set_aside(format!("version {} is not {VERSION}", read.version)))),
            Err(error) => (None, Some(self.set_aside(error.to_string()))),
        }
    }

    /// Two consoles may save at once: each has its own temporary file.
    fn temporary(&self) -> PathBuf {
        self.path.with_extension(format!("json.{}", std::process::id()))
    }

    fn set_aside(&self, reason: String) -> StoreError {
        let aside = self.path.with_extension("json.unreadable");
        let _ = fs::rename(&self.path, &aside);
        StoreError::Unreadable { path: self.path.clone(), reason, aside }
    }

    /// Writes the state, readable by its owner only.
    ///
    /// # Errors
    /// When the directory or the file cannot be written; the old file stays.
    pub fn save(&self, snapshot: &Snapshot, now: Timestamp) -> Result<(), StoreError> {
        let wrong = |error: &dyn std::fmt::Display| StoreError::Write {
            path: self.path.clone(),
            reason: error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
        };
        let written = Written { version: VERSION, saved_at: now, snapshot };
        let bytes = serde_json::to_vec(&written).map_err(|error| wrong(&error))?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).map_err(|error| wrong(&error))?;
        let temporary = self.temporary();
        let write = || -> io::Result<()> {
            let mut file: File =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
            file.write_all(&bytes)?;
            // A full disk may only say so here.
            file.sync_data()?;
            fs::rename(&temporary, &self.path)
        };
        write().map_err(|error| {
            let _ = fs::remove_file(&temporary);
            wrong(&error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path(), &Catalog::default());
        (directory, store)
    }

    #[test]
    fn what_was_saved_is_what_is_loaded() {
        let (_directory, store) = store();
        assert!(matches!(store.load(Timestamp::EPOCH), (None, None)));
        store.save(&Snapshot::default(), Timestamp::from_secs(5)).unwrap();
        let (found, trouble) = store.load(Timestamp::from_secs(9));
        assert_eq!(found, Some(Snapshot { saved_at: Some(Timestamp::from_secs(5)), ..Snapshot::default() }));
        assert!(trouble.is_none());
    }

    #[test]
    fn a_broken_file_is_set_aside_and_said() {
        let (_directory, store) = store();
        store.save(&Snapshot::default(), Timestamp::from_secs(5)).unwrap();
        fs::write(&store.path, b"{\"version\":1,\"saved").unwrap();
        let (found, trouble) = store.load(Timestamp::from_secs(9));
        assert!(found.is_none());
        assert!(trouble.unwrap().to_string().contains("set aside"));
        assert!(store.path.with_extension("json.unreadable").exists());
        assert!(matches!(store.load(Timestamp::from_secs(9)), (None, None)));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_one_sentence_and_the_old_state_stays() {
        let (directory, store) = store();
        fs::write(directory.path().join("last"), b"a file where a directory should be").unwrap();
        let told = store.save(&Snapshot::default(), Timestamp::EPOCH).unwrap_err().to_string();
        assert!(told.starts_with("cannot write the last known state to "), "{told}");
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_state_from_the_future() {
        let (_directory, store) = store();
        store.save(&Snapshot::default(), Timestamp::from_secs(500)).unwrap();
        assert!(matches!(store.load(Timestamp::from_secs(100)), (None, None)));
    }
}
