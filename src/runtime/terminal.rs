//! Taking the terminal, and giving it back whatever happens.
//!
//! A console that dies and leaves raw mode, the alternate screen or a hidden cursor behind has made the night worse.
//! Everything here is one write and one `tcsetattr`, so that it can also be done from a panic hook, and nothing here
//! prints on failure: after a hang-up the terminal is gone, and standard error with it.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::termios::{OptionalActions, Termios};

/// Alternate screen, cursor hidden, bracketed paste: pasted text must never be read as keys.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[2J\x1b[H";
/// Everything that `ENTER` and [`MOUSE_ON`] switched, in reverse, and the pen as it was.
pub const LEAVE: &[u8] = b"\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[0m\x1b[2J\x1b[H\x1b[?1049l\x1b[?25h";
/// Presses and the wheel, in a form that has no limit at column 223.
pub const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
pub const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Returns where keys come from: standard input, or the terminal itself when a log is piped in there.
///
/// # Errors
/// When there is no terminal at all.
pub fn keyboard() -> io::Result<BorrowedFd<'static>> {
    static TTY: OnceLock<File> = OnceLock::new();
    let stdin = rustix::stdio::stdin();
    if rustix::termios::isatty(stdin) {
        return Ok(stdin);
    }
    if let Some(tty) = TTY.get() {
        return Ok(tty.as_fd());
    }
    let tty = File::open("/dev/tty")?;
    Ok(TTY.get_or_init(|| tty).as_fd())
}

/// What the terminal was before we took it; here, because a panic hook can be given nothing.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

type Tell = Box<dyn Fn(String) + Send>;

/// Whom to tell where a background task panicked.
static TELL: Mutex<Option<Tell>> = Mutex::new(None);

/// Standard error as it was.
static STDERR: Mutex<Option<OwnedFd>> = Mutex::new(None);

/// The terminal while it is ours. Dropping it gives it back.
#[derive(Debug)]
pub struct Terminal(());

impl Terminal {
    /// Takes the terminal. What is written to standard error goes to `log` from now on, or nowhere: a library that
    /// prints cannot tear the screen.
    ///
    /// # Errors
    /// When there is no terminal to read keys from.
    pub fn enter(log: Option<File>) -> io::Result<Self> {
        install_panic_hook();
        let terminal = Self(());
        catch_stderr(log)?;
        take()?;
        Ok(terminal)
    }

    /// Takes the terminal again after a stop: the shell has used it in between.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn retake(&self) -> io::Result<()> {
        take()
    }

    /// Gives the terminal to the shell for a while.
    pub fn lend(&self) {
        give_back();
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
        release_stderr();
    }
}

/// Turns standard error into a pipe that somebody always reads. A file would not do: printing to standard error panics
/// when it fails, and a disk may be full.
fn catch_stderr(log: Option<File>) -> io::Result<()> {
    let (mut from, to) = io::pipe()?;
    let kept = rustix::io::dup(rustix::stdio::stderr())?;
    rustix::stdio::dup2_stderr(to)?;
    *STDERR.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    std::thread::Builder::new().name("stderr".to_owned()).spawn(move || {
        let mut log = log;
        let mut buffer = [0; 4_096];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if let Some(log) = &mut log {
                let _ = log.write_all(&buffer[..read]);
            }
        }
    })?;
    Ok(())
}

fn release_stderr() {
    if let Some(kept) = STDERR.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let _ = rustix::stdio::dup2_stderr(kept);
    }
}

fn take() -> io::Result<()> {
    let stdin = keyboard()?;
    let mut mode = {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        match &*before {
            // Stopped and continued by somebody else, without giving it back: what we found first is still the normal.
            Some(before) => before.clone(),
            None => before.insert(rustix::termios::tcgetattr(stdin)?).clone(),
        }
    };
    mode.make_raw();
    rustix::termios::tcsetattr(stdin, OptionalActions::Now, &mode)?;
    write_all(ENTER)
}

fn give_back() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    // Nothing to give back: it is not ours, or a panic hook was here first.
    let Some(before) = before else { return };
    let _ = write_all(LEAVE);
    // Drain: what was typed for us must not become a shell command.
    if let Ok(stdin) = keyboard() {
        let _ = rustix::termios::tcsetattr(stdin, OptionalActions::Flush, &before);
    }
}

fn write_all(bytes: &[u8]) -> io::Result<()> {
    // A terminal that takes nothing (flow control, a dead line) must not keep us from ending.
    let stdout = rustix::stdio::stdout();
    let mut ready = [PollFd::new(&stdout, PollFlags::OUT)];
    let patience = Timespec { tv_sec: 1, tv_nsec: 0 };
    if rustix::event::poll(&mut ready, Some(&patience))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Says whom to tell where in the source a background task panicked, while the console goes on.
pub fn tell_panics(tell: impl Fn(String) + Send + 'static) {
    install_panic_hook();
    *TELL.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(tell));
}

/// A panic in the loop's own thread ends the program and must be readable; one in a background task must not touch the
/// screen, because the console goes on.
fn install_panic_hook() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let ours = std::thread::current().id();
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == ours {
                give_back();
                // The message must be readable: the user has nothing else.
                release_stderr();
            } else if let (Some(place), Ok(tell)) = (panic.location(), TELL.try_lock())
                && let Some(tell) = &*tell
            {
                tell(format!("{}:{}", place.file(), place.line()));
            }
            tracing::error!("panic: {panic}");
            previous(panic);
        }));
    });
}

/// Returns the terminal's columns and rows.
pub fn size() -> (u16, u16) {
    let found = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok().map(|size| (size.ws_col, size.ws_row));
    // A pseudo-terminal that nobody has sized says 0 by 0.
    found.filter(|(columns, rows)| *columns > 0 && *rows > 0).unwrap_or((80, 24))
}
