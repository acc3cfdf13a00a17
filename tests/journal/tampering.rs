//! Whoever can write into the file can change it. Each way of it shows, unless everything behind it is made anew as well,
//! and that shows to whom keeps the last hash elsewhere.

use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use super::place::{Place, an_operation, intact, note};

/// Makes a hash as docs/journal.md says.
fn hash(fields: &[Option<String>]) -> String {
    let text: String = fields
        .iter()
        .map(|field| match field {
            Some(text) => format!("{}:{text}\n", text.len()),
            None => "-\n".to_owned(),
        })
        .collect();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

const FIELDS: &str = "previous, id, origin, CAST(at AS TEXT), kind, service, operation, user, host, body";

fn rehash(raw: &Connection, seq: i64) {
    let fields: Vec<Option<String>> = raw
        .query_row(&format!("SELECT {FIELDS} FROM entry WHERE seq = ?1"), [seq], |row| {
            (0..10).map(|index| row.get(index)).collect()
        })
        .unwrap();
    raw.execute("UPDATE entry SET hash = ?1 WHERE seq = ?2", params![hash(&fields), seq]).unwrap();
}

/// Adds an entry as a program does that knows how.
pub fn forge(raw: &Connection, kind: &str, operation: Option<&str>, body: &str) {
    let meta = |name: &str| -> String {
        raw.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).unwrap()
    };
    let (origin, head, count) = (meta("origin"), meta("head"), meta("count").parse::<u64>().unwrap());
    let id = format!("forged-{count}");
    let text = |text: &str| Some(text.to_owned());
    let fields = [
        text(&head),
        text(&id),
        text(&origin),
        text("5"),
        text(kind),
        None,
        operation.map(str::to_owned),
        text("kim"),
        text("web1"),
        text(body),
    ];
    let hash = hash(&fields);
    raw.execute(
        "INSERT INTO entry (id, origin, at, kind, operation, user, host, body, previous, hash)
         VALUES (?1, ?2, 5, ?3, ?4, 'kim', 'web1', ?5, ?6, ?7)",
        params![id, origin, kind, operation, body, head, hash],
    )
    .unwrap();
    raw.execute("UPDATE meta SET value = ?1 WHERE name = 'head'", [&hash]).unwrap();
    raw.execute("UPDATE meta SET value = ?1 WHERE name = 'count'", [(count + 1).to_string()]).unwrap();
}

/// Six entries, changed by `tamper` with the triggers out of the way. Returns what verification says then.
fn damages(tamper: impl FnOnce(&Connection)) -> Vec<(Option<u64>, String)> {
    let place = Place::new();
    let mut journal = place.open();
    an_operation(&mut journal, 1);
    journal.append(&note("the last one")).unwrap();
    drop(journal);
    intact(&place.state());
    let raw = place.raw();
    let triggers: Vec<(String, String)> = raw
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(triggers.len(), 3);
    for (name, _) in &triggers {
        raw.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    tamper(&raw);
    for (_, sql) in &triggers {
        raw.execute_batch(sql).unwrap();
    }
    drop(raw);
    let verification = place.open().verify().unwrap();
    verification.damages.into_iter().map(|damage| (damage.seq, damage.what)).collect()
}

#[track_caller]
fn check(sql: &str, seq: Option<u64>, says: &str) {
    let found = damages(|raw| raw.execute_batch(sql).unwrap());
    assert!(
        found.iter().any(|(place, what)| *place == seq && what.contains(says)),
        "{sql}\n{seq:?} {says}\n{found:#?}"
    );
}

#[test]
fn every_field_that_is_changed_shows_and_where() {
    for change in [
        "at = at + 1",
        "id = 'x'",
        "kind = 'operation.ended'",
        "service = NULL",
        "service = ''",
        "operation = NULL",
        "user = 'eve'",
        "host = 'elsewhere'",
        "user = 'kimw', host = 'eb1'",
        "body = body || ' '",
        "hash = '00'",
    ] {
        check(&format!("UPDATE entry SET {change} WHERE seq = 3"), Some(3), "was changed after it was written");
    }
    check("UPDATE entry SET previous = '00' WHERE seq = 3", Some(3), "does not follow");
    check("UPDATE entry SET origin = 'x' WHERE seq = 3", Some(4), "does not follow");
}

#[test]
fn what_was_taken_out_put_in_or_moved_shows() {
    check("DELETE FROM entry WHERE seq = 3", Some(4), "entry 3 before it is missing");
    check("DELETE FROM entry WHERE seq IN (3, 4)", Some(5), "entries 3 to 4 before it are missing");
    check("DELETE FROM entry WHERE seq = 1", Some(2), "entry 1 before it is missing");
    check("DELETE FROM entry WHERE seq = 6", None, "the end is missing");
    check("DELETE FROM entry", None, "the file counts 6 entries and has 0");
    check(
        "UPDATE entry SET seq = 99 WHERE seq = 3; UPDATE entry SET seq = 3 WHERE seq = 4; UPDATE entry SET seq = 4 WHERE seq = 99",
        Some(3),
        "does not follow",
    );
    let copy = "SELECT 'copy', origin, at, kind, service, operation, user, host, body, previous, hash FROM entry WHERE seq = 4";
    let columns = "id, origin, at, kind, service, operation, user, host, body, previous, hash";
    check(&format!("INSERT INTO entry ({columns}) {copy}"), Some(7), "does not follow");
    check(&format!("INSERT INTO entry (seq, {columns}) SELECT -1, * FROM ({copy})"), Some(0), "where none is written");
}

#[test]
fn an_end_that_is_cut_off_shows_even_when_the_count_is_corrected() {
    check(
        "DELETE FROM entry WHERE seq > 4;
         UPDATE meta SET value = '4' WHERE name = 'count';
         UPDATE meta SET value = (SELECT hash FROM entry WHERE seq = 4) WHERE name = 'head'",
        None,
        "entries up to 6 were written and the last one is 4",
    );
}

#[test]
fn an_entry_whose_hash_was_made_anew_shows_at_the_next_one_and_the_last_one_by_the_files_own_memory() {
    for (seq, place, says) in [(3, Some(4), "does not follow"), (6, None, "not the one that was written last")] {
        let found = damages(|raw| {
            raw.execute("UPDATE entry SET user = 'eve' WHERE seq = ?1", [seq]).unwrap();
            rehash(raw, seq);
        });
        let [(found_at, what)] = &found[..] else { panic!("{found:#?}") };
        assert_eq!(*found_at, place);
        assert!(what.contains(says), "{what}");
    }
}

#[test]
fn an_operation_that_cannot_have_happened_shows_though_every_hash_is_right() {
    let found = damages(|raw| {
        let operation = super::place::operation(1);
        let body = r#"{"event":"ended","verdict":{"verdict":"done"},"said":"all is well"}"#;
        forge(raw, "operation.ended", Some(operation.as_str()), body);
    });
    let [(Some(1), what)] = &found[..] else { panic!("{found:#?}") };
    assert!(what.contains("cannot have happened") && what.contains("nothing has looked whether it helped"), "{what}");
}

#[test]
fn who_makes_every_hash_anew_is_found_by_the_hash_that_somebody_kept() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&note("one")).unwrap();
    journal.append(&note("two")).unwrap();
    let kept = intact(&place.state()).head;
    let raw = place.raw();
    raw.execute_batch("DROP TRIGGER entry_stays_as_it_is; UPDATE entry SET user = 'eve' WHERE seq = 1").unwrap();
    rehash(&raw, 1);
    raw.execute_batch("UPDATE entry SET previous = (SELECT hash FROM entry WHERE seq = 1) WHERE seq = 2").unwrap();
    rehash(&raw, 2);
    raw.execute_batch("UPDATE meta SET value = (SELECT hash FROM entry WHERE seq = 2) WHERE name = 'head'").unwrap();
    let found = journal.verify().unwrap();
    assert!(found.damages.iter().all(|damage| damage.what.contains("the trigger")), "{found:#?}");
    assert_ne!(found.head, kept);
}

#[test]
fn tables_and_triggers_that_are_not_ours_show() {
    for (sql, says) in [
        ("DROP TRIGGER entry_stays", "the trigger `entry_stays` was taken out"),
        ("DROP INDEX entry_kind", "the index `entry_kind` was taken out"),
        ("DROP TABLE meta", "the table `meta` was taken out"),
        ("DELETE FROM meta", "a part cannot be read"),
        ("CREATE TRIGGER eve AFTER INSERT ON entry BEGIN SELECT 1; END", "the trigger `eve` was put into"),
        (
            "DROP TRIGGER entry_stays; CREATE TRIGGER entry_stays BEFORE DELETE ON entry BEGIN SELECT 1; END",
            "the trigger `entry_stays` is not the one",
        ),
    ] {
        let place = Place::new();
        let mut journal = place.open();
        journal.append(&note("x")).unwrap();
        place.raw().execute_batch(sql).unwrap();
        let found = journal.verify().unwrap();
        assert!(found.damages.iter().any(|damage| damage.what.contains(says)), "{sql}: {found:#?}");
    }
}

#[test]
fn plain_sqlite_neither_changes_deletes_nor_replaces_an_entry() {
    let place = Place::new();
    place.open().append(&note("x")).unwrap();
    let raw = place.raw();
    for (sql, says) in [
        ("UPDATE entry SET user = 'eve'", "an entry is never changed"),
        ("DELETE FROM entry", "an entry is never deleted"),
        ("INSERT OR REPLACE INTO entry SELECT * FROM entry", "an entry is never replaced"),
    ] {
        let error = raw.execute_batch(sql).unwrap_err().to_string();
        assert!(error.contains(says), "{sql}: {error}");
    }
    intact(&place.state());
}
