//! Who acts: one holder for each place, with a sign of life; and approvals, which two people may give at once.

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::{Journal, JournalError, entry};
use crate::model::id::OperationId;
use crate::model::journal::{Draft, Entry};
use crate::model::operation::{Actor, Lease, Worker};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// What came of wanting a lease.
#[derive(Clone, PartialEq, Debug)]
pub enum Taken {
    /// It is ours; the lease of a holder that gave no sign of life was replaced, if there was one.
    Ours {
        replaced: Option<Lease>,
    },
    Held(Lease),
}

/// What came of an approval.
#[derive(Clone, PartialEq, Debug)]
pub enum Approved {
    Written(Entry),
    /// Somebody acts on the same place, or has just approved something for it.
    Busy {
        by: String,
        operation: OperationId,
    },
}

/// A worker comes within this time after the approval, or the approval blocks nobody any more.
const COMES_WITHIN: std::time::Duration = std::time::Duration::from_secs(15);

const COLUMNS: &str = "key, operation, worker, taken_at, beat_at, holder";

impl Journal {
    /// Takes the lease of a place for an operation.
    ///
    /// A live lease of another holder is never taken. One without a sign of life is, with `take_over`, or if its operation
    /// has ended.
    ///
    /// # Errors
    /// When the file does not take it.
    pub fn take_lease(
        &mut self,
        key: &str,
        operation: &OperationId,
        worker: &Worker,
        now: Timestamp,
        take_over: bool,
    ) -> Result<Taken, JournalError> {
        self.write(|transaction| {
            let before = of_key(transaction, key)?;
            // Who has it already may ask again: nothing was lost in between.
            if let Some(lease) = before.as_ref().filter(|lease| lease.worker.holder != worker.holder) {
                let ended = entry::has_ended(transaction, lease.operation.as_str())?;
                if is_live(lease, now) || !(take_over || ended) {
                    return Ok(Taken::Held(lease.clone()));
                }
            }
            let worker_text = serde_json::to_string(worker).unwrap_or_default();
            transaction.execute(
                "INSERT OR REPLACE INTO lease (key, operation, holder, worker, taken_at, beat_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                params![key, operation.as_str(), worker.holder.as_str(), worker_text, now.as_micros()],
            )?;
            Ok(Taken::Ours { replaced: before.filter(|lease| lease.worker.holder != worker.holder) })
        })
    }

    /// Writes a sign of life.
    ///
    /// # Errors
    /// When the lease is somebody else's now, or the file does not take it.
    pub fn beat(&mut self, key: &str, holder: &str, now: Timestamp) -> Result<(), JournalError> {
        self.write(|transaction| {
            held(transaction, key, holder, now)?;
            transaction.execute(
                "UPDATE lease SET beat_at = ?1 WHERE key = ?2 AND holder = ?3",
                params![now.as_micros(), key, holder],
            )?;
            Ok(())
        })
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// When the file does not take it.
    pub fn release(&mut self, key: &str, holder: &str) -> Result<(), JournalError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM lease WHERE key = ?1 AND holder = ?2", params![key, holder])?;
            Ok(())
        })
    }

    /// Returns everybody who acts now, or did when last seen.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn leases(&self) -> Result<Vec<Lease>, JournalError> {
        let read = || -> rusqlite::Result<Vec<Lease>> {
            let mut statement =
                self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM lease ORDER BY taken_at"))?;
            statement.query_map([], lease)?.collect()
        };
        read().map_err(|error| JournalError::read(&self.path, error))
    }

    /// Writes an approval, unless somebody acts on the same place: of two who approve at once, one is told of the other.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn approve(&mut self, draft: &Draft, key: &str, now: Timestamp) -> Result<Approved, JournalError> {
        self.write(|transaction| {
            if let Some(lease) = of_key(transaction, key)?
                && is_live(&lease, now)
                && !entry::has_ended(transaction, lease.operation.as_str())?
            {
                return Ok(Approved::Busy { by: lease.worker.by.to_string(), operation: lease.operation });
            }
            let since = (now - COMES_WITHIN).as_micros();
            // Who has just approved may have read the clock after us. What is far ahead is from a clock that was set back.
            let until = (now + COMES_WITHIN).as_micros();
            let recent: Option<(String, String)> = transaction
                .query_row(
                    "SELECT place.operation, entry.user || '@' || entry.host FROM place
                     JOIN entry ON entry.operation = place.operation AND entry.kind = 'operation.approved'
                     WHERE place.key = ?1 AND place.ended = 0 AND place.at > ?2 AND place.at < ?3
                       AND NOT EXISTS (SELECT 1 FROM entry AS claim
                                       WHERE claim.operation = place.operation AND claim.kind = 'operation.claimed')
                     LIMIT 1",
                    params![key, since, until],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            if let Some((operation, by)) = recent {
                return Ok(Approved::Busy { by, operation: OperationId::new(operation) });
            }
            entry::check(transaction, draft)?;
            entry::insert(transaction, draft, Some(key)).map(Approved::Written)
        })
    }
}

/// Refuses who does not hold a lease.
pub fn held(transaction: &Transaction<'_>, key: &str, holder: &str, _now: Timestamp) -> Result<(), JournalError> {
    let found: Option<(String, String)> = transaction
        .query_row("SELECT holder, worker FROM lease WHERE key = ?1", [key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        Some((found, _)) if found == holder => Ok(()),
        Some((_, worker)) => {
            let by = serde_json::from_str::<Worker>(&worker).map(|worker| worker.by.to_string());
            Err(JournalError::LostLease { holder: by.unwrap_or_else(|_| "somebody else".to_owned()) })
        }
        None => Err(JournalError::LostLease { holder: "nobody".to_owned() }),
    }
}

/// A clock that was set back must not lock a place for ever: a sign of life from the future is none.
fn is_live(lease: &Lease, now: Timestamp) -> bool {
    lease.is_live(now) && lease.beat_at <= now + Lease::STALE_AFTER
}

fn of_key(transaction: &Transaction<'_>, key: &str) -> rusqlite::Result<Option<Lease>> {
    let sql = format!("SELECT {COLUMNS} FROM lease WHERE key = ?1");
    transaction.query_row(&sql, [key], lease).optional()
}

fn lease(row: &Row<'_>) -> rusqlite::Result<Lease> {
    let (worker, holder): (String, String) = (row.get(2)?, row.get(5)?);
    // A holder whose words are not understood holds it all the same.
    let worker = serde_json::from_str(&worker).unwrap_or_else(|_| Worker {
        by: Actor { user: Line::from_text("somebody"), host: Line::from_text("unknown") },
        pid: 0,
        holder: Line::from_text(&holder),
        version: Line::default(),
    });
    Ok(Lease {
        key: row.get(0)?,
        operation: OperationId::new(row.get::<_, String>(1)?),
        worker,
        taken_at: Timestamp::from_micros(row.get(3)?),
        beat_at: Timestamp::from_micros(row.get(4)?),
    })
}
