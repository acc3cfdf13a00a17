//! Rows and entries.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::Deserialize as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{JournalError, replayed};
use crate::incident::{self as incidents, Incident};
use crate::model::id::{EntryId, IncidentId, OperationId, RunId, ServiceId};
use crate::model::incident::IncidentEvent;
use crate::model::journal::{Body, Draft, Entry};
use crate::model::operation::{Actor, OperationEvent};
use crate::model::run::RunEvent;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::Operation;
use crate::operation::log::Illegal;
use crate::runbook::run::{self as runs, Run};

/// The columns that an entry is made of.
pub const COLUMNS: &str = "seq, id, at, kind, service, operation, user, host, body";

/// What the kinds of operations' events begin with.
const OPERATION: &str = "operation.";
/// What the kinds of runs' events begin with.
const RUN: &str = "run.";
/// What the kinds of incidents' events begin with.
const INCIDENT: &str = "incident.";

/// Refuses an event that may not follow what is known of its operation.
pub fn check(transaction: &Transaction<'_>, draft: &Draft) -> Result<(), JournalError> {
    let name = || draft.operation.as_ref().map(ToString::to_string).unwrap_or_default();
    let illegal = |event: &'static str, why: &'static str| Err(Illegal { operation: name(), event, why }.into());
    let event = match &draft.body {
        Body::Operation(event) => event,
        Body::Run(event) => return check_run(transaction, draft, event),
        Body::Incident(event) => return check_incident(transaction, draft, event),
        // It would stand among an operation's events, and nothing has looked whether it may.
        Body::Other { kind, .. } if is_ours(kind) => {
            return illegal("something unknown", "only events that are known are written");
        }
        Body::Other { .. } => return Ok(()),
    };
    let Some(operation) = &draft.operation else { return illegal(event.word(), "it says of no operation") };
    if let OperationEvent::Approved { plan, .. } = event
        && &plan.id != operation
    {
        return illegal(event.word(), "its plan is another operation's");
    }
    let entries = of_operation(transaction, operation)?;
    if has_unknown(&entries) {
        return illegal(event.word(), "a newer crashcart wrote of it what this one does not understand");
    }
    let known = replayed(&entries)?;
    let followed = match known {
        None => Operation::begin(draft.at, event).map(|_| ()),
        Some(mut known) => known.apply(draft.at, event),
    };
    followed.map_err(|illegal| Illegal { operation: name(), ..illegal }.into())
}

/// Refuses an event that may not follow what is known of its run.
fn check_run(transaction: &Transaction<'_>, draft: &Draft, event: &RunEvent) -> Result<(), JournalError> {
    let Some(id) = draft.operation.as_ref().map(|id| RunId::new(id.as_str())) else {
        let why = "it says of no run";
        return Err(runs::Illegal { run: String::new(), event: event.word(), why }.into());
    };
    // Output is most of what is written: who writes it holds the lease, and it only must not come after the end. A worker
    // that slept with its machine may be given up meanwhile.
    if let RunEvent::Said { execution, .. } = event {
        let over: Option<i64> = transaction
            .query_row(
                "SELECT 1 FROM entry WHERE operation = ?1 AND kind = 'run.settled' AND json_extract(body, '$.execution') = ?2",
                params![id.as_str(), execution],
                |row| row.get(0),
            )
            .optional()?;
        let why = "that is not what runs";
        return match over {
            Some(_) => Err(runs::Illegal { run: id.to_string(), event: event.word(), why }.into()),
            None => Ok(()),
        };
    }
    let entries = of_run(transaction, &id)?;
    if has_unknown(&entries) {
        let why = "a newer crashcart wrote of it what this one does not understand";
        return Err(runs::Illegal { run: id.to_string(), event: event.word(), why }.into());
    }
    let events = entries.iter().filter_map(|entry| match &entry.body {
        Body::Run(event) => Some((entry.at, event)),
        _ => None,
    });
    match Run::replay(&id, events)? {
        None => Run::begin(&id, draft.at, event).map(|_| ())?,
        Some(mut run) => run.apply(draft.at, event)?,
    }
    Ok(())
}

/// Returns whether entries of an operation or a run hold an event that this program does not know: how it stands is not known.
pub fn has_unknown(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| matches!(&entry.body, Body::Other { kind, .. } if is_ours(kind)))
}

/// Returns whether a kind is one of which we say what may follow what.
fn is_ours(kind: &str) -> bool {
    [OPERATION, RUN, INCIDENT].iter().any(|ours| kind.starts_with(ours))
}

/// Refuses an event that may not follow what is known of its incident, and a number that another incident has.
fn check_incident(transaction: &Transaction<'_>, draft: &Draft, event: &IncidentEvent) -> Result<(), JournalError> {
    let illegal = |incident: String, why: &'static str| incidents::Illegal { incident, event: event.word(), why };
    let Some(id) = draft.operation.as_ref().map(|id| IncidentId::new(id.as_str())) else {
        return Err(illegal(String::new(), "it says of no incident").into());
    };
    let entries = of_operation(transaction, &id.in_journal())?;
    if has_unknown(&entries) {
        let why = "a newer crashcart wrote of it what this one does not understand";
        return Err(illegal(id.to_string(), why).into());
    }
    let events = entries.iter().filter_map(|entry| match &entry.body {
        Body::Incident(event) => Some((entry.at, &entry.by, event)),
        _ => None,
    });
    match Incident::replay(&id, events)? {
        Some(mut incident) => incident.apply(draft.at, &draft.by, event)?,
        None => {
            let begun = Incident::begin(&id, draft.at, event)?;
            let taken: Option<i64> = transaction
                .query_row(
                    "SELECT 1 FROM entry WHERE kind = 'incident.opened' AND json_extract(body, '$.number') = ?1",
                    [begun.number],
                    |row| row.get(0),
                )
                .optional()?;
            if taken.is_some() {
                return Err(illegal(id.to_string(), "another incident has that number").into());
            }
        }
    }
    Ok(())
}

/// Adds a row.
pub fn insert(transaction: &Transaction<'_>, draft: &Draft, key: Option<&str>) -> Result<Entry, JournalError> {
    let meta = |name: &str| -> rusqlite::Result<String> {
        transaction.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
    };
    let (origin, previous, count) = (meta("origin")?, meta("head")?, meta("count")?);
    let fields = Fields {
        id: id(draft.at),
        origin,
        at: draft.at.as_micros(),
        kind: draft.body.kind(),
        service: draft.service.as_ref().map(ToString::to_string),
        operation: draft.operation.as_ref().map(ToString::to_string),
        user: draft.by.user.to_string(),
        host: draft.by.host.to_string(),
        body: body(&draft.body)?,
        previous,
    };
    let hash = fields.hash();
    transaction.execute(
        "INSERT INTO entry (id, origin, at, kind, service, operation, user, host, body, previous, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            fields.id,
            fields.origin,
            fields.at,
            fields.kind,
            fields.service,
            fields.operation,
            fields.user,
            fields.host,
            fields.body,
            fields.previous,
            hash
        ],
    )?;
    let seq = u64::try_from(transaction.last_insert_rowid()).unwrap_or(0);
    let count = count.parse::<u64>().unwrap_or(0) + 1;
    transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'head'", [&hash])?;
    transaction.execute("UPDATE meta SET value = ?1 WHERE name = 'count'", [count.to_string()])?;
    if let (Some(operation), Some(key)) = (&fields.operation, key) {
        transaction.execute(
            "INSERT INTO place (operation, key, at) VALUES (?1, ?2, ?3)",
            params![operation, key, fields.at],
        )?;
    }
    if let (Some(operation), Body::Operation(OperationEvent::Ended { .. })) = (&fields.operation, &draft.body) {
        transaction.execute("UPDATE place SET ended = 1 WHERE operation = ?1", [operation])?;
    }
    Ok(Entry {
        seq,
        id: EntryId::new(&fields.id),
        at: draft.at,
        by: draft.by.clone(),
        service: draft.service.clone(),
        operation: draft.operation.clone(),
        body: draft.body.clone(),
    })
}

/// What a hash is made of.
pub struct Fields {
    pub id: String,
    pub origin: String,
    pub at: i64,
    pub kind: String,
    pub service: Option<String>,
    pub operation: Option<String>,
    pub user: String,
    pub host: String,
    pub body: String,
    pub previous: String,
}

impl Fields {
    /// Returns SHA-256 over every field with its length before it, so that no two rows can look the same.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        let at = self.at.to_string();
        let parts = [
            Some(&self.previous),
            Some(&self.id),
            Some(&self.origin),
            Some(&at),
            Some(&self.kind),
            self.service.as_ref(),
            self.operation.as_ref(),
            Some(&self.user),
            Some(&self.host),
            Some(&self.body),
        ];
        for part in parts {
            match part {
                Some(text) => {
                    hash.update(text.len().to_string());
                    hash.update(":");
                    hash.update(text);
                }
                None => hash.update("-"),
            }
            hash.update("\n");
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Returns a UUID of version 7 (RFC 9562) of that moment.
pub fn id(at: Timestamp) -> String {
    let micros = u64::try_from(at.as_micros()).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
    let moment = uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos);
    uuid::Uuid::new_v7(moment).to_string()
}

fn body(body: &Body) -> Result<String, JournalError> {
    let text = match body {
        Body::Operation(event) => serde_json::to_string(event),
        Body::Run(event) => serde_json::to_string(event),
        Body::Incident(event) => serde_json::to_string(event),
        Body::Other { body, .. } => serde_json::to_string(body),
    };
    text.map_err(|error| JournalError::Other { path: std::path::PathBuf::new(), reason: error.to_string() })
}

/// Reads a row.
pub fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let text = |index: usize| row.get::<_, String>(index);
    let (kind, body) = (text(3)?, text(8)?);
    let value: Value = serde_json::from_str(&body).unwrap_or(Value::String(body));
    let body = known(&kind, &value).unwrap_or(Body::Other { kind, body: value });
    Ok(Entry {
        seq: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
        id: EntryId::new(text(1)?),
        at: Timestamp::from_micros(row.get(2)?),
        by: Actor { user: Line::from_text(&text(6)?), host: Line::from_text(&text(7)?) },
        service: row.get::<_, Option<String>>(4)?.map(ServiceId::new),
        operation: row.get::<_, Option<String>>(5)?.map(OperationId::new),
        body,
    })
}

/// Reads what this program knows. The kind is what an entry is looked up by: an event that calls itself something else is not
/// taken for one.
fn known(kind: &str, value: &Value) -> Option<Body> {
    if let Some(word) = kind.strip_prefix(OPERATION) {
        let event = OperationEvent::deserialize(value).ok()?;
        return (event.word() == word).then_some(Body::Operation(event));
    }
    if let Some(word) = kind.strip_prefix(INCIDENT) {
        let event = IncidentEvent::deserialize(value).ok()?;
        return (event.word() == word).then_some(Body::Incident(event));
    }
    let word = kind.strip_prefix(RUN)?;
    let event = RunEvent::deserialize(value).ok()?;
    (event.word() == word).then_some(Body::Run(event))
}

/// Returns entries after a place.
pub fn since(connection: &Connection, seq: u64, limit: u32) -> rusqlite::Result<Vec<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM entry WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    statement.query_map(params![seq, limit], read)?.collect()
}

/// Returns what the journal tells of runs, or of incidents: of one family of kinds.
pub fn of_family(connection: &Connection, family: &str) -> rusqlite::Result<Vec<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM entry WHERE kind >= ?1 || '.' AND kind < ?1 || '/' ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([family], read)?.collect()
}

/// Returns entries of a stretch of time, with all of everything that has an entry in it: what began before is a part of it.
pub fn between(connection: &Connection, from: Timestamp, until: Timestamp) -> rusqlite::Result<Vec<Entry>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM entry WHERE (at >= ?1 AND at <= ?2)
         OR operation IN (SELECT operation FROM entry WHERE at >= ?1 AND at <= ?2 AND operation IS NOT NULL) ORDER BY seq"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map(params![from.as_micros(), until.as_micros()], read)?.collect()
}

/// Returns a run's entries but what was printed: that changes nothing about what may follow, and there may be much of it.
fn of_run(connection: &Connection, run: &RunId) -> rusqlite::Result<Vec<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM entry WHERE operation = ?1 AND kind <> 'run.said' ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([run.as_str()], read)?.collect()
}

/// Returns an operation's entries.
pub fn of_operation(connection: &Connection, operation: &OperationId) -> rusqlite::Result<Vec<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM entry WHERE operation = ?1 ORDER BY seq");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.query_map([operation.as_str()], read)?.collect()
}

/// Returns the ids of every operation, in the order of their approvals.
pub fn operations(connection: &Connection) -> rusqlite::Result<Vec<OperationId>> {
    let mut statement =
        connection.prepare_cached("SELECT operation FROM entry WHERE kind = 'operation.approved' ORDER BY seq")?;
    statement.query_map([], |row| row.get::<_, String>(0).map(OperationId::new))?.collect()
}

/// Returns whether an operation has ended.
pub fn has_ended(connection: &Connection, operation: &str) -> rusqlite::Result<bool> {
    let ended: Option<i64> = connection
        .query_row("SELECT 1 FROM entry WHERE operation = ?1 AND kind = 'operation.ended'", [operation], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(ended.is_some())
}
