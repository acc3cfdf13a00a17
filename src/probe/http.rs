//! An HTTP request with its time split into phases, and what its answer must be.
//!
//! Our own pipeline, because a client library hides where the time went: name, connection, TLS, first byte, body.

mod expect;
mod wire;

use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

use super::{Deadline, Found, Inner, connect, slow, tls};
use crate::model::check::{Cause, Facts, Finding, HttpFacts, HttpSpec, Outcome};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// What is read of a body. A health page is small; a download must not fill the memory.
const BODY: usize = 1024 * 1024;
/// Headers beyond these are no answer but an attack or an accident.
const HEADERS: usize = 200;
const HEAD: usize = 256 * 1024;

/// An answer, with as much of its body as we read.
pub struct Answer {
    pub status: StatusCode,
    pub headers: hyper::HeaderMap,
    pub body: Vec<u8>,
    /// The body went on; we did not.
    pub cut: bool,
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
    if let Err(finding) = expect::expected(&spec.expect, &answer) {
        facts.excerpt = expect::excerpt(&answer.body);
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
        // Not repeated: it may hold a password.
        Url::parse(&spec.url).map_err(|error| said(Cause::CannotRun, format!("the URL cannot be read: {error}")))?;
    let asked = url.clone();
    let mut method = spec.method.clone();
    let mut seen = vec![(method.clone(), url.clone())];
    loop {
        // What an earlier answer was says nothing about this one; its certificate is still one to watch.
        let (redirects, certificate) = (std::mem::take(&mut facts.redirects), facts.certificate.take());
        *facts = HttpFacts { redirects, certificate, ..HttpFacts::default() };
        let known = may_know(&asked, &url);
        let answer = ask(inner, spec, &method, &url, known, deadline, facts).await?;
        let redirects = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = answer.headers.get(header::LOCATION).filter(|_| redirects);
        let Some(location) = location.filter(|_| spec.redirects > 0) else { return Ok(answer) };
        let text = String::from_utf8_lossy(location.as_bytes()).into_owned();
        let mut next = url
            .join(&text)
            .map_err(|error| said(Cause::Redirects, format!("redirects to {text:?}, which is no URL: {error}")))?;
        // Never sent, so it makes no difference.
        next.set_fragment(None);
        if !matches!(next.scheme(), "http" | "https") {
            return Err(said(Cause::Redirects, format!("redirects to {}, which is not HTTP", shown(&next))));
        }
        facts.redirects.push(Line::from_text(&format!("{} {}", answer.status.as_u16(), shown(&next))));
        // As browsers do: only 307 and 308 repeat the method.
        if !matches!(answer.status.as_u16(), 307 | 308) && method != "HEAD" {
            "GET".clone_into(&mut method);
        }
        let step = (method.clone(), next.clone());
        if seen.contains(&step) {
            return Err(said(Cause::Redirects, format!("redirects in a circle, back to {}", shown(&next))));
        }
        if seen.len() > usize::from(spec.redirects) {
            let redirects = if spec.redirects == 1 { "redirect" } else { "redirects" };
            return Err(said(
                Cause::Redirects,
                format!("more than {} {redirects}, the last one to {}", spec.redirects, shown(&next)),
            ));
        }
        if url.scheme() == "https" && next.scheme() == "http" {
            *warning = Some(said(Cause::Redirects, format!("redirects from HTTPS to plain HTTP at {}", shown(&next))));
        }
        seen.push(step);
        url = next;
    }
}

/// Whether a redirect's target may be told what the configuration gives to the first server: its headers may hold a
/// credential. The same server may, and the same host when it only moves from HTTP to HTTPS.
fn may_know(asked: &Url, target: &Url) -> bool {
    let upgrade = (asked.scheme(), asked.port(), target.scheme(), target.port()) == ("http", None, "https", None);
    asked.origin() == target.origin() || (upgrade && asked.host() == target.host())
}

async fn ask(
    inner: &Inner,
    spec: &HttpSpec,
    method: &str,
    url: &Url,
    known: bool,
    deadline: Deadline,
    facts: &mut HttpFacts,
) -> Result<Answer, Finding> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(80);
    let begun = Instant::now();
    let addresses = inner.addresses(host, port, deadline).await?;
    facts.timing.dns = Some(begun.elapsed());
    facts.remote = addresses.first().copied();
    let begun = Instant::now();
    let connect::Connected { stream, address, dead } = connect::connect(&addresses, deadline).await?;
    facts.timing.connect = Some(begun.elapsed());
    (facts.remote, facts.dead) = (Some(address), dead);
    let request = request(spec, method, url, known)?;
    if url.scheme() != "https" {
        return talk(inner, stream, request, deadline, facts).await;
    }
    let begun = Instant::now();
    let handshake = inner.trust.handshake(stream, host, tls::Speaking::Http, inner.clock.now());
    let (stream, seen) = deadline.during("in the TLS handshake", handshake).await??;
    facts.timing.tls = Some(begun.elapsed());
    facts.certificate = seen.certificate;
    match seen.problem {
        Some(problem) if !spec.insecure => Err(problem),
        _ => talk(inner, stream, request, deadline, facts).await,
    }
}

fn request(spec: &HttpSpec, method: &str, url: &Url, known: bool) -> Result<Request<Full<Bytes>>, Finding> {
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
    for (name, value) in spec.headers.iter().filter(|_| known) {
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
    let (wire, heard) = wire::Wire::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(HEADERS)
        .max_buf_size(HEAD)
        // Browsers forgive these, so the people who use the site do not see them.
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true)
        .ignore_invalid_headers_in_responses(true)
        .handshake(TokioIo::new(wire))
        .await
        .map_err(|error| broken(&error))?;
    // Ends when this probe does.
    let _driver = Driver(tokio::spawn(async move {
        let _ = connection.await;
    }));
    let (begun, sent) = (Instant::now(), inner.clock.now());
    let asked = deadline.during("waiting for the first byte", sender.send_request(request)).await?;
    let response = asked.map_err(|error| {
        let finding = broken(&error);
        if finding.cause == Cause::Protocol {
            // What it says instead often names it: `SSH-2.0-OpenSSH_9.2`.
            facts.excerpt = expect::excerpt(&heard.bytes());
        }
        finding
    })?;
    facts.timing.first_byte = Some(begun.elapsed());
    note(inner, &response, sent, facts);
    let begun = Instant::now();
    let (head, body) = response.into_parts();
    let mut read = Vec::new();
    let result = deadline.during("reading the body", read_body(body, &mut read)).await;
    facts.timing.body = Some(begun.elapsed());
    facts.body_bytes = read.len() as u64;
    match result {
        Ok(Ok(cut)) => Ok(Answer { status: head.status, headers: head.headers, body: read, cut }),
        Ok(Err(error)) => {
            facts.excerpt = expect::excerpt(&read);
            Err(broken(&error))
        }
        Err(finding) => {
            facts.excerpt = expect::excerpt(&read);
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

fn note(inner: &Inner, response: &Response<Incoming>, sent: Timestamp, facts: &mut HttpFacts) {
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
    facts.clock_ahead_ms = clock_ahead(response.headers(), sent, inner.clock.now());
}

/// Returns how far a server's clock is ahead of ours, in milliseconds. It wrote its time between our question and its
/// answer, in whole seconds: what that leaves open is no difference, or every slow server would seem to be behind.
fn clock_ahead(headers: &hyper::HeaderMap, sent: Timestamp, received: Timestamp) -> Option<i64> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // A cache repeats the date of when it was filled, and says how long ago that was.
    let age: i64 = text(header::AGE).and_then(|age| age.trim().parse().ok()).filter(|age| *age >= 0).unwrap_or(0);
    let there = date_header(text(header::DATE)?)?.as_micros().saturating_add(age.saturating_mul(1_000_000));
    let earliest = there.saturating_sub(received.as_micros());
    let latest = there.saturating_add(1_000_000).saturating_sub(sent.as_micros());
    Some(if earliest > 0 { earliest / 1_000 } else { latest.min(0) / 1_000 })
}

/// Reads the time in an HTTP header (RFC 9110 writes it as RFC 2822 does, with `GMT`).
pub fn date_header(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(zoned.into())
}

/// Reads a body up to our limit, and says whether it goes on behind that.
async fn read_body(mut body: Incoming, into: &mut Vec<u8>) -> Result<bool, hyper::Error> {
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame?.data_ref() {
            let room = BODY.saturating_sub(into.len());
            into.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn broken(error: &hyper::Error) -> Finding {
    let said = |cause, text: &str| Finding::new(cause, Line::from_text(text));
    let io = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    if let Some(io) = io {
        // A server that wants a client certificate says so only after the handshake.
        if let Some(rustls::Error::AlertReceived(alert)) = io.get_ref().and_then(|it| it.downcast_ref()) {
            return said(Cause::Handshake, &format!("the server ended the TLS connection: {alert:?}"))
                .hint("does it want a client certificate?");
        }
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
    // hyper has a method for this, but only for servers.
    if error.to_string().contains("too large") {
        let text = format!("the headers of the answer are too long: more than {HEADERS}, or {} KiB", HEAD / 1024);
        return said(Cause::Protocol, &text);
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
    expect::expected(&spec.expect, &answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_only_off_by_what_the_wait_for_the_answer_does_not_explain() {
        let ahead = |date: &str, age: Option<&str>, sent: i64, received: i64| {
            let mut headers = hyper::HeaderMap::new();
            headers.insert(header::DATE, date.parse().unwrap());
            if let Some(age) = age {
                headers.insert(header::AGE, age.parse().unwrap());
            }
            // Milliseconds after 02:14:09.
            let at = |ms: i64| Timestamp::from_micros((1_764_036_849_000 + ms) * 1_000);
            clock_ahead(&headers, at(sent), at(received))
        };
        let date = "Tue, 25 Nov 2025 02:14:09 GMT";
        assert_eq!(ahead(date, None, 100, 300), Some(0));
        assert_eq!(ahead(date, None, -8_000, 200), Some(0), "a slow answer is no clock that is behind");
        assert_eq!(ahead(date, None, 900, 9_000), Some(0), "written right after the question");
        assert_eq!(ahead(date, None, 11_000, 11_100), Some(-10_000));
        assert_eq!(ahead(date, None, -61_000, -60_000), Some(60_000));
        assert_eq!(ahead(date, Some("0"), 100, 300), Some(0));
        assert_eq!(ahead(date, Some("3600"), 3_600_100, 3_600_300), Some(0), "a cache tells an old time, and how old");
        assert_eq!(ahead(date, Some("99999999999999999999"), 100, 300), Some(0));
        assert_eq!(ahead("yesterday", None, 100, 300), None);
    }
}
