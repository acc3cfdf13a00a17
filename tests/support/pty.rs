//! A program in a real pseudo-terminal: spawn it, type, read the screen that a terminal emulator makes of its bytes.
//!
//! Like a real terminal it answers status queries. Waiting is always for a condition, with a deadline, and a miss prints
//! the last screen.

use std::ffi::OsStr;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::LocalModes;

/// Longer than the slowest machine that runs these tests needs for anything they wait for.
const DEADLINE: Duration = Duration::from_secs(20);

/// A running program and its terminal.
pub struct Terminal {
    pub child: Child,
    pty: Option<Arc<Pty>>,
    reader: Option<Reader>,
    shared: Arc<(Mutex<Seen>, Condvar)>,
}

/// The thread that reads what the program writes. It ends when its pipe is closed.
struct Reader {
    stop: PipeWriter,
    thread: JoinHandle<()>,
}

struct Seen {
    emulator: vt100::Parser,
    /// Everything that the program has written.
    bytes: Vec<u8>,
    /// Status queries that were answered.
    queries: usize,
    closed: bool,
}

/// How a program is started.
pub struct Start<'a> {
    pub size: (u16, u16),
    pub environment: Vec<(&'a str, String)>,
    /// Whether the terminal answers status queries.
    pub answers: bool,
}

impl Default for Start<'_> {
    fn default() -> Self {
        Self { size: (100, 30), environment: Vec::new(), answers: true }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has cells")
}

impl Terminal {
    /// Starts a program.
    pub fn spawn<S: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
        start: &Start<'_>,
    ) -> Self {
        let (pty, pts) = open().expect("a pseudo-terminal can be opened");
        pty.resize(Size::new(start.size.1, start.size.0)).expect("it can be sized");
        let mut command = Command::new(program)
            .args(arguments)
            .env("TERM", "xterm-256color")
            .env("COLORTERM", "truecolor")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env_remove("NO_COLOR")
            .env_remove("TMUX")
            .env_remove("STY");
        for (name, value) in &start.environment {
            command = command.env(name, value);
        }
        let child = command.spawn(pts).expect("the program can be started");
        let pty = Arc::new(pty);
        let emulator = vt100::Parser::new(cells(start.size.1), cells(start.size.0), 0);
        let seen = Seen { emulator, bytes: Vec::new(), queries: 0, closed: false };
        let shared = Arc::new((Mutex::new(seen), Condvar::new()));
        let (reader, to, answers) = (Arc::clone(&pty), Arc::clone(&shared), start.answers);
        let (wake, stop) = std::io::pipe().expect("a pipe can be opened");
        let thread = std::thread::spawn(move || read(&reader, &wake, &to, answers));
        Self { child, pty: Some(pty), reader: Some(Reader { stop, thread }), shared }
    }

    /// Types text as it is.
    pub fn type_text(&self, text: &str) {
        let mut pty: &Pty = self.pty.as_ref().expect("the terminal is there");
        pty.write_all(text.as_bytes()).expect("the terminal takes keys");
    }

    /// Returns the screen as rows of text.
    pub fn screen(&self) -> String {
        let seen = self.shared.0.lock().unwrap();
        seen.emulator.screen().contents()
    }

    /// Waits until the screen contains a text, and returns the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?} on the screen"), |screen| screen.contains(text))
    }

    /// Waits until the screen does not contain a text any more.
    pub fn wait_gone(&self, text: &str) -> String {
        self.wait_until(&format!("{text:?} gone from the screen"), |screen| !screen.contains(text))
    }

    /// Waits until a condition holds for the screen.
    pub fn wait_until(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        self.wait(what, |seen| condition(&seen.emulator.screen().contents()));
        self.screen()
    }

    /// Waits until the program has written something that contains these bytes.
    pub fn wait_for_bytes(&self, bytes: &[u8]) {
        self.wait(&format!("the bytes {}", bytes.escape_ascii()), |seen| contains(&seen.bytes, bytes));
    }

    fn wait(&self, what: &str, condition: impl Fn(&Seen) -> bool) {
        let (lock, changed) = &*self.shared;
        let end = Instant::now() + DEADLINE;
        let mut seen = lock.lock().unwrap();
        while !condition(&seen) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.closed {
                let state = if seen.closed { "the terminal was closed" } else { "time is up" };
                if let Some(file) = super::environment("CRASHCART_PTY_BYTES") {
                    let _ = std::fs::write(file, &seen.bytes);
                }
                panic!("{state} waiting for {what}; the screen was:\n{}", seen.emulator.screen().contents());
            }
            seen = changed.wait_timeout(seen, left.min(Duration::from_millis(200))).unwrap().0;
        }
    }

    /// Returns everything that the program has written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.shared.0.lock().unwrap().bytes.clone()
    }

    /// Returns how many status queries were answered.
    pub fn queries(&self) -> usize {
        self.shared.0.lock().unwrap().queries
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.shared.0.lock().unwrap().emulator.screen_mut().set_size(cells(rows), cells(columns));
        self.pty.as_ref().expect("the terminal is there").resize(Size::new(rows, columns)).expect("it can be sized");
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program is there");
    }

    /// Returns the program's process id.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Closes the terminal, as a dropped connection does. What the program is told is the system's doing.
    pub fn hang_up(&mut self) {
        let Reader { stop, thread } = self.reader.take().expect("the terminal is there");
        drop(stop);
        thread.join().expect("the reader ends");
        self.pty = None;
    }

    /// Waits until the program has ended.
    pub fn wait_exit(&mut self) -> ExitStatus {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the program can be waited for") {
                return status;
            }
            assert!(Instant::now() < end, "it has not ended; the screen was:\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    /// Waits until the program has ended, and returns its exit code, or 128 and the signal's number.
    pub fn exit_code(&mut self) -> i32 {
        let status = self.wait_exit();
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }

    /// Asserts that the terminal is as a shell wants it: main screen, cursor shown, no paste or mouse mode, cooked.
    pub fn assert_given_back(&self) {
        self.wait("the main screen with a cursor", |seen| {
            let screen = seen.emulator.screen();
            !screen.alternate_screen() && !screen.hide_cursor()
        });
        let seen = self.shared.0.lock().unwrap();
        let screen = seen.emulator.screen();
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        let pty = self.pty.as_ref().expect("the terminal is there");
        let modes = rustix::termios::tcgetattr(pty.as_ref()).expect("the terminal has modes").local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG), "still raw: {modes:?}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(pty: &Pty, wake: &PipeReader, shared: &(Mutex<Seen>, Condvar), answers: bool) {
    let (lock, changed) = shared;
    let mut buffer = [0; 16 * 1024];
    let mut pty_read: &Pty = pty;
    loop {
        let mut ready = [PollFd::new(pty, PollFlags::IN), PollFd::new(wake, PollFlags::IN)];
        let polled = poll(&mut ready, None);
        if polled == Err(Errno::INTR) {
            continue;
        }
        if polled.is_err() || !ready[1].revents().is_empty() {
            break;
        }
        // When the last program has let go of the other side, reading is an error on Linux.
        let Ok(read @ 1..) = pty_read.read(&mut buffer) else { break };
        let mut seen = lock.lock().unwrap();
        let before = seen.bytes.len().saturating_sub(3);
        seen.bytes.extend_from_slice(&buffer[..read]);
        seen.emulator.process(&buffer[..read]);
        let asked = seen.bytes[before..].windows(4).filter(|window| window == b"\x1b[5n").count();
        if answers && asked > 0 {
            seen.queries += asked;
            let mut pty_write: &Pty = pty;
            let _ = pty_write.write_all(&b"\x1b[0n".repeat(asked));
        }
        changed.notify_all();
    }
    lock.lock().unwrap().closed = true;
    changed.notify_all();
}

/// Whether some bytes contain others.
pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
