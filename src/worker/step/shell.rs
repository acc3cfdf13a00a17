//! Runs a text in a shell, here or on another host through the system's `ssh`, without a terminal.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, ChildStdin, Command};

use super::group;
use super::pen::{Pen, TICK};
use crate::model::run::{ProcessEnd, RunEvent, Script};
use crate::model::secret::Secret;
use crate::model::text::Line;
use crate::provider::run::quoted;
use crate::worker::WorkerError;

/// What is run.
pub struct Asked<'a> {
    pub script: &'a Script,
    pub text: &'a str,
    pub secrets: &'a [(String, Secret)],
}

/// What was printed is remembered up to here, for variables, branches and last words.
const REMEMBERED: usize = 64 * 1024;
/// What background processes print after the shell has ended is waited for so long.
const AFTERWARDS: Duration = Duration::from_millis(300);
/// How long a remote shell has to end after the line to it was closed.
const REMOTE: Duration = Duration::from_secs(12);

/// Marks that the far side prints for us, and nobody sees.
const BEGAN: &str = "\u{1}crashcart began\u{1}";
const ENDED: &str = "\u{1}crashcart ended ";

/// What the far side does: reads the script from the line, runs it in a group of its own, and ends it when the line is cut.
const FAR: &str = r#"exec 3<&0
IFS= read -r n; s=$(head -c "$n" <&3); printf '\001crashcart began\001\n'
export CRASHCART_SCRIPT="$s"
if command -v setsid >/dev/null 2>&1
then setsid @SHELL@ 'eval "$CRASHCART_SCRIPT"' </dev/null 3<&- &
else @SHELL@ 'eval "$CRASHCART_SCRIPT"' </dev/null 3<&- &
fi
p=$!
{ cat; for g in INT TERM KILL; do kill -$g -- "-$p" 2>/dev/null || kill -$g "$p" 2>/dev/null || break; sleep 3; done; } <&3 >/dev/null 2>&1 &
w=$!
wait "$p"; r=$?
kill "$w" 2>/dev/null
printf '\001crashcart ended %s\001\n' "$r"
exit "$r""#;

/// Runs it to its end.
pub async fn run(asked: &Asked<'_>, pen: &mut Pen) -> Result<(ProcessEnd, String, u32), WorkerError> {
    let not_started = |error: std::io::Error| {
        let shell = if asked.script.host.is_some() { "ssh" } else { asked.script.shell.as_str() };
        let folder = asked.script.folder.as_ref().filter(|folder| asked.script.host.is_none() && !folder.is_dir());
        let why = match folder {
            Some(folder) => format!("there is no folder {}", folder.display()),
            None => format!("{shell}: {error}"),
        };
        Ok((ProcessEnd::NotStarted(Line::from_text(&why)), String::new(), 0))
    };
    let (child, output) = match start(asked) {
        Ok(started) => started,
        Err(error) => return not_started(error),
    };
    let Some(pid) = child.id() else { return not_started(std::io::Error::other("it has no number")) };
    pen.write(RunEvent::Spawned { execution: pen.execution(), pid, born: group::born(pid).unwrap_or(0) }).await?;
    let mut watched =
        Watched { child, pid, line: None, output, printed: Vec::new(), far: Far::default(), begun: pen.now() };
    watched.line = watched.child.stdin.take();
    let end = watched.watch(asked, pen).await;
    pen.end_of_print().await?;
    let background = if asked.script.host.is_some() { 0 } else { group::members(pid) };
    let printed = Line::lines_of(&String::from_utf8_lossy(&watched.printed), usize::MAX);
    let printed: Vec<&str> = printed.iter().map(Line::as_str).collect();
    Ok((end?, printed.join("\n"), background))
}

fn start(asked: &Asked<'_>) -> std::io::Result<(Child, Receiver)> {
    let (reader, writer) = std::io::pipe()?;
    let mut command = match &asked.script.host {
        Some(host) => {
            let mut command = Command::new("ssh");
            command.args(["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15"]);
            command.args(["-o", "ServerAliveCountMax=3", "--", host, &far(asked)]);
            command.stdin(Stdio::piped());
            command
        }
        None => {
            let mut command = Command::new(&asked.script.shell);
            command.args(flags(&asked.script.shell)).arg("-c").arg(asked.text);
            environment(asked, |name, value| {
                command.env(name, value);
            });
            if let Some(folder) = &asked.script.folder {
                command.current_dir(folder);
            }
            command.stdin(Stdio::null());
            command
        }
    };
    command.stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let child = command.spawn()?;
    Ok((child, Receiver::from_owned_fd(reader.into())?))
}

/// A block ends at its first command that fails: what follows was written for the case that it did not.
pub fn flags(shell: &str) -> &'static [&'static str] {
    match shell {
        "bash" | "zsh" | "ksh" => &["-e", "-o", "pipefail"],
        _ => &["-e"],
    }
}

/// Gives everything that a script is told to `put`.
pub fn environment(asked: &Asked<'_>, mut put: impl FnMut(&str, &str)) {
    for (name, value) in &asked.script.environment {
        put(name, value);
    }
    for (name, value) in asked.secrets.iter().filter(|(name, _)| asked.script.secrets.contains(name)) {
        put(name, value.expose());
    }
}

/// What `ssh` is given to run: nothing in it comes from a document but the shell's name, which is one of a few.
fn far(asked: &Asked<'_>) -> String {
    let shell = format!("{} {} -c", asked.script.shell, flags(&asked.script.shell).join(" "));
    format!("exec /bin/sh -c {}", quoted(&FAR.replace("@SHELL@", &shell)))
}

/// The script as it goes over the line: its length, and itself with what it is told before it.
pub fn sent(asked: &Asked<'_>) -> Vec<u8> {
    let mut text = String::new();
    environment(asked, |name, value| text.push_str(&format!("export {name}={}\n", quoted(value))));
    if let Some(folder) = &asked.script.folder {
        text.push_str(&format!("cd {}\n", quoted(&folder.display().to_string())));
    }
    text.push_str(asked.text);
    [format!("{}\n", text.len()).into_bytes(), text.into_bytes()].concat()
}

/// A shell that runs, and what it prints.
struct Watched {
    child: Child,
    pid: u32,
    /// The line to a far shell: closing it ends what runs there.
    line: Option<ChildStdin>,
    output: Receiver,
    printed: Vec<u8>,
    far: Far,
    begun: crate::model::time::Timestamp,
}

/// What the far side has told of itself.
#[derive(Default)]
struct Far {
    rest: Vec<u8>,
    began: bool,
    ended: Option<i32>,
}

impl Watched {
    async fn watch(&mut self, asked: &Asked<'_>, pen: &mut Pen) -> Result<ProcessEnd, WorkerError> {
        let is_far = asked.script.host.is_some();
        if let Some(line) = &mut self.line {
            // A line that is cut already shows in how ssh ends.
            let _ = line.write_all(&sent(asked)).await;
            let _ = line.flush().await;
        }
        let mut buffer = vec![0; 64 * 1024];
        let mut open = true;
        let status = loop {
            tokio::select! {
                read = read(&mut self.output, &mut buffer), if open => match read {
                    Ok(0) | Err(_) => open = false,
                    Ok(count) => {
                        self.take(&buffer[..count], is_far, pen).await?;
                        // Something that prints without a pause must still be stopped.
                        if let Some(end) = self.over(asked, pen).await? {
                            return Ok(end);
                        }
                        if self.far.ended.is_some() {
                            break None;
                        }
                    }
                },
                status = self.child.wait() => break Some(status),
                () = tokio::time::sleep(TICK) => {
                    pen.due().await?;
                    if let Some(end) = self.over(asked, pen).await? {
                        return Ok(end);
                    }
                }
            }
        };
        // What was printed before the end may still be under way. What goes on in the background may print for ever.
        let until = tokio::time::Instant::now() + AFTERWARDS;
        while open && let Ok(Ok(count)) = tokio::time::timeout_at(until, read(&mut self.output, &mut buffer)).await {
            if count == 0 {
                break;
            }
            self.take(&buffer[..count], is_far, pen).await?;
        }
        let rest = std::mem::take(&mut self.far.rest);
        self.keep(&rest, pen).await?;
        self.line = None;
        if is_far {
            group::end(self.pid, || group::born(self.pid).is_none()).await;
            let status = self.child.wait().await;
            return Ok(match (self.far.ended, self.far.began) {
                (Some(code), _) => ended_with(code),
                (None, false) => {
                    let why = status.map_or_else(|error| error.to_string(), |status| status.to_string());
                    ProcessEnd::NotStarted(Line::from_text(&format!("ssh did not reach the host ({why})")))
                }
                (None, true) => ProcessEnd::Lost,
            });
        }
        Ok(match status {
            Some(Ok(status)) => of_status(status),
            Some(Err(error)) => ProcessEnd::NotStarted(Line::from_text(&error.to_string())),
            None => ProcessEnd::Exited(0),
        })
    }

    /// Ends it when its time is over, or when somebody wants that.
    async fn over(&mut self, asked: &Asked<'_>, pen: &mut Pen) -> Result<Option<ProcessEnd>, WorkerError> {
        let end = if pen.is_stopped()? {
            ProcessEnd::Stopped
        } else if pen.now().since(self.begun) >= asked.script.timeout {
            ProcessEnd::TimedOut
        } else {
            return Ok(None);
        };
        // The far side ends what it runs when the line is closed.
        self.line = None;
        if asked.script.host.is_some() {
            let waited = tokio::time::timeout(REMOTE, self.child.wait()).await;
            if waited.is_ok() {
                self.drain(pen).await?;
                return Ok(Some(end));
            }
        }
        group::end_child(self.pid, &mut self.child).await;
        self.drain(pen).await?;
        Ok(Some(end))
    }

    /// Takes in what is there already.
    async fn drain(&mut self, pen: &mut Pen) -> Result<(), WorkerError> {
        let mut buffer = vec![0; 64 * 1024];
        for _ in 0..16 {
            match tokio::time::timeout(Duration::from_millis(20), read(&mut self.output, &mut buffer)).await {
                Ok(Ok(count)) if count > 0 => self.keep(&buffer[..count], pen).await?,
                _ => break,
            }
        }
        Ok(())
    }

    async fn take(&mut self, bytes: &[u8], is_far: bool, pen: &mut Pen) -> Result<(), WorkerError> {
        if !is_far {
            return self.keep(bytes, pen).await;
        }
        let bytes = [std::mem::take(&mut self.far.rest), bytes.to_vec()].concat();
        let mut at = 0;
        while let Some(found) = memchr::memchr(1, &bytes[at..]) {
            let mark = at + found;
            let Some(end) = memchr::memchr(b'\n', &bytes[mark..]) else {
                if bytes.len() - mark < 64 {
                    self.keep(&bytes[at..mark], pen).await?;
                    self.far.rest = bytes[mark..].to_vec();
                    return Ok(());
                }
                break;
            };
            let line = String::from_utf8_lossy(&bytes[mark..mark + end]).into_owned();
            if line == BEGAN && !self.far.began {
                self.far.began = true;
            } else if let Some(code) =
                line.strip_prefix(ENDED).and_then(|rest| rest.trim_end_matches('\u{1}').parse().ok())
            {
                self.far.ended = Some(code);
            } else {
                self.keep(&bytes[at..=mark + end], pen).await?;
                at = mark + end + 1;
                continue;
            }
            self.keep(&bytes[at..mark], pen).await?;
            at = mark + end + 1;
        }
        self.keep(&bytes[at..], pen).await
    }

    async fn keep(&mut self, bytes: &[u8], pen: &mut Pen) -> Result<(), WorkerError> {
        self.printed.extend_from_slice(bytes);
        if self.printed.len() > 2 * REMEMBERED {
            let gone = self.printed.len() - REMEMBERED;
            self.printed.drain(..gone);
        }
        pen.print(bytes).await
    }
}

async fn read(output: &mut Receiver, buffer: &mut [u8]) -> std::io::Result<usize> {
    use tokio::io::AsyncReadExt as _;
    output.read(buffer).await
}

fn ended_with(code: i32) -> ProcessEnd {
    // A shell says of a signal that ended its child: 128 and its number.
    if (129..=192).contains(&code) { ProcessEnd::Killed(code - 128) } else { ProcessEnd::Exited(code) }
}

/// Says how a process ended.
pub fn of_status(status: std::process::ExitStatus) -> ProcessEnd {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => ProcessEnd::Exited(code),
        (None, Some(signal)) => ProcessEnd::Killed(signal),
        (None, None) => ProcessEnd::Exited(-1),
    }
}
