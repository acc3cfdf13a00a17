//! A session bus of its own with gnome-keyring on it, or without: what a desktop, a server and a forgotten window are like.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use super::{DEADLINE, bound_to_us, find, spawn, until};

/// The name of the Secret Service on the bus.
const SERVICE: &str = "org.freedesktop.secrets";

/// What there is on the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Has {
    /// An open keyring.
    Open,
    /// A locked keyring, and nothing that could ask for its password.
    Locked,
    /// An open keyring that, once locked, asks for its password in a window that nobody ever sees.
    Silent,
    /// No secret service.
    Nothing,
}

/// A session bus and what is on it. Everything ends with it.
pub struct SessionBus {
    processes: Vec<Child>,
    directory: TempDir,
}

impl SessionBus {
    /// Starts a bus. The error is a sentence without its full stop.
    pub fn start(has: Has) -> Result<Self, String> {
        let program = |name: &str| find(name).ok_or_else(|| format!("{name} is not installed"));
        let (daemon, _) = (program("dbus-daemon")?, program("dbus-send")?);
        // Sockets have short names.
        let directory = tempfile::Builder::new().prefix("cc-bus-").tempdir_in("/tmp").unwrap();
        let path = directory.path().display();
        fs::create_dir(directory.path().join("services")).unwrap();
        if has == Has::Silent {
            // What asks for passwords is started, and never says that it is there. It ends with the bus.
            let setpriv = program("setpriv")?;
            let service = format!(
                "[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec={} --pdeathsig KILL sleep 60\n",
                setpriv.display()
            );
            fs::write(directory.path().join("services/prompter.service"), service).unwrap();
        }
        // Without a folder of services nothing but what we start appears on the bus.
        let config = format!(
            "<busconfig><type>session</type><listen>unix:path={path}/bus</listen><servicedir>{path}/services</servicedir>\
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\
             <allow own=\"*\"/></policy></busconfig>"
        );
        fs::write(directory.path().join("bus.conf"), config).unwrap();
        let mut command = bound_to_us(&daemon);
        command.arg(format!("--config-file={path}/bus.conf")).arg("--nofork").stdin(Stdio::null());
        let mut bus = Self { processes: Vec::new(), directory };
        bus.add(command)?;
        let socket = bus.directory.path().join("bus");
        until(DEADLINE, || socket.exists().then_some(())).ok_or("the session bus does not start")?;
        if has != Has::Nothing {
            bus.keyring(has)?;
        }
        Ok(bus)
    }

    fn keyring(&mut self, has: Has) -> Result<(), String> {
        let daemon = find("gnome-keyring-daemon").ok_or("gnome-keyring-daemon is not installed")?;
        let mut command = bound_to_us(&daemon);
        command.args(["--foreground", "--components=secrets"]).stdin(Stdio::piped());
        if has != Has::Locked {
            command.arg("--unlock");
        }
        self.add(command)?;
        if let Some(mut stdin) = self.processes.last_mut().and_then(|process| process.stdin.take()) {
            let _ = stdin.write_all(b"the keyring's own password");
        }
        let asked = format!("string:{SERVICE}");
        until(DEADLINE, || {
            let says = self.send(
                "org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                &["org.freedesktop.DBus.NameHasOwner", &asked],
            );
            says.contains("boolean true").then_some(())
        })
        .ok_or_else(|| "gnome-keyring does not appear on the bus".to_owned())
    }

    fn add(&mut self, mut command: Command) -> Result<(), String> {
        command.env_clear().envs(self.environment()).env("HOME", self.directory.path());
        command.env("PATH", super::super::environment("PATH").unwrap_or_default());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = spawn(command).map_err(|error| format!("it cannot be started: {error}"))?;
        self.processes.push(process);
        Ok(())
    }

    /// Returns the variables by which programs find it.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        let path = self.directory.path().display();
        [("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={path}/bus")), ("XDG_RUNTIME_DIR", path.to_string())]
    }

    /// Locks the keyring, as a screen saver does.
    pub fn lock(&self) {
        let collection = "array:objpath:/org/freedesktop/secrets/collection/login";
        let says = self.send(SERVICE, "/org/freedesktop/secrets", &["org.freedesktop.Secret.Service.Lock", collection]);
        assert!(says.contains("collection/login"), "it was not locked: {says}");
    }

    /// Returns a secret as another program finds it.
    pub fn look_up(&self, name: &str) -> Option<String> {
        let secret_tool = find("secret-tool")?;
        let mut command = Command::new(secret_tool);
        command.args(["lookup", "service", "crashcart", "username", name]).envs(self.environment());
        Some(String::from_utf8(command.output().unwrap().stdout).unwrap())
    }

    fn send(&self, to: &str, object: &str, words: &[&str]) -> String {
        let mut command = Command::new(find("dbus-send").expect("it was there a moment ago"));
        command.args(["--session", "--print-reply", &format!("--dest={to}"), object]).args(words);
        let output = command.envs(self.environment()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }

    /// Returns its folder.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for SessionBus {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            let _ = kill_process_group(Pid::from_child(process), Signal::KILL);
            let _ = process.wait();
        }
    }
}
