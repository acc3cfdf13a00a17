//! What gives the screen back when the console is killed outright and can do nothing itself.
//!
//! A small process that waits at the end of a pipe. While the console lives the pipe is open. When it ends as it should
//! it says goodbye first; when the pipe closes without a word, it was killed, and the screen is still ours.
//!
//! The terminal's mode is left alone: the shell restores that by itself, and has perhaps begun to.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

/// The hidden argument with which the program is a guard.
pub const ARGUMENT: &str = "__guard";
const GOODBYE: u8 = b'.';

/// The console's end of the pipe.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Starts a guard, or does without one.
    pub fn start() -> Option<Self> {
        let program = std::env::current_exe().ok()?;
        let child = Command::new(program).arg(ARGUMENT).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        Some(Self(child))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            let _ = pipe.write_all(&[GOODBYE]);
        }
        // It ends at once now; nobody must find it as a zombie.
        let _ = self.0.wait();
    }
}

/// Is the guard: waits, and gives the screen back if there was no goodbye.
pub fn stand() {
    // In a session of its own, no signal from the terminal and no job control reaches it.
    let _ = rustix::process::setsid();
    let mut said = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut said);
    if said.is_empty() {
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(super::terminal::LEAVE);
        let _ = stdout.flush();
    }
}
