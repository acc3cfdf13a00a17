//! The tables, and how older ones become newer ones. Migrations are only added; each says why it exists.

use rusqlite::{Connection, Transaction};

use super::JournalError;

/// "crsh": what `file` and others may know a journal by.
pub const APPLICATION_ID: i64 = 0x6372_7368;

/// One step to newer tables.
pub struct Migration {
    /// Why it exists.
    #[expect(dead_code, reason = "read by people")]
    pub why: &'static str,
    pub sql: &'static str,
}

/// Every step, in order; `user_version` counts those that were taken.
pub const MIGRATIONS: &[Migration] = &[Migration {
    why: "the beginning: entries that only grow, leases that come and go, and what `verify` compares with",
    sql: "
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    -- One line for everything that happened. `at` counts microseconds of UTC. `origin` names the journal that it was
    -- written into first: entries of several machines can be put together and stay told apart.
    CREATE TABLE entry (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        origin TEXT NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        service TEXT,
        operation TEXT,
        user TEXT NOT NULL,
        host TEXT NOT NULL,
        body TEXT NOT NULL,
        previous TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX entry_operation ON entry (operation, seq) WHERE operation IS NOT NULL;
    CREATE INDEX entry_kind ON entry (kind, seq);
    CREATE TRIGGER entry_stays_as_it_is BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry is never changed: write a new one'); END;
    CREATE TRIGGER entry_stays BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;
    -- INSERT OR REPLACE deletes without asking the trigger above.
    CREATE TRIGGER entry_is_added_once BEFORE INSERT ON entry
        WHEN EXISTS (SELECT 1 FROM entry WHERE seq = NEW.seq OR id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'an entry is never replaced: write a new one'); END;
    -- What an operation was approved for: one at a time acts on the same place.
    CREATE TABLE place (operation TEXT PRIMARY KEY, key TEXT NOT NULL, at INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE INDEX place_key ON place (key) WHERE ended = 0;
    -- Who acts now. Not part of what happened: the holder writes a sign of life into it every two seconds.
    CREATE TABLE lease (
        key TEXT PRIMARY KEY,
        operation TEXT NOT NULL,
        holder TEXT NOT NULL,
        worker TEXT NOT NULL,
        taken_at INTEGER NOT NULL,
        beat_at INTEGER NOT NULL
    ) STRICT;
    -- For people with plain sqlite3.
    CREATE VIEW timeline AS
        SELECT seq, strftime('%Y-%m-%d %H:%M:%S', at / 1000000, 'unixepoch', 'localtime') AS time, kind, service,
               user || '@' || host AS who, substr(operation, -6) AS operation, body
        FROM entry ORDER BY seq;
    CREATE VIEW operations AS
        SELECT substr(operation, -6) AS operation, service,
               max(CASE WHEN kind = 'operation.approved' THEN json_extract(body, '$.plan.title') END) AS title,
               strftime('%Y-%m-%d %H:%M:%S', min(at) / 1000000, 'unixepoch', 'localtime') AS approved,
               max(CASE WHEN kind = 'operation.ended' THEN json_extract(body, '$.verdict.verdict') END) AS verdict,
               max(CASE WHEN kind = 'operation.ended' THEN json_extract(body, '$.said') END) AS said
        FROM entry WHERE operation IS NOT NULL GROUP BY entry.operation ORDER BY min(seq);
    ",
}];

/// Returns how many steps this program knows.
pub fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Returns how many steps a file has taken.
pub fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Returns what is wrong with a file that is a database and no journal.
pub fn stranger(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_new = tables == 0 && application == 0 && version(connection)? == 0;
    Ok((!is_new && application != APPLICATION_ID).then(|| "it is the database of another program".to_owned()))
}

/// Takes the steps that are missing. `origin` names this journal if it is new.
pub fn migrate(transaction: &Transaction<'_>, origin: &str) -> Result<(), JournalError> {
    let taken = usize::try_from(version(transaction)?).unwrap_or(0);
    if taken >= MIGRATIONS.len() {
        return Ok(());
    }
    for migration in &MIGRATIONS[taken..] {
        transaction.execute_batch(migration.sql)?;
    }
    if taken == 0 {
        transaction.execute("INSERT INTO meta VALUES ('origin', ?1), ('count', '0'), ('head', '')", [origin])?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.pragma_update(None, "user_version", known())?;
    Ok(())
}
