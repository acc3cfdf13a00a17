//! An HTTP request with its time split into phases, and what its answer must be.
//!
//! Our own pipeline, because a client library hides where the time went: name, connection, TLS, first byte, body.

use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

use super::{Deadline, Found, Inner, connect, slow, tls};
use crate::model::check::{Cause, Facts, Finding, HttpFacts, HttpSpec, Outcome, Timing};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// What is read of a body. A health page is small; a download must not fill the memory.
const BODY: usize = 1024 * 1024;
/// What is shown of a body that was not as expected.
const EXCERPT: usize = 200;

/// An answer, with as much of its body as we read.
pub struct Answer {
    pub status: StatusCode,
    pub headers: hyper::HeaderMap,
    pub body: Vec<u8>,
}

pub async fn probe(inner: &Inner, spec: &HttpSpec, deadline: Deadline) -> Found {
    let mut facts = HttpFacts::default();
    let outcome = match judge(inner, spec, deadline, &mut facts).await {
        Ok(outcome) => outcome,
        Err(finding) => Outcome::Fail(finding),
    };
    Found { outcome, facts: Facts::Http(Box::new(facts)) }
}

async fn judge(inner: &Inner, spec: &HttpSpec, deadline: Deadline, facts: &mut HttpFacts) -> Result<Outcome, Finding> {
    let mut warning = None;
    let answer = fetch(inner, spec, deadline, facts, &mut warning).await?;
    if let Err(finding) = expected(spec, &answer) {
        facts.excerpt = excerpt(&answer.body);
        return Err(finding);
    }
    if let Some(warn) = spec.certificate_warn
        && let Some(certificate) = &facts.certificate
    {
        warning = tls::expiring(certificate, warn, inner.clock.now()).or(warning);
    }
    let warning = slow(deadline.begun.elapsed(), spec.slow).or(warning);
    Ok(warning.map_or(Outcome::Pass, Outcome::Warn))
}

/// Asks, and follows redirects.
///
/// # Errors
/// When no answer comes, or its certificate does not verify.
pub async fn fetch(
    inner: &Inner,
    spec: &HttpSpec,
    deadline: Deadline,
    facts: &mut HttpFacts,
    warning: &mut Option<Finding>,
) -> Result<Answer, Finding> {
    let said = |cause, text: String| Finding::new(cause, Line::from_text(&text));
    let mut url =
        Url::parse(&spec.url).map_err(|error| said(Cause::CannotRun, format!("{} is no URL: {error}", spec.url)))?;
    let mut seen = vec![url.clone()];
    let mut method = spec.method.clone();
    loop {
        let answer = ask(inner, spec, &method, &url, deadline, facts).await?;
        let location = answer.headers.get(header::LOCATION).filter(|_| answer.status.is_redirection());
        let Some(location) = location.filter(|_| spec.redirects > 0) else { return Ok(answer) };
        let text = String::from_utf8_lossy(location.as_bytes()).into_owned();
        let next = url
            .join(&text)
            .map_err(|error| said(Cause::Redirects, format!("redirects to {text}, which is no URL: {error}")))?;
        if !matches!(next.scheme(), "http" | "https") {
            return Err(said(Cause::Redirects, format!("redirects to {text}, which is not HTTP")));
        }
        facts.redirects.push(Line::from_text(&format!("{} {}", answer.status.as_u16(), shown(&next))));
        if seen.contains(&next) {
            return Err(said(Cause::Redirects, format!("redirects in a circle, back to {}", shown(&next))));
        }
        if seen.len() > usize::from(spec.redirects) {
            return Err(said(
                Cause::Redirects,
                format!("more than {} redirects, the last one to {}", spec.redirects, shown(&next)),
            ));
        }
        if url.scheme() == "https" && next.scheme() == "http" {
            *warning = Some(said(Cause::Redirects, format!("redirects from HTTPS to plain HTTP at {}", shown(&next))));
        }
        // As browsers do: only 307 and 308 repeat the method.
        if !matches!(answer.status.as_u16(), 307 | 308) && method != "HEAD" {
            "GET".clone_into(&mut method);
        }
        seen.push(next.clone());
        url = next;
    }
}

async fn ask(
    inner: &Inner,
    spec: &HttpSpec,
    method: &str,
    url: &Url,
    deadline: Deadline,
    facts: &mut HttpFacts,
) -> Result<Answer, Finding> {
    facts.timing = Timing::default();
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let begun = Instant::now();
    let addresses = inner.addresses(host, port, deadline).await?;
    facts.timing.dns = Some(begun.elapsed());
    facts.remote = addresses.first().copied();
    let begun = Instant::now();
    let (stream, address) = connect::connect(&addresses, deadline).await?;
    facts.timing.connect = Some(begun.elapsed());
    facts.remote = Some(address);
    let request = request(spec, method, url)?;
    if url.scheme() != "https" {
        return talk(inner, stream, request, deadline, facts).await;
    }
    let begun = Instant::now();
    let handshake = inner.trust.handshake(stream, host, inner.clock.now());
    let (stream, seen) = deadline.during("in the TLS handshake", handshake).await??;
    facts.timing.tls = Some(begun.elapsed());
    facts.certificate = seen.certificate;
    match seen.problem {
        Some(problem) if !spec.insecure => Err(problem),
        _ => talk(inner, stream, request, deadline, facts).await,
    }
}

fn request(spec: &HttpSpec, method: &str, url: &Url) -> Result<Request<Full<Bytes>>, Finding> {
    let wrong = |what: &str| Finding::new(Cause::CannotRun, Line::from_text(what));
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| wrong(&format!("{method} is no method")))?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let body = spec.body.clone().filter(|_| method != Method::GET && method != Method::HEAD).unwrap_or_default();
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, concat!("crashcart/", env!("CARGO_PKG_VERSION")))
        .header(header::ACCEPT, "*/*")
        // The body is looked into, so it must come as it is.
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| wrong(&format!("the request cannot be made: {error}")))?;
    for (name, value) in &spec.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(&format!("{name} is no header name")))?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| wrong(&format!("the value of {name} cannot stand in a header")))?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

async fn talk<S>(
    inner: &Inner,
    stream: S,
    request: Request<Full<Bytes>>,
    deadline: Deadline,
    facts: &mut HttpFacts,
) -> Result<Answer, Finding>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(200)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    // Ends when this probe does.
    let _driver = Driver(tokio::spawn(async move {
        let _ = connection.await;
    }));
    let begun = Instant::now();
    let response = deadline
        .during("waiting for the first byte", sender.send_request(request))
        .await?
        .map_err(|error| broken(&error))?;
    facts.timing.first_byte = Some(begun.elapsed());
    note(inner, &response, facts);
    let begun = Instant::now();
    let (head, body) = response.into_parts();
    let mut read = Vec::new();
    let result = deadline.during("reading the body", read_body(body, &mut read)).await;
    facts.timing.body = Some(begun.elapsed());
    facts.body_bytes = read.len() as u64;
    match result {
        Ok(Ok(())) => Ok(Answer { status: head.status, headers: head.headers, body: read }),
        Ok(Err(error)) => {
            facts.excerpt = excerpt(&read);
            Err(broken(&error))
        }
        Err(finding) => {
            facts.excerpt = excerpt(&read);
            Err(finding)
        }
    }
}

struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn note(inner: &Inner, response: &Response<Incoming>, facts: &mut HttpFacts) {
    facts.status = Some(response.status().as_u16());
    facts.version = Some(Line::from_text(match response.version() {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        _ => "HTTP",
    }));
    let text = |name| {
        response.headers().get(name).map(|value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    facts.content_type = text(header::CONTENT_TYPE).map(|kind| Line::from_text(&kind));
    facts.clock_ahead_ms = text(header::DATE).and_then(|date| {
        let there = date_header(&date)?;
        Some((there.as_micros() - inner.clock.now().as_micros()) / 1_000)
    });
}

/// Reads the time in an HTTP header (RFC 9110 writes it as RFC 2822 does, with `GMT`).
pub fn date_header(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(zoned.into())
}

async fn read_body(mut body: Incoming, into: &mut Vec<u8>) -> Result<(), hyper::Error> {
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            let room = BODY.saturating_sub(into.len());
            into.extend_from_slice(&data[..data.len().min(room)]);
            if into.len() >= BODY {
                break;
            }
        }
    }
    Ok(())
}

fn broken(error: &hyper::Error) -> Finding {
    let said = |cause, text: &str| Finding::new(cause, Line::from_text(text));
    let io = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    if let Some(io) = io {
        return match io.kind() {
            std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe => {
                said(Cause::Reset, "the connection was reset before the answer was complete")
            }
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput => {
                said(Cause::Protocol, &format!("the answer is not HTTP: {io}"))
            }
            std::io::ErrorKind::UnexpectedEof => {
                said(Cause::Reset, "the connection was closed in the middle of the answer")
            }
            _ => said(Cause::Reset, &format!("the connection broke: {io}")),
        };
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return said(Cause::Reset, "the server closed the connection without a complete answer")
            .hint("did it crash on this request? look at its log");
    }
    if error.is_parse() {
        return said(Cause::Protocol, "the answer is not HTTP").hint("is it another protocol, or HTTPS on this port?");
    }
    said(Cause::Protocol, &format!("the answer cannot be read: {}", chain(error)))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

fn expected(spec: &HttpSpec, answer: &Answer) -> Result<(), Finding> {
    let said = |cause, text: String| Finding::new(cause, Line::from_text(&text));
    let status = answer.status.as_u16();
    let usual = [(200, 399)];
    let accepted = if spec.expect.status.is_empty() { &usual[..] } else { &spec.expect.status };
    if !accepted.iter().any(|(low, high)| (*low..=*high).contains(&status)) {
        let ranges: Vec<_> = accepted
            .iter()
            .map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
            .collect();
        let reason = answer.status.canonical_reason().map_or_else(String::new, |reason| format!(" {reason}"));
        let finding = said(Cause::Status, format!("answered {status}{reason}, expected {}", ranges.join(", ")));
        return Err(match status {
            500..=599 => finding.hint("the service answers with an error: look at its log from the first failure on"),
            401 | 403 => finding.hint("does the check need a header with a credential?"),
            404 => finding.hint("is the path of the health page right?"),
            _ => finding,
        });
    }
    let text = || String::from_utf8_lossy(&answer.body);
    if let Some(wanted) = &spec.expect.body_contains
        && !text().contains(wanted.as_str())
    {
        return Err(said(Cause::Body, format!("the body does not contain {wanted:?}")));
    }
    if let Some(pattern) = &spec.expect.body_matches {
        let regex = regex::Regex::new(pattern)
            .map_err(|error| said(Cause::CannotRun, format!("{pattern:?} is no regular expression: {error}")))?;
        if !regex.is_match(&text()) {
            return Err(said(Cause::Body, format!("the body does not match {pattern:?}")));
        }
    }
    if spec.expect.json.is_empty() {
        return Ok(());
    }
    let json: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|error| {
        let kind = answer
            .headers
            .get(header::CONTENT_TYPE)
            .map_or("no content type".into(), |kind| String::from_utf8_lossy(kind.as_bytes()));
        said(Cause::Body, format!("the body is not JSON ({kind}): {error}"))
    })?;
    for (pointer, wanted) in &spec.expect.json {
        match json.pointer(pointer) {
            Some(found) if found == wanted => {}
            Some(found) => {
                return Err(said(Cause::Body, format!("{pointer} is {}, expected {wanted}", shortened(found))));
            }
            None => return Err(said(Cause::Body, format!("there is no {pointer} in the answer, expected {wanted}"))),
        }
    }
    Ok(())
}

fn shortened(value: &serde_json::Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { format!("{}...", text.chars().take(57).collect::<String>()) }
}

fn excerpt(body: &[u8]) -> Option<Line> {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT * 4)]);
    let one: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(EXCERPT).collect();
    (!one.is_empty()).then(|| Line::from_text(&one))
}

/// A password in a URL is nobody's to read.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// Fetches a URL once with everything at its default; for other probes that need a page.
pub async fn get(inner: &Inner, url: &str, deadline: Deadline) -> Result<Answer, Finding> {
    let spec = HttpSpec {
        url: url.to_owned(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        body: None,
        redirects: 5,
        slow: None,
        expect: crate::model::check::HttpExpectation::default(),
        certificate_warn: None,
        insecure: false,
    };
    let (mut facts, mut warning) = (HttpFacts::default(), None);
    let answer = fetch(inner, &spec, deadline, &mut facts, &mut warning).await?;
    expected(&spec, &answer)?;
    Ok(answer)
}
