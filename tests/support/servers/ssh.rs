//! sshd, and how to get to it: a host named `night` in a configuration of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Server, find, is_a_server, or_skip};

/// A server with keys of its own, which lets the user that runs the tests in.
pub struct Sshd(Server);

impl Sshd {
    #[track_caller]
    pub fn start() -> Option<Self> {
        // The daemon separates privileges in a directory that only a booted system has.
        if rustix::process::geteuid().is_root() {
            let _ = fs::create_dir_all("/run/sshd");
        }
        let server = Server::start(
            "sshd",
            |directory, address| {
                make_keys(directory, address.port());
                ["-D", "-e", "-f"].map(str::to_owned).into_iter().chain([in_folder(directory, "sshd_config")]).collect()
            },
            |directory, _| {
                ssh(directory).arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success())
            },
        );
        or_skip("sshd", server).map(Self)
    }

    /// Returns an `ssh` that is told everything but what to do there.
    pub fn ssh(&self) -> Command {
        ssh(self.directory())
    }

    /// Returns the client's configuration, in which the server is `night`.
    pub fn config(&self) -> String {
        in_folder(self.directory(), "ssh_config")
    }

    /// Returns a `PATH` on which `ssh` knows `night`. The system's ssh reads the user's configuration from the home
    /// directory of the password file: a wrapper of the same name gives it ours instead.
    pub fn path_with_wrapper(&self) -> String {
        let bin = self.path("bin");
        fs::create_dir_all(&bin).unwrap();
        let wrapper = bin.join("ssh");
        let ssh = find("ssh").expect("it has just connected");
        fs::write(&wrapper, format!("#!/bin/sh\nexec {} -F {} \"$@\"\n", ssh.display(), self.config())).unwrap();
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
        format!("{}:{}", bin.display(), crate::support::environment("PATH").unwrap_or_default())
    }
}

fn in_folder(directory: &Path, name: &str) -> String {
    directory.join(name).display().to_string()
}

fn ssh(directory: &Path) -> Command {
    let mut command = Command::new("ssh");
    command.args(["-F", &in_folder(directory, "ssh_config"), "-o", "BatchMode=yes", "night"]);
    command
}

fn make_keys(directory: &Path, port: u16) {
    let path = |name: &str| in_folder(directory, name);
    for name in ["host", "key"] {
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &path(name)]).status();
        assert!(made.is_ok_and(|status| status.success()), "sshd is there and ssh-keygen is not");
    }
    fs::copy(path("key.pub"), path("authorized")).unwrap();
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
        "Host night\n  HostName 127.0.0.1\n  Port {port}\n  User {}\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
         UserKnownHostsFile {}\n  SendEnv CRASHCART_STATE_DIR\n",
        String::from_utf8_lossy(&user.stdout).trim(),
        path("key"),
        path("known")
    );
    fs::write(path("ssh_config"), client).unwrap();
}

is_a_server!(Sshd);
