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
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The body as it came, for what is no text.
    pub bytes: Vec<u8>,
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
    request(connect(address)?, "GET", path, &[], b"")
}

/// Sends a body. Each header is a whole line, `Content-Type: application/json` for example.
pub fn post(address: SocketAddr, path: &str, headers: &[&str], body: &str) -> Option<Answer> {
    request(connect(address)?, "POST", path, headers, body.as_bytes())
}

/// Asks for a path over a Unix socket.
pub fn get_unix(socket: &Path, path: &str) -> Option<Answer> {
    request(connect_unix(socket)?, "GET", path, &[], b"")
}

/// Opens a connection on which a server is waited for only so long.
pub fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    Some(stream)
}

/// The same over a Unix socket.
pub fn connect_unix(socket: &Path) -> Option<UnixStream> {
    let stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    Some(stream)
}

/// Sends a request and reads its answer to the end of the connection.
pub fn request(
    mut stream: impl Read + Write,
    method: &str,
    path: &str,
    headers: &[&str],
    body: &[u8],
) -> Option<Answer> {
    let mut head = format!("{method} {path} HTTP/1.0\r\n");
    if !headers.iter().any(|header| header.starts_with("Host:")) {
        head.push_str("Host: localhost\r\n");
    }
    if !body.is_empty() || method != "GET" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    for header in headers {
        head.push_str(&format!("{header}\r\n"));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let body = bytes.split_off(end + 4);
    let head = String::from_utf8_lossy(&bytes);
    let (first, headers) = head.split_once("\r\n")?;
    let headers = headers.lines().filter_map(|line| line.split_once(':'));
    Some(Answer {
        status: first.split(' ').nth(1)?.parse().ok()?,
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
        bytes: body,
    })
}
