//! Our own probes. Each asks one question of the outside world and says what it found.
//!
//! A probe never fails and never hangs: what went wrong is its result, and every wait has the check's deadline. What is
//! our own fault (no network here, no file descriptors) is `Unknown` and says nothing about the service.

mod command;
mod connect;
mod dns;
mod heartbeat;
pub mod host;
mod http;
mod name;
pub mod self_check;
mod tcp;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;

use self_check::SelfChecker;

use crate::clock::Clock;
use crate::model::check::{Cause, CheckSpec, Facts, Finding, HeartbeatPlace, Outcome, ProbeResult, ProbeSpec};
use crate::model::self_check::{Network, SelfCheck};
use crate::model::text::Line;

/// How probes are made.
#[derive(Clone, Debug, Default)]
pub struct ProberOptions {
    /// Certificate authorities to trust beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// `host:port` that answers whenever this machine has a network.
    pub vantage: Option<String>,
    /// Where this system tells about its network.
    pub places: self_check::Places,
    /// Servers to ask for names instead of those that the system names, unless it is empty.
    pub resolvers: Vec<SocketAddr>,
}

/// Makes probes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Prober(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    names: name::Names,
    myself: SelfChecker,
    trust: tls::Trust,
}

/// What a kind of probe found.
struct Found {
    outcome: Outcome,
    facts: Facts,
}

/// When a probe must be over.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    begun: Instant,
    limit: Duration,
}

impl Deadline {
    /// Waits for a step, and says which one it was when the time is up.
    async fn during<T>(self, step: &str, work: impl Future<Output = T>) -> Result<T, Finding> {
        tokio::time::timeout_at(self.end().into(), work).await.map_err(|_| {
            let limit = crate::config::duration::text(self.limit);
            Finding::new(Cause::Timeout, Line::from_text(&format!("no answer within {limit}, {step}")))
        })
    }

    fn end(self) -> Instant {
        self.begun + self.limit
    }

    fn left(self) -> Duration {
        self.end().saturating_duration_since(Instant::now())
    }
}

impl Inner {
    /// Returns the addresses of a host. Silence is the resolver's here, and says nothing about the service.
    async fn addresses(&self, host: &str, port: u16, deadline: Deadline) -> Result<Vec<SocketAddr>, Finding> {
        deadline.during("", self.names.addresses(host, port)).await.unwrap_or_else(|_| {
            let servers =
                self.names.system().map_or_else(|_| "the resolver".to_owned(), |asking| asking.servers.clone());
            Err(name::silent(host, &servers, deadline.limit))
        })
    }
}

impl Prober {
    /// Returns a prober.
    pub fn new(clock: Clock, options: ProberOptions) -> Self {
        let ProberOptions { extra_roots, vantage, places, resolvers } = options;
        let names = name::Names::new(places.resolv_conf.clone(), resolvers);
        let myself = SelfChecker::new(clock.clone(), places, vantage);
        Self(Arc::new(Inner { clock, names, myself, trust: tls::Trust::new(extra_roots) }))
    }

    /// Probes one check.
    pub async fn probe(&self, spec: &CheckSpec) -> ProbeResult {
        let inner = &*self.0;
        let deadline = Deadline { begun: Instant::now(), limit: spec.cadence.timeout };
        let Found { outcome, facts } = match &spec.probe {
            ProbeSpec::Http(http) => http::probe(inner, http, deadline).await,
            ProbeSpec::Tcp { host, port, slow } => tcp::probe(inner, host, *port, *slow, deadline).await,
            ProbeSpec::Tls(tls) => tls::probe(inner, tls, deadline).await,
            ProbeSpec::Dns(dns) => dns::probe(inner, dns, deadline).await,
            ProbeSpec::Heartbeat(beat) => heartbeat::probe(inner, beat, deadline).await,
            ProbeSpec::Command(command) => command::probe(command, deadline).await,
        };
        if let (Facts::Http(http), ProbeSpec::Http(spec)) = (&facts, &spec.probe)
            && let Some(ahead) = http.clock_ahead_ms
            && !is_local_url(&spec.url)
        {
            // What this machine serves itself has this machine's clock.
            inner.myself.note_skew(&spec.url, ahead);
        }
        let took = deadline.begun.elapsed();
        let outcome = self.is_it_us(&spec.probe, outcome).await;
        ProbeResult { at: inner.clock.now(), took, outcome, facts }
    }

    /// Looks whether a failure is this machine's own: then nothing is known of the service.
    async fn is_it_us(&self, probe: &ProbeSpec, outcome: Outcome) -> Outcome {
        let Outcome::Fail(finding) = outcome else { return outcome };
        // What we could not even ask says nothing about the service.
        if matches!(finding.cause, Cause::OutOfResources | Cause::CannotRun) {
            return Outcome::Unknown(finding);
        }
        let could_be_us = matches!(finding.cause, Cause::ResolverFailed | Cause::Unreachable | Cause::Timeout);
        if !could_be_us || is_local(probe) {
            return Outcome::Fail(finding);
        }
        match self.0.myself.network().await {
            Network::NoRoute => Outcome::Unknown(Finding { cause: Cause::NoNetwork, ..finding }),
            Network::NoNames if finding.cause == Cause::ResolverFailed => {
                Outcome::Unknown(Finding { cause: Cause::NoResolver, ..finding })
            }
            _ => Outcome::Fail(finding),
        }
    }

    /// Looks at this machine's own network and clock.
    pub async fn self_check(&self) -> SelfCheck {
        self.0.myself.look().await
    }
}

fn is_local_url(url: &str) -> bool {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(is_local_host)).unwrap_or(false)
}

fn is_local_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare.ends_with(".localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a probe never leaves this machine, so that its network has no part in it.
fn is_local(probe: &ProbeSpec) -> bool {
    match probe {
        ProbeSpec::Http(http) => is_local_url(&http.url),
        ProbeSpec::Tcp { host, .. } => is_local_host(host),
        ProbeSpec::Tls(tls) => is_local_host(&tls.host),
        ProbeSpec::Dns(dns) => dns.resolver.is_some_and(|server| server.ip().is_loopback()),
        ProbeSpec::Heartbeat(beat) => match &beat.place {
            HeartbeatPlace::File(_) => true,
            HeartbeatPlace::Url(url) => is_local_url(url),
        },
        ProbeSpec::Command(_) => true,
    }
}

fn slow(took: Duration, limit: Option<Duration>) -> Option<Finding> {
    let limit = limit.filter(|limit| took > *limit)?;
    let text = format!("answered in {}, slower than {}", seconds(took), crate::config::duration::text(limit));
    Some(Finding::new(Cause::Slow, Line::from_text(&text)))
}

fn seconds(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis())
    } else {
        format!("{:.2} s", took.as_secs_f64())
    }
}
