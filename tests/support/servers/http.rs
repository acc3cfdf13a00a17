//! The plainest HTTP client: one request on one connection, and the answer as it came.
//!
//! It speaks HTTP/1.0, so that no server cuts its answer into chunks. What the program under test makes of the same
//! answer is not its business: it has nothing in common with it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longer than any of our servers thinks about anything.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What a server has said.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// Returns the body as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Asks for a path. `None` is no answer: nobody listens, or the connection broke.
pub fn get(address: SocketAddr, path: &str) -> Option<Answer> {
    request(connect(address)?, &format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n"))
}

/// Sends a body. Each header is a whole line, `Content-Type: application/json` for example.
pub fn post(address: SocketAddr, path: &str, headers: &[&str], body: &str) -> Option<Answer> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let length = body.len();
    let head = format!("POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n{headers}\r\n");
    request(connect(address)?, &(head + body))
}

/// Asks for a path over a Unix socket.
pub fn get_unix(socket: &Path, path: &str) -> Option<Answer> {
    let stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    request(stream, &format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n"))
}

fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    Some(stream)
}

fn request(mut stream: impl Read + Write, text: &str) -> Option<Answer> {
    stream.write_all(text.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}
