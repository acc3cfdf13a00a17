//! Logs are followed through everything that happens to them: real files, pipes and processes.
//!
//! Nothing here sleeps: a test waits for what it expects, and fails with what it has seen when that does not come.

#[path = "tails/harness.rs"]
mod harness;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use crashcart::model::log::{LogCommand, LogOrigin, LogSourceState};
use crashcart::tail::Options;
use harness::{Tail, append};
use proptest::prelude::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_file_comes_first_and_then_what_is_added() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "one\ntwo\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["one", "two"]).await;
    append(&log, "three\n");
    tail.until_lines(&["one", "two", "three"]).await;
    assert_eq!(tail.offsets(), [0, 4, 8]);
    tail.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_big_file_is_read_from_close_to_its_end() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    let file = File::create(&log).unwrap();
    // Sparse: as long as a gigabyte, without its cost.
    file.set_len(1 << 30).unwrap();
    append(&log, "\n");
    let text: String = (0..10_000).map(|number| format!("line {number:04} {}\n", "x".repeat(90))).collect();
    append(&log, &text);
    let mut tail = Tail::file(&log);
    tail.until("the last line", |tail| tail.lines.last().is_some_and(|line| line.starts_with("line 9999"))).await;
    assert!((2_000..4_000).contains(&tail.lines.len()), "{} lines", tail.lines.len());
    let first: usize = tail.lines[0][5..9].parse().unwrap();
    assert_eq!(tail.offsets()[0], (1 << 30) + 1 + 101 * first as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_file_is_finished_before_the_new_one_is_followed() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "one\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["one"]).await;
    // What logrotate does: the daemon writes to the old file until it is told.
    let mut old = OpenOptions::new().append(true).open(&log).unwrap();
    fs::rename(&log, place.path().join("app.log.1")).unwrap();
    tail.until_state("waiting", |state| matches!(state, LogSourceState::Waiting(_))).await;
    old.write_all(b"two\n").unwrap();
    tail.until_lines(&["one", "two"]).await;
    append(&log, "three\n");
    tail.until_lines(&["one", "two", "three"]).await;
    tail.until_state("rotated", |state| matches!(state, LogSourceState::Rotated(_))).await;
    old.write_all(b"late\n").unwrap();
    tail.until_lines(&["one", "two", "three", "late"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_file_is_followed_from_its_new_beginning() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "one\ntwo\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["one", "two"]).await;
    OpenOptions::new().write(true).open(&log).unwrap().set_len(0).unwrap();
    append(&log, "three\n");
    tail.until_lines(&["one", "two", "three"]).await;
    assert_eq!(tail.offsets(), [0, 4, 0]);
    tail.until_state("rotated", |state| matches!(state, LogSourceState::Rotated(_))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_truncated_and_grew_past_its_old_length_unseen_is_noticed() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "one\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["one"]).await;
    // What a truncation and a longer line look like when both happened between two looks.
    let mut file = OpenOptions::new().write(true).open(&log).unwrap();
    file.write_all(b"two and more\n").unwrap();
    tail.until_lines(&["one", "two and more"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_does_not_append_leaves_a_hole_that_is_passed_over() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    let mut writer = File::create(&log).unwrap();
    writer.write_all(&b"x".repeat(200_000)).unwrap();
    writer.write_all(b"\none\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until("one", |tail| tail.lines.last().is_some_and(|line| line == "one")).await;
    File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    writer.write_all(b"two\n").unwrap();
    tail.until("two", |tail| tail.lines.last().is_some_and(|line| line == "two")).await;
    assert_eq!(tail.offsets().last(), Some(&200_005));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_file_is_waited_for_and_its_successor_read_from_the_beginning() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "one\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["one"]).await;
    fs::remove_file(&log).unwrap();
    tail.until_state("waiting", |state| matches!(state, LogSourceState::Waiting(_))).await;
    fs::write(&log, "two\nthree\n").unwrap();
    tail.until_lines(&["one", "two", "three"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_does_not_exist_yet_is_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("later/app.log");
    let mut tail = Tail::file(&log);
    tail.until_state("waiting", |state| matches!(state, LogSourceState::Waiting(_))).await;
    fs::create_dir(place.path().join("later")).unwrap();
    fs::write(&log, "one\n").unwrap();
    tail.until_lines(&["one"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_that_vanishes_with_its_file_is_waited_for() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("logs");
    let log = directory.join("app.log");
    fs::create_dir(&directory).unwrap();
    fs::write(&log, "one\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["one"]).await;
    fs::remove_dir_all(&directory).unwrap();
    tail.until_state("waiting", |state| matches!(state, LogSourceState::Waiting(_))).await;
    fs::create_dir(&directory).unwrap();
    fs::write(&log, "two\n").unwrap();
    tail.until_lines(&["one", "two"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_symbolic_link_that_is_switched_is_followed_to_its_new_target() {
    let place = tempfile::tempdir().unwrap();
    let (first, second, link) = (place.path().join("1"), place.path().join("2"), place.path().join("current"));
    for (directory, text) in [(&first, "one\n"), (&second, "two\n")] {
        fs::create_dir(directory).unwrap();
        fs::write(directory.join("app.log"), text).unwrap();
    }
    symlink(&first, &link).unwrap();
    let mut tail = Tail::file(&link.join("app.log"));
    tail.until_lines(&["one"]).await;
    symlink(&second, place.path().join("next")).unwrap();
    fs::rename(place.path().join("next"), &link).unwrap();
    tail.until_lines(&["one", "two"]).await;
    append(&second.join("app.log"), "three\n");
    tail.until_lines(&["one", "two", "three"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_comes_whole_and_in_order() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    File::create(&log).unwrap();
    let mut tail = Tail::file(&log);
    tail.until_state("following", |state| matches!(state, LogSourceState::Following { .. })).await;
    let text: String = (0..100_000).map(|number| format!("{number} {}\n", "x".repeat(100))).collect();
    append(&log, &text);
    tail.until("the last line", |tail| tail.lines.last().is_some_and(|line| line.starts_with("99999 "))).await;
    tail.assert_numbers(100_000);
    assert_eq!(tail.dropped, 0, "10 MB are kept up with");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_that_cannot_be_kept_up_with_is_skipped_to_its_end_and_every_line_counted() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    File::create(&log).unwrap();
    let mut tail = Tail::file(&log);
    tail.until_state("following", |state| matches!(state, LogSourceState::Following { .. })).await;
    let text: String = (0..300_000).map(|number| format!("{number} {}\n", "x".repeat(100))).collect();
    append(&log, &text);
    tail.until("the last line", |tail| tail.lines.last().is_some_and(|line| line.starts_with("299999 "))).await;
    assert!(tail.dropped > 0, "31 MB at once are more than we wait for");
    tail.assert_numbers(300_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_of_a_megabyte_keeps_its_beginning() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    let long = "y".repeat(1_000_000);
    fs::write(&log, format!("before\n{long}\n")).unwrap();
    let mut tail = Tail::file(&log);
    // The end of the file is reached without its last line being begun in the middle.
    tail.until("the long line", |tail| tail.lines.last().is_some_and(|line| line.starts_with("yyyy"))).await;
    append(&log, &format!("{long}\nafter\n"));
    tail.until("after", |tail| tail.lines.last().is_some_and(|line| line == "after")).await;
    let lengths: Vec<usize> = tail.lines.iter().map(String::len).filter(|length| *length > 10).collect();
    assert!(lengths.len() == 2 && lengths.iter().all(|length| (60_000..70_000).contains(length)), "{lengths:?}");
    assert_eq!(tail.offsets()[tail.lines.len() - 3..], [7, 1_000_008, 2_000_009]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_of_any_kind_become_lines() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, b"caf\xe9\r\nnul\0byte\n\n\xff\xfe\xfd\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until("four lines", |tail| tail.lines.len() == 4).await;
    assert!(tail.lines[0].starts_with("caf") && !tail.lines[0].contains('\r'), "{:?}", tail.lines);
    assert!(tail.lines[1].starts_with("nul") && tail.lines[1].ends_with("byte"), "{:?}", tail.lines);
    assert_eq!(tail.lines[2], "");
    assert_eq!(tail.offsets(), [0, 6, 15, 16]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn utf_16_with_a_mark_is_read_as_text() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    fs::write(&log, utf_16("\u{feff}one\r\nzwölf\r\n")).unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["one", "zwölf"]).await;
    OpenOptions::new().append(true).open(&log).unwrap().write_all(&utf_16("drei\r\n")).unwrap();
    tail.until_lines(&["one", "zwölf", "drei"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_without_a_newline_is_shown_after_a_while_and_never_twice() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "one\nhal").unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["one", "hal"]).await;
    append(&log, "f\nthree\n");
    tail.until_lines(&["one", "hal", "f", "three"]).await;
    assert_eq!(tail.offsets(), [0, 4, 7, 9]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_and_a_device_say_that_they_are_no_logs() {
    let place = tempfile::tempdir().unwrap();
    let mut tail = Tail::file(place.path());
    let why = tail.until_state("failed", |state| matches!(state, LogSourceState::Failed(_))).await;
    assert!(format!("{why:?}").contains("is a directory"), "{why:?}");
    let mut tail = Tail::file(Path::new("/dev/null"));
    tail.until_state("waiting", |state| matches!(state, LogSourceState::Waiting(_))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_may_not_be_read_is_tried_again() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "one\n").unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&log).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let mut tail = Tail::file(&log);
    let why = tail.until_state("failed", |state| matches!(state, LogSourceState::Failed(_))).await;
    assert!(format!("{why:?}").contains("permission denied"), "{why:?}");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o600)).unwrap();
    tail.until_lines(&["one"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_named_pipe_is_read_from_one_writer_after_the_other() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &log, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let mut tail = Tail::file(&log);
    tail.until_state("following", |state| matches!(state, LogSourceState::Following { .. })).await;
    for (text, seen) in [("one\n", vec!["one"]), ("two\n", vec!["one", "two"])] {
        let (log, text) = (log.clone(), text.to_owned());
        tokio::task::spawn_blocking(move || append(&log, &text)).await.unwrap();
        tail.until_lines(&seen).await;
    }
    fs::remove_file(&log).unwrap();
    fs::write(&log, "three\n").unwrap();
    tail.until_lines(&["one", "two", "three"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_file_of_a_glob_is_a_source_of_its_own_and_new_ones_join() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name);
    fs::write(path("a.log"), "a1\n").unwrap();
    fs::write(path("old.log.gz"), "not a log\n").unwrap();
    let mut tail = Tail::of(LogOrigin::Glob(format!("{}/*.log*", place.path().display())));
    tail.until_lines(&["a1"]).await;
    fs::write(path("b.log"), "b1\nb2\n").unwrap();
    tail.until_lines(&["a1", "b1", "b2"]).await;
    assert_eq!(tail.sources.len(), 2, "{:?}", tail.sources);
    // The rotated file matches as well, but it has been read.
    fs::rename(path("a.log"), path("a.log.1")).unwrap();
    fs::write(path("a.log"), "a2\n").unwrap();
    fs::write(path("c.log"), "c1\n").unwrap();
    tail.until("c1", |tail| tail.lines.iter().any(|line| line == "c1")).await;
    tail.until("a2", |tail| tail.lines.iter().any(|line| line == "a2")).await;
    assert_eq!(tail.lines.iter().filter(|line| line.as_str() == "a1").count(), 1, "{:?}", tail.lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_glob_without_files_waits_for_the_first() {
    let place = tempfile::tempdir().unwrap();
    let mut tail = Tail::of(LogOrigin::Glob(format!("{}/*.log", place.path().display())));
    tail.until_state("waiting", |state| matches!(state, LogSourceState::Waiting(_))).await;
    fs::write(place.path().join("a.log"), "a1\n").unwrap();
    tail.until_lines(&["a1"]).await;
}

fn command(command: &str) -> LogOrigin {
    LogOrigin::Command(LogCommand { command: command.to_owned(), ssh: None })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_outputs_of_a_command_are_lines_and_its_end_is_explained() {
    let mut tail = Tail::of(command("echo one; sleep 0.1; echo broken >&2; exit 3"));
    tail.until_lines(&["one", "broken"]).await;
    let why = tail.until_state("failed", |state| matches!(state, LogSourceState::Failed(_))).await;
    assert!(format!("{why:?}").contains("ended with exit status 3: broken"), "{why:?}");
    // It is started again.
    tail.until("the second run", |tail| tail.lines.len() >= 4).await;
    assert_eq!(tail.lines[2..4], ["one", "broken"]);
    tail.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_and_all_that_it_started_end_when_following_ends() {
    // One that asks nicely, one that does not listen, and one that hides behind a pipe.
    let mut tail =
        Tail::of(command("trap '' TERM; echo $$; sh -c 'echo $$; exec sleep 1000' & (sleep 1000; true) | cat; wait"));
    tail.until("both process ids", |tail| tail.lines.len() == 2).await;
    let group: i32 = tail.lines[0].parse().unwrap();
    assert!(harness::group_lives(group));
    tail.end().await;
    // What is not our own child takes a moment to be gone after it was killed.
    harness::eventually("all of the group is gone", || !harness::group_lives(group)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_ends_even_when_nobody_waits_for_it() {
    let mut tail = Tail::of(command("echo $$; exec sleep 1000"));
    tail.until("the process id", |tail| tail.lines.len() == 1).await;
    let group: i32 = tail.lines[0].parse().unwrap();
    drop(tail);
    harness::eventually("the group is gone", || !harness::group_lives(group)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_that_prints_a_lot_comes_whole() {
    let mut tail = Tail::of(command("seq 0 299999; exec sleep 1000"));
    tail.until("the last line", |tail| tail.lines.last().is_some_and(|line| line == "299999")).await;
    tail.assert_numbers(300_000);
    assert_eq!(tail.dropped, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_looks_like_an_option_is_refused() {
    let ssh = LogCommand { command: "true".to_owned(), ssh: Some("-oProxyCommand=touch".to_owned()) };
    let mut tail = Tail::of(LogOrigin::Command(ssh));
    let why = tail.until_state("failed", |state| matches!(state, LogSourceState::Failed(_))).await;
    assert!(format!("{why:?}").contains("is not a host"), "{why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_came_and_went_between_two_looks_is_told() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "0\n").unwrap();
    let mut tail = Tail::file(&log);
    tail.until_lines(&["0"]).await;
    for round in 1..20 {
        for step in 0..3 {
            fs::rename(&log, place.path().join(format!("app.log.{round}.{step}"))).unwrap();
            append(&log, &format!("{round}.{step}\n"));
        }
        let last = format!("{round}.2");
        tail.until(&last, |tail| tail.lines.contains(&last)).await;
    }
    let missing = 1 + 19 * 3 - tail.lines.len();
    let told: usize = tail.states.iter().map(harness::files_missed).sum();
    assert!(told >= missing, "{missing} lines did not come, {told} files were told as missed: {:?}", tail.states);
    assert!(missing > 0, "it was looked between all of them, so nothing was shown");
}

/// What a writer does between two lines.
#[derive(Clone, Copy, Debug)]
enum Step {
    Lines(u32),
    /// logrotate: the file gets another name, a new one takes its place.
    Rename,
    /// logrotate with `copytruncate`, in the only way that loses nothing: when all has been read.
    Truncate,
    /// The file is deleted, and the next line makes a new one.
    Delete,
    /// A line is written in two pieces.
    Halves,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..400u32).prop_map(Step::Lines),
        2 => Just(Step::Rename),
        1 => Just(Step::Truncate),
        1 => Just(Step::Delete),
        2 => Just(Step::Halves),
    ];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn every_line_comes_once_and_in_order_whatever_happens_to_the_file(steps in steps(), listen in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(numbered_lines(steps, listen));
    }
}

async fn numbered_lines(steps: Vec<Step>, listen: bool) {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("app.log");
    fs::write(&log, "0\n").unwrap();
    // However long we are kept from writing the second half of a line.
    let options = Options { partial_after: Duration::from_secs(20), listen, ..Options::default() };
    let mut tail = Tail::with(LogOrigin::File(log.clone()), options);
    tail.until("the first line", |tail| tail.lines.len() == 1).await;
    let mut next = 1_u64;
    // A file that vanishes before anybody opened it is lost to every reader, and a truncated one as far as it was not
    // read; so those steps wait until all has come. Renaming does not wait: the old file is finished.
    for (index, step) in steps.iter().enumerate() {
        let written = usize::try_from(next).unwrap();
        match step {
            Step::Lines(count) => {
                let text: String = (next..next + u64::from(*count)).map(|number| format!("{number}\n")).collect();
                append(&log, &text);
                next += u64::from(*count);
            }
            Step::Halves => {
                append(&log, &format!("{next}"));
                append(&log, " and more\n");
                next += 1;
            }
            Step::Rename => {
                let opened = tail.successors();
                fs::rename(&log, place.path().join(format!("app.log.{index}"))).unwrap();
                append(&log, &format!("{next}\n"));
                next += 1;
                tail.until("the new file to be opened", |tail| tail.successors() > opened).await;
            }
            Step::Truncate => {
                tail.until("all lines", |tail| tail.lines.len() == written).await;
                OpenOptions::new().write(true).open(&log).unwrap().set_len(0).unwrap();
            }
            Step::Delete => {
                tail.until("all lines", |tail| tail.lines.len() == written).await;
                let opened = tail.successors();
                fs::remove_file(&log).unwrap();
                append(&log, &format!("{next}\n"));
                next += 1;
                tail.until("the new file to be opened", |tail| tail.successors() > opened).await;
            }
        }
    }
    let written = usize::try_from(next).unwrap();
    tail.until("all lines", |tail| tail.lines.len() >= written).await;
    tail.assert_numbers(next);
    tail.end().await;
}
