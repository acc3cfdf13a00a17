//! Several at once, and those that are killed while they write.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;

use crashcart::journal::{Approved, Journal, Taken};
use crashcart::model::journal::Body;

use super::place::{Place, approved, at, draft, intact, note, operation, worker};

/// Where the helper below is to write. Without it the helper is a test of nothing but itself.
const HELPER: &str = "CRASHCART_TEST_JOURNAL";

/// Appends without an end when another test starts it, and says each entry's place when the journal has said that it is kept.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test's own process is told by it what to do")]
fn helper_that_writes_until_it_is_killed_or_refused() {
    let Some(state) = std::env::var_os(HELPER).map(PathBuf::from) else { return };
    let mut journal = Journal::open(&state, at(0)).unwrap().journal;
    for number in 0.. {
        match journal.append(&note(&"x".repeat(number % 3_000))) {
            Ok(entry) => println!("\nkept {} {}", entry.seq, entry.id),
            Err(error) => {
                println!("\nrefused {error} / {}", error.hint());
                return;
            }
        }
    }
}

/// Starts the helper in a process of its own, behind a shell that sets its limits.
pub fn helper(place: &Place, limits: &str) -> Child {
    let script =
        format!("{limits} exec \"$0\" --exact --nocapture races::helper_that_writes_until_it_is_killed_or_refused");
    Command::new("/bin/sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(HELPER, place.state())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn of_four_who_write_at_once_nothing_is_lost() {
    const EACH: usize = 500;
    let place = Place::new();
    let begin = Barrier::new(4);
    let mine: Vec<Vec<(u64, String)>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (place, begin) = (&place, &begin);
                scope.spawn(move || {
                    begin.wait();
                    let mut journal = place.open();
                    let write = |number| journal.append(&note(&format!("{writer}/{number}"))).unwrap();
                    (0..EACH).map(write).map(|entry| (entry.seq, entry.id.to_string())).collect()
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    for writer in &mine {
        assert!(writer.is_sorted(), "each one's entries stand in the order in which it wrote them");
    }
    let told: BTreeSet<(u64, String)> = mine.into_iter().flatten().collect();
    let journal = place.open();
    let kept: BTreeSet<(u64, String)> =
        journal.since(0, 10_000).unwrap().into_iter().map(|entry| (entry.seq, entry.id.to_string())).collect();
    assert_eq!(kept.len(), 4 * EACH);
    assert_eq!(kept, told);
    assert_eq!(intact(&place.state()).entries, 2_000);
}

#[test]
fn verification_beside_a_writer_finds_no_damage() {
    let place = Place::new();
    let mut writer = helper(&place, "");
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let first = lines.find(|line| line.as_ref().unwrap().starts_with("kept"));
    assert!(first.is_some());
    let mut entries = Vec::new();
    for _ in 0..20 {
        entries.push(intact(&place.state()).entries);
        // The writer waits when nobody reads what it says.
        lines.next().unwrap().unwrap();
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert!(entries.is_sorted() && entries[0] > 0, "{entries:?}");
}

#[test]
fn processes_that_open_a_new_journal_at_once_share_one() {
    for _ in 0..5 {
        let place = Place::new();
        let begin = Barrier::new(8);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (place, begin) = (&place, &begin);
                scope.spawn(move || {
                    begin.wait();
                    place.open().append(&note(&number.to_string())).unwrap();
                });
            }
        });
        assert_eq!(intact(&place.state()).entries, 8);
    }
}

#[test]
fn who_is_killed_while_it_writes_leaves_everything_that_it_was_told_is_kept() {
    let place = Place::new();
    let mut told = BTreeSet::new();
    for round in 0..8 {
        let mut child = helper(&place, "");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut kept = 0;
        while kept < 10 + 7 * round {
            let line = lines.next().expect("the helper writes until it is killed");
            kept += usize::from(told_by(&line, &mut told));
        }
        child.kill().unwrap();
        // What it said before it ended counts as well; its last line may be half of one.
        let rest: Vec<String> = lines.collect();
        let whole = rest.len().saturating_sub(1);
        for line in &rest[..whole] {
            told_by(line, &mut told);
        }
        child.wait().unwrap();
    }
    let journal = place.open();
    let kept: BTreeSet<(u64, String)> =
        journal.since(0, 1_000_000).unwrap().into_iter().map(|entry| (entry.seq, entry.id.to_string())).collect();
    assert!(told.len() > 200 && told.is_subset(&kept), "{} told, {} kept", told.len(), kept.len());
    intact(&place.state());
}

fn told_by(line: &str, told: &mut BTreeSet<(u64, String)>) -> bool {
    let mut words = line.split(' ');
    let is_kept = words.next() == Some("kept");
    if is_kept {
        told.insert((words.next().unwrap().parse().unwrap(), words.next().unwrap().to_owned()));
    }
    is_kept
}

#[test]
fn of_many_who_approve_the_same_at_once_one_may() {
    for _ in 0..5 {
        let place = Place::new();
        let begin = Barrier::new(6);
        let written: Vec<bool> = std::thread::scope(|scope| {
            let people: Vec<_> = (1..=6)
                .map(|number| {
                    let (place, begin) = (&place, &begin);
                    scope.spawn(move || {
                        let mut journal = place.open();
                        begin.wait();
                        // Each one's clock was read a little before or after the others'.
                        let now = 100 + u64::from(number % 3);
                        let done = journal.approve(&draft(number, now, approved(number)), "k", at(now)).unwrap();
                        matches!(done, Approved::Written(_))
                    })
                })
                .collect();
            people.into_iter().map(|person| person.join().unwrap()).collect()
        });
        assert_eq!(written.iter().filter(|written| **written).count(), 1, "{written:?}");
        let entries = place.open().since(0, 10).unwrap();
        assert!(matches!(&entries[..], [entry] if matches!(entry.body, Body::Operation(_))));
    }
}

#[test]
fn of_many_who_take_a_lease_at_once_one_has_it() {
    let place = Place::new();
    drop(place.open());
    let begin = Barrier::new(6);
    let taken: Vec<bool> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..6)
            .map(|number: u32| {
                let (place, begin) = (&place, &begin);
                scope.spawn(move || {
                    let mut journal = place.open();
                    begin.wait();
                    let taken =
                        journal.take_lease("k", &operation(1), &worker(&number.to_string()), at(0), true).unwrap();
                    matches!(taken, Taken::Ours { .. })
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
}

#[test]
fn processes_that_find_a_broken_journal_at_once_begin_one_new_one_and_lose_nothing_of_it() {
    for _ in 0..5 {
        let place = Place::new();
        std::fs::create_dir(place.state()).unwrap();
        std::fs::write(place.file(), "this is no journal\n".repeat(500)).unwrap();
        let begin = Barrier::new(6);
        let aside: Vec<bool> = std::thread::scope(|scope| {
            let openers: Vec<_> = (0..6)
                .map(|number| {
                    let (place, begin) = (&place, &begin);
                    scope.spawn(move || {
                        begin.wait();
                        let mut opened = Journal::open(&place.state(), at(number)).unwrap();
                        opened.journal.append(&note("x")).unwrap();
                        opened.set_aside.is_some()
                    })
                })
                .collect();
            openers.into_iter().map(|opener| opener.join().unwrap()).collect()
        });
        assert_eq!(aside.iter().filter(|aside| **aside).count(), 1);
        assert_eq!(intact(&place.state()).entries, 6);
        assert_eq!(place.names().iter().filter(|name| name.contains("unreadable")).count(), 1);
    }
}
