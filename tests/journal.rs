//! The journal, as several programs use it and as a bad night treats it.

#[path = "journal/commands.rs"]
mod commands;
#[path = "journal/leases.rs"]
mod leases;
#[path = "journal/place.rs"]
mod place;
#[path = "journal/races.rs"]
mod races;
#[path = "journal/rules.rs"]
mod rules;
#[path = "journal/tampering.rs"]
mod tampering;
#[path = "journal/trouble.rs"]
mod trouble;

use std::fs;
use std::path::Path;

use crashcart::journal::{FILE, Journal, JournalError};
use crashcart::model::id::ServiceId;
use crashcart::model::journal::{Body, Draft};
use crashcart::model::operation::Actor;
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;
use rusqlite::Connection;
use serde_json::json;

fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-26T02:14:09Z").unwrap()
}

fn note(text: &str) -> Draft {
    Draft {
        at: now(),
        by: Actor { user: Line::from_text("kim"), host: Line::from_text("web1") },
        service: Some(ServiceId::new("shop")),
        operation: None,
        body: Body::Other { kind: "note".to_owned(), body: json!({ "text": text }) },
    }
}

fn open(directory: &Path) -> Journal {
    let opened = Journal::open(directory, now()).unwrap();
    assert_eq!(opened.set_aside, None);
    opened.journal
}

fn written(directory: &Path, count: usize) {
    let mut journal = open(directory);
    for number in 0..count {
        journal.append(&note(&number.to_string())).unwrap();
    }
}

#[track_caller]
fn damages(directory: &Path) -> Vec<String> {
    let journal = Journal::open_to_read(directory).unwrap().expect("a journal");
    journal.verify().unwrap().damages.into_iter().map(|damage| damage.what).collect()
}

#[test]
fn several_writers_open_at_once_and_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| written(directory.path(), 50));
        }
    });
    let journal = open(directory.path());
    let entries = journal.since(0, 1_000).unwrap();
    assert_eq!(entries.len(), 200);
    assert!(entries.iter().zip(1..).all(|(entry, place)| entry.seq == place));
    assert_eq!(damages(directory.path()), Vec::<String>::new());
}

#[test]
fn what_one_writes_the_other_sees() {
    let directory = tempfile::tempdir().unwrap();
    let (mut one, other) = (open(directory.path()), open(directory.path()));
    assert!(other.changed().unwrap(), "the first look is news");
    assert!(!other.changed().unwrap());
    let entry = one.append(&note("hello")).unwrap();
    assert!(other.changed().unwrap());
    let news = other.news(0, 10).unwrap();
    assert_eq!((news.entries.len(), &news.entries[0]), (1, &entry));
    assert_eq!(entry.body.kind(), "note", "a kind that this program does not know is kept");
}

#[test]
fn what_is_no_journal_is_set_aside_and_nothing_is_deleted() {
    for garbage in
        [b"this is not a database, whatever its name is, and long enough to be looked at".to_vec(), vec![0; 4_096]]
    {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(FILE), &garbage).unwrap();
        let opened = Journal::open(directory.path(), now()).unwrap();
        if let Some(told) = &opened.set_aside {
            assert!(told.contains("set aside as") && told.contains("20261126T021409Z"), "{told}");
            let aside = fs::read_dir(directory.path()).unwrap().flatten().map(|entry| entry.path());
            let aside = aside.filter(|path| path.to_string_lossy().contains("unreadable")).collect::<Vec<_>>();
            assert_eq!(fs::read(&aside[0]).unwrap(), garbage);
        }
        let mut journal = opened.journal;
        journal.append(&note("the night goes on")).unwrap();
        assert_eq!(damages(directory.path()), Vec::<String>::new());
    }
}

#[test]
fn a_newer_file_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), 1);
    Connection::open(directory.path().join(FILE)).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Journal::open(directory.path(), now()).unwrap_err();
    assert!(matches!(error, JournalError::Newer { found: 99, .. }), "{error}");
    assert!(Journal::open_to_read(directory.path()).is_err());
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = Journal::open(&file.join("state"), now()).unwrap_err();
    assert!(
        error.to_string().contains("journal.db cannot be opened") && error.hint().contains("--state-dir"),
        "{error}"
    );
}

#[test]
fn a_full_disk_is_a_sentence_and_what_was_written_stays() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), 3);
    let mut journal = open(directory.path());
    journal.limit_pages(20);
    let long = "x".repeat(4_096);
    let error = (0..200).find_map(|_| journal.append(&note(&long)).err()).expect("it is full some time");
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    assert!(error.to_string().contains("the disk is full") && error.may_pass());
    assert_eq!(damages(directory.path()), Vec::<String>::new());
}

#[test]
fn entries_are_never_changed_or_deleted_by_accident() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), 3);
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    for sql in ["UPDATE entry SET user = 'lee' WHERE seq = 2", "DELETE FROM entry WHERE seq = 2"] {
        assert!(connection.execute(sql, []).unwrap_err().to_string().contains("an entry is never"), "{sql}");
    }
}

#[test]
fn tampering_shows() {
    let cases = [
        ("UPDATE entry SET user = 'lee' WHERE seq = 2", "was changed after it was written"),
        ("DELETE FROM entry WHERE seq = 2", "before it is missing"),
        ("DELETE FROM entry WHERE seq = 4", "the end is missing"),
        (
            "UPDATE entry SET seq = CASE seq WHEN 2 THEN 30 ELSE 2 END WHERE seq IN (2, 3)",
            "does not follow the entry before it",
        ),
        ("SELECT 1", "the trigger `entry_stays` was taken out"),
    ];
    for (sql, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        written(directory.path(), 4);
        let connection = Connection::open(directory.path().join(FILE)).unwrap();
        connection
            .execute_batch(&format!("DROP TRIGGER entry_stays; DROP TRIGGER entry_stays_as_it_is; {sql};"))
            .unwrap();
        let found = damages(directory.path());
        assert!(found.iter().any(|damage| damage.contains(expected)), "{sql}: {found:?}");
    }
}

#[test]
fn an_event_that_cannot_follow_is_refused_and_not_kept() {
    use crashcart::model::id::OperationId;
    use crashcart::model::operation::OperationEvent;
    let directory = tempfile::tempdir().unwrap();
    let mut journal = open(directory.path());
    let draft = Draft {
        operation: Some(OperationId::new("0190-x")),
        body: Body::Operation(OperationEvent::StepStarted { step: 0 }),
        ..note("")
    };
    assert!(matches!(journal.append(&draft), Err(JournalError::Illegal(_))));
    assert!(journal.since(0, 10).unwrap().is_empty());
}

#[test]
fn plain_sqlite_reads_it_with_its_views() {
    let directory = tempfile::tempdir().unwrap();
    written(directory.path(), 2);
    let connection = Connection::open(directory.path().join(FILE)).unwrap();
    let rows: i64 =
        connection.query_row("SELECT count(*) FROM timeline WHERE kind = 'note'", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 2);
}

/// An approval of a plan that does nothing.
fn approval(id: &str, at: Timestamp) -> Draft {
    let plan: crashcart::model::operation::Plan = serde_json::from_value(json!({
        "id": id, "title": "restart shop", "system": "Render", "by": { "user": "kim", "host": "web1" }, "planned_at": at,
        "intent": { "service": "shop", "source": "render", "action": "restart", "params": {}, "target": "service",
                    "inputs": {}, "reason": null, "undoes": null },
        "source": { "id": "render", "provider": "render", "url": null, "params": {}, "secrets": {}, "ca": null, "every": null },
        "environment": null, "current": null, "values": {}, "steps": [], "means": null,
        "between": { "changes": null, "told_by": "", "migrations": [] }, "caveats": [], "automatic_deploys": "unknown",
        "restarts": null, "verification": { "checks": [], "red": [], "alerts": [], "within": 0 }, "confirm": "key",
        "stops": [], "warnings": [], "chosen_because": null, "tells_when_done": false
    }))
    .unwrap();
    let by = plan.by.clone();
    let event = crashcart::model::operation::OperationEvent::Approved { plan: Box::new(plan), by };
    Draft { at, operation: Some(crashcart::model::id::OperationId::new(id)), body: Body::Operation(event), ..note("") }
}

#[test]
fn of_two_approvals_the_second_is_refused_whoever_read_the_clock_first() {
    use crashcart::journal::Approved;
    use std::time::Duration;
    for (first, second, busy) in [(1, 0, true), (0, 1, true), (0, 20, false), (3_600, 0, false)] {
        let directory = tempfile::tempdir().unwrap();
        let mut journal = open(directory.path());
        let at = |seconds: u64| now() + Duration::from_secs(seconds);
        let approved = journal.approve(&approval("op-one", at(first)), "place", at(first)).unwrap();
        assert!(matches!(approved, Approved::Written(_)));
        let other = journal.approve(&approval("op-other", at(second)), "elsewhere", at(second)).unwrap();
        assert!(matches!(other, Approved::Written(_)), "another place is free");
        let approved = journal.approve(&approval("op-two", at(second)), "place", at(second)).unwrap();
        assert_eq!(
            matches!(&approved, Approved::Busy { by, .. } if by == "kim@web1"),
            busy,
            "{first} {second}: {approved:?}"
        );
    }
}
