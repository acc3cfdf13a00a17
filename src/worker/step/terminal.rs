//! A command that talks to a person: it gets a real pseudo-terminal, and whoever looks at it connects to a socket.
//!
//! ```text
//!   command <--pty--> worker <--socket in the state directory--> console, `crashcart run`
//! ```
//!
//! Nobody has to be connected: the command goes on when the line of its onlooker is cut, and the next one is given the screen
//! as it is. The last screen, and what scrolled out of it, is what the journal keeps.

use std::io;
use std::num::NonZeroU16;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pty_process::{OwnedReadPty, OwnedWritePty, Size};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, mpsc};

use super::group;
use super::pen::{Pen, TICK};
use super::shell::{Asked, environment, flags, of_status};
use crate::model::id::RunId;
use crate::model::output::OutputLine;
use crate::model::run::{ProcessEnd, RunEvent};
use crate::model::text::Line;
use crate::provider::run::quoted;
use crate::worker::WorkerError;

/// The size until somebody connects.
const SIZE: (u16, u16) = (80, 24);
/// Lines that scrolled out and are kept for the journal.
const SCROLLED: usize = 1_000;
/// More than a person types or a terminal says at once.
const LARGEST: usize = 64 * 1024;

/// What an onlooker sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    Typed(Vec<u8>),
    Resized { columns: u16, rows: u16 },
}

impl Frame {
    /// Returns it as it goes over the socket: a kind, a length, what it says.
    pub fn encoded(&self) -> Vec<u8> {
        let (kind, body) = match self {
            Self::Typed(bytes) => (b'i', bytes.clone()),
            Self::Resized { columns, rows } => (b'r', [columns.to_be_bytes(), rows.to_be_bytes()].concat()),
        };
        let length = u32::try_from(body.len()).unwrap_or(0);
        [&[kind], length.to_be_bytes().as_slice(), &body].concat()
    }
}

/// Reads what an onlooker sends, until it goes.
async fn read_frames(mut stream: impl tokio::io::AsyncRead + Unpin, frames: mpsc::Sender<Frame>) {
    loop {
        let mut head = [0; 5];
        if stream.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        if length > LARGEST {
            return;
        }
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let frame = match (head[0], body.as_slice()) {
            (b'i', _) => Frame::Typed(body),
            (b'r', [a, b, c, d]) => {
                Frame::Resized { columns: u16::from_be_bytes([*a, *b]), rows: u16::from_be_bytes([*c, *d]) }
            }
            _ => return,
        };
        if frames.send(frame).await.is_err() {
            return;
        }
    }
}

fn folder(state_dir: &Path) -> PathBuf {
    state_dir.join("terminals")
}

/// Returns the socket's name, and keeps the folder open for it: a name of more than some hundred bytes is none (unix(7)).
fn place(state_dir: &Path, run: &RunId, execution: u32) -> io::Result<(std::fs::File, PathBuf)> {
    use std::os::fd::AsRawFd as _;
    let folder = folder(state_dir);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let opened = std::fs::File::open(&folder)?;
    let name = format!("{run}-{execution}");
    let direct = folder.join(&name);
    let through = PathBuf::from(format!("/proc/self/fd/{}/{name}", opened.as_raw_fd()));
    let path = if direct.as_os_str().len() > 100 && Path::new("/proc/self/fd").exists() { through } else { direct };
    Ok((opened, path))
}

/// Connects to the terminal of a command that runs.
///
/// # Errors
/// When there is none, or it is another user's.
pub async fn connect(state_dir: &Path, run: &RunId, execution: u32) -> io::Result<UnixStream> {
    let (_folder, path) = place(state_dir, run, execution)?;
    UnixStream::connect(path).await
}

/// Runs it to its end.
pub async fn run(asked: &Asked<'_>, pen: &mut Pen, state_dir: &Path) -> Result<(ProcessEnd, String, u32), WorkerError> {
    let not_started = |why: String| (ProcessEnd::NotStarted(Line::from_text(&why)), String::new(), 0);
    let (run, execution) = (pen.run_id().clone(), pen.execution());
    let listening = place(state_dir, &run, execution).and_then(|(folder, path)| {
        let _ = std::fs::remove_file(&path);
        Ok((folder, UnixListener::bind(&path)?, path))
    });
    let (_folder, listener, path) = match listening {
        Ok(listening) => listening,
        Err(error) => return Ok(not_started(format!("nobody could look at it: {error}"))),
    };
    let opened = pty_process::open().and_then(|(pty, pts)| {
        pty.resize(Size::new(SIZE.1, SIZE.0))?;
        let child = command(asked).spawn(pts)?;
        Ok((pty, child))
    });
    let (pty, mut child) = match opened {
        Ok(opened) => opened,
        Err(error) => return Ok(not_started(error.to_string())),
    };
    let pid = child.id().unwrap_or(0);
    pen.write(RunEvent::Spawned { execution, pid, born: group::born(pid).unwrap_or(0) }).await?;
    let (reader, writer) = pty.into_split();
    let mut hall = Hall::open(listener, writer);
    let end = hall.watch(reader, &mut child, pid, asked, pen).await;
    let _ = std::fs::remove_file(&path);
    let text = hall.transcript();
    pen.lines(text.lines().map(OutputLine::plain).collect());
    pen.end_of_print().await?;
    Ok((end?, text, group::members(pid)))
}

fn command(asked: &Asked<'_>) -> pty_process::Command {
    let command = match &asked.script.host {
        Some(host) => {
            // On a terminal the line carries what is typed: the script goes along as an argument.
            let mut text = String::new();
            environment(asked, |name, value| text.push_str(&format!("export {name}={}\n", quoted(value))));
            text.push_str(asked.text);
            let far =
                format!("exec {} {} -c {}", asked.script.shell, flags(&asked.script.shell).join(" "), quoted(&text));
            pty_process::Command::new("ssh").args(["-tt", "-o", "ConnectTimeout=10", "--", host, &far])
        }
        None => {
            let mut command = pty_process::Command::new(&asked.script.shell);
            command = command.args(flags(&asked.script.shell)).arg("-c").arg(asked.text);
            let mut told = Vec::new();
            environment(asked, |name, value| told.push((name.to_owned(), value.to_owned())));
            command = command.envs(told);
            match &asked.script.folder {
                Some(folder) => command.current_dir(folder),
                None => command,
            }
        }
    };
    command.env("TERM", "xterm-256color")
}

/// Everybody who looks, and the terminal.
struct Hall {
    frames: mpsc::Receiver<Frame>,
    joins: mpsc::Receiver<UnixStream>,
    told: mpsc::Sender<Frame>,
    said: broadcast::Sender<Vec<u8>>,
    writer: OwnedWritePty,
    emulator: vt100::Parser,
}

impl Hall {
    fn open(listener: UnixListener, writer: OwnedWritePty) -> Self {
        let (told, frames) = mpsc::channel(64);
        let (joining, joins) = mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if joining.send(stream).await.is_err() {
                    return;
                }
            }
        });
        let (said, _) = broadcast::channel(256);
        let emulator = vt100::Parser::new(size(SIZE.1), size(SIZE.0), SCROLLED);
        Self { frames, joins, told, said, writer, emulator }
    }

    async fn watch(
        &mut self,
        mut reader: OwnedReadPty,
        child: &mut tokio::process::Child,
        pid: u32,
        asked: &Asked<'_>,
        pen: &mut Pen,
    ) -> Result<ProcessEnd, WorkerError> {
        let begun = pen.now();
        let mut buffer = vec![0; 16 * 1024];
        let mut open = true;
        loop {
            tokio::select! {
                read = reader.read(&mut buffer), if open => match read {
                    // A terminal whose last program has gone gives an error (EIO) on Linux.
                    Ok(0) | Err(_) => open = false,
                    Ok(count) => self.show(&buffer[..count]),
                },
                Some(stream) = self.joins.recv() => self.join(stream),
                Some(frame) = self.frames.recv() => match frame {
                    Frame::Typed(bytes) => {
                        let _ = self.writer.write_all(&bytes).await;
                    }
                    Frame::Resized { columns, rows } => {
                        let (columns, rows) = (columns.clamp(2, 500), rows.clamp(2, 500));
                        let _ = self.writer.resize(Size::new(rows, columns));
                        self.emulator.screen_mut().set_size(size(rows), size(columns));
                    }
                },
                status = child.wait() => {
                    while open && let Ok(Ok(count)) = tokio::time::timeout(Duration::from_millis(200), reader.read(&mut buffer)).await {
                        if count == 0 {
                            break;
                        }
                        self.show(&buffer[..count]);
                    }
                    return Ok(status.map_or_else(|error| ProcessEnd::NotStarted(Line::from_text(&error.to_string())), of_status));
                }
                () = tokio::time::sleep(TICK) => {
                    let stopped = pen.is_stopped()?;
                    if stopped || pen.now().since(begun) >= asked.script.timeout {
                        group::end_child(pid, child).await;
                        return Ok(if stopped { ProcessEnd::Stopped } else { ProcessEnd::TimedOut });
                    }
                }
            }
        }
    }

    fn show(&mut self, bytes: &[u8]) {
        self.emulator.process(bytes);
        // Nobody may be looking.
        let _ = self.said.send(bytes.to_vec());
    }

    fn join(&mut self, stream: UnixStream) {
        let (reader, mut writer) = stream.into_split();
        tokio::spawn(read_frames(reader, self.told.clone()));
        let mut said = self.said.subscribe();
        let now = self.emulator.screen().state_formatted();
        tokio::spawn(async move {
            let mut bytes = format!("\u{1b}c{now}").into_bytes();
            loop {
                if writer.write_all(&bytes).await.is_err() {
                    return;
                }
                match said.recv().await {
                    Ok(next) => bytes = next,
                    // Too slow to follow: it connects again, and is given the screen as it is.
                    Err(_) => return,
                }
            }
        });
    }

    /// Returns everything that stood on the screen, as text.
    fn transcript(&mut self) -> String {
        let screen = self.emulator.screen_mut();
        let rows = usize::from(screen.size().0.get());
        let columns = screen.size().1.get();
        screen.set_scrollback(usize::MAX);
        let scrolled = screen.scrollback();
        let mut lines: Vec<String> = Vec::new();
        let mut left = scrolled;
        while left > 0 {
            screen.set_scrollback(left);
            let take = left.min(rows);
            lines.extend(screen.rows(0, columns).take(take));
            left -= take;
        }
        screen.set_scrollback(0);
        lines.extend(screen.rows(0, columns));
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        lines.join("\n")
    }
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap_or(NonZeroU16::MIN)
}
