//! What a bad night does to the machine itself: no network, a full disk, a rotated log. With the real thing each time.
//!
//! Some need root; without it, or without the tools, they say that they were skipped. `CRASHCART_REQUIRE=netns,...`
//! makes that a failure.

mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use support::pty::{Start, Terminal};
use support::require;
use support::web::Web;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Two network namespaces with a cable between them. They go when this is dropped.
struct Cable {
    near: String,
    far: String,
}

impl Cable {
    fn new() -> Option<Self> {
        let id = std::process::id();
        let cable = Self { near: format!("cca{id}"), far: format!("ccb{id}") };
        let (near, far) = (cable.near.as_str(), cable.far.as_str());
        let made = is_root()
            && ip(&["netns", "add", near])
            && ip(&["netns", "add", far])
            && ip(&["-n", near, "link", "add", "veth0", "type", "veth", "peer", "name", "veth1", "netns", far])
            && ip(&["-n", near, "addr", "add", "10.77.77.1/24", "dev", "veth0"])
            && ip(&["-n", far, "addr", "add", "10.77.77.2/24", "dev", "veth1"])
            && ip(&["-n", near, "link", "set", "lo", "up"])
            && ip(&["-n", near, "link", "set", "veth0", "up"])
            && ip(&["-n", far, "link", "set", "veth1", "up"])
            && ip(&["-n", near, "route", "add", "default", "via", "10.77.77.2"]);
        made.then_some(cable)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.near]);
        ip(&["netns", "del", &self.far]);
    }
}

/// A process that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_machine_without_a_network_says_so_instead_of_calling_everything_down() {
    let Some(cable) = Cable::new() else {
        return require("netns", "root and `ip netns` are needed to cut a cable");
    };
    let directory = tempfile::tempdir().unwrap();
    let far = |program: &str, arguments: &[&str]| {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &cable.far, program]).args(arguments).current_dir(directory.path());
        Ends(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    };
    let _server = far("python3", &["-m", "http.server", "8080", "--bind", "10.77.77.2"]);
    let start = Start {
        environment: vec![("CRASHCART_STATE_DIR", directory.path().join("state").display().to_string())],
        ..Start::default()
    };
    let arguments = ["netns", "exec", &cable.near, CRASHCART, "http://10.77.77.2:8080/", "tcp://10.77.77.2:8080"];
    let terminal = Terminal::spawn("ip", arguments, &start);
    // The server takes a moment to listen.
    terminal.wait_until("a first answer", |screen| screen.contains("ok") || screen.contains("DOWN"));
    terminal.type_text("r");
    terminal.wait_for("1 service ok");
    assert!(ip(&["-n", &cable.near, "link", "set", "veth0", "down"]));
    terminal.type_text("r");
    terminal.wait_for("this machine has no network");
    terminal.type_text("r");
    let screen = terminal.wait_until("no green and no red for what cannot be seen", |now| {
        now.contains("no network") && now.contains("1 unknown") && !now.contains("DOWN")
    });
    assert!(!screen.contains("service ok"), "{screen}");
    // The cable is back: the outage that never was is over.
    assert!(ip(&["-n", &cable.near, "link", "set", "veth0", "up"]));
    assert!(ip(&["-n", &cable.near, "route", "add", "default", "via", "10.77.77.2"]));
    terminal.type_text("r");
    terminal.wait_until("the service again", |now| now.contains("1 service ok") && !now.contains("has no network"));
}

/// A small file system of its own. It goes when this is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).ok()?;
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "crashcart-test"]).arg(at).stderr(Stdio::null());
        (is_root() && mount.status().is_ok_and(|status| status.success())).then(|| Self(at.to_owned()))
    }

    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[0; 4_096]).is_ok() {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_shown_and_the_console_goes_on_without_it() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&directory.path().join("full"), "4m") else {
        return require("root", "root is needed to mount a small disk");
    };
    disk.fill();
    let web = Web::start();
    let start = Start {
        environment: vec![("CRASHCART_STATE_DIR", disk.0.join("state").display().to_string())],
        ..Start::default()
    };
    let mut terminal = Terminal::spawn(CRASHCART, [web.url("/")], &start);
    terminal.wait_for("1 service ok");
    terminal.type_text("G");
    terminal.wait_for("full 100 % full");
    terminal.wait_for("cannot write the last known state to ");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
    let output = Command::new(CRASHCART)
        .args(["status", "--json", &web.url("/")])
        .env("CRASHCART_STATE_DIR", disk.0.join("state"))
        .output()
        .unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &document["host"]["health"]), (Some(1), &"down".into()), "{document:#}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no space left on device"));
}

#[test]
fn a_log_is_followed_through_rename_truncation_deletion_and_a_new_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    std::fs::write(&log, "first line\n").unwrap();
    let start = Start {
        environment: vec![("CRASHCART_STATE_DIR", directory.path().join("state").display().to_string())],
        ..Start::default()
    };
    let terminal = Terminal::spawn(CRASHCART, ["--log".to_owned(), log.display().to_string()], &start);
    let append = |text: &str| {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&log).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    terminal.wait_for("first line");
    std::fs::rename(&log, directory.path().join("app.log.1")).unwrap();
    append("after the rename\n");
    terminal.wait_for("after the rename");
    std::fs::write(&log, "").unwrap();
    append("cut\n");
    terminal.wait_for("cut");
    std::fs::remove_file(&log).unwrap();
    terminal.wait_for("app.log: ");
    append("born again\n");
    terminal.wait_for("born again");
    assert!(terminal.screen().contains("first line"));
}
