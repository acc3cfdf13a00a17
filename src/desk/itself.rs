//! This program, run once more by the console for one command: what was begun goes on when the console ends.

use std::io;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::start::{Starter, program};

/// What came of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Nothing when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub out: Vec<u8>,
    /// The sentence behind `error:`.
    pub error: Option<String>,
    /// What it said besides, a line each.
    pub remarks: Vec<String>,
}

/// Runs a command with the console's state and configuration, in a process group of its own, and waits for its end.
///
/// # Errors
/// When it cannot be started, or cannot be told its input.
pub fn run(
    starter: &Starter,
    arguments: &[&str],
    input: Option<Vec<u8>>,
) -> impl Future<Output = io::Result<Said>> + Send + use<> {
    let command = program().map(|program| {
        let mut command = Command::new(program);
        command.args(arguments).arg("--state-dir").arg(&starter.state_dir);
        if let Some(config) = &starter.config {
            command.args(config.arguments());
        }
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command
    });
    async move {
        let mut child = command?.spawn()?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            stdin.write_all(&input).await?;
        }
        let output = child.wait_with_output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        let error = said.lines().find_map(|line| line.strip_prefix("error: ")).map(str::to_owned);
        let remarks = said.lines().filter(|line| !line.starts_with("error: ")).map(str::to_owned).collect();
        Ok(Said { code: output.status.code(), out: output.stdout, error, remarks })
    }
}
