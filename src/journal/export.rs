//! Entries as JSON lines, with their hashes, for other programs and other machines.

use rusqlite::Row;
use serde_json::{Value, json};

use super::{Journal, JournalError};
use crate::model::time::Timestamp;

impl Journal {
    /// Gives every entry to `write`, a line with a JSON object each, until that says no.
    ///
    /// The body stands in it letter for letter as it was written, so that the hash can be made again from the line.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn export<E>(&self, mut write: impl FnMut(&str) -> Result<bool, E>) -> Result<Result<(), E>, JournalError> {
        let failed = |error| JournalError::read(&self.path, error);
        let sql = "SELECT seq, id, origin, at, kind, service, operation, user, host, body, previous, hash FROM entry ORDER BY seq";
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            match write(&line(row).map_err(failed)?) {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(())),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }
}

fn line(row: &Row<'_>) -> rusqlite::Result<String> {
    let (at, body): (i64, String) = (row.get(3)?, row.get(9)?);
    let document = json!({
        "seq": row.get::<_, i64>(0)?,
        "id": row.get::<_, String>(1)?,
        "origin": row.get::<_, String>(2)?,
        "at": Timestamp::from_micros(at),
        "micros": at,
        "kind": row.get::<_, String>(4)?,
        "service": row.get::<_, Option<String>>(5)?,
        "operation": row.get::<_, Option<String>>(6)?,
        "user": row.get::<_, String>(7)?,
        "host": row.get::<_, String>(8)?,
        "previous": row.get::<_, String>(10)?,
        "hash": row.get::<_, String>(11)?,
    });
    let mut line = document.to_string();
    // What somebody wrote into the file may be anything; what we wrote is JSON on one line.
    let is_json = !body.contains(['\n', '\r']) && serde_json::from_str::<Value>(&body).is_ok();
    let body = if is_json { body } else { Value::String(body).to_string() };
    line.truncate(line.len() - 1);
    Ok(format!("{line},\"body\":{body}}}\n"))
}
