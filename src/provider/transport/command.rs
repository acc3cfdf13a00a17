//! Programs: here, or on another host through the system's `ssh`.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::LARGEST_ANSWER;
use crate::model::surroundings::Surroundings;
use crate::model::text::Line;
use crate::process::Group;
use crate::provider::run::{Answer, Failure, FailureKind, quoted};

/// What `ssh` answers with when it could not get through.
const SSH_FAILED: i32 = 255;

/// One program.
pub struct RunRequest<'a> {
    pub argv: &'a [String],
    pub input: Option<&'a str>,
    /// `user@host` or a name that ssh knows; here when there is none.
    pub host: Option<&'a str>,
    pub timeout: Duration,
    pub summary: &'a str,
}

/// Runs a program and returns what it printed. Its exit code is the answer's status.
///
/// # Errors
/// When it cannot be started, takes too long, prints too much, or ssh does not get through.
pub async fn run(request: &RunRequest<'_>, surroundings: &Surroundings) -> Result<Answer, Failure> {
    let failed = |kind, message: String| Failure {
        kind,
        request: request.summary.to_owned(),
        message: Line::from_text(&message),
    };
    let argv = words(request.argv, request.host);
    let Some((program, arguments)) = argv.split_first() else {
        return Err(failed(FailureKind::Misconfigured, "there is nothing to run".to_owned()));
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(&surroundings.variables)
        .stdin(if request.input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(FailureKind::Unreachable, not_started(program, &error)))?;
    // Whoever stops waiting for this takes the program's children with it.
    let _group = Group::of(&child);
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), request.input) {
        let input = input.to_owned();
        tokio::spawn(async move {
            let _ = stdin.write_all(input.as_bytes()).await;
        });
    }
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let whole = async {
        let (printed, told) = tokio::try_join!(read(&mut stdout), read(&mut stderr))?;
        Ok::<_, TooMuch>((child.wait().await, printed, told))
    };
    let (status, printed, told) = match tokio::time::timeout(request.timeout, whole).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(TooMuch)) => {
            return Err(failed(FailureKind::Malformed, format!("it prints more than {} MiB", LARGEST_ANSWER >> 20)));
        }
        Err(_) => {
            let message = format!("still running after {} s, and ended", request.timeout.as_secs_f32());
            return Err(failed(FailureKind::TimedOut, message));
        }
    };
    let code = status.ok().and_then(|status| status.code()).unwrap_or(-1);
    if request.host.is_some() && code == SSH_FAILED {
        let said = String::from_utf8_lossy(&told).lines().last().unwrap_or_default().to_owned();
        let kind = if said.contains("Permission denied") {
            FailureKind::Unauthorised
        } else if is_before_the_command(&said) {
            FailureKind::Unreachable
        } else {
            FailureKind::CutOff
        };
        let said = if said.trim().is_empty() { "it did not get through".to_owned() } else { said };
        return Err(failed(kind, format!("ssh: {}", said.trim())));
    }
    let status = u16::try_from(code.clamp(0, 255)).unwrap_or(255).max(u16::from(code < 0));
    // What a failed program says on its error output is the message.
    let body = if status != 0 && !told.is_empty() { told } else { printed };
    Ok(Answer { status, headers: Vec::new(), body, url: String::new(), printed: true })
}

/// Returns whether ssh says that it did not get as far as the command.
///
/// These are OpenSSH's own words (sshconnect.c, misc.c). A connection that ends later has others, or none.
fn is_before_the_command(said: &str) -> bool {
    [
        "ssh: connect to host",
        "Could not resolve hostname",
        "Host key verification failed",
        "kex_exchange_identification",
    ]
    .iter()
    .any(|words| said.contains(words))
}

/// Says why a program cannot be started.
pub fn not_started(program: &str, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("{program} is not installed here, or not in PATH"),
        std::io::ErrorKind::PermissionDenied => format!("{program} may not be run by this user"),
        _ => format!("{program} cannot be run: {error}"),
    }
}

/// Nobody waits for a program's end that prints without one: it is ended as soon as that is known.
struct TooMuch;

async fn read(pipe: &mut Option<impl tokio::io::AsyncRead + Unpin>) -> Result<Vec<u8>, TooMuch> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let _ = pipe.take(LARGEST_ANSWER as u64).read_to_end(&mut bytes).await;
    }
    if bytes.len() < LARGEST_ANSWER { Ok(bytes) } else { Err(TooMuch) }
}

/// Returns what is run here. Words for another host are quoted for its shell, one by one.
pub fn words(argv: &[String], host: Option<&str>) -> Vec<String> {
    let Some(host) = host else { return argv.to_vec() };
    let remote: Vec<String> = argv.iter().map(|word| quoted(word)).collect();
    // Without a terminal nobody can answer a question: no password, no unknown host key.
    let options = ["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-T"];
    let mut words = vec!["ssh".to_owned()];
    words.extend(options.map(str::to_owned));
    words.extend(["--".to_owned(), host.to_owned(), remote.join(" ")]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_another_host_cannot_become_another_command() {
        let argv = ["logs", "shop; rm -rf /", "it's"].map(str::to_owned);
        assert_eq!(words(&argv, None), argv);
        let remote = words(&argv, Some("dokku@web1"));
        assert_eq!(remote.last().unwrap(), "logs 'shop; rm -rf /' 'it'\\''s'");
        assert_eq!(&remote[remote.len() - 3..remote.len() - 1], ["--", "dokku@web1"]);
    }

    async fn run_here(script: &str, timeout: Duration) -> Result<Answer, Failure> {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned);
        let request = RunRequest { argv: &argv, input: Some("in"), host: None, timeout, summary: "sh" };
        run(&request, &Surroundings::default()).await
    }

    #[tokio::test]
    async fn a_program_answers_with_what_it_prints_and_fails_with_what_it_says() {
        let answer = run_here("cat; echo out", Duration::from_secs(20)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (0, &b"inout\n"[..]));
        let answer = run_here("echo out; echo no such app >&2; exit 3", Duration::from_secs(20)).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (3, &b"no such app\n"[..]));
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended_with_its_children() {
        let failure = run_here("sleep 1000 & wait", Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::TimedOut);
    }
}
