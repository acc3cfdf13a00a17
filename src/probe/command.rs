//! Anything that a program can tell by its exit status.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::{Deadline, Found};
use crate::model::check::{Cause, CommandFacts, CommandSpec, Facts, Finding, Outcome};
use crate::model::text::Line;
use crate::process::Group;

/// What is kept of a command's output: its first lines say what matters.
const OUTPUT: usize = 64 * 1024;

pub async fn probe(spec: &CommandSpec, deadline: Deadline) -> Found {
    let mut facts = CommandFacts::default();
    let outcome = run(spec, deadline, &mut facts).await;
    Found { outcome, facts: Facts::Command(facts) }
}

async fn run(spec: &CommandSpec, deadline: Deadline, facts: &mut CommandFacts) -> Outcome {
    let said = |cause, text: String| Finding::new(cause, Line::from_text(&text));
    let Some((program, arguments)) = spec.argv.split_first() else {
        return Outcome::Unknown(said(Cause::CannotRun, "the command is empty".to_owned()));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(directory) = &spec.directory {
        command.current_dir(directory);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        // `fork` says "try again" when this user may start no more processes.
        Err(error) if super::connect::out_of_resources(&error) || error.kind() == io::ErrorKind::WouldBlock => {
            return Outcome::Unknown(
                said(Cause::OutOfResources, format!("cannot start {program}: {error}"))
                    .hint("too many open files (ulimit -n) or processes (ulimit -u)"),
            );
        }
        Err(error) => {
            let why = match error.kind() {
                io::ErrorKind::NotFound if spec.directory.as_ref().is_some_and(|directory| !directory.is_dir()) => {
                    "its directory does not exist".to_owned()
                }
                io::ErrorKind::NotFound => "there is no such program".to_owned(),
                io::ErrorKind::PermissionDenied => "it may not be executed".to_owned(),
                _ => error.to_string(),
            };
            return Outcome::Unknown(said(Cause::CannotRun, format!("cannot run {program}: {why}")));
        }
    };
    let group = Group::of(&child);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let finished = deadline.within(wait(&mut child, &mut out, &mut err)).await;
    let printed = if out.is_empty() { &err } else { &out };
    let first = String::from_utf8_lossy(printed);
    // Monitoring plugins append numbers for machines behind a bar.
    let first = first
        .lines()
        .find(|line| !line.trim().is_empty())
        .map(|line| if spec.nagios { line.split('|').next().unwrap_or(line) } else { line });
    facts.output = first.map(|line| Line::from_text(line.trim()));
    let status = match finished {
        Some(Ok(status)) => status,
        Some(Err(error)) => {
            return Outcome::Unknown(said(Cause::CannotRun, format!("lost sight of {program}: {error}")));
        }
        None => {
            group.end(&mut child).await;
            let text = format!("did not end within {}{}", deadline.text(), told(facts.output.as_ref()));
            return Outcome::Fail(said(Cause::Timeout, text).hint("what does it wait for? it was ended now"));
        }
    };
    // What it left running in its group would pile up with every probe.
    drop(group);
    facts.exit_code = status.code();
    facts.signal = status.signal();
    judge(spec, status, facts.output.as_ref())
}

async fn wait(child: &mut Child, out: &mut Vec<u8>, err: &mut Vec<u8>) -> io::Result<ExitStatus> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    // A grandchild that keeps the pipe open must not keep us: the exit ends the reading.
    let reading = async { tokio::join!(read(stdout, out), read(stderr, err)) };
    tokio::pin!(reading);
    let (status, read_all) = tokio::select! {
        status = child.wait() => (status?, false),
        _ = &mut reading => (child.wait().await?, true),
    };
    if !read_all {
        let _ = tokio::time::timeout(Duration::from_millis(50), reading).await;
    }
    Ok(status)
}

async fn read(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) {
    let Some(mut from) = from else { return };
    let mut buffer = [0; 8 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        // Read on, so that it is not stopped by a full pipe; keep the beginning.
        let room = OUTPUT.saturating_sub(into.len());
        into.extend_from_slice(&buffer[..read.min(room)]);
    }
}

fn judge(spec: &CommandSpec, status: ExitStatus, output: Option<&Line>) -> Outcome {
    let told = told(output);
    let said = |text: String| Finding::new(Cause::ExitStatus, Line::from_text(&text));
    match (status.code(), spec.nagios) {
        (Some(0), _) => Outcome::Pass,
        (Some(1), true) => Outcome::Warn(said(format!("warning{told}"))),
        (Some(2), true) => Outcome::Fail(said(format!("critical{told}"))),
        (Some(3), true) => Outcome::Unknown(said(format!("the plugin could not tell{told}"))),
        // What a shell says when it cannot find or run a program.
        (Some(code @ (126 | 127)), _) => {
            Outcome::Unknown(Finding::new(Cause::CannotRun, Line::from_text(&format!("exit status {code}{told}"))))
        }
        (Some(code), _) => Outcome::Fail(said(format!("exit status {code}{told}"))),
        (None, _) => Outcome::Fail(said(format!("ended by signal {}{told}", status.signal().unwrap_or(0)))),
    }
}

fn told(output: Option<&Line>) -> String {
    output.map_or_else(String::new, |line| format!(": {line}"))
}
