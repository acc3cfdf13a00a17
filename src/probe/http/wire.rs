//! A connection that remembers how the other side began, and that lets others run while it is flooded.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is kept of the first bytes.
const KEPT: usize = 256;
/// What is read at once, and after which others have their turn. A server can send interim answers (100 Continue) without
/// an end; all that has come is parsed in one go, and the deadline is only looked at between two reads.
const TURN: usize = 16 * 1024;

/// The first bytes that came.
#[derive(Clone, Debug, Default)]
pub struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// Returns what came so far, up to a limit.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = KEPT - kept.len();
        kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// The connection.
pub struct Wire<S> {
    stream: S,
    heard: Heard,
    buffer: Box<[u8]>,
    turn: usize,
}

impl<S> Wire<S> {
    /// Returns a connection, and what will be heard on it.
    pub fn new(stream: S) -> (Self, Heard) {
        let heard = Heard::default();
        (Self { stream, heard: heard.clone(), buffer: vec![0; TURN].into(), turn: 0 }, heard)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = &mut *self;
        if wire.turn >= TURN {
            wire.turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let room = into.remaining().min(TURN);
        let mut part = ReadBuf::new(&mut wire.buffer[..room]);
        ready!(Pin::new(&mut wire.stream).poll_read(context, &mut part))?;
        wire.turn += part.filled().len();
        wire.heard.add(part.filled());
        into.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
