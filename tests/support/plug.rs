//! A plug between a client and a server's Unix socket: it is pulled when a certain request has gone through, and put back.

use std::io::{self, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The plug. Connections pass through it as long as it is in.
pub struct Plug {
    socket: PathBuf,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    out: AtomicBool,
    /// The request behind which it is pulled: the server hears it, and its answer goes nowhere.
    pulled_behind: Mutex<Option<String>>,
    /// How many requests with a text in their first line went through.
    counted: Mutex<Option<(String, usize)>>,
    refused: AtomicUsize,
}

impl Plug {
    /// Opens a socket beside the test's files that leads to the server's.
    pub fn new(directory: &Path, server: PathBuf) -> Self {
        let socket = directory.join("plug.sock");
        let listener = UnixListener::bind(&socket).expect("a socket can be made");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if shared.out.load(Ordering::SeqCst) {
                    shared.refused.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let Ok(far) = UnixStream::connect(&server) else { continue };
                let state = Arc::clone(&shared);
                thread::spawn(move || pass(near, far, &state));
            }
        });
        Self { socket, state }
    }

    /// Returns the address for a source.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Pulls it as soon as a request with this text in its first line has gone through.
    pub fn pull_behind(&self, request: &str) {
        *lock(&self.state.pulled_behind) = Some(request.to_owned());
    }

    /// Counts requests with this text in their first line from now on.
    pub fn count(&self, request: &str) {
        *lock(&self.state.counted) = Some((request.to_owned(), 0));
    }

    /// Returns how many there were.
    pub fn counted(&self) -> usize {
        lock(&self.state.counted).as_ref().map_or(0, |(_, count)| *count)
    }

    /// Returns whether it is out.
    pub fn is_out(&self) -> bool {
        self.state.out.load(Ordering::SeqCst)
    }

    /// Returns how many connections found it out.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// Puts it back.
    pub fn put_back(&self) {
        *lock(&self.state.pulled_behind) = None;
        self.state.out.store(false, Ordering::SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn pass(near: UnixStream, far: UnixStream, state: &State) {
    let (mut from_far, mut to_near) = (far.try_clone().unwrap(), near.try_clone().unwrap());
    let (mut from_near, mut to_far) = (near, far);
    let silenced = Arc::new(AtomicBool::new(false));
    let silent = Arc::clone(&silenced);
    let back = thread::spawn(move || {
        let mut bytes = [0; 8_192];
        while let Ok(count @ 1..) = from_far.read(&mut bytes) {
            // The answer of the request behind which it was pulled is the last thing that comes, and it goes nowhere.
            if silent.load(Ordering::SeqCst) || to_near.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = to_near.shutdown(Shutdown::Both);
        let _ = from_far.shutdown(Shutdown::Both);
    });
    let _ = forward(&mut from_near, &mut to_far, state, &silenced);
    let _ = to_far.shutdown(Shutdown::Write);
    let _ = back.join();
}

fn forward(from: &mut UnixStream, to: &mut UnixStream, state: &State, silenced: &AtomicBool) -> io::Result<()> {
    let mut bytes = [0; 65_536];
    loop {
        let count = from.read(&mut bytes)?;
        if count == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&bytes[..count]);
        let first = text.lines().next().unwrap_or_default();
        if let Some((wanted, count)) = lock(&state.counted).as_mut()
            && first.contains(wanted.as_str())
        {
            *count += 1;
        }
        if lock(&state.pulled_behind).as_deref().is_some_and(|request| first.contains(request)) {
            silenced.store(true, Ordering::SeqCst);
            state.out.store(true, Ordering::SeqCst);
        }
        to.write_all(&bytes[..count])?;
    }
}
