//! Our own probes: what to ask (`CheckSpec`) and what was answered (`ProbeResult`).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::id::{CheckId, ServiceId};
use super::observed::Cadence;
use super::text::Line;
use super::time::{Timestamp, millis};

/// One check of one service, as configured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CheckSpec {
    pub id: CheckId,
    pub service: ServiceId,
    /// What the screen calls it: `https://acme.com/health`, `acme.com:443 certificate`.
    pub title: Line,
    pub probe: ProbeSpec,
    pub cadence: Cadence,
    /// How many failures in a row mean down. The first of them is when it went down.
    pub failures_to_down: u32,
    /// How many passes in a row mean up again.
    pub passes_to_up: u32,
}

/// What to ask.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum ProbeSpec {
    Http(HttpSpec),
    Tcp {
        host: String,
        port: u16,
        #[serde(with = "maybe_micros")]
        slow: Option<Duration>,
    },
    Tls(TlsSpec),
    Dns(DnsSpec),
    Heartbeat(HeartbeatSpec),
    Command(CommandSpec),
}

impl ProbeSpec {
    /// Returns the short word for the kind of check: `http`, `tcp`, `tls`, `dns`, `heartbeat`, `command`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Tcp { .. } => "tcp",
            Self::Tls(_) => "tls",
            Self::Dns(_) => "dns",
            Self::Heartbeat(_) => "heartbeat",
            Self::Command(_) => "command",
        }
    }
}

/// An HTTP(S) request and what its answer must look like.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HttpSpec {
    pub url: String,
    /// `GET`, `HEAD`, `POST`, ...
    pub method: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// How many redirects are followed; 0 takes the first answer as it is.
    pub redirects: u8,
    #[serde(with = "maybe_micros")]
    pub slow: Option<Duration>,
    pub expect: HttpExpectation,
    /// How long before its expiry a certificate becomes a warning.
    #[serde(with = "maybe_micros")]
    pub certificate_warn: Option<Duration>,
    /// Accept a certificate that does not verify. Shown on the screen as what it is.
    pub insecure: bool,
}

/// What an HTTP answer must look like to pass.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HttpExpectation {
    /// Accepted status codes as inclusive ranges; empty means 200 to 399.
    pub status: Vec<(u16, u16)>,
    /// Text that the body must contain.
    pub body_contains: Option<String>,
    /// A regular expression that the body must match.
    pub body_matches: Option<String>,
    /// JSON pointers (RFC 6901) and the value that must stand there.
    pub json: Vec<(String, serde_json::Value)>,
}

/// A TLS handshake and the certificate it must show.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct TlsSpec {
    pub host: String,
    pub port: u16,
    /// The name asked for in the handshake (SNI) and looked for in the certificate.
    pub server_name: String,
    /// Time before expiry at which the check warns.
    #[serde(with = "millis")]
    pub warn: Duration,
    /// Time before expiry at which the check fails.
    #[serde(with = "millis")]
    pub critical: Duration,
}

/// A DNS question and what its answer must be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DnsSpec {
    pub name: String,
    pub record: RecordType,
    /// The server to ask; `None` asks the system's resolvers.
    pub resolver: Option<SocketAddr>,
    /// Answers that must all be there; empty accepts any answer.
    pub expect: Vec<String>,
}

/// A DNS record type that can be checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// A and AAAA: whatever addresses there are. A site may have only one kind.
    #[serde(rename = "ADDRESS")]
    Address,
    A,
    Aaaa,
    Cname,
    Mx,
    Ns,
    Txt,
    Caa,
    Soa,
}

/// A sign of life that something else leaves behind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HeartbeatSpec {
    pub place: HeartbeatPlace,
    /// The oldest that the sign of life may be.
    #[serde(with = "millis")]
    pub within: Duration,
}

/// Where the sign of life is found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum HeartbeatPlace {
    /// A file's modification time.
    File(PathBuf),
    /// A URL: its `Last-Modified` header, or a time in its body (RFC 3339 or Unix seconds).
    Url(String),
}

/// A command whose exit status tells: 0 passes, 1 warns when `nagios` is set, everything else fails.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CommandSpec {
    /// Program and arguments. A shell is only involved when the configuration says so.
    pub argv: Vec<String>,
    /// Read exit codes as monitoring plugins do: 0 ok, 1 warning, 2 critical, 3 unknown.
    pub nagios: bool,
    pub directory: Option<PathBuf>,
}

/// What one probe found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ProbeResult {
    /// When the probe ended.
    pub at: Timestamp,
    /// How long it took.
    #[serde(with = "millis")]
    pub took: Duration,
    pub outcome: Outcome,
    pub facts: Facts,
}

/// The verdict of one probe.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// What was asked for is true.
    Pass,
    /// True, but not as it should be: slow, about to expire.
    Warn(Finding),
    /// Not true.
    Fail(Finding),
    /// We could not ask: no network here, no program, no permission. Says nothing about the service.
    Unknown(Finding),
}

impl Outcome {
    /// Returns the reason, when there is one to give.
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Pass => None,
            Self::Warn(finding) | Self::Fail(finding) | Self::Unknown(finding) => Some(finding),
        }
    }
}

/// Why a probe did not simply pass.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    pub cause: Cause,
    /// One clause, lower case, that names the thing: `connection refused by 203.0.113.7:443`.
    pub message: Line,
    /// What to try next, when we know.
    pub hint: Option<Line>,
}

impl Finding {
    /// Returns a finding without a hint.
    pub fn new(cause: Cause, message: Line) -> Self {
        Self { cause, message, hint: None }
    }

    /// Adds what to try next.
    #[must_use]
    pub fn hint(mut self, hint: &str) -> Self {
        self.hint = Some(Line::from_text(hint));
        self
    }
}

/// The class of a finding, for rules, colours and hints.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The name does not resolve.
    NameNotFound,
    /// The resolver did not answer or refused.
    ResolverFailed,
    Refused,
    Unreachable,
    Reset,
    Timeout,
    /// The TLS handshake failed for another reason than the certificate.
    Handshake,
    CertificateExpired,
    CertificateExpiring,
    CertificateNotYetValid,
    CertificateWrongName,
    CertificateUntrusted,
    /// The answer was not the protocol that was spoken.
    Protocol,
    Status,
    Body,
    Redirects,
    Slow,
    /// A DNS answer differs from what is expected or from the last one.
    AnswerChanged,
    HeartbeatMissing,
    HeartbeatLate,
    ExitStatus,
    /// A program or file that the check needs cannot be used.
    CannotRun,
    /// This machine has no network.
    NoNetwork,
    /// This machine cannot resolve any name.
    NoResolver,
    /// This machine ran out of something (file descriptors, memory).
    OutOfResources,
}

/// What a probe learned beside its verdict.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub enum Facts {
    #[default]
    None,
    Http(Box<HttpFacts>),
    Tcp(TcpFacts),
    Tls(Box<TlsFacts>),
    Dns(DnsFacts),
    Heartbeat(HeartbeatFacts),
    Command(CommandFacts),
}

/// What an HTTP probe learned.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HttpFacts {
    pub status: Option<u16>,
    /// `HTTP/1.1`.
    pub version: Option<Line>,
    /// The URL that finally answered, and those that redirected to it, in order.
    pub redirects: Vec<Line>,
    pub remote: Option<SocketAddr>,
    /// What other addresses of the host said that were tried before the one that answered.
    #[serde(default)]
    pub dead: Vec<Line>,
    pub timing: Timing,
    pub body_bytes: u64,
    pub content_type: Option<Line>,
    /// The beginning of the body, when the check failed on it.
    pub excerpt: Option<Line>,
    pub certificate: Option<CertificateFacts>,
    /// How far the server's `Date` is ahead of this machine's clock, in milliseconds.
    pub clock_ahead_ms: Option<i64>,
}

/// Where the time of a request went. A phase that did not happen is `None`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Timing {
    #[serde(with = "maybe_micros")]
    pub dns: Option<Duration>,
    #[serde(with = "maybe_micros")]
    pub connect: Option<Duration>,
    #[serde(with = "maybe_micros")]
    pub tls: Option<Duration>,
    /// From the request sent to the first byte of the answer.
    #[serde(with = "maybe_micros")]
    pub first_byte: Option<Duration>,
    /// From the first byte to the last.
    #[serde(with = "maybe_micros")]
    pub body: Option<Duration>,
}

/// What a TCP probe learned.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TcpFacts {
    pub remote: Option<SocketAddr>,
    /// What other addresses of the host said that were tried before the one that answered.
    #[serde(default)]
    pub dead: Vec<Line>,
    #[serde(with = "maybe_micros")]
    pub dns: Option<Duration>,
    #[serde(with = "maybe_micros")]
    pub connect: Option<Duration>,
}

/// What a TLS probe learned.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct TlsFacts {
    pub remote: Option<SocketAddr>,
    /// `TLS 1.3`.
    pub protocol: Option<Line>,
    pub certificate: Option<CertificateFacts>,
    #[serde(with = "maybe_micros")]
    pub handshake: Option<Duration>,
}

/// The certificate that a server showed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CertificateFacts {
    pub subject: Line,
    pub issuer: Line,
    /// DNS names and addresses that it is valid for.
    pub names: Vec<Line>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// SHA-256 of the certificate, lower-case hexadecimal: a change is an event.
    pub fingerprint: String,
    /// How many certificates the server sent.
    pub chain_length: usize,
    /// Why the chain does not verify, if it does not.
    pub problem: Option<Line>,
}

impl CertificateFacts {
    /// Returns when it ends, in days as people count them: `in 62 days`, `3 days ago`.
    pub fn ends(&self, now: Timestamp) -> String {
        let days = |span: Duration| {
            let hours = span.as_secs() / 3_600;
            if hours < 48 { format!("{hours} hours") } else { format!("{} days", hours / 24) }
        };
        if self.not_after > now {
            format!("in {}", days(self.not_after.since(now)))
        } else {
            format!("{} ago", days(now.since(self.not_after)))
        }
    }
}

/// What a DNS probe learned.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct DnsFacts {
    /// The answers as text, sorted, so that a rotation of the same answers is no change.
    pub answers: Vec<Line>,
    /// Which server answered.
    pub resolver: Option<Line>,
    /// Shortest time to live among the answers.
    pub ttl_secs: Option<u32>,
}

/// What a heartbeat probe learned.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct HeartbeatFacts {
    pub last_beat: Option<Timestamp>,
}

/// What a command probe learned.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CommandFacts {
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// The first line that it printed, with monitoring plugins' performance data cut off.
    pub output: Option<Line>,
}

/// Optional durations as whole microseconds: a phase of a request may take less than a millisecond.
pub mod maybe_micros {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    /// Writes microseconds or null.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => serializer.serialize_some(&u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads microseconds or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_micros))
    }
}
