//! The timeline while many write at once, while they are killed, and while the disk, the home or the configuration is bad.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crashcart::desk::incidents;
use crashcart::journal::Journal;
use crashcart::model::incident::{IncidentEvent, SeenKind};
use crashcart::model::operation::Actor;
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;
use support::require;
use support::small_disk::SmallDisk;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");
const WRITERS: u64 = 10;
const ROUNDS: u64 = 12;

fn command(folder: &Path, state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(CRASHCART);
    command.args(arguments).current_dir(folder).env("CRASHCART_STATE_DIR", state).env("TZ", "UTC");
    command.env("CRASHCART_USER", "kim").env("HOME", folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn call(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, &folder.join("state"), arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

/// The same numbers each time: xorshift.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// The notes of incident 1, and how often each stands there.
fn notes(folder: &Path) -> BTreeMap<String, usize> {
    let shown = call(folder, &["incident", "show", "--incident", "1", "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    let mut notes = BTreeMap::new();
    for entry in shown["timeline"].as_array().unwrap().iter().filter(|entry| entry["kind"] == "note") {
        *notes.entry(entry["text"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    notes
}

/// What one writer was told: the notes that are written, those of which nothing was said, and the incidents opened.
#[derive(Default)]
struct Told {
    written: Vec<String>,
    unsaid: Vec<String>,
    opened: usize,
    killed: usize,
}

#[expect(clippy::disallowed_methods, reason = "nothing is waited for: it is killed at a moment that is rolled")]
fn write_and_be_killed(folder: &Path, writer: u64) -> Told {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (writer + 1).wrapping_mul(0x1234_5678_9abc_def1));
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let text = format!("note {round} of writer {writer}");
        let opens = dice.roll(5) == 0;
        let arguments: Vec<&str> =
            if opens { vec!["incident", "open", &text] } else { vec!["note", "--incident", "1", &text] };
        let mut child = command(folder, &folder.join("state"), &arguments).spawn().unwrap();
        if dice.roll(3) == 0 {
            // Not a wait for something to have happened: any moment will do, and each is another.
            std::thread::sleep(Duration::from_micros(dice.roll(60_000)));
            told.killed += usize::from(child.kill().is_ok());
        }
        let output = child.wait_with_output().unwrap();
        match (output.status.success(), opens) {
            (true, true) => told.opened += 1,
            (true, false) => told.written.push(text),
            (false, false) => told.unsaid.push(text),
            (false, true) => {}
        }
        // Who was not killed was told that it is written.
        assert!(output.status.success() || output.status.code().is_none(), "{}", said(&output));
    }
    told
}

#[test]
fn ten_who_write_and_are_killed_lose_nothing_write_nothing_twice_and_share_no_number() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    ok(&call(folder, &["incident", "open", "the first"]));
    let state = folder.join("state");
    let told: Vec<Told> = std::thread::scope(|scope| {
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write_and_be_killed(folder, writer))).collect();
        // Consoles that see the same things at the same time.
        let watchers: Vec<_> = (0..4)
            .map(|watcher| {
                let state = state.clone();
                scope.spawn(move || {
                    let now = Timestamp::from_secs(1_900_000_000);
                    let mut journal = Journal::open(&state, now).unwrap().journal;
                    let id = journal.incidents().unwrap().find("1").unwrap().id.clone();
                    let by = Actor { user: Line::from_text(&format!("console {watcher}")), host: Line::default() };
                    for alert in 0..20 {
                        let event = IncidentEvent::Saw {
                            key: format!("alert/prom/{alert}/1"),
                            kind: SeenKind::Alert,
                            text: Line::from_text(&format!("alert {alert} fires")),
                            service: None,
                            happened_at: now,
                        };
                        incidents::write(&mut journal, &id, &event, &by, now).unwrap();
                    }
                })
            })
            .collect();
        watchers.into_iter().for_each(|watcher| watcher.join().unwrap());
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });

    let notes = notes(folder);
    let written: BTreeSet<&String> = told.iter().flat_map(|told| &told.written).collect();
    let unsaid: BTreeSet<&String> = told.iter().flat_map(|told| &told.unsaid).collect();
    for text in &written {
        assert_eq!(notes.get(*text), Some(&1), "{text} was said to be written");
    }
    for (text, times) in &notes {
        assert_eq!(*times, 1, "{text}");
        assert!(written.contains(text) || unsaid.contains(text), "{text} is nobody's");
    }
    assert!(told.iter().map(|told| told.killed).sum::<usize>() > 10, "nobody was killed");
    assert!(!written.is_empty() && !unsaid.is_empty(), "{} written, {} killed before", written.len(), unsaid.len());

    let listed = call(folder, &["incident", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let numbers: Vec<u64> = listed.as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect();
    let distinct: BTreeSet<u64> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len(), "{numbers:?}");
    assert!(numbers.len() > told.iter().map(|told| told.opened).sum::<usize>(), "an incident that was opened is there");

    let journal = Journal::open(&state, Timestamp::from_secs(1_900_000_100)).unwrap().journal;
    let shown = journal.incidents().unwrap();
    assert_eq!(shown.find("1").unwrap().seen().count(), 20);
    let seen = call(folder, &["incident", "show", "--incident", "1", "--grep", "fires", "--json"]);
    let seen: serde_json::Value = serde_json::from_slice(&seen.stdout).unwrap();
    assert_eq!(seen["timeline"].as_array().unwrap().len(), 20, "what four saw is written once");
    ok(&call(folder, &["journal", "verify"]));
}

/// Writes a note with much piped into it, within a shell that limits how large files get.
fn limited(folder: &Path, blocks: u32, text: &str) -> Output {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" note {text}");
    let mut child = Command::new("sh")
        .args(["-c", &script, CRASHCART])
        .current_dir(folder)
        .env("CRASHCART_STATE_DIR", folder.join("state"))
        .env("HOME", folder)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Who fails before it has read everything closes the pipe.
    let _ = stdin.write_all("a line of sixty characters, so that the file grows quickly..\n".repeat(390).as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

/// One sentence, and perhaps a hint: what happened, to what, and nothing of our insides.
#[track_caller]
fn is_one_clear_sentence(output: &Output, about: &str) {
    let text = said(output);
    assert!(!output.status.success(), "{text}");
    assert!(output.status.code().is_some(), "it ended by a signal: {:?}", output.status);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("hint:")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert!(text.contains(about), "{about:?} is not in {text}");
    assert!(!text.contains("panicked") && !text.contains("os error") && !text.contains("SqliteFailure"), "{text}");
}

#[test]
fn a_file_that_may_not_grow_gives_one_sentence_and_what_was_written_before_stays() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    ok(&call(folder, &["incident", "open", "the first"]));
    let mut written = Vec::new();
    let mut refused = None;
    for number in 0..60 {
        let text = format!("note-{number}");
        let output = limited(folder, 600, &text);
        if output.status.success() {
            written.push(text);
        } else {
            refused = Some(output);
            break;
        }
    }
    let refused = refused.expect("the limit was reached");
    is_one_clear_sentence(&refused, "journal");
    assert!(!written.is_empty());
    let notes = notes(folder);
    assert_eq!(notes.keys().cloned().collect::<BTreeSet<_>>(), written.into_iter().collect());
    ok(&call(folder, &["journal", "verify"]));
    ok(&call(folder, &["note", "there is room again"]));
}

#[test]
fn a_full_disk_gives_one_sentence_and_what_was_written_before_stays() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let Some(disk) = SmallDisk::mount(&folder.join("state"), "2m") else {
        return require("root", "root is needed to mount a small disk");
    };
    ok(&call(folder, &["incident", "open", "the first"]));
    ok(&call(folder, &["note", "before"]));
    disk.fill();
    let refused = call(folder, &["note", "on a full disk", &"x".repeat(60_000)]);
    is_one_clear_sentence(&refused, "");
    // What is there can be read where nothing can be written.
    let shown = call(folder, &["incident", "show"]);
    assert!(
        said(&shown).contains("before") && said(&shown).contains("only what was written before"),
        "{}",
        said(&shown)
    );
    disk.free();
    assert_eq!(notes(folder).into_keys().collect::<Vec<_>>(), ["before"]);
    ok(&call(folder, &["journal", "verify"]));
    ok(&call(folder, &["note", "after"]));
}

#[test]
fn evidence_that_finds_no_room_says_so_and_leaves_no_half_of_a_bundle_behind() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let Some(disk) = SmallDisk::mount(&folder.join("usb"), "1m") else {
        return require("root", "root is needed to mount a small disk");
    };
    ok(&call(folder, &["incident", "open", "the first"]));
    disk.fill();
    let evidence = call(folder, &["incident", "evidence", "--output", "usb/e.tar.gz", "--timeout", "5s"]);
    is_one_clear_sentence(&evidence, "e.tar.gz");
    assert!(!disk.path().join("e.tar.gz").exists());
    let shown = said(&call(folder, &["incident", "show"]));
    assert!(!shown.contains("evidence put aside"), "{shown}");
}

#[test]
fn a_home_that_cannot_be_written_gives_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let home = folder.join("home");
    std::fs::create_dir(&home).unwrap();
    // Root may write where its modes say no, so it gets a file system that cannot be written.
    let disk = SmallDisk::mount(&home, "1m");
    if disk.is_some() {
        let mounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&home).status().unwrap();
        assert!(mounted.success());
    } else {
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o500)).unwrap();
    }
    for arguments in [&["incident", "open", "no home"][..], &["note", "no home"], &["incident", "evidence"]] {
        let output = command(folder, &home.join("state"), arguments).output().unwrap();
        is_one_clear_sentence(&output, "home/state");
    }
    if disk.is_none() {
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn a_broken_configuration_does_not_hinder_what_is_written_down() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    std::fs::write(folder.join("crashcart.toml"), "[[services]\nname = banana = 3").unwrap();
    ok(&call(folder, &["incident", "open", "Everything", "--service", "shop"]));
    ok(&call(folder, &["note", "the configuration is broken too"]));
    let shown = call(folder, &["incident", "show"]);
    assert!(said(&shown).contains("the configuration is broken too"), "{}", said(&shown));
    ok(&call(folder, &["incident", "ack"]));
    ok(&call(folder, &["incident", "resolve"]));
    let document = ok(&call(folder, &["incident", "export"]));
    assert!(document.contains(": Everything"), "{document}");
    ok(&call(folder, &["incident", "list"]));
}
