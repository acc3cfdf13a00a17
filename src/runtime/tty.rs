//! The two threads that read from and write to the terminal, so that neither can hold up the loop.

use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use tokio::sync::mpsc::UnboundedSender;

/// What the terminal gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FromTty {
    Bytes(Vec<u8>),
    /// It is gone: the connection dropped, or the window was closed.
    HungUp,
}

/// Reads from standard input until it is dropped, which waits until the thread has let go of it.
#[derive(Debug)]
pub struct Reader {
    stop: Option<OwnedFd>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Reader {
    /// Starts to read.
    ///
    /// # Errors
    /// When the system gives no pipe or thread.
    pub fn start(to: UnboundedSender<FromTty>) -> std::io::Result<Self> {
        let (wake, stop) = std::io::pipe()?;
        let (wake, stop) = (OwnedFd::from(wake), OwnedFd::from(stop));
        let thread = std::thread::Builder::new().name("tty-read".to_owned()).spawn(move || read(&wake, &to))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // Closing our end wakes the thread.
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(wake: &OwnedFd, to: &UnboundedSender<FromTty>) {
    let Ok(stdin) = super::terminal::keyboard() else {
        let _ = to.send(FromTty::HungUp);
        return;
    };
    let mut buffer = [0; 4_096];
    loop {
        let mut ready = [PollFd::new(&stdin, PollFlags::IN), PollFd::from_borrowed_fd(wake.as_fd(), PollFlags::IN)];
        match rustix::event::poll(&mut ready, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => break,
        }
        if !ready[1].revents().is_empty() {
            return;
        }
        if ready[0].revents().is_empty() {
            continue;
        }
        match rustix::io::read(stdin, &mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                if to.send(FromTty::Bytes(buffer[..read].to_vec())).is_err() {
                    return;
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => break,
        }
    }
    let _ = to.send(FromTty::HungUp);
}

/// Writes to standard output in order. Dropping it does not wait: a dead line may take for ever.
#[derive(Debug)]
pub struct Writer {
    to: mpsc::Sender<Vec<u8>>,
    pending: Arc<AtomicU64>,
}

impl Writer {
    /// Starts to write.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(gone: UnboundedSender<FromTty>) -> std::io::Result<Self> {
        let (to, from) = mpsc::channel::<Vec<u8>>();
        let pending = Arc::new(AtomicU64::new(0));
        let written = Arc::clone(&pending);
        std::thread::Builder::new().name("tty-write".to_owned()).spawn(move || {
            for bytes in from {
                if write(&bytes).is_err() {
                    let _ = gone.send(FromTty::HungUp);
                    return;
                }
                written.fetch_sub(bytes.len() as u64, Ordering::SeqCst);
            }
        })?;
        Ok(Self { to, pending })
    }

    /// Hands over bytes.
    pub fn send(&self, bytes: Vec<u8>) {
        self.pending.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        // The thread only ends after it has said that the terminal is gone.
        let _ = self.to.send(bytes);
    }

    /// Returns how many bytes the terminal has not even begun to take.
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::SeqCst)
    }
}

fn write(mut bytes: &[u8]) -> Result<(), Errno> {
    let stdout = rustix::stdio::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(stdout, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let mut ready = [PollFd::new(&stdout, PollFlags::OUT)];
                rustix::event::poll(&mut ready, None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
