//! What an entry must be to be kept, and how it is found again.

use crashcart::journal::{Journal, JournalError};
use crashcart::model::journal::{Body, Entry};
use crashcart::model::operation::{OperationEvent, PlatformEnd, Verdict};
use crashcart::model::text::Line;
use crashcart::operation::Operation;
use proptest::prelude::*;
use serde_json::json;

use super::place::{Place, an_operation, approved, claimed, draft, finished, intact, kim, note, operation};

#[test]
fn an_entry_is_read_as_it_was_written_by_this_process_and_by_others() {
    let place = Place::new();
    let mut journal = place.open();
    let written: Vec<Entry> = [draft(1, 0, approved(1)), note("hello"), draft(1, 3, claimed("a"))]
        .iter()
        .map(|draft| journal.append(draft).unwrap())
        .collect();
    assert_eq!(journal.since(0, 10).unwrap(), written);
    let reader = Journal::open_to_read(&place.state()).unwrap().unwrap();
    assert_eq!(reader.since(1, 1).unwrap(), written[1..2]);
    assert_eq!(reader.of_operation(&operation(1)).unwrap(), [written[0].clone(), written[2].clone()]);
    assert_eq!(written.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
    // The id tells the time that was given, to the millisecond, and that it is a UUID of version 7.
    let id = written[2].id.as_str().replace('-', "");
    assert_eq!(u64::from_str_radix(&id[..12], 16).unwrap(), 1_772_366_403_000);
    assert_eq!(&id[12..13], "7");
}

#[test]
fn an_event_that_may_not_follow_is_refused_and_nothing_is_written() {
    let place = Place::new();
    let mut journal = place.open();
    an_operation(&mut journal, 1);
    let mut homeless = draft(1, 9, finished(1));
    homeless.operation = None;
    let mut forged = note("x");
    forged.body = Body::Other { kind: "operation.ended".to_owned(), body: json!({}) };
    for (refused, says) in [
        (draft(1, 9, approved(1)), "approved already"),
        (draft(1, 9, OperationEvent::StepStarted { step: 1 }), "this step does not wait"),
        (draft(1, 9, OperationEvent::StepStarted { step: 99 }), "no such step"),
        (draft(1, 9, OperationEvent::Ended { verdict: Verdict::Done, said: Line::default() }), "nothing has looked"),
        (draft(2, 9, claimed("a")), "begins with its approval"),
        (draft(2, 9, approved(3)), "another operation's"),
        (homeless, "of no operation"),
        (forged, "only events that are known"),
    ] {
        let error = journal.append(&refused).unwrap_err();
        assert!(matches!(error, JournalError::Illegal(_)) && error.to_string().contains(says), "{error}");
        assert!(!error.hint().is_empty());
    }
    assert_eq!(intact(&place.state()).entries, 5);
}

#[test]
fn a_kind_that_a_newer_program_wrote_is_kept_and_nothing_is_added_to_an_operation_that_is_not_understood() {
    let place = Place::new();
    let mut journal = place.open();
    an_operation(&mut journal, 1);
    an_operation(&mut journal, 2);
    let kept = journal.append(&note("kept as it is")).unwrap();
    assert_eq!(journal.since(10, 1).unwrap(), [kept]);
    // As a newer program would write it: the same journal, an event that this one does not have.
    super::tampering::forge(
        &place.raw(),
        "operation.step_paused",
        Some(operation(1).as_str()),
        r#"{"event":"step_paused","step":1}"#,
    );
    let unknown = journal.since(11, 1).unwrap().remove(0);
    assert_eq!(unknown.body.kind(), "operation.step_paused");
    assert!(matches!(unknown.body, Body::Other { .. }));
    let error = journal.append(&draft(1, 9, finished(1))).unwrap_err();
    assert!(error.to_string().contains("a newer crashcart"), "{error}");
    journal.append(&draft(2, 9, finished(1))).unwrap();
    intact(&place.state());
}

#[test]
fn an_operation_is_found_by_its_end_and_the_latest_by_a_word() {
    let place = Place::new();
    let mut journal = place.open();
    let find = |journal: &Journal, wanted: &str| journal.resolve_operation(wanted).map_err(|error| error.to_string());
    assert_eq!(find(&journal, "last").unwrap_err(), "there is no operation `last`");
    for number in [0x1abc, 0x2abc, 0x3] {
        journal.append(&draft(number, 0, approved(number))).unwrap();
    }
    assert_eq!(find(&journal, "last"), Ok(operation(0x3)));
    assert_eq!(find(&journal, " 1abc "), Ok(operation(0x1abc)));
    assert_eq!(find(&journal, operation(0x2abc).as_str()), Ok(operation(0x2abc)));
    assert_eq!(find(&journal, "abc").unwrap_err(), "several operations end with `abc`");
    assert_eq!(find(&journal, "3").unwrap_err(), "there is no operation `3`");
    assert_eq!(find(&journal, "").unwrap_err(), "there is no operation ``");
}

#[test]
fn who_follows_sees_that_somebody_wrote_and_what() {
    let place = Place::new();
    let mut writer = place.open();
    let reader = Journal::open_to_read(&place.state()).unwrap().unwrap();
    for journal in [&writer, &reader] {
        assert!(journal.changed().unwrap());
        assert!(!journal.changed().unwrap());
    }
    let entry = writer.append(&note("x")).unwrap();
    for journal in [&writer, &reader] {
        assert!(journal.changed().unwrap());
        assert!(!journal.changed().unwrap());
        let news = journal.news(0, 10).unwrap();
        assert_eq!((news.entries, news.leases), (vec![entry.clone()], vec![]));
        assert!(journal.news(1, 10).unwrap().entries.is_empty());
    }
}

#[test]
fn plain_sqlite_shows_people_what_was_done() {
    let place = Place::new();
    an_operation(&mut place.open(), 1);
    let raw = place.raw();
    let row = |sql: &str| -> (String, String) { raw.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() };
    let (title, operation) = row("SELECT title, operation FROM operations");
    assert_eq!((title.as_str(), operation.as_str()), ("roll back checkout to v41", "000001"));
    let (who, kind) = row("SELECT who, kind FROM timeline WHERE seq = 3");
    assert_eq!((who.as_str(), kind.as_str()), ("kim@web1", "operation.step_started"));
}

fn an_event() -> impl Strategy<Value = OperationEvent> {
    let step = || 0..3_usize;
    prop_oneof![
        1 => Just(()).prop_map(|()| approved(1)),
        2 => Just(()).prop_map(|()| claimed("a")),
        4 => step().prop_map(|step| OperationEvent::StepStarted { step }),
        4 => step().prop_map(finished),
        1 => Just(OperationEvent::PlatformDone { ended: PlatformEnd::Succeeded, said: None }),
        1 => Just(OperationEvent::VerifyStarted),
        1 => Just(()).prop_map(|()| OperationEvent::CancelAsked { by: kim(), why: None }),
        1 => Just(OperationEvent::Ended { verdict: Verdict::Cancelled, said: Line::default() }),
    ]
}

proptest! {
    // Each case waits for a disk.
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn what_is_kept_of_any_events_replays(events in proptest::collection::vec(an_event(), 1..25)) {
        let place = Place::new();
        let mut journal = place.open();
        let mut kept = Vec::new();
        for (second, event) in (0..).zip(events) {
            match journal.append(&draft(1, second, event)) {
                Ok(entry) => kept.push(entry),
                Err(JournalError::Illegal(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let read = journal.of_operation(&operation(1)).unwrap();
        prop_assert_eq!(&read, &kept);
        let told = read.iter().filter_map(|entry| match &entry.body {
            Body::Operation(event) => Some((entry.at, event)),
            Body::Run(_) | Body::Incident(_) | Body::Other { .. } => None,
        });
        prop_assert!(kept.is_empty() || Operation::replay(told).is_ok());
        prop_assert_eq!(intact(&place.state()).entries, kept.len() as u64);
    }
}
