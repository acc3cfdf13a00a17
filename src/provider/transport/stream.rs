//! Messages that come one after the other: lines, server-sent events, Docker's frames, websockets.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{SinkExt as _, Stream, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use url::Url;

use super::broken::{sorted, words};
use super::http::{Http, HttpRequest, headers_of, read};
use super::tls::{Trust, config};
use crate::model::text::Line;
use crate::provider::definition::Frames;
use crate::provider::run::{Answer, Failure, FailureKind};

/// A message that is longer is cut: nobody reads it, and it must not fill the memory.
const LONGEST_MESSAGE: usize = 1 << 20;
/// How long a websocket may take to open.
const OPEN: Duration = Duration::from_secs(15);

/// Messages, or what ended them.
pub type Messages = BoxStream<'static, Result<Value, Failure>>;

/// Opens a stream over HTTP. An answer that is no success comes back whole, to be judged.
///
/// # Errors
/// When nothing came back.
pub async fn http(http: &Http, request: &HttpRequest<'_>, frames: Frames) -> Result<Result<Messages, Answer>, Failure> {
    let opened = tokio::time::timeout(request.timeout, http.open(request)).await;
    let timed_out = || Failure {
        kind: FailureKind::TimedOut,
        request: request.summary.to_owned(),
        message: Line::from_text("the stream did not begin in time"),
    };
    let response = opened.map_err(|_| timed_out())??;
    if !response.status().is_success() {
        let (status, headers, url) = (response.status().as_u16(), headers_of(&response), response.url().to_string());
        let body = tokio::time::timeout(request.timeout, read(response, request.summary)).await;
        let body = body.map_err(|_| timed_out()).and_then(|body| body).unwrap_or_default();
        return Ok(Err(Answer { status, headers, body, url, printed: false }));
    }
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/html") {
        let message = Line::from_text("it is a web page, and not a stream");
        return Err(Failure { kind: FailureKind::Malformed, request: request.summary.to_owned(), message });
    }
    let summary = request.summary.to_owned();
    let bytes = response.bytes_stream().map(move |chunk| {
        chunk.map_err(|error| {
            let (kind, message) = sorted(&error);
            Failure { kind, request: summary.clone(), message: Line::from_text(&message) }
        })
    });
    let splitter = match frames {
        Frames::ServerSentEvents => Splitter::Events { data: String::new() },
        Frames::Docker => Splitter::Docker { known: None, partial: Default::default() },
        Frames::Lines | Frames::WebSocket => Splitter::Lines { json: false },
        Frames::Json => Splitter::Lines { json: true },
    };
    Ok(Ok(split(bytes, splitter)))
}

/// Turns what a program prints into messages.
pub fn lines(chunks: impl Stream<Item = Result<Bytes, Failure>> + Send + 'static, json: bool) -> Messages {
    split(chunks, Splitter::Lines { json })
}

/// A text that is JSON is JSON.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// How bytes become messages.
enum Splitter {
    Lines {
        json: bool,
    },
    /// The data of an event may be several lines, and an empty line ends it
    /// (<https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>).
    Events {
        data: String,
    },
    /// Whether there are frames at all is seen at the first bytes; a container with a terminal has none.
    Docker {
        known: Option<bool>,
        partial: [BytesMut; 3],
    },
}

fn split(chunks: impl Stream<Item = Result<Bytes, Failure>> + Send + 'static, splitter: Splitter) -> Messages {
    let state = (chunks.boxed(), BytesMut::new(), splitter, VecDeque::<Value>::new(), false);
    let messages = futures_util::stream::unfold(
        state,
        |(mut chunks, mut buffer, mut splitter, mut ready, mut ended)| async move {
            loop {
                if let Some(message) = ready.pop_front() {
                    return Some((Ok(message), (chunks, buffer, splitter, ready, ended)));
                }
                if ended {
                    return None;
                }
                match chunks.next().await {
                    Some(Ok(chunk)) => {
                        buffer.extend_from_slice(&chunk);
                        splitter.take(&mut buffer, &mut ready);
                    }
                    Some(Err(failure)) => return Some((Err(failure), (chunks, buffer, splitter, ready, true))),
                    None => {
                        splitter.rest(&mut buffer, &mut ready);
                        ended = true;
                    }
                }
            }
        },
    );
    messages.boxed()
}

impl Splitter {
    fn take(&mut self, buffer: &mut BytesMut, ready: &mut VecDeque<Value>) {
        match self {
            Self::Events { data } => take_lines(buffer, ready, |line| event(line, data)),
            Self::Lines { json } => take_lines(buffer, ready, |line| message(line, *json)),
            Self::Docker { known, partial } => {
                if known.is_none() && buffer.len() >= 4 {
                    *known = Some(matches!(&buffer[..4], [0..=2, 0, 0, 0]));
                }
                match known {
                    None => {}
                    Some(false) => take_lines(buffer, ready, |line| docker_line(1, line)),
                    Some(true) => take_frames(buffer, partial, ready),
                }
            }
        }
    }

    /// The end of a stream ends its last line.
    fn rest(&mut self, buffer: &mut BytesMut, ready: &mut VecDeque<Value>) {
        match self {
            // Half an event is none.
            Self::Events { .. } => {}
            Self::Lines { json } => {
                if !buffer.is_empty() {
                    ready.extend(message(buffer, *json));
                }
            }
            Self::Docker { known, partial } => {
                if *known != Some(true) && !buffer.is_empty() {
                    ready.extend(docker_line(1, buffer));
                }
                for (stream, kept) in (0..).zip(partial.iter()) {
                    if !kept.is_empty() {
                        ready.extend(docker_line(stream, kept));
                    }
                }
            }
        }
        buffer.clear();
    }
}

fn take_lines(buffer: &mut BytesMut, ready: &mut VecDeque<Value>, mut message: impl FnMut(&[u8]) -> Option<Value>) {
    while let Some(end) = memchr::memchr(b'\n', buffer) {
        let line = buffer.split_to(end + 1);
        ready.extend(message(&line[..end]));
    }
    // A line without an end: what is there is shown, and the rest is another line.
    if buffer.len() > LONGEST_MESSAGE {
        let line = buffer.split();
        ready.extend(message(&line));
    }
}

fn message(line: &[u8], json: bool) -> Option<Value> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches('\r');
    if text.is_empty() {
        return None;
    }
    Some(if json { parsed(text) } else { Value::String(text.to_owned()) })
}

/// Takes one line of an event stream, and returns an event when it ends one.
fn event(line: &[u8], data: &mut String) -> Option<Value> {
    let line = String::from_utf8_lossy(line);
    let line = line.trim_end_matches('\r').trim_start_matches('\u{feff}');
    if line.is_empty() {
        let whole = std::mem::take(data);
        return (!whole.is_empty()).then(|| parsed(&whole));
    }
    if let Some(more) = line.strip_prefix("data:") {
        if !data.is_empty() {
            data.push('\n');
        }
        data.push_str(more.strip_prefix(' ').unwrap_or(more));
        // An event without an end.
        if data.len() > LONGEST_MESSAGE {
            return Some(parsed(&std::mem::take(data)));
        }
    }
    None
}

fn take_frames(buffer: &mut BytesMut, partial: &mut [BytesMut; 3], ready: &mut VecDeque<Value>) {
    while buffer.len() >= 8 {
        let stream = buffer[0].min(2);
        let size = u32::from_be_bytes([buffer[4], buffer[5], buffer[6], buffer[7]]) as usize;
        if buffer.len() < 8 + size {
            // A frame is at most what the engine reads at once; one that claims more is a broken stream.
            if size > LONGEST_MESSAGE * 16 {
                buffer.clear();
            }
            return;
        }
        buffer.advance(8);
        let output = buffer.split_to(size);
        let kept = &mut partial[usize::from(stream)];
        kept.extend_from_slice(&output);
        take_lines(kept, ready, |line| docker_line(stream, line));
    }
}

fn docker_line(stream: u8, line: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches(['\r', '\n']);
    (!text.is_empty()).then(|| json!({ "stream": if stream == 2 { "stderr" } else { "stdout" }, "text": text }))
}

/// What a websocket is told.
#[derive(Clone, Default)]
pub struct Talk {
    /// First, one text after the other.
    pub first: Vec<String>,
    /// After each message, in answer to it.
    pub reply: Option<Reply>,
}

/// Returns what a message is answered with.
pub type Reply = Arc<dyn Fn(&Value) -> Vec<String> + Send + Sync>;

/// Opens a websocket, says what is to be said first, and returns what comes.
///
/// # Errors
/// When it cannot be opened.
pub async fn websocket(
    trust: &Trust,
    url: &str,
    headers: &[(String, String)],
    protocol: Option<&str>,
    talk: Talk,
    summary: &str,
) -> Result<Messages, Failure> {
    let owned = summary.to_owned();
    let failed = move |kind, message: &str| Failure { kind, request: owned.clone(), message: Line::from_text(message) };
    let opened = tokio::time::timeout(OPEN, connect(trust, url, headers, protocol)).await;
    let mut socket = match opened {
        Err(_) => return Err(failed(FailureKind::TimedOut, "the websocket did not open in time")),
        Ok(Err((kind, message))) => return Err(failed(kind, &message)),
        Ok(Ok(socket)) => socket,
    };
    let Talk { first, reply } = talk;
    for text in first {
        socket.send(Message::text(text)).await.map_err(|error| {
            let (kind, message) = broken(&error);
            failed(kind, &message)
        })?;
    }
    let messages = futures_util::stream::unfold(Some(socket), move |socket| {
        let (failed, reply) = (failed.clone(), reply.clone());
        async move {
            let mut socket = socket?;
            match next_message(&mut socket, reply.as_ref()).await {
                Ok(message) => Some((Ok(message), Some(socket))),
                Err((kind, message)) => Some((Err(failed(kind, &message)), None)),
            }
        }
    });
    Ok(messages.boxed())
}

async fn next_message(socket: &mut Socket, reply: Option<&Reply>) -> Result<Value, (FailureKind, String)> {
    loop {
        let message = match socket.next().await {
            Some(Ok(Message::Text(text))) => parsed(text.as_str()),
            Some(Ok(Message::Binary(bytes))) => parsed(&String::from_utf8_lossy(&bytes)),
            Some(Ok(Message::Close(reason))) => {
                let said = reason.map(|reason| (u16::from(reason.code), reason.reason.to_string()));
                return Err(closed(said));
            }
            // Pings are answered by the library.
            Some(Ok(_)) => continue,
            Some(Err(error)) => return Err(broken(&error)),
            None => return Err((FailureKind::Unreachable, "the stream broke off".to_owned())),
        };
        for text in reply.map(|reply| reply(&message)).unwrap_or_default() {
            socket.send(Message::text(text)).await.map_err(|error| broken(&error))?;
        }
        return Ok(message);
    }
}

fn closed(said: Option<(u16, String)>) -> (FailureKind, String) {
    let Some((code, reason)) = said else {
        return (FailureKind::Unreachable, "the other side closed the stream".to_owned());
    };
    // 1008 and 4401, 4403 are what "unauthorised" became here (RFC 6455 7.4.1, graphql-transport-ws).
    let kind = match code {
        4_401 => FailureKind::Unauthorised,
        4_403 => FailureKind::Forbidden,
        4_429 => FailureKind::RateLimited { wait_ms: None },
        _ => FailureKind::Unreachable,
    };
    let reason = reason.trim();
    let reason = if reason.is_empty() { format!("code {code}") } else { format!("{reason} (code {code})") };
    (kind, format!("the other side closed the stream: {reason}"))
}

/// Says what broke a websocket.
fn broken(error: &tungstenite::Error) -> (FailureKind, String) {
    use tungstenite::error::{CapacityError, ProtocolError};
    let unreachable = |what: &str| (FailureKind::Unreachable, what.to_owned());
    match error {
        tungstenite::Error::Io(error) => words(error),
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            let what = format!("a message is larger than {} MiB", (LONGEST_MESSAGE * 4) >> 20);
            (FailureKind::Malformed, what)
        }
        tungstenite::Error::Protocol(
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete,
        )
        | tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed => unreachable("the stream broke off"),
        tungstenite::Error::Protocol(error) => {
            (FailureKind::Malformed, format!("what answers there does not speak WebSocket: {error}"))
        }
        error => unreachable(&error.to_string()),
    }
}

/// A connection, plain or with TLS.
trait Connection: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Connection for T {}

type Socket = tokio_tungstenite::WebSocketStream<Box<dyn Connection>>;

async fn connect(
    trust: &Trust,
    url: &str,
    headers: &[(String, String)],
    protocol: Option<&str>,
) -> Result<Socket, (FailureKind, String)> {
    let wrong = |what: String| (FailureKind::Misconfigured, what);
    let mut url = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
    let (scheme, secure) = match url.scheme() {
        "https" | "wss" => ("wss", true),
        _ => ("ws", false),
    };
    url.set_scheme(scheme).map_err(|()| wrong("the address has no scheme that a websocket could have".to_owned()))?;
    let host = url
        .host_str()
        .ok_or_else(|| wrong("the address names no host".to_owned()))?
        .trim_matches(['[', ']'])
        .to_owned();
    let port = url.port_or_known_default().unwrap_or(if secure { 443 } else { 80 });
    let mut request = url.as_str().into_client_request().map_err(|error| wrong(error.to_string()))?;
    for (name, value) in headers {
        let name =
            tungstenite::http::HeaderName::from_bytes(name.as_bytes()).map_err(|error| wrong(error.to_string()))?;
        let value = tungstenite::http::HeaderValue::from_str(value).map_err(|error| wrong(error.to_string()))?;
        request.headers_mut().insert(name, value);
    }
    if let Some(protocol) = protocol {
        let value = tungstenite::http::HeaderValue::from_str(protocol).map_err(|error| wrong(error.to_string()))?;
        request.headers_mut().insert("sec-websocket-protocol", value);
    }
    let unreachable = |error: std::io::Error| words(&error);
    let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(unreachable)?;
    let connection: Box<dyn Connection> = if secure {
        let mut config = config(trust).map_err(wrong)?;
        // A websocket begins as HTTP/1.1.
        config.alpn_protocols.clear();
        let name = rustls::pki_types::ServerName::try_from(host).map_err(|error| wrong(error.to_string()))?;
        let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
        Box::new(connector.connect(name, tcp).await.map_err(unreachable)?)
    } else {
        Box::new(tcp)
    };
    let limits = tungstenite::protocol::WebSocketConfig::default().max_message_size(Some(LONGEST_MESSAGE * 4));
    match tokio_tungstenite::client_async_with_config(request, connection, Some(limits)).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let kind = match response.status().as_u16() {
                401 => FailureKind::Unauthorised,
                403 => FailureKind::Forbidden,
                404 => FailureKind::NotFound,
                429 => FailureKind::RateLimited { wait_ms: None },
                500..=599 => FailureKind::Unavailable,
                _ => FailureKind::Refused,
            };
            Err((kind, format!("it refuses the websocket (HTTP {})", response.status().as_u16())))
        }
        Err(error) => Err(broken(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(chunks: &[&[u8]], splitter: Splitter) -> Vec<Value> {
        let chunks: Vec<Result<Bytes, Failure>> =
            chunks.iter().map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        split(futures_util::stream::iter(chunks), splitter).map(|message| message.unwrap()).collect().await
    }

    #[tokio::test]
    async fn lines_come_whole_however_the_bytes_come() {
        let lines = all(&[b"on", b"e\r\ntwo\n\nthr", b"ee"], Splitter::Lines { json: false }).await;
        assert_eq!(lines, ["one", "two", "three"].map(|line| json!(line)));
        let documents = all(&[b"{\"a\":1}\n{\"a\"", b":2}\noops\n"], Splitter::Lines { json: true }).await;
        assert_eq!(documents, [json!({ "a": 1 }), json!({ "a": 2 }), json!("oops")]);
    }

    #[tokio::test]
    async fn events_come_whole_however_the_bytes_come() {
        let bytes = b": hello\nevent: log\ndata: {\"a\":\ndata: 1}\r\n\r\nid: 3\ndata:two\n\n\ndata: lost";
        for size in 1..bytes.len() {
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            let found = all(&chunks, Splitter::Events { data: String::new() }).await;
            assert_eq!(found, [json!({ "a": 1 }), json!("two")], "chunks of {size}");
        }
        let endless: Vec<&[u8]> = vec![&[b'x'; 65_536]; 40];
        assert_eq!(all(&endless, Splitter::Events { data: String::new() }).await, [Value::Null; 0]);
    }

    #[tokio::test]
    async fn frames_may_be_cut_anywhere() {
        let frame = |stream: u8, text: &str| {
            [&[stream, 0, 0, 0], &u32::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
        };
        let bytes = [frame(1, "one\ntw"), frame(2, "bad\n"), frame(1, "o\nrest")].concat();
        let line = |stream: &str, text: &str| json!({ "stream": stream, "text": text });
        let expected = [line("stdout", "one"), line("stderr", "bad"), line("stdout", "two"), line("stdout", "rest")];
        for size in 1..bytes.len() {
            let chunks: Vec<&[u8]> = bytes.chunks(size).collect();
            let found = all(&chunks, Splitter::Docker { known: None, partial: Default::default() }).await;
            assert_eq!(found, expected, "chunks of {size}");
        }
        let terminal = all(&[b"one\r\ntwo"], Splitter::Docker { known: None, partial: Default::default() }).await;
        assert_eq!(terminal, [line("stdout", "one"), line("stdout", "two")]);
    }
}
