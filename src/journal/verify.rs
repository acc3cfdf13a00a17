//! Is it as it was written? Every hash is made again, and every operation replayed.

use std::collections::BTreeMap;

use rusqlite::Row;
use serde::Serialize;

use super::entry::{self, Fields};
use super::{Journal, JournalError, replayed};
use crate::model::id::OperationId;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Verification {
    pub entries: u64,
    /// The hash of the last entry: who writes it down elsewhere can prove later that nothing before it was changed.
    pub head: String,
    pub damages: Vec<Damage>,
}

/// Something that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Damage {
    /// The entry's place, where it has one.
    pub seq: Option<u64>,
    pub what: String,
}

/// A file that is damaged throughout is told in its first troubles.
const MOST: usize = 100;

struct Stored {
    seq: u64,
    fields: Fields,
    hash: String,
}

impl Journal {
    /// Compares every entry with its hash, each hash with the next entry's, the whole with the file's own count, and
    /// replays every operation.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn verify(&self) -> Result<Verification, JournalError> {
        self.compare().map_err(|error| JournalError::read(&self.path, error))
    }

    fn compare(&self) -> rusqlite::Result<Verification> {
        let mut damages = Vec::new();
        let mut say = |seq: Option<u64>, what: String| {
            if damages.len() < MOST {
                damages.push(Damage { seq, what });
            }
        };
        let mut check = self.connection.prepare("PRAGMA integrity_check(20)")?;
        for told in check.query_map([], |row| row.get::<_, String>(0))? {
            let told = told?;
            if told != "ok" {
                say(None, format!("SQLite says: {told}"));
            }
        }
        let sql = "SELECT seq, id, origin, at, kind, service, operation, user, host, body, previous, hash FROM entry ORDER BY seq";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let (mut count, mut head) = (0_u64, String::new());
        let mut last = 0_u64;
        // Entries of several journals may stand in one file; each has a chain of its own.
        let mut heads: BTreeMap<String, String> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let Stored { seq, fields, hash } = stored(row)?;
            if seq != last + 1 {
                let missing = if seq == last + 2 {
                    format!("entry {}", last + 1)
                } else {
                    format!("entries {} to {}", last + 1, seq - 1)
                };
                say(Some(seq), format!("{missing} before it is missing"));
            }
            last = seq;
            let expected = heads.get(&fields.origin).cloned().unwrap_or_default();
            if fields.previous != expected {
                say(Some(seq), "it does not follow the entry before it: one was taken out, put in or moved".to_owned());
            }
            if fields.hash() != hash {
                say(Some(seq), format!("{} was changed after it was written", fields.kind));
            }
            heads.insert(fields.origin.clone(), hash.clone());
            (count, head) = (count + 1, hash);
        }
        let meta = |name: &str| -> rusqlite::Result<String> {
            self.connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
        };
        let own = heads.get(&meta("origin")?).cloned().unwrap_or_default();
        if meta("head")? != own || (heads.len() <= 1 && meta("count")? != count.to_string()) {
            say(None, format!("the end is missing: the file counts {} entries and has {count}", meta("count")?));
        }
        let triggers: i64 = self.connection.query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name IN ('entry_stays', 'entry_stays_as_it_is')",
            [],
            |row| row.get(0),
        )?;
        if triggers != 2 {
            say(None, "what keeps entries from being changed was taken out of the file".to_owned());
        }
        for operation in self.all_operations()? {
            let entries = entry::of_operation(&self.connection, &operation)?;
            if let Err(illegal) = replayed(&entries) {
                say(entries.first().map(|entry| entry.seq), illegal.to_string());
            }
        }
        Ok(Verification { entries: count, head, damages })
    }

    fn all_operations(&self) -> rusqlite::Result<Vec<OperationId>> {
        let sql = "SELECT DISTINCT operation FROM entry WHERE operation IS NOT NULL";
        let mut statement = self.connection.prepare(sql)?;
        statement.query_map([], |row| row.get::<_, String>(0).map(OperationId::new))?.collect()
    }
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        seq: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
        fields: Fields {
            id: row.get(1)?,
            origin: row.get(2)?,
            at: row.get(3)?,
            kind: row.get(4)?,
            service: row.get(5)?,
            operation: row.get(6)?,
            user: row.get(7)?,
            host: row.get(8)?,
            body: row.get(9)?,
            previous: row.get(10)?,
        },
        hash: row.get(11)?,
    })
}
