//! Disks and files that are not as they should be: each is said in a sentence with what to try, and nothing is deleted.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;

use crashcart::journal::{FILE, Journal, JournalError};

use super::place::{Place, an_operation, at, intact, note};
use super::races::helper;

#[test]
fn the_directory_and_the_file_are_for_this_user_only() {
    let place = Place::new();
    place.open().append(&note("x")).unwrap();
    let _open = place.open();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.state()), 0o700);
    for name in place.names() {
        assert_eq!(mode(&place.state().join(&name)), 0o600, "{name}");
    }
}

#[test]
fn looking_makes_nothing() {
    let place = Place::new();
    assert!(Journal::open_to_read(&place.state()).unwrap().is_none());
    assert!(!place.state().exists());
    fs::create_dir(place.state()).unwrap();
    fs::write(place.file(), "").unwrap();
    assert!(Journal::open_to_read(&place.state()).unwrap().is_none(), "a file that somebody is just making");
    place.open();
    let mut reader = Journal::open_to_read(&place.state()).unwrap().unwrap();
    assert!(matches!(reader.append(&note("x")), Err(JournalError::ReadOnly { .. })));
}

#[test]
fn what_is_no_journal_is_set_aside_with_what_belongs_to_it_and_never_deleted() {
    let foreign = {
        let place = Place::new();
        fs::create_dir(place.state()).unwrap();
        place.raw().execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 7").unwrap();
        fs::read(place.file()).unwrap()
    };
    let cases: [&[u8]; 5] = [b"xy", b"not a database at all", &[0; 4096], &[0xff; 10_000], &foreign];
    for bytes in cases {
        let place = Place::new();
        fs::create_dir(place.state()).unwrap();
        fs::write(place.file(), bytes).unwrap();
        fs::write(place.state().join("journal.db-wal"), "belongs to it").unwrap();
        let refused = Journal::open_to_read(&place.state()).unwrap_err();
        assert!(matches!(refused, JournalError::Corrupt { .. }), "{refused}");
        assert_eq!(fs::read(place.file()).unwrap(), bytes, "who only looks leaves it as it is");
        fs::write(place.state().join("journal.db-wal"), "belongs to it").unwrap();

        let mut opened = Journal::open(&place.state(), at(0)).unwrap();
        let told = opened.set_aside.expect("a sentence");
        let aside = "journal.db.unreadable-20260301T120000Z";
        assert!(told.contains(aside) && told.contains("a new one begun"), "{told}");
        assert_eq!(fs::read(place.state().join(aside)).unwrap(), bytes);
        opened.journal.append(&note("goes on")).unwrap();
        assert_eq!(intact(&place.state()).entries, 1);
    }
}

#[test]
fn several_that_are_set_aside_in_one_second_do_not_replace_each_other() {
    let place = Place::new();
    fs::create_dir(place.state()).unwrap();
    for text in ["one", "two", "three"] {
        fs::write(place.file(), text).unwrap();
        assert!(Journal::open(&place.state(), at(0)).unwrap().set_aside.is_some());
    }
    let aside = |suffix: &str| {
        let name = format!("journal.db.unreadable-20260301T120000Z{suffix}");
        fs::read_to_string(place.state().join(name)).unwrap()
    };
    assert_eq!([aside(""), aside("-1"), aside("-2")], ["one", "two", "three"]);
}

#[test]
fn a_header_of_garbage_is_set_aside_and_garbage_further_in_is_found() {
    let page = |number: u64, says: &dyn Fn(&Place)| {
        let place = Place::new();
        let mut journal = place.open();
        for _ in 0..20 {
            an_operation_of_its_own(&mut journal);
        }
        drop(journal);
        assert!(!place.state().join("journal.db-wal").exists(), "the last one to close it leaves one file");
        fs::OpenOptions::new()
            .write(true)
            .open(place.file())
            .unwrap()
            .write_all_at(&[0xa5; 4096], number * 4096)
            .unwrap();
        says(&place);
    };
    page(0, &|place| {
        assert!(Journal::open(&place.state(), at(0)).unwrap().set_aside.is_some());
        assert!(place.names().iter().any(|name| name.contains("unreadable")));
    });
    let pages = {
        let place = Place::new();
        let mut journal = place.open();
        for _ in 0..20 {
            an_operation_of_its_own(&mut journal);
        }
        drop(journal);
        fs::metadata(place.file()).unwrap().len() / 4096
    };
    assert!(pages > 20);
    for number in [pages / 3, pages / 2, pages - 2] {
        page(number, &|place| {
            let found = match Journal::open_to_read(&place.state()) {
                Ok(journal) => journal.unwrap().verify().map(|found| !found.damages.is_empty()),
                Err(error) => Err(error),
            };
            assert!(matches!(found, Ok(true) | Err(JournalError::Corrupt { .. })), "page {number}: {found:?}");
        });
    }
}

fn an_operation_of_its_own(journal: &mut Journal) {
    let number = journal.since(0, 1_000).unwrap().len() as u32 + 1;
    an_operation(journal, number);
}

#[test]
fn a_journal_of_a_newer_program_is_left_as_it_is() {
    let place = Place::new();
    place.open().append(&note("x")).unwrap();
    place.raw().execute_batch("PRAGMA user_version = 99").unwrap();
    for error in [
        Journal::open(&place.state(), at(0)).map(|_| ()).unwrap_err(),
        Journal::open_to_read(&place.state()).map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(error, JournalError::Newer { found: 99, .. }), "{error}");
        assert!(error.to_string().contains("newer crashcart") && error.hint().contains("--state-dir"));
    }
    assert!(!place.names().iter().any(|name| name.contains("unreadable")));
    place.raw().execute_batch("PRAGMA user_version = 1").unwrap();
    assert_eq!(intact(&place.state()).entries, 1);
}

#[test]
fn who_waits_too_long_for_another_process_is_told_so_and_may_try_again() {
    let place = Place::new();
    let mut journal = place.open();
    let other = place.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = journal.append(&note("x")).unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }) && error.may_pass(), "{error}");
    assert!(error.to_string().contains("locked by another process") && error.hint().contains("fuser"));
    // Reading waits for nobody.
    assert!(journal.since(0, 10).unwrap().is_empty());
    other.execute_batch("COMMIT").unwrap();
    journal.append(&note("x")).unwrap();
}

#[test]
fn a_full_disk_is_told_and_what_was_kept_stays() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&note("x")).unwrap();
    journal.limit_pages(20);
    let long = "x".repeat(4_096);
    let error = (0..200).find_map(|_| journal.append(&note(&long)).err()).expect("it is full some time");
    assert!(matches!(error, JournalError::Full { .. }) && error.may_pass(), "{error}");
    assert!(error.to_string().contains("the disk is full") && error.hint().contains("make room"), "{error}");
    let kept = intact(&place.state()).entries;
    journal.limit_pages(1_000_000);
    assert_eq!(journal.append(&note(&long)).unwrap().seq, kept + 1);
}

/// A limit on the size of files stands for a quota and a full disk: the system refuses to make the file longer.
#[test]
fn a_disk_that_takes_no_more_is_told_and_what_was_kept_stays() {
    let place = Place::new();
    place.open();
    let mut child = helper(&place, "trap '' XFSZ; ulimit -f 2000;");
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    let refused = said.lines().find(|line| line.starts_with("refused")).unwrap_or_else(|| panic!("{said}"));
    assert!(refused.contains("the disk would not take") && refused.contains("df -h"), "{refused}");
    let kept = said.lines().filter(|line| line.starts_with("kept")).count() as u64;
    assert!(kept > 10);
    assert_eq!(intact(&place.state()).entries, kept);
    // When there is room again it goes on where it was.
    assert_eq!(place.open().append(&note("x")).unwrap().seq, kept + 1);
}

#[test]
fn a_state_directory_that_cannot_be_is_told_with_what_to_try() {
    let place = Place::new();
    fs::write(place.state(), "a file where the directory should be").unwrap();
    let error = Journal::open(&place.state(), at(0)).unwrap_err();
    assert!(matches!(error, JournalError::Open { .. }), "{error}");
    assert!(error.to_string().contains(FILE) && error.hint().contains("--state-dir"), "{error}");

    // Nobody makes directories there, root neither.
    #[cfg(target_os = "linux")]
    {
        let error = Journal::open(Path::new("/sys/crashcart"), at(0)).unwrap_err();
        assert!(matches!(error, JournalError::ReadOnly { .. } | JournalError::Open { .. }), "{error}");
        assert!(error.hint().contains("--state-dir"));
    }
}

/// Root may write everywhere, so for root this shows only that reading works.
#[test]
fn a_journal_in_a_directory_that_cannot_be_written_is_read_all_the_same() {
    let place = Place::new();
    place.open().append(&note("x")).unwrap();
    let set = |mode| fs::set_permissions(place.state(), fs::Permissions::from_mode(mode)).unwrap();
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o400)).unwrap();
    set(0o500);
    let read = Journal::open_to_read(&place.state()).map(|journal| journal.unwrap().verify().unwrap());
    let written = Journal::open(&place.state(), at(0)).and_then(|mut opened| opened.journal.append(&note("y")));
    set(0o700);
    let read = read.unwrap();
    assert_eq!((read.entries, read.damages), (1, vec![]));
    if !rustix::process::geteuid().is_root() {
        let error = written.unwrap_err();
        assert!(matches!(error, JournalError::ReadOnly { .. } | JournalError::Open { .. }), "{error}");
    }
}
