//! A place of its own for each test: a configuration, a state directory, and the program.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

/// Longer than the slowest machine needs for what is waited for here.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// The place.
pub struct Bench {
    directory: tempfile::TempDir,
}

impl Bench {
    pub fn new(config: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("crashcart.toml"), config).unwrap();
        Self { directory }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(CRASHCART);
        command
            .args(arguments)
            .arg("--config")
            .arg(self.path("crashcart.toml"))
            .current_dir(self.directory.path())
            .env("CRASHCART_STATE_DIR", self.path("state"))
            .env("CRASHCART_USER", "kim")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env_remove("CRASHCART_CONFIG")
            .env("RENDER_API_KEY", "rnd_0123456789abcdef")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("crashcart runs")
    }

    /// Runs a command that must end with this code, and returns what it printed.
    #[track_caller]
    pub fn expect(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{stdout}\n{stderr}\n{}", self.worker_log());
        format!("{stdout}{stderr}")
    }

    /// Returns the latest operation as `operations show` tells it.
    #[track_caller]
    pub fn last(&self) -> Value {
        let output = self.run(&["operations", "show", "last", "--json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{error}: {}{}", text(&output.stdout), text(&output.stderr));
        })
    }

    /// Waits until the latest operation is as it should be, and returns it.
    #[track_caller]
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + DEADLINE;
        loop {
            let last = self.last();
            if holds(&last) {
                return last;
            }
            assert!(Instant::now() < end, "{what} did not come: {last:#}\n{}", self.worker_log());
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// Waits until nobody carries the latest operation out any more, and returns it.
    #[track_caller]
    pub fn settled(&self) -> Value {
        self.wait_until("an end", |last| !matches!(last["standing"].as_str(), Some("running" | "starting")))
    }

    pub fn worker_log(&self) -> String {
        std::fs::read_to_string(self.path("state/worker.log")).unwrap_or_default()
    }

    /// Everything that the journal keeps must be as it was written, and possible.
    #[track_caller]
    pub fn verify(&self) {
        let journal = crashcart::journal::Journal::open_to_read(&self.path("state")).unwrap().expect("a journal");
        let verification = journal.verify().unwrap();
        assert!(verification.damages.is_empty(), "{verification:#?}");
        assert!(verification.entries > 0);
        // What shows who asks is in no file of ours.
        for name in ["state/journal.db", "state/journal.db-wal", "state/worker.log"] {
            let bytes = std::fs::read(self.path(name)).unwrap_or_default();
            let key = b"rnd_0123456789abcdef";
            assert!(!bytes.windows(key.len()).any(|window| window == key), "the token is in {name}");
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
