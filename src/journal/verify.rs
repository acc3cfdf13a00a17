//! Is it as it was written? Every hash is made again, and every operation replayed.

use std::collections::BTreeMap;

use rusqlite::{Connection, ErrorCode, Row};
use serde::Serialize;

use super::entry::{self, Fields};
use super::{Journal, JournalError, replayed, schema};
use crate::incident::Incident;
use crate::model::id::{IncidentId, OperationId, RunId};
use crate::model::journal::Body;
use crate::runbook::run::Run;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
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

impl Verification {
    fn say(&mut self, seq: Option<u64>, what: String) {
        if self.damages.len() < MOST {
            self.damages.push(Damage { seq, what });
        }
    }
}

struct Stored {
    seq: u64,
    fields: Fields,
    hash: String,
}

impl Journal {
    /// Compares every entry with its hash, each hash with the next entry's, the whole with the file's own count, the
    /// tables with ours, and replays every operation.
    ///
    /// # Errors
    /// When the file cannot be read at all.
    pub fn verify(&self) -> Result<Verification, JournalError> {
        let failed = |error| JournalError::read(&self.path, error);
        // From one moment: others go on writing meanwhile.
        let moment = self.connection.unchecked_transaction().map_err(failed)?;
        let mut found = Verification::default();
        let steps: [fn(&Connection, &mut Verification) -> rusqlite::Result<()>; 4] = [pages, tables, chain, operations];
        for step in steps {
            match step(&self.connection, &mut found) {
                Ok(()) => {}
                // What cannot be read is not as it was written, and what stands elsewhere may be.
                Err(error) if is_damage(&error) => found.say(None, format!("a part cannot be read: {error}")),
                Err(error) => return Err(failed(error)),
            }
        }
        moment.commit().map_err(failed)?;
        Ok(found)
    }
}

/// Returns whether an error is the file's own fault, and not the disk's or another process's.
fn is_damage(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        // Without a table there is no statement that reads it.
        Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown),
        None => true,
    }
}

/// Lets SQLite look at its own pages and indexes.
fn pages(connection: &Connection, found: &mut Verification) -> rusqlite::Result<()> {
    let mut check = connection.prepare("PRAGMA integrity_check(20)")?;
    for told in check.query_map([], |row| row.get::<_, String>(0))? {
        let told = told?;
        if told != "ok" {
            found.say(None, format!("SQLite says: {told}"));
        }
    }
    Ok(())
}

/// Compares the tables and triggers with those of a new journal.
fn tables(connection: &Connection, found: &mut Verification) -> rusqlite::Result<()> {
    let read = |connection: &Connection| -> rusqlite::Result<BTreeMap<String, (String, String)>> {
        let sql = "SELECT name, type, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'";
        let mut statement = connection.prepare(sql)?;
        statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?.collect()
    };
    let mut fresh = Connection::open_in_memory()?;
    let transaction = fresh.transaction()?;
    for migration in schema::MIGRATIONS {
        transaction.execute_batch(migration.sql)?;
    }
    let (ours, theirs) = (read(&transaction)?, read(connection)?);
    for (name, (kind, sql)) in &ours {
        match theirs.get(name) {
            Some((_, found)) if found == sql => {}
            Some(_) => found.say(None, format!("the {kind} `{name}` is not the one that was made")),
            None => found.say(None, format!("the {kind} `{name}` was taken out of the file")),
        }
    }
    for (name, _) in theirs.iter().filter(|(name, (kind, _))| kind == "trigger" && !ours.contains_key(*name)) {
        found.say(None, format!("the trigger `{name}` was put into the file"));
    }
    Ok(())
}

/// Makes every hash again, and compares the end with what the file counts.
fn chain(connection: &Connection, found: &mut Verification) -> rusqlite::Result<()> {
    let sql = "SELECT seq, id, origin, at, kind, service, operation, user, host, body, previous, hash FROM entry ORDER BY seq";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut last = 0_u64;
    // Entries of several journals may stand in one file; each has a chain of its own.
    let mut heads: BTreeMap<String, String> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let Stored { seq, fields, hash } = stored(row)?;
        if seq > last + 2 {
            found.say(Some(seq), format!("entries {} to {} before it are missing", last + 1, seq - 1));
        } else if seq == last + 2 {
            found.say(Some(seq), format!("entry {} before it is missing", last + 1));
        } else if seq != last + 1 {
            found.say(Some(seq), "it stands at a place where none is written".to_owned());
        }
        last = seq;
        if fields.previous != heads.get(&fields.origin).cloned().unwrap_or_default() {
            let what = "it does not follow the entry before it: one was taken out, put in, moved or changed";
            found.say(Some(seq), what.to_owned());
        }
        if fields.hash() != hash {
            found.say(Some(seq), format!("{} was changed after it was written", fields.kind));
        }
        heads.insert(fields.origin, hash.clone());
        (found.entries, found.head) = (found.entries + 1, hash);
    }
    let meta = |name: &str| -> rusqlite::Result<String> {
        connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
    };
    let (origin, head, count) = (meta("origin")?, meta("head")?, meta("count")?);
    let own = heads.get(&origin).cloned().unwrap_or_default();
    // SQLite itself remembers the highest place that was ever given.
    let highest: i64 = connection.query_row(
        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'entry'), 0)",
        [],
        |row| row.get(0),
    )?;
    let highest = u64::try_from(highest).unwrap_or(0);
    if heads.len() <= 1 && count != found.entries.to_string() {
        found.say(None, format!("the file counts {count} entries and has {}: the end is missing", found.entries));
    } else if head != own {
        found.say(None, "the last entry is not the one that was written last".to_owned());
    }
    if highest > last {
        found.say(None, format!("entries up to {highest} were written and the last one is {last}: the end is missing"));
    }
    Ok(())
}

/// Replays every operation. Where a newer program wrote what this one does not know, it cannot judge.
fn operations(connection: &Connection, found: &mut Verification) -> rusqlite::Result<()> {
    let mut statement = connection
        .prepare("SELECT operation FROM entry WHERE operation IS NOT NULL GROUP BY operation ORDER BY min(seq)")?;
    let ids: Vec<OperationId> =
        statement.query_map([], |row| row.get::<_, String>(0).map(OperationId::new))?.collect::<Result<_, _>>()?;
    for operation in ids {
        let entries = entry::of_operation(connection, &operation)?;
        if entry::has_unknown(&entries) {
            continue;
        }
        let events = entries.iter().filter_map(|entry| match &entry.body {
            Body::Run(event) => Some((entry.at, event)),
            _ => None,
        });
        if let Err(illegal) = Run::replay(&RunId::new(operation.as_str()), events) {
            let first = entries.first().map(|entry| entry.seq);
            found.say(first, format!("what is written of run {operation} cannot have happened: {illegal}"));
        }
        let events = entries.iter().filter_map(|entry| match &entry.body {
            Body::Incident(event) => Some((entry.at, &entry.by, event)),
            _ => None,
        });
        if let Err(illegal) = Incident::replay(&IncidentId::new(operation.as_str()), events) {
            let first = entries.first().map(|entry| entry.seq);
            found.say(first, format!("what is written of incident {operation} cannot have happened: {illegal}"));
        }
        if let Err(illegal) = replayed(&entries) {
            let first = entries.first().map(|entry| entry.seq);
            found.say(first, format!("what is written of operation {operation} cannot have happened: {illegal}"));
        }
    }
    Ok(())
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
