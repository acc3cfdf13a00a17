//! The checks of one service.

use std::time::Duration;

use super::Place;
use crate::config::build::{self, Pace};
use crate::config::diagnostic::Problems;
use crate::config::document::At;
use crate::config::leaf::Friendly;
use crate::config::shape::{
    CheckShape, CommandShape, DnsShape, ExpectShape, HeartbeatShape, HttpShape, PaceShape, TcpShape, TlsShape,
};
use crate::config::{address, defaults};
use crate::model::check::{
    CheckSpec, CommandSpec, HeartbeatPlace, HeartbeatSpec, HttpExpectation, HttpSpec, ProbeSpec, RecordType,
};
use crate::model::id::ServiceId;

/// A probe more often than this is an attack on the service, and on this machine's log of it.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// Returns the checks of a service.
pub fn checks(
    service: &ServiceId,
    shapes: Vec<At<CheckShape>>,
    place: Place<'_>,
    problems: &mut Problems,
) -> Vec<CheckSpec> {
    // Where a check watches the certificate itself, the HTTP check beside it need not warn as well.
    let watched: Vec<(String, u16)> = shapes
        .iter()
        .filter_map(|shape| match &shape.value {
            CheckShape::Tls(TlsShape { tls: Some(tls), .. }) => Some((tls.value.host.clone(), tls.value.port)),
            _ => None,
        })
        .collect();
    shapes.into_iter().filter_map(|shape| check(service, shape.value, &watched, place, problems)).collect()
}

fn check(
    service: &ServiceId,
    shape: CheckShape,
    watched: &[(String, u16)],
    place: Place<'_>,
    problems: &mut Problems,
) -> Option<CheckSpec> {
    let (probe, shape) = match shape {
        CheckShape::Http(shape) => http(*shape, watched, problems),
        CheckShape::Tcp(TcpShape { tcp, slow, pace }) => {
            let probe =
                tcp.map(|At { value, .. }| ProbeSpec::Tcp { host: value.host, port: value.port, slow: length(slow) });
            (probe, pace)
        }
        CheckShape::Tls(shape) => tls(shape, problems),
        CheckShape::Dns(DnsShape { dns, record, resolver, expect, pace }) => {
            let probe = dns.map(|name| {
                let mut spec = build::dns(name.value.0);
                spec.record = record.map_or(RecordType::Address, |record| record.value.0);
                spec.resolver = resolver.map(|resolver| resolver.value.0);
                spec.expect = expect.map_or_else(Vec::new, |expect| expect.value.0);
                ProbeSpec::Dns(spec)
            });
            (probe, pace)
        }
        CheckShape::Heartbeat(shape) => heartbeat(shape, place, problems),
        CheckShape::Command(CommandShape { command, nagios, directory, pace }) => {
            let directory = directory.map_or_else(|| place.directory.to_path_buf(), |at| place.path(&at.value.0));
            let probe = command.map(|command| {
                let nagios = nagios.is_some_and(|nagios| nagios.value);
                ProbeSpec::Command(CommandSpec { argv: command.value.0, nagios, directory: Some(directory) })
            });
            (probe, pace)
        }
    };
    let title = shape.title.as_ref().map(|title| title.value.0.clone());
    // A probe that cannot be used has been noted; how it is paced is looked at all the same.
    let pace = pace(shape, probe.as_ref(), problems);
    probe.map(|probe| build::check(service, title.as_deref(), probe, pace))
}

fn length(duration: Option<At<Friendly>>) -> Option<Duration> {
    duration.map(|duration| duration.value.0)
}

fn http(shape: HttpShape, watched: &[(String, u16)], problems: &mut Problems) -> (Option<ProbeSpec>, PaceShape) {
    let HttpShape { http, method, headers, body, redirects, expect, slow, cert_warn, insecure, pace } = shape;
    let method = method.and_then(|method| {
        let name = method.value.0.trim().to_ascii_uppercase();
        if name.chars().all(|c| c.is_ascii_alphabetic() || c == '-') {
            return Some(name);
        }
        problems.error(&method.span, "this is not a method of HTTP", Some("write GET, HEAD, POST, ...".to_owned()));
        None
    });
    let headers = headers.map_or_else(Vec::new, |headers| headers.value.0);
    for (name, value) in &headers {
        // What RFC 9110 calls a token; and no line break in a value, which would begin another header.
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.value.is_empty() || !name.value.chars().all(token) {
            problems.error(&name.span, "this is not the name of a header", None);
        }
        if value.value.chars().any(|c| c.is_control() && c != '\t') {
            problems.error(&value.span, "a header's value cannot hold line breaks or control characters", None);
        }
    }
    let Some(url) = http else { return (None, pace) };
    let url = url.value.0;
    let by_default = build::http(&url);
    let has_own_check = url
        .port_or_known_default()
        .is_some_and(|port| watched.iter().any(|(host, other)| *host == address::host_of(&url) && *other == port));
    if let Some(warn) = cert_warn.as_ref().filter(|_| url.scheme() != "https") {
        problems.error(&warn.span, "there is no certificate: the URL is not https", None);
    }
    let spec = HttpSpec {
        method: method.unwrap_or_else(|| by_default.method.clone()),
        headers: headers.into_iter().map(|(name, value)| (name.value, value.value)).collect(),
        body: body.map(|body| body.value),
        redirects: redirects.map_or(by_default.redirects, |count| u8::try_from(count.value.0).unwrap_or(u8::MAX)),
        slow: length(slow),
        expect: expect.map_or_else(Default::default, |expect| expectation(expect.value, problems)),
        certificate_warn: length(cert_warn).or(by_default.certificate_warn.filter(|_| !has_own_check)),
        insecure: insecure.is_some_and(|insecure| insecure.value),
        ..by_default
    };
    (Some(ProbeSpec::Http(spec)), pace)
}

fn expectation(shape: ExpectShape, problems: &mut Problems) -> HttpExpectation {
    let ExpectShape { status, body, matches, json } = shape;
    let json = json.map_or_else(Vec::new, |json| json.value.0);
    for (pointer, _) in json.iter().filter(|(pointer, _)| !pointer.value.is_empty() && !pointer.value.starts_with('/'))
    {
        let help = format!("write \"/{}\"", pointer.value.replace('.', "/"));
        problems.error(&pointer.span, "a JSON pointer begins with a slash", Some(help));
    }
    HttpExpectation {
        status: status.map_or_else(Vec::new, |status| status.value.0),
        body_contains: body.map(|body| body.value.0),
        body_matches: matches.map(|pattern| pattern.value.0),
        json: json.into_iter().map(|(pointer, value)| (pointer.value, value.value.0)).collect(),
    }
}

fn tls(shape: TlsShape, problems: &mut Problems) -> (Option<ProbeSpec>, PaceShape) {
    let TlsShape { tls, warn, critical, name, pace } = shape;
    let spans = (warn.as_ref().map(|at| at.span.clone()), critical.as_ref().map(|at| at.span.clone()));
    let (warn, critical) = (length(warn), length(critical));
    let warn_or_default = warn.unwrap_or(defaults::CERTIFICATE_WARN.max(critical.unwrap_or_default()));
    // Whoever wants to be warned a day before the end does not want the check to fail two days before it.
    let critical_or_default = critical.unwrap_or(defaults::CERTIFICATE_CRITICAL.min(warn_or_default));
    if critical_or_default > warn_or_default
        && let (Some(span), _) | (None, Some(span)) = spans
    {
        let help = "warn comes first: make it the longer of the two".to_owned();
        problems.error(&span, "the check would fail before it warns", Some(help));
    }
    let probe = tls.map(|At { value, .. }| {
        let mut spec = build::tls(value.host, value.port);
        spec.warn = warn_or_default;
        spec.critical = critical_or_default;
        spec.server_name = name.map_or(spec.server_name, |name| name.value.0);
        ProbeSpec::Tls(spec)
    });
    (probe, pace)
}

fn heartbeat(shape: HeartbeatShape, place: Place<'_>, problems: &mut Problems) -> (Option<ProbeSpec>, PaceShape) {
    let HeartbeatShape { heartbeat, within, pace } = shape;
    let place = heartbeat.and_then(|At { value, span }| {
        if !value.0.contains("://") {
            return Some(HeartbeatPlace::File(place.path(&value.0)));
        }
        match address::http_url(&value.0) {
            Ok(url) => Some(HeartbeatPlace::Url(url.to_string())),
            Err(error) => {
                problems.error(&span, error.to_string(), Some(error.help()));
                None
            }
        }
    });
    let probe =
        place.zip(within).map(|(place, within)| ProbeSpec::Heartbeat(HeartbeatSpec { place, within: within.value.0 }));
    (probe, pace)
}

fn pace(shape: PaceShape, probe: Option<&ProbeSpec>, problems: &mut Problems) -> Pace {
    let PaceShape { title: _, every, timeout, retries, recover } = shape;
    let interval = match (&every, probe) {
        (Some(every), _) => Some(every.value.0),
        (None, Some(probe)) => Some(defaults::of(probe).every),
        (None, None) => None,
    };
    if let Some(every) = every.as_ref().filter(|every| every.value.0 < SHORTEST_INTERVAL) {
        problems.error(&every.span, "a check cannot be probed more than once a second", None);
    }
    if let Some(timeout) = &timeout {
        if timeout.value.0.is_zero() {
            problems.error(&timeout.span, "a time-out of nothing lets no probe pass", None);
        }
        if let Some(interval) = interval.filter(|interval| timeout.value.0 > *interval) {
            let interval = crate::config::duration::text(interval);
            let help = format!("make it {interval} at most, or set every = \"...\" to something longer");
            let message = format!("this is longer than the time between two probes, {interval}");
            problems.error(&timeout.span, message, Some(help));
        }
    }
    Pace {
        every: length(every),
        timeout: length(timeout),
        failures_to_down: retries.map(|retries| retries.value.0 + 1),
        passes_to_up: recover.map(|recover| recover.value.0),
    }
}
