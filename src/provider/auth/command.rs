//! Programs that print a credential: password managers, `gcloud`, `az`, plugins of a cluster file.
//!
//! No shell, no terminal, a process group of its own, an environment made from the surroundings, and a limit. What it
//! prints is never shown: only what it says on its error stream is.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::error::AuthError;
use crate::model::surroundings::Surroundings;
use crate::model::text::Line;
use crate::process::Group;

/// How long a program may take that only prints what it knows.
pub const LIMIT: Duration = Duration::from_secs(10);
/// How long a program may take that may ask its vendor first: `az` alone needs five seconds to start on a busy machine.
pub const SLOW_LIMIT: Duration = Duration::from_secs(30);
/// A certificate chain with its key is 10 KB; a program that prints more than this prints something else.
const OUTPUT: usize = 1024 * 1024;
/// Enough of a complaint to find its last line.
const COMPLAINT: usize = 16 * 1024;

/// A program to run.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The program and its arguments.
    pub argv: &'a [String],
    /// Variables beside those of the surroundings.
    pub variables: &'a [(String, String)],
    /// Where it runs, unless that does not matter.
    pub directory: Option<&'a Path>,
    /// How long it may take.
    pub limit: Duration,
    /// What helps when it refuses or hangs.
    pub hint: Option<&'a str>,
}

/// Finds a program as a shell would: by its path, or in the folders of `PATH`.
pub fn find(program: &str, surroundings: &Surroundings) -> Option<PathBuf> {
    let runs = |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if program.contains('/') {
        return surroundings.expand(program).filter(runs);
    }
    let path = surroundings.variable("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin");
    path.split(':').filter(|folder| !folder.is_empty()).map(|folder| Path::new(folder).join(program)).find(runs)
}

/// Runs a program and returns what it printed, without white space around it. Fails when it prints nothing.
pub async fn run(run: Run<'_>, surroundings: &Surroundings) -> Result<Zeroizing<String>, AuthError> {
    let Some((name, arguments)) = run.argv.split_first() else {
        return Err(AuthError::malformed("the command", "it is empty"));
    };
    let missing = || AuthError::Missing { program: name.clone(), hint: None };
    let program = find(name, surroundings).ok_or_else(missing)?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(&surroundings.variables);
    if let (Some(home), None) = (&surroundings.home, surroundings.variable("HOME")) {
        command.env("HOME", home);
    }
    command.envs(run.variables.iter().map(|(name, value)| (name, value)));
    if let Some(directory) = run.directory {
        command.current_dir(directory);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| AuthError::io(format!("cannot run {name}"), error))?;
    // It ends with us, and with the caller who no longer waits.
    let group = Group::of(&child);
    let (mut out, mut err) = (Zeroizing::new(Vec::with_capacity(16 * 1024)), Vec::new());
    let finished = tokio::time::timeout(run.limit, wait(&mut child, &mut out, &mut err)).await;
    drop(group);
    let hint = || run.hint.map(str::to_owned);
    let refused = |said: String| AuthError::Refused { who: name.clone(), said: Line::from_text(&said), hint: hint() };
    let status = match finished {
        Err(_) => return Err(AuthError::Timeout { what: name.clone(), limit: run.limit, hint: hint() }),
        Ok(Err(error)) => return Err(AuthError::io(format!("cannot wait for {name}"), error)),
        Ok(Ok(status)) => status,
    };
    if !status.success() {
        let complaint = complaint(&err);
        return Err(refused(if complaint.is_empty() { status.to_string() } else { complaint }));
    }
    if out.len() >= OUTPUT {
        return Err(AuthError::malformed(format!("what {name} prints"), "it is larger than 1 MiB"));
    }
    match std::str::from_utf8(&out).map(str::trim) {
        Ok("") => Err(refused("it printed nothing".to_owned())),
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(AuthError::malformed(format!("what {name} prints"), "it is not UTF-8 text")),
    }
}

/// Picks the line that says why: the last one that says "error", else the last one.
fn complaint(err: &[u8]) -> String {
    let text = String::from_utf8_lossy(err);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().rfind(|line| line.to_lowercase().contains("error")).or_else(|| lines().next_back());
    line.unwrap_or_default().chars().take(500).collect()
}

async fn wait(child: &mut Child, out: &mut Vec<u8>, err: &mut Vec<u8>) -> io::Result<std::process::ExitStatus> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reading = async { tokio::join!(read(stdout, out, OUTPUT), read(stderr, err, COMPLAINT)) };
    tokio::pin!(reading);
    tokio::select! {
        _ = &mut reading => child.wait().await,
        status = child.wait() => {
            // Something that it left running keeps the pipe open: what is in the pipe by now is all that counts.
            let _ = tokio::time::timeout(Duration::from_millis(50), reading).await;
            status
        }
    }
}

async fn read(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>, limit: usize) {
    let Some(mut from) = from else { return };
    let mut buffer = Zeroizing::new([0; 8 * 1024]);
    while let Ok(read @ 1..) = from.read(buffer.as_mut_slice()).await {
        // Read on, so that it is not stopped by a full pipe; keep the beginning.
        let room = limit.saturating_sub(into.len());
        into.extend_from_slice(&buffer[..read.min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::provider::auth::testing::Place;

    async fn run_with(place: &Place, script: &str, limit: Duration) -> Result<String, String> {
        place.program("tool", script);
        let argv = ["tool".to_owned(), "a b".to_owned()];
        let variables = [("EXTRA".to_owned(), "yes".to_owned())];
        let hint = Some("run tool login");
        let wanted = Run { argv: &argv, variables: &variables, directory: None, limit, hint };
        let found = run(wanted, &place.surroundings()).await;
        found.map(|text| text.to_string()).map_err(|error| format!("{error} / {:?}", error.hint()))
    }

    #[tokio::test]
    async fn what_a_program_prints_is_trimmed_and_its_environment_is_the_one_that_was_handed_down() {
        let place = Place::new().variable("GIVEN", "given");
        let found = run_with(&place, "echo \"  $1 $EXTRA $GIVEN ${CARGO_MANIFEST_DIR:-clean} $HOME \"", LIMIT).await;
        assert_eq!(found.unwrap(), format!("a b yes given clean {}", place.home().display()));
    }

    #[tokio::test]
    async fn a_program_that_says_no_prints_nothing_or_hangs_is_an_error_without_its_output() {
        let place = Place::new();
        for (script, says) in [
            (
                "echo s3cret; echo 'ERROR: log in first' >&2; echo bye >&2; exit 1",
                "tool refused: ERROR: log in first / ",
            ),
            ("echo s3cret; exit 3", "tool refused: exit status: 3 / "),
            ("exit 0", "tool refused: it printed nothing / "),
            ("printf '\\377'", "what tool prints: it is not UTF-8 text"),
            ("head -c 3000000 /dev/zero", "what tool prints: it is larger than 1 MiB"),
        ] {
            let error = run_with(&place, script, LIMIT).await.unwrap_err();
            assert!(error.starts_with(says) && !error.contains("s3cret"), "{script}: {error}");
        }
        assert!(run_with(&place, "exit 1", LIMIT).await.unwrap_err().contains("run tool login"));
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended_with_all_that_it_started() {
        let place = Place::new();
        let begun = Instant::now();
        let script = "sleep 300 & echo $! >\"$HOME/pid\"; trap '' TERM; sleep 300";
        let error = run_with(&place, script, Duration::from_millis(300)).await.unwrap_err();
        assert!(
            error.starts_with("tool did not answer within 0 s") && begun.elapsed() < Duration::from_secs(5),
            "{error}"
        );
        let child = std::fs::read_to_string(place.home().join("pid")).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        let ended = || state().is_empty() || state().contains(") Z ");
        while !ended() {
            assert!(begun.elapsed() < Duration::from_secs(10), "{}", state());
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_daemon_that_keeps_the_pipe_open_does_not_keep_us() {
        let begun = Instant::now();
        let found = run_with(&Place::new(), "sleep 300 & echo token", Duration::from_secs(20)).await;
        assert_eq!(found.unwrap(), "token");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let argv = ["no-such-tool".to_owned()];
        let wanted = Run { argv: &argv, variables: &[], directory: None, limit: LIMIT, hint: None };
        let error = run(wanted, &Place::new().surroundings()).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot run no-such-tool: there is no such program");
        assert_eq!(error.hint().unwrap(), "is it installed, and on PATH?");
    }
}
