//! Over a real SSH connection: the console used through it, the connection cut, a log followed on the other side.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::pty::{Start, Terminal};
use support::require;
use support::web::Web;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

/// A server of our own, with its own keys, on a port of its own.
struct Sshd {
    process: Child,
    directory: tempfile::TempDir,
}

impl Sshd {
    fn start() -> Option<Self> {
        let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].into_iter().find(|path| Path::new(path).exists())?;
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        for name in ["host", "key"] {
            let made =
                Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &path(name)]).status().ok()?;
            assert!(made.success());
        }
        fs::copy(path("key.pub"), path("authorized")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nPermitRootLogin prohibit-password\nAcceptEnv CRASHCART_STATE_DIR COLORTERM LANG\n",
            path("host"),
            path("authorized")
        );
        fs::write(path("sshd_config"), config).unwrap();
        let host_key = fs::read_to_string(path("host.pub")).unwrap();
        fs::write(path("known"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        let user = Command::new("id").arg("-un").output().unwrap();
        let client = format!(
            "Host night\n  HostName 127.0.0.1\n  Port {port}\n  User {}\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  SendEnv CRASHCART_STATE_DIR\n",
            String::from_utf8_lossy(&user.stdout).trim(),
            path("key"),
            path("known")
        );
        fs::write(path("ssh_config"), client).unwrap();
        // The daemon separates privileges in a directory that only a booted system has.
        if rustix::process::geteuid().is_root() {
            let _ = fs::create_dir_all("/run/sshd");
        }
        let log = fs::File::create(path("sshd.log")).unwrap();
        let process = Command::new(program)
            .args(["-D", "-e", "-f", &path("sshd_config")])
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .ok()?;
        let sshd = Self { process, directory };
        let end = Instant::now() + Duration::from_secs(10);
        while !sshd.ssh().arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            if Instant::now() > end {
                println!("{}", fs::read_to_string(sshd.path("sshd.log")).unwrap_or_default());
                return None;
            }
        }
        Some(sshd)
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn ssh(&self) -> Command {
        let mut command = Command::new("ssh");
        command.args(["-F", &self.path("ssh_config"), "-o", "BatchMode=yes", "night"]);
        command
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_console_is_used_over_ssh_and_a_cut_connection_leaves_nothing_behind() {
    let Some(sshd) = Sshd::start() else {
        return require("sshd", "there is no sshd, or it does not start");
    };
    let web = Web::start();
    // A name of its own, so that what is left behind can be found.
    let program = sshd.directory.path().join("crashcart-over-ssh");
    fs::copy(CRASHCART, &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let remote = format!("{} {}", program.display(), web.url("/"));
    let start = Start { environment: vec![("CRASHCART_STATE_DIR", sshd.path("state"))], ..Start::default() };
    let arguments = ["-F".to_owned(), sshd.path("ssh_config"), "-tt".to_owned(), "night".to_owned(), remote];
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
    let Some(sshd) = Sshd::start() else {
        return require("sshd", "there is no sshd, or it does not start");
    };
    let log = sshd.path("far.log");
    fs::write(&log, "2026-11-25T02:14:07Z INFO on the other side\n").unwrap();
    // The system's ssh reads the user's configuration from the home directory of the password file: a wrapper named
    // ssh, first on the path, gives it ours instead.
    let bin = sshd.directory.path().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("ssh"), format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", sshd.path("ssh_config")))
        .unwrap();
    fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), support::environment("PATH").unwrap_or_default());
    let start =
        Start { environment: vec![("CRASHCART_STATE_DIR", sshd.path("state")), ("PATH", path)], ..Start::default() };
    let mut terminal = Terminal::spawn(CRASHCART, ["--log".to_owned(), format!("ssh://night{log}")], &start);
    terminal.wait_for("on the other side");
    let mut text = fs::read_to_string(&log).unwrap();
    text.push_str("2026-11-25T02:14:09Z ERROR written later\n");
    fs::write(&log, text).unwrap();
    terminal.wait_for("written later");
    // Killed outright, it can end nothing itself; what it started ends all the same.
    let config = sshd.path("ssh_config");
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
