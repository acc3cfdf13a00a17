//! The process that runs one script of a runbook: written, run, written, checked, written.
//!
//! ```text
//!   journal: Asked --> lease --> Claimed
//!     each try:   Started --> shell in a group of its own --> Spawned --> Said* --> Finished
//!     then:       the check, tried as often as it says --> Settled
//! ```
//!
//! Nothing is run twice by itself. A worker that comes after one that was killed looks whether the old shell still lives, waits
//! for it, and then lets the check say whether it worked; without a check nobody knows, and it says so.

mod group;
mod pen;
mod shell;
mod terminal;

use std::path::PathBuf;
use std::time::Duration;

use super::{Patience, WorkerError};
use crate::clock::Clock;
use crate::journal::{Journal, Taken};
use crate::model::id::RunId;
use crate::model::operation::{Actor, Worker};
use crate::model::run::{ProcessEnd, RunEvent, Script, StepVerdict};
use crate::model::secret::Secret;
use crate::model::text::Line;
use crate::runbook::{script, words};
use crate::ui::format;
use pen::Pen;

pub use terminal::{Frame, connect};

/// What such a worker is given.
pub struct StepTask {
    pub state_dir: PathBuf,
    pub run: RunId,
    pub execution: u32,
    /// What a person typed and nobody keeps.
    pub secrets: Vec<(String, Secret)>,
    pub clock: Clock,
    pub by: Actor,
    pub take_over: Option<String>,
    pub patience: Patience,
    pub die_at: Option<u64>,
}

/// What a variable gets of what was printed.
const CAPTURED: usize = 16 * 1024;

/// Returns what the lease of a run is for.
pub fn lease_key(run: &RunId) -> String {
    format!("run/{run}")
}

/// Runs what was asked for, to its end.
///
/// # Errors
/// When the journal does not take what happened, or somebody else runs it.
pub async fn work(task: StepTask) -> Result<StepVerdict, WorkerError> {
    let mut journal = Journal::open(&task.state_dir, task.clock.now())?.journal;
    let no_run = || WorkerError::NoRun(task.run.clone());
    let run = journal.run(&task.run)?.ok_or_else(no_run)?;
    let Some(execution) = run.executions.get(task.execution as usize) else { return Err(no_run()) };
    if let Some((_, verdict, _)) = &execution.settled {
        return Ok(*verdict);
    }
    let key = lease_key(&task.run);
    let worker = Worker {
        by: task.by.clone(),
        pid: std::process::id(),
        holder: Line::from_text(&uuid::Uuid::now_v7().to_string()),
        version: Line::from_text(env!("CARGO_PKG_VERSION")),
    };
    let id = task.run.in_journal();
    // A lease of this run that beats no more is one of a worker that has gone: one thing runs at a time.
    if let Taken::Held(lease) = journal.take_lease(&key, &id, &worker, task.clock.now(), true)? {
        return Err(WorkerError::Held { who: format!("{} (process {})", lease.worker.by, lease.worker.pid) });
    }
    let beat = super::beat::Beat::start(&task.state_dir, key.clone(), worker.holder.to_string(), task.clock.clone())?;
    let took_over = execution.worker.as_ref().map(|before| {
        let why = task.take_over.clone().unwrap_or_else(|| "its worker gave no sign of life".to_owned());
        Line::from_text(&format!("{why} (process {} of {})", before.pid, before.by))
    });
    let left_behind = execution.worker.is_some() && execution.started_at.is_some();
    let script = execution.script.clone();
    let mut pen = Pen::new(journal, run, task.execution, key, &worker, &task, beat);
    pen.write(RunEvent::Claimed { execution: task.execution, worker, took_over }).await?;
    let mut running = Running { pen, script, secrets: task.secrets, state_dir: task.state_dir };
    let settled = if left_behind { running.find_out().await? } else { running.go().await? };
    let verdict = settled.verdict;
    running.pen.settle(settled.verdict, &settled.said, settled.captured, settled.next).await?;
    running.pen.release();
    Ok(verdict)
}

/// One script in the hands of its worker.
struct Running {
    pen: Pen,
    script: Script,
    secrets: Vec<(String, Secret)>,
    state_dir: PathBuf,
}

struct Settled {
    verdict: StepVerdict,
    said: String,
    captured: Option<(String, String)>,
    next: Option<usize>,
}

impl Settled {
    fn plain(verdict: StepVerdict, said: impl Into<String>) -> Self {
        Self { verdict, said: said.into(), captured: None, next: None }
    }
}

/// One try.
struct Tried {
    end: ProcessEnd,
    printed: String,
    took: Duration,
    background: u32,
}

impl Running {
    /// Runs it, and lets its check say whether it worked.
    async fn go(&mut self) -> Result<Settled, WorkerError> {
        let text = self.script.text.clone();
        let tries = if self.script.check.is_some() { 1 } else { self.script.retry.saturating_add(1) };
        let tried = match self.tries(&text, tries, false).await? {
            Some(tried) => tried,
            None => return Ok(Settled::plain(StepVerdict::Stopped, "it was stopped between two tries")),
        };
        if tried.end == ProcessEnd::Lost {
            return self.ask_check("the line to the host was cut while it ran".to_owned()).await;
        }
        if !tried.end.is_success() {
            return Ok(failed(&tried));
        }
        let mut said = format!("{} after {}", words::of_end(&tried.end), format::latency(tried.took));
        if tried.background > 0 {
            said.push_str(&format!(
                "; {} of it in the background",
                format::count(tried.background as usize, "process")
            ));
        }
        if let Some(check) = self.script.check.clone() {
            match self.tries(&check, self.script.retry.saturating_add(1), true).await? {
                None => return Ok(Settled::plain(StepVerdict::Stopped, format!("{said}; its check was stopped"))),
                Some(checked) if checked.end.is_success() => said.push_str("; its check says that it worked"),
                Some(checked) if checked.end == ProcessEnd::Stopped => {
                    return Ok(Settled::plain(StepVerdict::Stopped, format!("{said}; its check was stopped")));
                }
                Some(checked) => {
                    let why = words::of_end(&checked.end);
                    return Ok(Settled::plain(
                        StepVerdict::Failed,
                        format!("{said}; but its check {why}{}", last(&checked.printed)),
                    ));
                }
            }
        }
        if !self.script.wait.is_zero() && !self.pen.pause(self.script.wait).await? {
            said.push_str("; the wait after it was cut short");
        }
        let captured = self.captured(&tried.printed, &mut said);
        let next = script::branch(&self.script, &tried.printed);
        Ok(Settled { verdict: StepVerdict::Done, said, captured, next })
    }

    fn captured(&self, printed: &str, said: &mut String) -> Option<(String, String)> {
        let name = self.script.capture.clone()?;
        let value = printed.trim();
        if value.len() > CAPTURED {
            said.push_str(&format!("; what it printed is too long for {name}"));
            return None;
        }
        if crate::runtime::redaction::redact(value) != value {
            said.push_str(&format!("; {name} is not kept: there is a secret in it"));
            return None;
        }
        Some((name, value.to_owned()))
    }

    /// Tries until it works. Nothing when it was stopped in between.
    async fn tries(&mut self, text: &str, tries: u32, checks: bool) -> Result<Option<Tried>, WorkerError> {
        let mut attempt = 1;
        loop {
            let tried = self.attempt(text, attempt, checks).await?;
            let again = attempt < tries && !matches!(tried.end, ProcessEnd::Stopped | ProcessEnd::NotStarted(_));
            if tried.end.is_success() || !again {
                return Ok(Some(tried));
            }
            if !self.pen.pause(self.script.interval).await? {
                return Ok(None);
            }
            attempt += 1;
        }
    }

    async fn attempt(&mut self, text: &str, attempt: u32, checks: bool) -> Result<Tried, WorkerError> {
        let execution = self.pen.execution();
        if self.pen.is_stopped()? {
            return Ok(Tried { end: ProcessEnd::Stopped, printed: String::new(), took: Duration::ZERO, background: 0 });
        }
        self.pen.write(RunEvent::Started { execution, attempt, checks }).await?;
        let begun = self.pen.now();
        let asked = shell::Asked { script: &self.script, text, secrets: &self.secrets };
        let (end, printed, background) = if self.script.interactive && !checks {
            terminal::run(&asked, &mut self.pen, &self.state_dir).await?
        } else {
            shell::run(&asked, &mut self.pen).await?
        };
        let took = self.pen.now().since(begun);
        self.pen.write(RunEvent::Finished { execution, attempt, checks, end: end.clone(), background, took }).await?;
        Ok(Tried { end, printed, took, background })
    }

    /// Finds out what became of what another worker began.
    async fn find_out(&mut self) -> Result<Settled, WorkerError> {
        let mut said = "the process that watched it ended".to_owned();
        if let Some((pid, born)) = self.pen.left_behind().filter(|(pid, born)| group::lives(*pid, *born)) {
            said.push_str(&format!(", and its shell (process {pid}) went on"));
            if self.wait_for(pid, born).await? {
                return Ok(Settled::plain(StepVerdict::Stopped, format!("{said} until it was stopped")));
            }
        }
        self.ask_check(said).await
    }

    /// Nobody saw how it ended: the check, where there is one, shows whether it is done.
    async fn ask_check(&mut self, said: String) -> Result<Settled, WorkerError> {
        let Some(check) = self.script.check.clone() else {
            return Ok(Settled::plain(
                StepVerdict::Unknown,
                format!("{said}; nobody saw how it ended, and it has no check"),
            ));
        };
        let needs_secret = self.script.secrets.iter().any(|name| check.contains(name.as_str()));
        if needs_secret && self.secrets.is_empty() {
            return Ok(Settled::plain(
                StepVerdict::Unknown,
                format!("{said}; its check needs a secret that nobody kept"),
            ));
        }
        match self.tries(&check, self.script.retry.saturating_add(1), true).await? {
            Some(checked) if checked.end.is_success() => {
                Ok(Settled::plain(StepVerdict::Done, format!("{said}; its check says that it worked")))
            }
            Some(checked) => {
                let why = words::of_end(&checked.end);
                Ok(Settled::plain(StepVerdict::Unknown, format!("{said}; its check {why}{}", last(&checked.printed))))
            }
            None => Ok(Settled::plain(StepVerdict::Unknown, format!("{said}; its check was stopped"))),
        }
    }

    /// Waits until a shell that was left behind has gone. Returns whether it had to be stopped.
    async fn wait_for(&mut self, pid: u32, born: u64) -> Result<bool, WorkerError> {
        while group::lives(pid, born) {
            if !self.pen.pause(Duration::from_millis(500)).await? {
                group::end(pid, || !group::lives(pid, born)).await;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn failed(tried: &Tried) -> Settled {
    let verdict = match tried.end {
        ProcessEnd::Stopped => StepVerdict::Stopped,
        _ => StepVerdict::Failed,
    };
    let took = format::latency(tried.took);
    Settled::plain(verdict, format!("{} after {took}{}", words::of_end(&tried.end), last(&tried.printed)))
}

/// The last thing that was printed often says why.
fn last(printed: &str) -> String {
    let line = printed.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let line: String = line.trim().chars().take(200).collect();
    if line.is_empty() { String::new() } else { format!(": {line}") }
}
