//! `crashcart journal`: what it prints, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::place::{Place, an_operation, note};

fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crashcart"));
    command
        .arg("journal")
        .args(arguments)
        .arg("--state-dir")
        .arg(place.state())
        .env_clear()
        .env("HOME", place.state().join("home"))
        .env("TZ", "UTC")
        .stdin(Stdio::null());
    command
}

#[track_caller]
fn run(place: &Place, arguments: &[&str], code: i32) -> String {
    let Output { status, stdout, stderr } = command(place, arguments).output().unwrap();
    let said = format!("{}{}", String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(code), "{arguments:?}: {said}");
    said
}

fn filled() -> Place {
    let place = Place::new();
    let mut journal = place.open();
    an_operation(&mut journal, 1);
    journal.append(&note("hello\u{1b}[2J")).unwrap();
    place
}

#[test]
fn entries_are_printed_a_line_each_and_cannot_touch_the_terminal() {
    let place = filled();
    // Somebody who knows how has written a kind that no program of ours has.
    super::tampering::forge(&place.raw(), "note\u{1b}]0;title\u{7}", None, "{}");
    let said = run(&place, &[], 0);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 7, "{said}");
    assert_eq!(lines[0], "2026-03-01 12:00:00 UTC  kim@web1  operation.approved  000001  roll back checkout to v41");
    assert!(lines[2].ends_with("step 1") && lines[5].contains("note.added"), "{said}");
    assert!(!said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
    assert_eq!(run(&place, &["show", "--operation", "last"], 0).lines().count(), 5);
    assert_eq!(run(&place, &["show", "--service", "nobody"], 0), "");
    assert_eq!(run(&place, &["show", "--since", "1s"], 0), "");
    assert!(run(&place, &["show", "--operation", "zzz"], 2).contains("there is no operation `zzz`"));
}

#[test]
fn json_is_a_line_for_each_entry() {
    let place = filled();
    let said = run(&place, &["--json"], 0);
    let entries: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.len(), 6);
    assert_eq!((&entries[0]["kind"], &entries[0]["body"]["event"]), (&"operation.approved".into(), &"approved".into()));
    assert_eq!(entries[5]["seq"], 6);
}

#[test]
fn where_nothing_was_done_there_is_nothing_to_show_and_nothing_to_verify() {
    let place = Place::new();
    for arguments in [&[][..], &["--json"], &["export"]] {
        assert_eq!(run(&place, arguments, 0), "Nothing was written yet.\n");
    }
    assert!(run(&place, &["verify"], 3).contains("there is no journal"));
    assert!(!place.state().exists());
}

#[test]
fn verify_says_by_its_exit_code_whether_it_is_as_it_was_written() {
    let place = filled();
    let head = super::place::intact(&place.state()).head;
    let said = run(&place, &["verify"], 0);
    assert!(said.contains("6 entries are as they were written") && said.contains(&head), "{said}");
    place
        .raw()
        .execute_batch("DROP TRIGGER entry_stays_as_it_is; UPDATE entry SET user = 'eve' WHERE seq = 2")
        .unwrap();
    let said = run(&place, &["verify"], 1);
    assert!(said.contains("entry 2: operation.claimed was changed after it was written"), "{said}");
    let found: Value = serde_json::from_str(&run(&place, &["verify", "--json"], 1)).unwrap();
    assert!(found["damages"].as_array().unwrap().iter().any(|damage| damage["seq"] == 2));

    std::fs::write(place.file(), "gone").unwrap();
    assert!(run(&place, &["verify"], 1).contains("is not a journal any more"));
    assert!(run(&place, &["show"], 3).contains("is not a journal any more"));
    let newer = filled();
    newer.raw().execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(run(&newer, &["verify"], 3).contains("newer crashcart"));
}

#[test]
fn an_export_holds_all_that_the_hashes_are_made_of() {
    use sha2::{Digest as _, Sha256};
    let place = filled();
    let said = run(&place, &["export"], 0);
    let mut previous = String::new();
    for (line, seq) in said.lines().zip(1..) {
        let entry: Value = serde_json::from_str(line).unwrap();
        assert_eq!(entry["seq"], seq);
        assert_eq!(entry["previous"], previous.as_str());
        // The body is the line's last field, letter for letter.
        let body = line.split_once(",\"body\":").unwrap().1.strip_suffix('}').unwrap();
        let field = |name: &str| match &entry[name] {
            Value::Null => "-\n".to_owned(),
            Value::String(text) => format!("{}:{text}\n", text.len()),
            number => format!("{}:{number}\n", number.to_string().len()),
        };
        let names = ["previous", "id", "origin", "micros", "kind", "service", "operation", "user", "host"];
        let text: String = names.map(field).concat() + &format!("{}:{body}\n", body.len());
        let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(entry["hash"], hash.as_str(), "{line}");
        previous = hash;
    }
    assert_eq!(said.lines().count(), 6);
}

#[test]
fn following_begins_before_there_is_a_journal_and_shows_every_entry_once() {
    let place = Place::new();
    let mut child = command(&place, &["show", "--follow", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut journal = place.open();
    for seq in 1..=5 {
        journal.append(&note("x")).unwrap();
        let entry: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(entry["seq"], seq);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
