//! A folder with one runbook in it, and the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

pub struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// Writes a runbook `try.md`.
    pub fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("try.md"), text).unwrap();
        Self { folder }
    }

    /// A runbook with one step that runs this.
    pub fn of(attributes: &str, script: &str) -> Self {
        Self::new(&format!("# Try\n\n## One\n\n```sh {{{attributes}}}\n{script}\n```\n"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(CRASHCART);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("CRASHCART_STATE_DIR", self.path("state"))
            .env("CRASHCART_USER", "kim")
            .env("HOME", self.folder.path())
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env_remove("CRASHCART_CONFIG")
            .stdin(std::process::Stdio::null());
        command
    }

    pub fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Follows the runbook without questions.
    pub fn follow(&self, more: &[&str]) -> Output {
        self.call(&[&["run", "./try.md", "--yes"], more].concat())
    }

    /// Returns the latest run, as JSON.
    pub fn run(&self) -> Value {
        let output = self.call(&["runbooks", "runs", "last", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// Returns what the last script of a step printed, and how it was settled.
    pub fn step(&self, number: usize) -> (Vec<String>, Value) {
        let run = self.run();
        let execution = run["steps"][number]["executions"].as_array().and_then(|all| all.last()).cloned();
        let execution = execution.unwrap_or_else(|| panic!("nothing ran: {run:#}"));
        let lines = execution["output"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned());
        (lines.collect(), execution)
    }

    pub fn verify(&self) {
        let output = self.call(&["journal", "verify"]);
        assert!(output.status.success(), "{output:?}");
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Returns every byte that was kept.
    pub fn kept(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for entry in std::fs::read_dir(self.path("state")).unwrap().flatten() {
            bytes.extend(std::fs::read(entry.path()).unwrap_or_default());
        }
        bytes
    }
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Waits for a condition.
pub fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(40);
    while !condition() {
        assert!(std::time::Instant::now() < end, "it never came: {what}");
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}

/// Returns whether a process lives, and is no zombie.
pub fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
}
