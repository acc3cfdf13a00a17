//! Entries as JSON lines, with their hashes, for other programs and other machines.

use serde_json::{Value, json};

use super::{Journal, JournalError};

impl Journal {
    /// Gives every entry to `write`, a JSON object each, until that says no.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn export<E>(&self, mut write: impl FnMut(&Value) -> Result<bool, E>) -> Result<Result<(), E>, JournalError> {
        let failed = |error| JournalError::read(&self.path, error);
        let sql = "SELECT seq, id, origin, at, kind, service, operation, user, host, body, previous, hash FROM entry ORDER BY seq";
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let document = || -> rusqlite::Result<Value> {
                let body: String = row.get(9)?;
                Ok(json!({
                    "seq": row.get::<_, i64>(0)?,
                    "id": row.get::<_, String>(1)?,
                    "origin": row.get::<_, String>(2)?,
                    "at": crate::model::time::Timestamp::from_micros(row.get(3)?),
                    "kind": row.get::<_, String>(4)?,
                    "service": row.get::<_, Option<String>>(5)?,
                    "operation": row.get::<_, Option<String>>(6)?,
                    "user": row.get::<_, String>(7)?,
                    "host": row.get::<_, String>(8)?,
                    "body": serde_json::from_str(&body).unwrap_or(Value::String(body)),
                    "previous": row.get::<_, String>(10)?,
                    "hash": row.get::<_, String>(11)?,
                }))
            };
            match write(&document().map_err(failed)?) {
                Ok(true) => {}
                Ok(false) => return Ok(Ok(())),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(()))
    }
}
