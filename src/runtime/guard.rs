//! What cleans up when the console is killed outright and can do nothing itself.
//!
//! A small process that waits at the end of a pipe. While the console lives the pipe is open, and the followers of logs
//! write into it which process groups their commands run in. When the console ends as it should it says goodbye; when
//! the pipe closes without a word, it was killed: the screen is still ours, and the commands would run on for ever.
//!
//! The terminal's mode is left alone: the shell restores that by itself, and has perhaps begun to.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, PipeReader, PipeWriter, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// The hidden argument with which the program is a guard.
pub const ARGUMENT: &str = "__guard";
const GOODBYE: &str = ".";
/// The shell has the terminal: whatever happens to us now, its screen is not ours to clear.
const LENT: &str = "lent";
const OURS: &str = "ours";

/// How long commands get to end by themselves.
const PATIENCE: Duration = Duration::from_secs(1);

/// The console's end of the pipe.
#[derive(Debug)]
pub struct Guard {
    pipe: Arc<PipeWriter>,
    /// The other end, until there is a process that reads it. What is written meanwhile waits in the pipe.
    unread: Option<PipeReader>,
    process: Option<Child>,
}

impl Guard {
    /// Returns a guard that is not yet started.
    ///
    /// # Errors
    /// When the system gives no pipe.
    pub fn new() -> io::Result<Self> {
        let (unread, pipe) = io::pipe()?;
        Ok(Self { pipe: Arc::new(pipe), unread: Some(unread), process: None })
    }

    /// Returns where to write which process groups have begun (`+123`) and ended (`-123`), a line each.
    pub fn pipe(&self) -> Arc<PipeWriter> {
        Arc::clone(&self.pipe)
    }

    /// Says that the shell has the terminal now.
    pub fn lent(&self) {
        // Nobody reads any more: then nobody clears the screen either.
        let _ = writeln!(&*self.pipe, "{LENT}");
    }

    /// Says that the terminal is ours again.
    pub fn ours(&self) {
        let _ = writeln!(&*self.pipe, "{OURS}");
    }

    /// Starts the process, once, or does without one.
    pub fn start(&mut self) {
        let Some(unread) = self.unread.take() else { return };
        let Ok(program) = std::env::current_exe() else { return };
        self.process = Command::new(program).arg(ARGUMENT).stdin(unread).stderr(Stdio::null()).spawn().ok();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = writeln!(&*self.pipe, "{GOODBYE}");
            // It ends at once now; nobody must find it as a zombie.
            let _ = process.wait();
        }
    }
}

/// Is the guard: waits, and cleans up if there was no goodbye.
pub fn stand() {
    // In a session of its own, no signal from the terminal and no job control reaches it.
    let _ = rustix::process::setsid();
    let mut duty = Duty::default();
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if line == GOODBYE {
            return;
        }
        duty.heed(&line);
    }
    if !duty.lent {
        let mut stdout = io::stdout();
        let _ = stdout.write_all(super::terminal::LEAVE);
        let _ = stdout.flush();
    }
    end(&duty.groups);
}

/// What there is to clean up.
#[derive(Default)]
struct Duty {
    groups: BTreeSet<i32>,
    lent: bool,
}

impl Duty {
    fn heed(&mut self, line: &str) {
        let number = |text: &str| text.parse().ok().filter(|number| *number > 1);
        if let Some(group) = line.strip_prefix('+').and_then(number) {
            self.groups.insert(group);
        } else if let Some(group) = line.strip_prefix('-').and_then(number) {
            self.groups.remove(&group);
        } else if line == LENT || line == OURS {
            self.lent = line == LENT;
        }
    }
}

fn end(groups: &BTreeSet<i32>) {
    let groups: Vec<Pid> = groups.iter().filter_map(|group| Pid::from_raw(*group)).collect();
    for group in &groups {
        let _ = kill_process_group(*group, Signal::TERM);
    }
    let deadline = Instant::now() + PATIENCE;
    while groups.iter().any(|group| test_kill_process_group(*group).is_ok()) && Instant::now() < deadline {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    for group in &groups {
        let _ = kill_process_group(*group, Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lines: &[&str]) -> Duty {
        let mut duty = Duty::default();
        lines.iter().for_each(|line| duty.heed(line));
        duty
    }

    #[test]
    fn groups_that_ended_are_forgotten_and_nothing_else_is_taken_for_one() {
        let duty = after(&["+40", "+41", "-40", "+1", "+0", "+-5", "+", "x", "-99"]);
        assert_eq!(duty.groups, BTreeSet::from([41]));
    }

    #[test]
    fn a_screen_that_the_shell_has_is_left_alone() {
        assert!(!after(&[]).lent);
        assert!(after(&["+40", "lent"]).lent);
        assert!(!after(&["lent", "ours"]).lent);
    }
}
