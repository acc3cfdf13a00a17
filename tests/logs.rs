//! `crashcart logs` as a script sees it: what comes on standard output, and the exit code.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn crashcart(place: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crashcart"));
    command.current_dir(place).arg("logs").env_clear().env("TZ", "UTC").env("HOME", place).stdin(Stdio::null());
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

fn run(place: &Path, arguments: &[&str]) -> (String, String, Option<i32>) {
    let Output { status, stdout, stderr } = crashcart(place).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(stdout), text(stderr), status.code())
}

#[test]
fn several_logs_are_merged_by_time_and_entries_stay_whole() {
    let place = tempfile::tempdir().unwrap();
    fs::write(
        place.path().join("a.log"),
        "2026-11-25T02:00:00Z INFO one\n2026-11-25T02:00:02Z ERROR three\n    at f (a.js:1:1)\n",
    )
    .unwrap();
    fs::write(place.path().join("bb.log"), "2026-11-25T02:00:01Z INFO two\n2026-11-25T02:00:03Z INFO four\n").unwrap();
    let (out, err, code) = run(place.path(), &["a.log", "bb.log"]);
    let expected = "\
a.log   2026-11-25T02:00:00Z INFO one
bb.log  2026-11-25T02:00:01Z INFO two
a.log   2026-11-25T02:00:02Z ERROR three
a.log       at f (a.js:1:1)
bb.log  2026-11-25T02:00:03Z INFO four
";
    assert_eq!((out.as_str(), err.as_str(), code), (expected, "", Some(0)));
    let (globbed, _, _) = run(place.path(), &["*.log"]);
    assert_eq!(globbed, expected);
}

#[test]
fn level_grep_and_exclude_choose_whole_entries() {
    let place = tempfile::tempdir().unwrap();
    let log = "2026-11-25T02:00:00Z INFO started\n2026-11-25T02:00:01Z WARN slow answer\n\
               2026-11-25T02:00:02Z ERROR charge failed\n    at charge (a.js:1:1)\n2026-11-25T02:00:03Z ERROR healthz failed\n";
    fs::write(place.path().join("a.log"), log).unwrap();
    let texts = |arguments: &[&str]| {
        let (out, err, code) = run(place.path(), &[&["a.log"], arguments].concat());
        assert_eq!((err.as_str(), code), ("", Some(0)));
        out.lines().map(|line| line.split(' ').next_back().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&["--level", "warn"]), ["answer", "failed", "(a.js:1:1)", "failed"]);
    assert_eq!(texts(&["--level", "error", "--exclude", "healthz"]), ["failed", "(a.js:1:1)"]);
    assert_eq!(texts(&["--grep", "at charge"]), ["failed", "(a.js:1:1)"]);
    assert_eq!(texts(&["--grep", "STARTED", "--grep", "slow"]), ["answer"]);
    assert_eq!(texts(&["-n", "1"]), ["failed"]);
    let (_, err, code) = run(place.path(), &["a.log", "--grep", "a("]);
    assert!(err.contains("is not a regular expression") && code == Some(2), "{err} {code:?}");
}

#[test]
fn json_has_one_object_for_each_line() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("a.log"), "2026-11-25T02:00:00Z WARN sl\u{1b}[31mow\u{1b}[0m\n").unwrap();
    let (out, _, code) = run(place.path(), &["a.log", "--json"]);
    let line: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(line["level"], "warn");
    assert_eq!(line["stated"], "2026-11-25T02:00:00Z");
    assert_eq!(line["source"], "a.log");
    assert_eq!(line["offset"], 0);
    assert!(!out.contains('\u{1b}') && !out.contains("\\u001b"), "{out}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_log_that_cannot_be_read_is_told_and_counts_in_the_exit_code() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("a.log"), "one\n").unwrap();
    let (out, err, code) = run(place.path(), &["a.log", "./missing.log"]);
    assert!(out.contains("one") && err.contains("missing.log") && err.contains("No such file"), "{out} {err}");
    assert_eq!(code, Some(1));
    let (_, err, code) = run(place.path(), &["nothing"]);
    assert!(err.contains("`nothing` is neither a service"), "{err}");
    assert_eq!(code, Some(2));
}

#[test]
fn what_is_piped_in_is_filtered_to_its_end() {
    let place = tempfile::tempdir().unwrap();
    let mut child = crashcart(place.path())
        .args(["-", "--grep", "needle", "-n", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for number in 0..10_000 {
        writeln!(stdin, "{} {number}", if number % 1000 == 0 { "needle" } else { "hay" }).unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "needle 8000\nneedle 9000\n");
    assert_eq!(output.status.code(), Some(0));
}

/// A followed log, read line by line.
struct Followed {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Followed {
    fn start(place: &Path, arguments: &[&str]) -> Self {
        let mut command = crashcart(place);
        command.args(arguments).arg("--follow").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn interrupt(mut self) -> (Option<i32>, String) {
        let id = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        let status = self.child.wait().unwrap();
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        (status.code(), errors)
    }
}

#[test]
fn following_begins_with_the_last_lines_and_goes_on_through_rotation() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("a.log");
    let append = |text: &str| {
        OpenOptions::new().append(true).create(true).open(&log).unwrap().write_all(text.as_bytes()).unwrap();
    };
    append("one\ntwo\nthree\n");
    let mut followed = Followed::start(place.path(), &["a.log", "-n", "2", "--exclude", "noise"]);
    assert_eq!([followed.line(), followed.line()], ["two", "three"]);
    append("noise\nfour\n");
    assert_eq!(followed.line(), "four");
    fs::rename(&log, place.path().join("a.log.1")).unwrap();
    append("five\n");
    assert_eq!(followed.line(), "five");
    let (code, errors) = followed.interrupt();
    assert_eq!(code, Some(0), "{errors}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let place = tempfile::tempdir().unwrap();
    let log = place.path().join("a.log");
    fs::write(&log, "one\n").unwrap();
    let Followed { mut child, mut output } = Followed::start(place.path(), &["a.log"]);
    output.read_line(&mut String::new()).unwrap();
    drop(output);
    let end = Instant::now() + Duration::from_secs(20);
    let status = loop {
        // It notices with the next line that it cannot write.
        OpenOptions::new().append(true).open(&log).unwrap().write_all(b"more\n").unwrap();
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < end, "it goes on writing to nobody");
    };
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((status.code(), errors.as_str()), (Some(0), ""));
}
