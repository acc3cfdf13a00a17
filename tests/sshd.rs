//! Over a real SSH connection: the console used through it, the connection cut, a log followed on the other side.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::pty::{Start, Terminal};
use support::servers::ssh::Sshd;
use support::web::Web;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

#[test]
fn the_console_is_used_over_ssh_and_a_cut_connection_leaves_nothing_behind() {
    let Some(sshd) = Sshd::start() else { return };
    let web = Web::start();
    // A name of its own, so that what is left behind can be found.
    let program = sshd.path("crashcart-over-ssh");
    fs::copy(CRASHCART, &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let remote = format!("{} {}", program.display(), web.url("/"));
    let start = Start {
        environment: vec![("CRASHCART_STATE_DIR", sshd.path("state").display().to_string())],
        ..Start::default()
    };
    let arguments = ["-F".to_owned(), sshd.config(), "-tt".to_owned(), "night".to_owned(), remote];
    let mut terminal = Terminal::spawn("ssh", arguments, &start);
    terminal.wait_for("1 service ok");
    terminal.type_text("?");
    terminal.wait_for("Everywhere");
    terminal.type_text("q");
    terminal.wait_gone("Everywhere");
    terminal.signal(Signal::KILL);
    terminal.wait_exit();
    let end = Instant::now() + Duration::from_secs(15);
    while is_running(&program) {
        assert!(Instant::now() < end, "the console is still running after its connection was cut");
        std::thread::yield_now();
    }
}

fn is_running(program: &Path) -> bool {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| fs::read_link(entry.path().join("exe")).ok()).any(|exe| exe == program)
}

#[test]
fn a_log_on_another_host_is_followed_by_the_systems_own_ssh() {
    let Some(sshd) = Sshd::start() else { return };
    let log = sshd.path("far.log");
    fs::write(&log, "2026-11-25T02:14:07Z INFO on the other side\n").unwrap();
    let start = Start {
        environment: vec![
            ("CRASHCART_STATE_DIR", sshd.path("state").display().to_string()),
            ("PATH", sshd.path_with_wrapper()),
        ],
        ..Start::default()
    };
    let mut terminal =
        Terminal::spawn(CRASHCART, ["--log".to_owned(), format!("ssh://night{}", log.display())], &start);
    terminal.wait_for("on the other side");
    let mut text = fs::read_to_string(&log).unwrap();
    text.push_str("2026-11-25T02:14:09Z ERROR written later\n");
    fs::write(&log, text).unwrap();
    terminal.wait_for("written later");
    // Killed outright, it can end nothing itself; what it started ends all the same.
    let config = sshd.config();
    assert!(is_named(&config), "the connection stands");
    terminal.signal(Signal::KILL);
    terminal.wait_exit();
    let end = Instant::now() + Duration::from_secs(15);
    while is_named(&config) {
        assert!(Instant::now() < end, "ssh is still running after the console was killed");
        std::thread::yield_now();
    }
}

/// Returns whether any process has the text in its command line.
fn is_named(text: &str) -> bool {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok()).any(|line| {
        let line = String::from_utf8_lossy(&line);
        line.contains(text)
    })
}
