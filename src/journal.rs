//! Everything that happened, in one file that only grows: SQLite in the user's state directory.
//!
//! ```text
//!   append --> BEGIN IMMEDIATE: may it follow? still ours? --> entry + hash of the one before --> durable --> Entry
//! ```
//!
//! An entry is on the disk before anything that it tells of goes out. Several processes write and read at once. Each entry
//! carries the hash of the one before, so that a changed or missing one shows. Plain `sqlite3` reads it: docs/journal.md.

mod entry;
mod error;
mod export;
mod lease;
mod open;
mod schema;
mod verify;

use std::cell::Cell;
use std::path::PathBuf;

use rusqlite::{Connection, TransactionBehavior};

use crate::incident::Incidents;
use crate::model::id::{OperationId, RunId};
use crate::model::journal::{Body, Draft, Entry, News};
use crate::model::operation::OperationEvent;
use crate::model::time::Timestamp;
use crate::operation::{Ledger, Operation};
use crate::runbook::run::Run;
use crate::runbook::runs::Runs;

pub use entry::id as new_id;
pub use error::JournalError;
pub use lease::{Approved, Taken};
pub use open::{FILE, Opened};
pub use verify::{Damage, Verification};

/// The journal, opened. One for each thread that uses it.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    path: PathBuf,
    /// What `PRAGMA data_version` said last, and how much we wrote ourselves since.
    seen: Cell<(i64, u64)>,
    written: u64,
}

impl Journal {
    /// Adds an entry, and returns it when it is durable.
    ///
    /// # Errors
    /// When it tells of an operation and may not follow what is known of that, or the file does not take it.
    pub fn append(&mut self, draft: &Draft) -> Result<Entry, JournalError> {
        self.write(|transaction| {
            entry::check(transaction, draft)?;
            entry::insert(transaction, draft, None)
        })
    }

    /// Adds an entry if the lease is still this holder's: a worker that was taken for dead must not go on writing.
    ///
    /// # Errors
    /// As [`Self::append`], and when somebody else has the lease.
    pub fn append_held(
        &mut self,
        draft: &Draft,
        key: &str,
        holder: &str,
        now: Timestamp,
    ) -> Result<Entry, JournalError> {
        self.write(|transaction| {
            lease::held(transaction, key, holder, now)?;
            entry::check(transaction, draft)?;
            entry::insert(transaction, draft, None)
        })
    }

    /// Does something in one transaction that nobody else can come between.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let path = self.path.clone();
        let failed = |error| JournalError::write(&path, error);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let done = work(&transaction).map_err(|error| error.at(&path))?;
        transaction.commit().map_err(failed)?;
        self.written += 1;
        Ok(done)
    }

    /// Returns entries after a place, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn since(&self, seq: u64, limit: u32) -> Result<Vec<Entry>, JournalError> {
        entry::since(&self.connection, seq, limit).map_err(|error| JournalError::read(&self.path, error))
    }

    /// Returns the entries of an operation, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of_operation(&self, operation: &OperationId) -> Result<Vec<Entry>, JournalError> {
        entry::of_operation(&self.connection, operation).map_err(|error| JournalError::read(&self.path, error))
    }

    /// Returns what is new after a place, and everybody who acts now.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn news(&self, seq: u64, limit: u32) -> Result<News, JournalError> {
        // From one moment: an end that is not seen yet beside a lease that is given back would look like a dead worker.
        let failed = |error| JournalError::read(&self.path, error);
        let moment = self.connection.unchecked_transaction().map_err(failed)?;
        let news = News { entries: self.since(seq, limit)?, leases: self.leases()? };
        moment.commit().map_err(failed)?;
        Ok(news)
    }

    /// Returns whether anybody, this process too, wrote since this was asked last. Cheap: no table is read.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn changed(&self) -> Result<bool, JournalError> {
        let version: i64 = self
            .connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))
            .map_err(|error| JournalError::read(&self.path, error))?;
        let now = (version, self.written);
        Ok(self.seen.replace(now) != now)
    }

    /// Finds an operation by its id, by an end of it that only one has, or the latest by the word `last`.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn resolve_operation(&self, wanted: &str) -> Result<OperationId, JournalError> {
        let wanted = wanted.trim();
        let ids = entry::operations(&self.connection).map_err(|error| JournalError::read(&self.path, error))?;
        if wanted == "last" {
            return ids.last().cloned().ok_or_else(|| JournalError::NoOperation { wanted: wanted.to_owned() });
        }
        if let Some(exact) = ids.iter().find(|id| id.as_str() == wanted) {
            return Ok(exact.clone());
        }
        let mut found = ids.iter().filter(|id| wanted.len() >= 3 && id.as_str().ends_with(wanted));
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id.clone()),
            (Some(_), Some(_)) => Err(JournalError::SeveralOperations { wanted: wanted.to_owned() }),
            (None, _) => Err(JournalError::NoOperation { wanted: wanted.to_owned() }),
        }
    }

    /// Returns a run as it stands; nothing when there is none.
    ///
    /// # Errors
    /// When the file cannot be read, or tells of what cannot have happened.
    pub fn run(&self, id: &RunId) -> Result<Option<Run>, JournalError> {
        let entries = self.of_operation(&id.in_journal())?;
        let events = entries.iter().filter_map(|entry| match &entry.body {
            Body::Run(event) => Some((entry.at, event)),
            _ => None,
        });
        Ok(Run::replay(id, events)?)
    }

    /// Returns every run, the latest last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn runs(&self) -> Result<Runs, JournalError> {
        let mut runs = Runs::default();
        let failed = |error| JournalError::read(&self.path, error);
        let entries = entry::of_family(&self.connection, "run").map_err(failed)?;
        runs.learn(&News { entries, leases: self.leases()? });
        Ok(runs)
    }

    /// Returns every incident.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn incidents(&self) -> Result<Incidents, JournalError> {
        let failed = |error| JournalError::read(&self.path, error);
        let entries = entry::of_family(&self.connection, "incident").map_err(failed)?;
        let mut incidents = Incidents::default();
        entries.iter().for_each(|entry| incidents.add(entry));
        Ok(incidents)
    }

    /// Returns every operation.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn operations(&self) -> Result<Ledger, JournalError> {
        let mut operations = Ledger::default();
        let failed = |error| JournalError::read(&self.path, error);
        let entries = entry::of_family(&self.connection, "operation").map_err(failed)?;
        operations.learn(&News { entries, leases: self.leases()? });
        Ok(operations)
    }

    /// Returns every entry that happened in a stretch of time, in the order in which they were written.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Entry>, JournalError> {
        entry::between(&self.connection, from, until).map_err(|error| JournalError::read(&self.path, error))
    }

    /// Lets the file grow to so many pages at most, so that a full disk can be tried.
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) {
        let _ = self.connection.pragma_update(None, "max_page_count", pages);
    }

    /// Returns where it lies.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }
}

/// Replays an operation's entries; nothing when there are none.
fn replayed(entries: &[Entry]) -> Result<Option<Operation>, crate::operation::log::Illegal> {
    let events: Vec<(Timestamp, &OperationEvent)> = entries
        .iter()
        .filter_map(|entry| match &entry.body {
            Body::Operation(event) => Some((entry.at, event)),
            Body::Run(_) | Body::Incident(_) | Body::Other { .. } => None,
        })
        .collect();
    if events.is_empty() { Ok(None) } else { Operation::replay(events).map(Some) }
}
