//! Following what a command prints, here or on another host through the system's `ssh`.
//!
//! The command runs in a process group of its own, so that whatever it starts ends with it: when it is cancelled, when
//! its runtime goes away, and before it is started again. Both its outputs are lines, because programs such as
//! `docker logs` print an application's errors to the second one; the last line of that one also tells why it ended.

use std::io::{self, PipeWriter, Write as _};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitIdOptions, kill_process_group, waitid};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::model::id::LogSourceId;
use crate::model::log::{LogCommand, LogSourceState};
use crate::model::text::Line;

use super::engine::Context;
use super::event::{TailEvent, reason};
use super::stream::{End, pump, send};

/// How long a connection may take to come about, as `ssh` is told; a console that waits longer shows nothing new.
const CONNECT_SECONDS: u64 = 10;

/// How long a group has to end by itself before it is killed.
const PATIENCE: Duration = Duration::from_secs(1);

/// A run that was longer than this was not a failed start.
const SETTLED: Duration = Duration::from_secs(30);

/// Runs a command, and again when it ended, until it is over.
pub async fn follow(source: LogSourceId, command: LogCommand, context: Context) {
    let mut pause = Duration::ZERO;
    loop {
        let started = Instant::now();
        let run = run(&source, &command, &context).await;
        let restart = context.options.restart.filter(|_| !matches!(run, Run::Refused(_)));
        let again = match restart {
            None => String::new(),
            Some((shortest, longest)) => {
                let was_short = started.elapsed() < SETTLED;
                pause = if was_short { (pause * 2).clamp(shortest, longest) } else { shortest };
                format!("; it is started again in {:.0} s", pause.as_secs_f64().ceil())
            }
        };
        let state = match run {
            Run::Over => return,
            Run::Ended(why) => LogSourceState::Ended(Line::from_text(&format!("{why}{again}"))),
            Run::Failed(why) | Run::Refused(why) => LogSourceState::Failed(Line::from_text(&format!("{why}{again}"))),
        };
        if !send(&context, TailEvent::State(source.clone(), state)).await || restart.is_none() {
            return;
        }
        tokio::select! {
            () = context.cancel.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

/// How one run ended.
enum Run {
    /// By itself and without complaint, as one that only prints what there is.
    Ended(String),
    /// It could not be started, or ended as it should not have.
    Failed(String),
    /// It must not be started.
    Refused(String),
    Over,
}

async fn run(source: &LogSourceId, command: &LogCommand, context: &Context) -> Run {
    let argv = match argv(command) {
        Ok(argv) => argv,
        Err(why) => return Run::Refused(why),
    };
    let mut group = match Group::start(&argv, context.options.groups.clone()) {
        Ok(group) => group,
        Err(error) => return Run::Failed(format!("{} cannot be started: {}", argv[0], reason(&error))),
    };
    let (Some(output), Some(errors)) = (group.child.stdout.take(), group.child.stderr.take()) else {
        return Run::Failed(format!("{} was started without its output", argv[0]));
    };
    let pumping = pump(source.clone(), Box::pin(output), Some(Box::pin(errors)), context);
    // A connection that may still fail is not shown as one that stands.
    let settles = Duration::from_secs(if command.ssh.is_some() { CONNECT_SECONDS + 1 } else { 0 });
    let following = TailEvent::State(source.clone(), LogSourceState::Following { bytes: None });
    tokio::pin!(pumping);
    let end = tokio::select! {
        end = &mut pumping => end,
        () = sleep(settles) => {
            if send(context, following).await { pumping.await } else { End::Over }
        }
    };
    match end {
        End::Over => {
            if let Err(error) = group.end(Ending::Ask).await {
                tracing::debug!(%error, "a command that was followed cannot be waited for");
            }
            Run::Over
        }
        End::Broken(error) => Run::Ended(format!("the output of {} cannot be read: {}", name(command), reason(&error))),
        End::Closed { complaint } => match group.end(Ending::Await).await {
            Ok(status) if status.success() => Run::Ended(format!("{} ended", name(command))),
            Ok(status) => Run::Failed(ended(command, status, complaint.as_ref())),
            Err(error) => Run::Failed(format!("{} ended: {}", name(command), reason(&error))),
        },
    }
}

/// Returns the program and its arguments. The host is one argument, and never an option.
fn argv(command: &LogCommand) -> Result<Vec<String>, String> {
    let Some(host) = &command.ssh else {
        return Ok(vec!["sh".to_owned(), "-c".to_owned(), command.command.clone()]);
    };
    if host.is_empty() || host.starts_with('-') {
        return Err(format!("\"{host}\" is not a host that ssh can be given; name one, like web1 or user@web1"));
    }
    let connect = format!("ConnectTimeout={CONNECT_SECONDS}");
    // Never ask anything (the terminal is ours), and notice within a minute that the other side is gone.
    let options = ["BatchMode=yes", &connect, "ServerAliveInterval=15", "ServerAliveCountMax=3"];
    let mut argv = vec!["ssh".to_owned(), "-T".to_owned()];
    argv.extend(options.iter().flat_map(|option| ["-o".to_owned(), (*option).to_owned()]));
    argv.extend(["--".to_owned(), host.clone(), command.command.clone()]);
    Ok(argv)
}

fn name(command: &LogCommand) -> String {
    match &command.ssh {
        Some(host) => format!("\"{}\" on {host}", command.command),
        None => format!("\"{}\"", command.command),
    }
}

fn ended(command: &LogCommand, status: ExitStatus, complaint: Option<&Line>) -> String {
    use std::os::unix::process::ExitStatusExt;

    let how = match (status.code(), status.signal()) {
        // ssh's own failures; the command never ran, or its connection was lost.
        (Some(255), _) if command.ssh.is_some() => "lost its connection or never had one".to_owned(),
        (Some(code), _) => format!("ended with exit status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    };
    let why = complaint.map_or_else(String::new, |line| format!(": {}", line.as_str().trim()));
    let hint = match complaint {
        Some(line) if line.as_str().contains("Host key verification failed") => {
            " (connect once by hand to accept the host's key)"
        }
        Some(line) if line.as_str().contains("Permission denied (") => {
            " (ssh may not ask for a password here: load a key with ssh-add)"
        }
        _ => "",
    };
    format!("{} {how}{why}{hint}", name(command))
}

/// A process group that never outlives this value.
struct Group {
    child: Child,
    /// The group's number is taken until its leader is waited for.
    id: Option<Pid>,
    told: Option<Arc<PipeWriter>>,
}

impl Group {
    fn start(argv: &[String], told: Option<Arc<PipeWriter>>) -> io::Result<Self> {
        let child = Command::new(&argv[0])
            .args(&argv[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let group = Self { child, id, told };
        group.tell('+');
        Ok(group)
    }

    /// Tells that the group begins or has ended. Nobody may be listening any more.
    fn tell(&self, sign: char) {
        if let (Some(told), Some(id)) = (&self.told, self.id) {
            let _ = (&**told).write_all(format!("{sign}{}\n", id.as_raw_nonzero()).as_bytes());
        }
    }

    /// Ends the whole group after a moment of patience. The leader is waited for last: its number is the group's.
    async fn end(&mut self, how: Ending) -> io::Result<ExitStatus> {
        if let Some(id) = self.id {
            if how == Ending::Ask {
                signal(id, Signal::TERM);
            }
            let deadline = Instant::now() + PATIENCE;
            while !has_ended(id) && Instant::now() < deadline {
                sleep(Duration::from_millis(10)).await;
            }
            signal(id, Signal::TERM);
            signal(id, Signal::KILL);
            self.tell('-');
            self.id = None;
        }
        self.child.wait().await
    }
}

/// Whether a group is told to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Ask,
    /// Its outputs are closed, so it is about to end and to say how it went.
    Await,
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            signal(id, Signal::KILL);
            self.tell('-');
        }
    }
}

/// Returns whether the leader has ended. It stays as it is, so that its number is not given away.
fn has_ended(id: Pid) -> bool {
    let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // An error means that there is no such child.
    waitid(rustix::process::WaitId::Pid(id), how).map_or(true, |status| status.is_some())
}

/// Signals a group, which may have ended by itself.
fn signal(id: Pid, signal: Signal) {
    let _ = kill_process_group(id, signal);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh(host: &str) -> Result<Vec<String>, String> {
        argv(&LogCommand { command: "tail -F /var/log/a b".to_owned(), ssh: Some(host.to_owned()) })
    }

    #[test]
    fn a_host_is_one_argument_after_all_options() {
        let argv = ssh("web1 -oProxyCommand=evil").unwrap();
        assert_eq!(argv[argv.len() - 3..], ["--", "web1 -oProxyCommand=evil", "tail -F /var/log/a b"]);
    }

    #[test]
    fn a_host_that_looks_like_an_option_is_refused() {
        assert!(ssh("-oProxyCommand=evil").is_err());
        assert!(ssh("").is_err());
    }
}
