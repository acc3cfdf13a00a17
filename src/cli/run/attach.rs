//! Puts this terminal through to the pseudo-terminal of a command that talks to a person.
//!
//! Ctrl-] leaves it; the command goes on, and can be come back to.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::journal::Journal;
use crate::model::id::RunId;
use crate::runtime::terminal;
use crate::worker::step::{Frame, connect};

/// Ctrl-], as telnet has it.
const LEAVE: u8 = 0x1d;

/// The terminal as it was, put back when this is dropped.
struct Raw(Termios);

impl Raw {
    fn take() -> std::io::Result<Self> {
        let before = tcgetattr(std::io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, &self.0);
        // Whatever the command left on: colours, modes, another screen.
        output::tell(
            "\u{1b}[0m\u{1b}[?1049l\u{1b}[?25h\u{1b}[?2004l\u{1b}[?1000l\u{1b}[?1002l\u{1b}[?1003l\u{1b}[?1006l\r\n",
        );
    }
}

/// Attaches to what runs, until it ends or the person leaves. Returns whether somebody is still there.
pub fn attach(journal: &Journal, state_dir: &Path, run: &RunId, environment: &Environment) -> Result<bool, Failure> {
    if !(environment.stdin_is_terminal && environment.stderr_is_terminal) {
        return Err(Failure::usage(anyhow!("this command talks to a person, and there is no terminal"))
            .hint("it runs on in its own; crashcart run --resume from a terminal goes to it"));
    }
    let Some(execution) = journal.run(run)?.and_then(|run| run.open().map(|(number, _)| number)) else {
        return Ok(true);
    };
    output::tell("(Ctrl-] leaves it running)\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Its worker comes in a moment.
        let mut stream = None;
        for _ in 0..100 {
            match connect(state_dir, run, execution).await {
                Ok(connected) => {
                    stream = Some(connected);
                    break;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        let Some(stream) = stream else { return Ok(true) };
        let (mut reader, mut writer) = stream.into_split();
        let (columns, rows) = terminal::size();
        writer.write_all(&Frame::Resized { columns, rows }.encoded()).await?;
        let raw = Raw::take()?;
        let (typed, mut keys) = tokio::sync::mpsc::channel::<Vec<u8>>(16);
        // It ends when the other end of this pipe does: a key that comes later is meant for the question after this.
        let (over, still) = std::io::pipe()?;
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            loop {
                let stdin = std::io::stdin();
                let mut ready = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&over, PollFlags::IN)];
                if poll(&mut ready, None).is_err() || !ready[1].revents().is_empty() {
                    return;
                }
                match rustix::io::read(&stdin, &mut buffer) {
                    Ok(count) if count > 0 && typed.blocking_send(buffer[..count].to_vec()).is_ok() => {}
                    _ => return,
                }
            }
        });
        let mut buffer = [0; 16 * 1024];
        let stays = loop {
            tokio::select! {
                read = reader.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => break true,
                    Ok(count) => {
                        let mut stderr = std::io::stderr().lock();
                        stderr.write_all(&buffer[..count])?;
                        stderr.flush()?;
                    }
                },
                typed = keys.recv() => {
                    // A terminal that has gone types nothing any more, whether or not a signal says so.
                    let Some(bytes) = typed.filter(|bytes| !bytes.contains(&LEAVE)) else { break false };
                    if writer.write_all(&Frame::Typed(bytes).encoded()).await.is_err() {
                        break true;
                    }
                }
            }
        };
        drop(still);
        drop(raw);
        Ok(stays)
    })
}
