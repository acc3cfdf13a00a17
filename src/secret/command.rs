//! Secrets that a program prints: a password manager's command.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::error::{CommandTrouble, SecretError, reason};
use super::{LARGEST, usable};
use crate::model::secret::{Secret, SecretRef};
use crate::process::Group;

/// Longer than a password manager needs to ask its server, shorter than one waits for a person who does not come.
pub const LIMIT: Duration = Duration::from_secs(10);
/// How long what it printed may still be on its way when it has ended.
const GRACE: Duration = Duration::from_millis(300);

/// Runs a program and returns what it prints. What it says on standard error is thrown away: it could be anything.
pub async fn get(
    argv: &[String],
    variables: &BTreeMap<String, String>,
    limit: Duration,
    place: &SecretRef,
) -> Result<Secret, SecretError> {
    let failed = |trouble| SecretError::Command { place: place.clone(), trouble };
    let Some((program, arguments)) = argv.split_first() else {
        return Err(failed(CommandTrouble::CannotRun("it is empty".to_owned())));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| {
            failed(CommandTrouble::CannotRun(match error.kind() {
                io::ErrorKind::NotFound => format!("there is no program {program}"),
                io::ErrorKind::PermissionDenied => format!("{program} may not be executed"),
                _ => reason(&error),
            }))
        })?;
    let group = Group::of(&child);
    let mut printed = Zeroizing::new(Vec::with_capacity(4096));
    let Ok(ended) = tokio::time::timeout(limit, wait(&mut child, &mut printed)).await else {
        group.end(&mut child).await;
        return Err(SecretError::TimedOut { place: place.clone(), limit });
    };
    let status = ended.map_err(|error| failed(CommandTrouble::CannotRun(reason(&error))))?;
    // What it left running is an agent that keeps its next start short: it may stay.
    group.leave();
    if printed.len() as u64 > LARGEST {
        // It was still printing when nobody read any more, which ends most programs.
        return usable(printed, place);
    }
    match (status.code(), status.signal()) {
        (Some(0), _) if printed.is_empty() => Err(SecretError::Missing { place: place.clone() }),
        (Some(0), _) => usable(printed, place),
        (Some(code), _) => Err(failed(CommandTrouble::Exit(code))),
        (None, signal) => Err(failed(CommandTrouble::Signal(signal.unwrap_or(0)))),
    }
}

async fn wait(child: &mut Child, printed: &mut Vec<u8>) -> io::Result<ExitStatus> {
    let stdout = child.stdout.take();
    let reading = async {
        let Some(stdout) = stdout else { return };
        // One byte more than can be used tells that it is too much; the rest is left in the pipe, whose end it hears of.
        let _ = stdout.take(LARGEST + 1).read_to_end(printed).await;
    };
    tokio::pin!(reading);
    tokio::select! {
        status = child.wait() => {
            // What it printed is in the pipe by now. An agent that it has started may hold the pipe open for ever.
            let _ = tokio::time::timeout(GRACE, reading).await;
            status
        }
        () = &mut reading => child.wait().await,
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Pid, Signal};

    use super::*;

    async fn got(argv: &[&str], limit: Duration) -> Result<Secret, SecretError> {
        let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
        let variables =
            [("PATH".to_owned(), "/usr/bin:/bin".to_owned()), ("GIVEN".to_owned(), "hunter2".to_owned())].into();
        get(&argv, &variables, limit, &SecretRef::Command(argv.clone())).await
    }

    #[tokio::test]
    async fn what_a_command_prints_is_the_secret_and_no_shell_reads_its_words() {
        let limit = Duration::from_secs(20);
        assert_eq!(got(&["printf", "hunter2\n"], limit).await.unwrap().expose(), "hunter2");
        assert_eq!(got(&["echo", "$HOME; rm x"], limit).await.unwrap().expose(), "$HOME; rm x");
        assert_eq!(got(&["printenv", "GIVEN"], limit).await.unwrap().expose(), "hunter2");
    }

    #[tokio::test]
    async fn how_a_command_fails_is_said_and_what_it_printed_is_not() {
        let limit = Duration::from_secs(20);
        for (argv, says) in [
            (&["/bin/sh", "-c", "echo sesame; echo sesame >&2; exit 3"][..], "ended with exit status 3"),
            (&["/bin/sh", "-c", "kill -9 $$"], "was ended by signal 9"),
            (&["no-such-program"], "cannot be run: there is no program no-such-program"),
            (&["/etc/passwd"], "cannot be run: /etc/passwd may not be executed"),
            (&["true"], "command true printed nothing"),
            (&["head", "-c", "70000", "/dev/zero"], "64 KiB"),
        ] {
            let error = got(argv, limit).await.unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
            let shown = format!("{error} {} {error:?}", error.hint()).replace(&argv.join(" "), "");
            assert!(argv.len() != 3 || !shown.replace("echo sesame", "").contains("sesame"), "{shown}");
        }
    }

    #[tokio::test]
    async fn a_command_that_waits_for_a_person_is_ended_with_all_it_has_started() {
        let directory = tempfile::tempdir().unwrap();
        let note = directory.path().join("pid");
        let script = format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", note.display());
        let error = got(&["/bin/sh", "-c", &script], Duration::from_secs(1)).await.unwrap_err();
        assert!(matches!(error, SecretError::TimedOut { .. }), "{error}");
        let pid = Pid::from_raw(std::fs::read_to_string(note).unwrap().trim().parse().unwrap()).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        // It is a zombie until whoever inherits it has looked.
        let gone = || {
            let status = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
            status.map_or(true, |stat| stat.contains(") Z"))
        };
        while !gone() {
            assert!(std::time::Instant::now() < deadline, "the grandchild lives on");
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn an_agent_that_keeps_the_pipe_open_holds_up_nobody_and_lives_on() {
        let directory = tempfile::tempdir().unwrap();
        let note = directory.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; echo hunter2", note.display());
        assert_eq!(got(&["/bin/sh", "-c", &script], Duration::from_secs(20)).await.unwrap().expose(), "hunter2");
        let pid = Pid::from_raw(std::fs::read_to_string(note).unwrap().trim().parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::KILL).expect("it is still there");
    }
}
