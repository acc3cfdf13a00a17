//! What only the machine and the terminal tell: locked stores, keyrings out of reach, terminals, contacts, the journal.

use super::support::pty::{Start, Terminal};
use super::{CRASHCART, Command, Place, Stdio, Value, closed_port, fs, released};
use rusqlite::Connection;
use std::os::unix::fs::symlink;

/// Runs the doctor as one who came over SSH, without any terminal.
fn over_ssh(place: &Place) -> Vec<Value> {
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(CRASHCART);
    command.args(["--config", place.path("crashcart.toml").to_str().unwrap(), "doctor", "--json"]);
    command.current_dir(place.path("work")).env_clear().envs(variables(place));
    command.env("SSH_CONNECTION", "192.0.2.7 50000 192.0.2.1 22").stdin(Stdio::null());
    let output = command.output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    document["lines"].as_array().unwrap().clone()
}

fn variables(place: &Place) -> Vec<(&'static str, String)> {
    vec![
        ("HOME", place.path("home").display().to_string()),
        ("XDG_CONFIG_HOME", place.path("home/.config").display().to_string()),
        ("XDG_RUNTIME_DIR", place.path("work").display().to_string()),
        ("CRASHCART_STATE_DIR", place.path("state").display().to_string()),
        ("DBUS_SESSION_BUS_ADDRESS", String::new()),
        ("PATH", "/usr/bin:/bin".to_owned()),
    ]
}

#[track_caller]
fn says(lines: &[Value], area: &str, subject: &str, verdict: &str, evidence: &str, fix: &str) {
    let is = |line: &&Value| line["area"] == area && line["subject"].as_str().unwrap().contains(subject);
    let line = lines.iter().find(is).unwrap_or_else(|| panic!("no {area} {subject} in {lines:#?}"));
    let has = |key: &str, text: &str| line[key].as_str().unwrap_or_default().contains(text);
    assert!(line["verdict"] == verdict && has("evidence", evidence) && has("fix", fix), "{line:#}");
}

/// Runs the doctor in a terminal and returns its last screen.
fn in_terminal(place: &Place, size: (u16, u16), changed: &[(&'static str, &str)]) -> String {
    let mut environment = variables(place);
    environment.extend(changed.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let start = Start { size, environment, ..Start::default() };
    let config = place.path("crashcart.toml").display().to_string();
    let mut terminal = Terminal::spawn(CRASHCART, ["--config", config.as_str(), "doctor"], &start);
    let screen =
        terminal.wait_until("the sum", |screen| screen.contains("failure") && screen.trim_end().ends_with('.'));
    terminal.wait_exit();
    screen
}

#[test]
fn a_store_and_a_keyring_that_nobody_can_unlock_over_ssh_are_failures() {
    let place = Place::new(
        "[sources.web]\nprovider = \"render\"\nurl = \"http://127.0.0.1:1/v1\"\ntoken = { store = \"web\" }\n\
         [sources.two]\nprovider = \"render\"\nurl = \"http://127.0.0.1:1/v1\"\ntoken = { keyring = \"two\" }\n\n[[services]]\nname = \"shop\"\n",
    );
    let environment = variables(&place);
    let start = Start { size: (160, 30), environment, ..Start::default() };
    let mut terminal = Terminal::spawn(CRASHCART, ["secret", "set", "web", "--store"], &start);
    for (question, typed) in [
        ("New passphrase (not shown): ", "correct horse"),
        ("The same again (not shown): ", "correct horse"),
        ("Secret web (not shown): ", "rnd_abcdefghijklmnop"),
    ] {
        terminal.wait_for_bytes(question.as_bytes());
        terminal.type_text(&format!("{typed}\r"));
    }
    assert!(terminal.wait_exit().success());
    // What stayed open with the passphrase that was just typed is closed.
    let mut lock = Command::new(CRASHCART);
    lock.args(["secret", "lock"]).env_clear().envs(variables(&place)).stdin(Stdio::null()).output().unwrap();
    let lines = over_ssh(&place);
    says(&lines, "secret", "store entry web", "failure", "the store is locked", "crashcart secret unlock");
    says(&lines, "secret", "keyring entry two", "failure", "", "");
}

#[test]
fn a_terminal_that_cannot_show_the_console_is_told() {
    let place = Place::new("[[services]]\nname = \"shop\"\n");
    fs::remove_dir_all(place.path("state")).unwrap();
    fs::write(place.path("state"), "so that something fails, and the sum is known").unwrap();
    let screen = in_terminal(&place, (100, 40), &[("TERM", "dumb")]);
    assert!(screen.contains("TERM is not set, or dumb") && screen.contains("TERM=xterm-256color"), "{screen}");
    let screen = in_terminal(&place, (38, 60), &[]);
    assert!(screen.replace(['\n', ' '], "").contains("lessthan40x20"), "{screen}");
    let screen = in_terminal(&place, (100, 40), &[("LANG", "C")]);
    assert!(screen.contains("lines are drawn with + and -") && screen.contains("LANG=C.UTF-8"), "{screen}");
}

#[test]
fn contacts_that_are_old_or_cannot_be_called_are_warnings() {
    let place = Place::new(
        "[[services]]\nname = \"shop\"\n[[contacts]]\nname = \"Kim\"\nphone = \"+49 30 901820\"\nverified = \"2019-01-01\"\n\
         [[contacts]]\nname = \"Sam\"\n[[contacts]]\nname = \"Lee\"\nphone = \"030 12\"\nservices = [\"gone\"]\n",
    );
    let ran = place.doctor(&[]);
    let told: Vec<String> = ran
        .lines
        .iter()
        .filter(|line| line["area"] == "contacts")
        .map(|line| format!("{} {} {}", line["subject"], line["verdict"], line["evidence"]))
        .collect();
    for name in ["Kim", "Sam", "Lee"] {
        assert!(told.iter().any(|line| line.contains(name) && line.contains("warning")), "{name}: {told:#?}");
    }
    assert_eq!(place.doctor(&["--strict"]).code, Some(1));
}

#[test]
fn a_journal_that_was_changed_behind_our_back_is_a_failure() {
    let place = Place::new("[[services]]\nname = \"shop\"\n");
    for arguments in [&["incident", "open", "it is down"][..], &["note", "two"]] {
        let output = place.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    place.doctor(&[]).says("journal", "journal", "ok", "entries are as they were written", "");
    Connection::open(place.path("state/journal.db"))
        .unwrap()
        .execute_batch("DROP TRIGGER entry_stays_as_it_is; UPDATE entry SET user = 'eve' WHERE seq = 2")
        .unwrap();
    place.doctor(&[]).says("journal", "journal", "failure", "was taken out of the file", "crashcart journal verify");
}

#[test]
fn a_log_whose_reading_fails_is_a_failure() {
    // A plain file by its kind, and no byte of it can be read.
    let place = Place::new("[[services]]\nname = \"shop\"\nlogs = [{ file = \"/proc/self/mem\" }]\n");
    let (verdict, evidence, fix) = place.doctor(&[]).line("log", "mem");
    assert!(verdict == "failure" && !evidence.is_empty() && !fix.is_empty(), "{verdict}: {evidence} -> {fix}");
}

#[test]
fn a_release_to_go_back_to_that_has_gone_is_a_failure() {
    let place = Place::new(
        "[sources.web]\nprovider = \"releases-over-ssh\"\n\n[[services]]\nname = \"shop\"\n\
         release = { source = \"web\", path = \"ROOT/app\" }\n",
    );
    released(place.root.path(), &["20261031100000", "20261101020000"]);
    place.doctor(&[]).says("rollback", "shop", "ok", "could begin now", "");
    // Somebody cleaned up.
    fs::remove_dir_all(place.path("app/releases/20261031100000")).unwrap();
    place.doctor(&[]).says("rollback", "shop", "failure", "", "crashcart rollback shop --dry-run");
    // And the link leads nowhere.
    fs::remove_file(place.path("app/current")).unwrap();
    symlink("releases/gone", place.path("app/current")).unwrap();
    let (verdict, ..) = place.doctor(&[]).line("rollback", "shop");
    assert_eq!(verdict, "failure");
}

#[test]
fn a_source_that_is_not_there_is_one_line_and_not_a_silence() {
    let place = Place::with_source(&format!("http://{}/v1", closed_port()));
    let ran = place.doctor(&["--timeout", "5s"]);
    assert_eq!(ran.lines.iter().filter(|line| line["area"] == "source" && line["subject"] == "web").count(), 1);
}
