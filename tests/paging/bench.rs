//! A project with senders, the program on its command line, and a mail server that keeps what it is given.
#![allow(dead_code, reason = "each part of these tests uses a part of it")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use super::support::pty::{Start, Terminal};

/// A project of its own for each test.
pub struct Bench {
    pub folder: TempDir,
}

impl Bench {
    /// Writes the configuration.
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("crashcart.toml"), config).unwrap();
        Self { folder }
    }

    /// Writes a provider of the user's own.
    pub fn provider(&self, name: &str, text: &str) {
        let folder = self.path().join(".config/crashcart/providers");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.toml")), text).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a command that is not run yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crashcart"));
        command.args(arguments).arg("--config").arg(self.path().join("crashcart.toml"));
        command.current_dir(self.path()).env_clear().env("HOME", self.path()).env("PATH", "/usr/bin:/bin");
        command.env("CRASHCART_STATE_DIR", self.path().join("state")).env("CRASHCART_USER", "kim").env("TZ", "UTC");
        command.env("TOKEN", "tok_s3cr3t_of_the_webhook").stdin(Stdio::null());
        command
    }

    /// Runs it in a terminal.
    pub fn terminal(&self, arguments: &[&str]) -> Terminal {
        let (config, state) = (self.path().join("crashcart.toml"), self.path().join("state"));
        let mut all: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        all.extend(["--config".to_owned(), config.display().to_string()]);
        all.extend(["--state-dir".to_owned(), state.display().to_string()]);
        let environment = vec![
            ("HOME", self.path().display().to_string()),
            ("XDG_CONFIG_HOME", self.path().join(".config").display().to_string()),
            ("TOKEN", "tok_s3cr3t_of_the_webhook".to_owned()),
        ];
        Terminal::spawn(env!("CARGO_BIN_EXE_crashcart"), all, &Start { environment, ..Start::default() })
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs it, asserts its exit code, and returns what it said.
    #[track_caller]
    pub fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// Runs it and reads the JSON that it prints.
    #[track_caller]
    pub fn json(&self, code: i32, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)))
    }

    /// Returns the lines of the latest incident's timeline.
    pub fn timeline(&self) -> Vec<String> {
        let output = self.run(&["incident", "show", "--json"]);
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let moments = shown["timeline"].as_array().cloned().unwrap_or_default();
        moments.iter().map(|moment| moment["text"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Returns how the latest incident stands.
    pub fn state(&self) -> String {
        let output = self.run(&["incident", "show", "--json"]);
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        shown["state"].as_str().unwrap_or_default().to_owned()
    }
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What the mail server does with a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Takes,
    /// Says no to the recipient.
    Refuses,
    /// Goes away after the whole mail, before it has said that it took it.
    CutsOff,
}

/// A mail server on loopback that speaks as much SMTP as a mail needs.
pub struct Sink {
    pub address: SocketAddr,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Sink {
    pub fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let sink = Self { address: listener.local_addr().unwrap(), mails: Arc::default() };
        let mails = Arc::clone(&sink.mails);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mails = Arc::clone(&mails);
                std::thread::spawn(move || talk(stream, mood, &mails));
            }
        });
        sink
    }

    /// Returns the mails that have come so far, whole.
    pub fn mails(&self) -> Vec<String> {
        self.mails.lock().unwrap().clone()
    }
}

fn talk(stream: TcpStream, mood: Mood, mails: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let mut stream = stream;
    stream.write_all(b"220 sink\r\n").ok()?;
    let mut mail = String::new();
    loop {
        let line = lines.next()?.ok()?;
        mail.push_str(&format!("{line}\n"));
        let answer = match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "RCPT" if mood == Mood::Refuses => "550 nobody of that name here\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").ok()?;
                loop {
                    match lines.next()?.ok()?.as_str() {
                        "." => break,
                        line => mail.push_str(&format!("{line}\n")),
                    }
                }
                mails.lock().unwrap().push(std::mem::take(&mut mail));
                if mood == Mood::CutsOff {
                    return None;
                }
                "250 taken\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").ok()?;
                return None;
            }
            _ => "250 fine\r\n",
        };
        stream.write_all(answer.as_bytes()).ok()?;
    }
}
