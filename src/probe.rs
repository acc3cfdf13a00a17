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
mod way;

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
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
    places: self_check::Places,
    files: heartbeat::Files,
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
        self.within(work).await.ok_or_else(|| {
            let text = format!("no answer within {}, {step}", self.text());
            Finding::new(Cause::Timeout, Line::from_text(&text))
        })
    }

    /// Waits for a step; `None` when the time is up.
    async fn within<T>(self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.end().into(), work).await.ok()
    }

    /// Returns the limit as people write it.
    fn text(self) -> String {
        crate::config::duration::text(self.limit)
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

/// How long this machine takes to look at itself. A remote probe that may yet run out of time begins to look that long
/// before its end, so that the verdict is there when it is needed and nobody waits for it beyond the limit.
const LOOK: Duration = Duration::from_secs(2);

impl Prober {
    /// Returns a prober.
    pub fn new(clock: Clock, options: ProberOptions) -> Self {
        let ProberOptions { extra_roots, vantage, places, resolvers } = options;
        let names = name::Names::new(places.resolv_conf.clone(), resolvers);
        let myself = SelfChecker::new(clock.clone(), places.clone(), vantage);
        let files = heartbeat::Files::default();
        Self(Arc::new(Inner { clock, names, myself, trust: tls::Trust::new(extra_roots), places, files }))
    }

    /// Probes one check.
    pub async fn probe(&self, spec: &CheckSpec) -> ProbeResult {
        let inner = &*self.0;
        let deadline = Deadline { begun: Instant::now(), limit: spec.cadence.timeout };
        let far = !is_local(&spec.probe);
        let work = guarded(self.ask(&spec.probe, deadline));
        tokio::pin!(work);
        let late = deadline.end().checked_sub(LOOK).unwrap_or(deadline.begun);
        let Found { outcome, facts } = tokio::select! {
            biased;
            found = &mut work => found,
            () = tokio::time::sleep_until(late.into()), if far => {
                let prober = self.clone();
                // Kept for whoever asks next: this probe, or any other that fails now.
                tokio::spawn(async move { prober.0.myself.network().await });
                work.await
            }
        };
        if let (Facts::Http(http), ProbeSpec::Http(spec)) = (&facts, &spec.probe)
            && let Some(ahead) = http.clock_ahead_ms
            && !is_local_url(&spec.url)
        {
            // What this machine serves itself has this machine's clock.
            inner.myself.note_skew(&spec.url, ahead);
        }
        let took = deadline.begun.elapsed();
        let outcome = self.is_it_us(&spec.probe, outcome, &facts).await;
        ProbeResult { at: inner.clock.now(), took, outcome, facts }
    }

    async fn ask(&self, probe: &ProbeSpec, deadline: Deadline) -> Found {
        let inner = &*self.0;
        match probe {
            ProbeSpec::Http(http) => http::probe(inner, http, deadline).await,
            ProbeSpec::Tcp { host, port, slow } => tcp::probe(inner, host, *port, *slow, deadline).await,
            ProbeSpec::Tls(tls) => tls::probe(inner, tls, deadline).await,
            ProbeSpec::Dns(dns) => dns::probe(inner, dns, deadline).await,
            ProbeSpec::Heartbeat(beat) => heartbeat::probe(inner, beat, deadline).await,
            ProbeSpec::Command(command) => command::probe(command, deadline).await,
        }
    }

    /// Looks whether a failure is this machine's own: then nothing is known of the service.
    async fn is_it_us(&self, probe: &ProbeSpec, outcome: Outcome, facts: &Facts) -> Outcome {
        let Outcome::Fail(finding) = outcome else { return outcome };
        // What we could not even ask says nothing about the service.
        if matches!(finding.cause, Cause::OutOfResources | Cause::CannotRun) {
            return Outcome::Unknown(finding);
        }
        let could_be_us = matches!(finding.cause, Cause::ResolverFailed | Cause::Unreachable | Cause::Timeout);
        let near = || remote(facts).is_some_and(|address| way::is_near(&self.0.places, address.ip()));
        if !could_be_us || is_local(probe) || (finding.cause != Cause::ResolverFailed && near()) {
            return Outcome::Fail(finding);
        }
        // A server that the check itself names says nothing about those that this machine uses.
        let names_its_server = matches!(probe, ProbeSpec::Dns(dns) if dns.resolver.is_some());
        match self.0.myself.network().await {
            Network::NoRoute => Outcome::Unknown(ours(Cause::NoNetwork, "no network here", &finding)),
            Network::NoNames if finding.cause == Cause::ResolverFailed && !names_its_server => {
                Outcome::Unknown(ours(Cause::NoResolver, "names cannot be resolved here", &finding))
            }
            _ => Outcome::Fail(finding),
        }
    }

    /// Looks at this machine's own network and clock.
    pub async fn self_check(&self) -> SelfCheck {
        self.0.myself.look().await
    }
}

/// Returns the address that a probe talked to, or was about to.
fn remote(facts: &Facts) -> Option<SocketAddr> {
    match facts {
        Facts::Http(http) => http.remote,
        Facts::Tcp(tcp) => tcp.remote,
        Facts::Tls(tls) => tls.remote,
        Facts::None | Facts::Dns(_) | Facts::Heartbeat(_) | Facts::Command(_) => None,
    }
}

fn ours(cause: Cause, what: &str, seen: &Finding) -> Finding {
    Finding::new(cause, Line::from_text(&format!("{what} ({})", seen.message)))
        .hint("nothing is known of the service until this machine's network is mended")
}

/// Waits for a probe. A fault of ours in it is its result: what servers send must never end what watches them.
async fn guarded(work: impl Future<Output = Found>) -> Found {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let text = format!("the probe itself broke: {}", panic_text(&*panic));
        let finding = Finding::new(Cause::CannotRun, Line::from_text(&text)).hint("this is a fault of crashcart");
        Found { outcome: Outcome::Unknown(finding), facts: Facts::None }
    })
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

fn is_local_url(url: &str) -> bool {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(is_local_host)).unwrap_or(false)
}

fn is_local_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.ends_with(".localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::check::{DnsSpec, RecordType, TcpFacts};
    use crate::model::id::{CheckId, ServiceId};
    use crate::model::observed::Cadence;

    #[tokio::test]
    async fn a_probe_that_breaks_is_a_result_and_not_the_end() {
        let found = guarded(async { panic!("index out of bounds") }).await;
        let Outcome::Unknown(finding) = found.outcome else { panic!("a fault of ours says nothing of the service") };
        assert_eq!(finding.cause, Cause::CannotRun);
        assert_eq!(finding.message.as_str(), "the probe itself broke: index out of bounds");
    }

    /// A machine whose files say this, and whose only name server is one that nobody listens for.
    fn machine(routes: &str) -> (tempfile::TempDir, Prober) {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";
        std::fs::write(path("route"), format!("{head}{routes}")).unwrap();
        std::fs::write(path("route6"), "").unwrap();
        std::fs::write(path("resolv.conf"), "nameserver 127.9.9.9\n").unwrap();
        let places = self_check::Places {
            routes: path("route"),
            routes6: path("route6"),
            interfaces: path("net"),
            resolv_conf: path("resolv.conf"),
        };
        let options = ProberOptions { places, ..ProberOptions::default() };
        (directory, Prober::new(Clock::system(), options))
    }

    async fn probe(prober: &Prober, probe: ProbeSpec, timeout: u64) -> Outcome {
        let spec = CheckSpec {
            id: CheckId::new("test"),
            service: ServiceId::new("test"),
            title: Line::default(),
            probe,
            cadence: Cadence { every: Duration::from_secs(15), timeout: Duration::from_millis(timeout) },
            failures_to_down: 1,
            passes_to_up: 1,
        };
        prober.probe(&spec).await.outcome
    }

    fn tcp(host: &str) -> ProbeSpec {
        ProbeSpec::Tcp { host: host.to_owned(), port: 9, slow: None }
    }

    fn dns(resolver: Option<&str>) -> ProbeSpec {
        let resolver = resolver.map(|text| text.parse().unwrap());
        ProbeSpec::Dns(DnsSpec { name: "shop.test".into(), record: RecordType::A, resolver, expect: Vec::new() })
    }

    const DEFAULT: &str = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n";

    #[tokio::test]
    async fn without_a_way_out_nothing_is_said_of_what_lies_behind_it() {
        let (_directory, prober) = machine("");
        let Outcome::Unknown(finding) = probe(&prober, tcp("shop.test"), 600).await else { panic!("it said more") };
        assert_eq!(finding.cause, Cause::NoNetwork);
        assert_eq!(
            finding.message.as_str(),
            "no network here (no answer within 600ms from 127.9.9.9:53 for shop.test)"
        );
        // What never leaves the machine needs no way out.
        let Outcome::Fail(finding) = probe(&prober, tcp("127.0.0.1"), 5_000).await else { panic!("it can be told") };
        assert_eq!(finding.cause, Cause::Refused);
    }

    #[tokio::test]
    async fn without_a_default_route_what_is_in_a_network_of_our_own_can_still_be_down() {
        let (_directory, prober) = machine("eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
        let seen = Outcome::Fail(Finding::new(Cause::Timeout, Line::from_text("no answer within 5s")));
        for (address, cause) in [("192.0.2.7:5432", Cause::Timeout), ("203.0.113.7:5432", Cause::NoNetwork)] {
            let facts = TcpFacts { remote: Some(address.parse().unwrap()), ..TcpFacts::default() };
            let verdict = prober.is_it_us(&tcp("db.internal"), seen.clone(), &Facts::Tcp(facts)).await;
            assert_eq!(verdict.finding().unwrap().cause, cause, "{address}");
            assert_eq!(matches!(verdict, Outcome::Fail(_)), cause == Cause::Timeout, "{address}");
        }
    }

    #[tokio::test]
    async fn without_a_resolver_nothing_is_said_of_names_unless_the_check_brings_its_own() {
        let (_directory, prober) = machine(DEFAULT);
        for spec in [tcp("shop.test"), dns(None)] {
            let Outcome::Unknown(finding) = probe(&prober, spec, 600).await else { panic!("it said more") };
            assert_eq!(finding.cause, Cause::NoResolver);
            let message = finding.message.as_str();
            assert!(message.starts_with("names cannot be resolved here (no answer "), "{message}");
            assert!(message.contains("127.9.9.9:53 for shop.test"), "{message}");
        }
        let Outcome::Fail(finding) = probe(&prober, dns(Some("127.8.8.8:53")), 600).await else {
            panic!("that server was named by the check")
        };
        assert_eq!(finding.cause, Cause::ResolverFailed);
    }

    #[tokio::test]
    async fn a_resolver_that_is_silent_until_the_end_is_no_time_out_of_the_service_and_nobody_waits_longer() {
        let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let (directory, _) = machine("");
        let places = self_check::Places {
            routes: directory.path().join("route"),
            routes6: directory.path().join("route6"),
            interfaces: directory.path().join("net"),
            resolv_conf: directory.path().join("resolv.conf"),
        };
        let resolvers = vec![silent.local_addr().unwrap()];
        let prober = Prober::new(Clock::system(), ProberOptions { places, resolvers, ..ProberOptions::default() });
        let begun = Instant::now();
        let Outcome::Unknown(finding) = probe(&prober, tcp("shop.test"), 2_500).await else { panic!("it said more") };
        assert_eq!(finding.cause, Cause::NoNetwork);
        assert!(finding.message.as_str().contains("no answer within 2s500ms from 127.0.0.1:"), "{finding:?}");
        assert!(begun.elapsed() < Duration::from_millis(3_500), "it took {:?}", begun.elapsed());
    }
}
