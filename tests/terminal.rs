//! The real program in a real pseudo-terminal: what it shows, and that it gives the terminal back whatever happens.

mod support;

use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rustix::process::Signal;
use support::pty::{Start, Terminal, contains};
use support::web::Web;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

/// A console on a web server and a log, with a state directory of its own.
struct Night {
    directory: tempfile::TempDir,
    web: Web,
}

impl Night {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("app.log"), "2026-11-25T02:14:07Z INFO started\n").unwrap();
        Self { directory, web: Web::start() }
    }

    fn log(&self) -> std::path::PathBuf {
        self.directory.path().join("app.log")
    }

    fn append(&self, text: &str) {
        let mut file = std::fs::OpenOptions::new().append(true).open(self.log()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn open_with(&self, mut start: Start<'_>) -> Terminal {
        start.environment.push(("CRASHCART_STATE_DIR", self.directory.path().join("state").display().to_string()));
        let log = self.log().display().to_string();
        Terminal::spawn(CRASHCART, [self.web.url("/"), "--log".to_owned(), log], &start)
    }

    fn open(&self) -> Terminal {
        self.open_with(Start::default())
    }
}

#[test]
fn it_shows_the_site_and_the_log_live_and_q_gives_the_terminal_back() {
    let night = Night::new();
    let mut terminal = night.open();
    terminal.wait_for("1 service ok");
    terminal.wait_for("INFO started");
    night.append("2026-11-25T02:14:09Z ERROR charge failed: undefined id\n");
    terminal.wait_for("charge failed: undefined id");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn an_outage_is_seen_with_its_reason_and_so_is_the_recovery() {
    let night = Night::new();
    let terminal = night.open();
    terminal.wait_for("1 service ok");
    night.web.answer(503, "broken");
    terminal.type_text("r");
    let screen = terminal.wait_for("DOWN");
    assert!(screen.contains("answered 503 Service Unavailable, expected 200-399"), "{screen}");
    night.web.answer(200, "ok");
    terminal.type_text("r");
    terminal.wait_for("1 service ok");
}

#[test]
fn the_first_paint_of_the_next_run_is_what_was_last_known() {
    let night = Night::new();
    night.web.answer(500, "");
    let mut first = night.open();
    first.wait_for("DOWN");
    first.type_text("q");
    first.wait_exit();
    // Nothing answers any more, so what is shown can only come from the disk.
    night.web.hang();
    let second = night.open();
    second.wait_for("answered 500");
}

#[test]
fn every_signal_that_ends_it_gives_the_terminal_back() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::QUIT, 131), (Signal::HUP, 0)] {
        let night = Night::new();
        let mut terminal = night.open();
        terminal.wait_for("1 service ok");
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(), code, "{signal:?}");
        terminal.assert_given_back();
    }
}

#[test]
fn a_dropped_connection_ends_it() {
    let night = Night::new();
    let mut terminal = night.open();
    terminal.wait_for("1 service ok");
    terminal.hang_up();
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_panic_in_the_loop_gives_the_terminal_back_and_one_in_a_task_leaves_the_console_running() {
    let night = Night::new();
    let mut terminal =
        night.open_with(Start { environment: vec![("CRASHCART_TEST_PANIC", "loop".to_owned())], ..Start::default() });
    terminal.wait_for_bytes(b"\x1b[?1049h");
    terminal.type_text("j");
    assert_eq!(terminal.exit_code(), 101);
    terminal.assert_given_back();

    let night = Night::new();
    let terminal =
        night.open_with(Start { environment: vec![("CRASHCART_TEST_PANIC", "task".to_owned())], ..Start::default() });
    terminal.wait_for("a part of crashcart failed (src/runtime/open.rs:");
    terminal.wait_for("1 service ok");
    terminal.type_text("?");
    terminal.wait_for("Everywhere");
    assert!(!contains(&terminal.bytes(), b"\x1b[?1049l"), "a background panic must not touch the screen");
}

#[test]
fn being_killed_leaves_a_usable_screen_behind() {
    let night = Night::new();
    let mut terminal = night.open();
    terminal.wait_for("1 service ok");
    terminal.signal(Signal::KILL);
    terminal.wait_exit();
    // The guard is a process of its own: it writes after the console is gone.
    terminal.wait_for_bytes(b"\x1b[?1049l");
}

#[test]
fn a_shell_can_stop_it_and_bring_it_back() {
    if !Path::new("/bin/bash").exists() {
        println!("skipped: there is no /bin/bash");
        return;
    }
    let night = Night::new();
    let start = Start {
        environment: vec![
            ("CRASHCART_STATE_DIR", night.directory.path().join("state").display().to_string()),
            ("PS1", "prompt> ".to_owned()),
        ],
        ..Start::default()
    };
    let terminal = Terminal::spawn("/bin/bash", ["--norc", "--noprofile", "-i"], &start);
    terminal.wait_for("prompt>");
    terminal.type_text(&format!("{CRASHCART} {} --log {}\n", night.web.url("/"), night.log().display()));
    terminal.wait_for("1 service ok");
    terminal.type_text("\x1a");
    terminal.wait_for("Stopped");
    terminal.type_text("echo back in the sh''ell\n");
    terminal.wait_for("back in the shell");
    terminal.type_text("fg; echo \"code $?\"\n");
    terminal.wait_for("1 service ok");
    terminal.type_text("?");
    terminal.wait_for("Everywhere");
    terminal.type_text("qq");
    terminal.wait_for("code 0");
    terminal.type_text("echo the same sh''ell\n");
    terminal.wait_for("the same shell");
}

#[test]
fn a_storm_of_resizes_ends_in_the_right_size() {
    let night = Night::new();
    let terminal = night.open();
    terminal.wait_for("1 service ok");
    for step in 0..60_u16 {
        terminal.resize(40 + step * 2, 12 + step % 30);
    }
    terminal.resize(61, 20);
    terminal.wait_until("a status line that ends in the last column but one", |screen| {
        let first = screen.lines().next().unwrap_or_default();
        first.chars().count() == 60 && first.contains("1 service ok") && first.ends_with("UTC")
    });
}

#[test]
fn pasted_text_does_nothing_and_says_so() {
    let night = Night::new();
    let terminal = night.open();
    terminal.wait_for("1 service ok");
    terminal.type_text("\x1b[200~q\x03q\x1b[201~");
    terminal.wait_for("pasted text was ignored");
}

#[test]
fn frames_carry_a_query_and_a_terminal_that_never_answers_still_gets_them() {
    let night = Night::new();
    let answering = night.open();
    answering.wait_for("1 service ok");
    assert!(answering.queries() > 0);
    let silent = night.open_with(Start { answers: false, ..Start::default() });
    silent.wait_for("1 service ok");
    for _ in 0..3 {
        silent.type_text("?");
        silent.wait_for("Everywhere");
        silent.type_text("q");
        silent.wait_gone("Everywhere");
    }
}

#[test]
fn hostile_log_lines_change_nothing_but_their_own_row() {
    let night = Night::new();
    let terminal = night.open();
    terminal.wait_for("1 service ok");
    night.append("\x1b]0;pwned\x07\x1b[2J\x1b[HFINE\x1b[?1049l\x1b]52;c;QQ==\x07 end-of-line\n");
    let screen = terminal.wait_for("end-of-line");
    assert!(screen.contains("1 service ok"), "{screen}");
    let bytes = terminal.bytes();
    for forbidden in [&b"\x1b]0;pwned"[..], b"\x1b]52;", b"\x1b[?1049l"] {
        assert!(!contains(&bytes, forbidden), "{}", forbidden.escape_ascii());
    }
}

#[test]
fn copying_goes_to_the_users_own_clipboard() {
    let night = Night::new();
    let terminal = night.open();
    terminal.wait_for("1 service ok");
    terminal.type_text("3y");
    terminal.wait_for_bytes(b"\x1b]52;c;");
    terminal.wait_for("sent ");
}

#[test]
fn a_log_can_be_piped_in_while_keys_come_from_the_terminal() {
    let night = Night::new();
    let start = Start {
        environment: vec![("CRASHCART_STATE_DIR", night.directory.path().join("state").display().to_string())],
        ..Start::default()
    };
    let command = format!(
        "(echo '2026-11-25T02:14:07Z WARN from the pipe'; cat {}) | {CRASHCART} {} --log -",
        night.log().display(),
        night.web.url("/")
    );
    let mut terminal = Terminal::spawn("/bin/sh", ["-c", command.as_str()], &start);
    terminal.wait_for("from the pipe");
    terminal.wait_for("1 service ok");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
}

#[test]
fn escape_is_a_key_while_a_log_pours_in() {
    let night = Night::new();
    let terminal = night.open();
    terminal.wait_for("1 service ok");
    // Lines come faster than the time after which a lone escape counts as the key.
    let (stop, stopped) = mpsc::channel::<()>();
    let mut log = std::fs::OpenOptions::new().append(true).open(night.log()).unwrap();
    let pouring = std::thread::spawn(move || {
        let mut number = 0_u32;
        while stopped.recv_timeout(Duration::from_millis(5)).is_err_and(|error| error == RecvTimeoutError::Timeout) {
            number += 1;
            writeln!(log, "2026-11-25T02:14:09Z INFO line {number}").unwrap();
        }
    });
    terminal.wait_for("INFO line");
    terminal.type_text("?");
    terminal.wait_for("Everywhere");
    terminal.type_text("\x1b");
    terminal.wait_gone("Everywhere");
    drop(stop);
    pouring.join().unwrap();
}

#[test]
fn a_disk_that_hangs_does_not_keep_the_terminal() {
    let night = Night::new();
    let mut first = night.open();
    first.wait_for("1 service ok");
    first.type_text("q");
    first.wait_exit();
    let saved = std::fs::read_dir(night.directory.path().join("state/last")).unwrap().next().unwrap().unwrap().path();
    let mut second = night.open();
    second.wait_for("1 service ok");
    // Opening a pipe that nobody reads waits, as a dead disk does.
    let temporary = saved.with_extension(format!("json.{}", second.pid().as_raw_nonzero()));
    assert!(std::process::Command::new("mkfifo").arg(temporary).status().unwrap().success());
    night.web.answer(503, "something new to be written");
    second.type_text("r");
    second.wait_for("DOWN");
    second.type_text("q");
    assert_eq!(second.exit_code(), 0);
    second.assert_given_back();
}
