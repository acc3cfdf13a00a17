//! From parts to the model: how a check and a log are named, and how catalogs come together.
//!
//! The configuration file and the command line both end here, so that the same thing has the same name wherever it
//! was written.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::model::catalog::Catalog;
use crate::model::check::{
    CheckSpec, DnsSpec, HeartbeatPlace, HttpExpectation, HttpSpec, ProbeSpec, RecordType, TlsSpec,
};
use crate::model::id::{CheckId, LogSourceId, ServiceId};
use crate::model::log::{LogCommand, LogOrigin, LogSourceSpec};
use crate::model::text::Line;

use super::{address, defaults};

/// The DNS records that can be checked, as the DNS writes them.
pub const RECORDS: &[(&str, RecordType)] = &[
    ("address", RecordType::Address),
    ("A", RecordType::A),
    ("AAAA", RecordType::Aaaa),
    ("CNAME", RecordType::Cname),
    ("MX", RecordType::Mx),
    ("NS", RecordType::Ns),
    ("TXT", RecordType::Txt),
    ("CAA", RecordType::Caa),
    ("SOA", RecordType::Soa),
];

/// Returns the record type of that name.
pub fn record(name: &str) -> Option<RecordType> {
    RECORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, record)| *record)
}

/// Returns the name of a record type.
pub fn record_name(record: RecordType) -> &'static str {
    RECORDS.iter().find(|(_, known)| *known == record).map_or("?", |(name, _)| name)
}

/// An HTTP probe of a URL with everything else as it is by default.
pub fn http(url: &url::Url) -> HttpSpec {
    HttpSpec {
        url: url.to_string(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        body: None,
        redirects: defaults::REDIRECTS,
        slow: None,
        expect: HttpExpectation::default(),
        certificate_warn: (url.scheme() == "https").then_some(defaults::CERTIFICATE_WARN),
        insecure: false,
    }
}

/// A certificate probe with everything else as it is by default.
pub fn tls(host: String, port: u16) -> TlsSpec {
    TlsSpec {
        server_name: host.clone(),
        host,
        port,
        warn: defaults::CERTIFICATE_WARN,
        critical: defaults::CERTIFICATE_CRITICAL,
    }
}

/// A DNS probe with everything else as it is by default.
pub fn dns(name: String) -> DnsSpec {
    DnsSpec { name, record: RecordType::Address, resolver: None, expect: Vec::new() }
}

/// What can be said about how a check is probed. What is not said is as in [`defaults`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pace {
    pub every: Option<Duration>,
    pub timeout: Option<Duration>,
    pub failures_to_down: Option<u32>,
    pub passes_to_up: Option<u32>,
}

/// Makes a check. Its id may clash with another's until [`number_clashes`] has seen them all.
pub fn check(service: &ServiceId, title: Option<&str>, probe: ProbeSpec, pace: Pace) -> CheckSpec {
    let row = defaults::of(&probe);
    let title = Line::from_text(&title.map_or_else(|| title_of(&probe), str::to_owned));
    CheckSpec {
        id: CheckId::new(format!("{service}/{title}")),
        service: service.clone(),
        title,
        cadence: row.cadence(pace.every, pace.timeout),
        failures_to_down: pace.failures_to_down.unwrap_or(row.failures_to_down),
        passes_to_up: pace.passes_to_up.unwrap_or(defaults::PASSES_TO_UP),
        probe,
    }
}

fn title_of(probe: &ProbeSpec) -> String {
    match probe {
        ProbeSpec::Http(http) if http.method == "GET" => http.url.clone(),
        ProbeSpec::Http(http) => format!("{} {}", http.method, http.url),
        ProbeSpec::Tcp { host, port, .. } => address::join(host, *port),
        ProbeSpec::Tls(tls) => format!("{} certificate", address::join(&tls.server_name, tls.port)),
        ProbeSpec::Dns(dns) => match dns.resolver {
            None => format!("{} {}", dns.name, record_name(dns.record)),
            Some(resolver) => format!("{} {} @{}", dns.name, record_name(dns.record), resolver.ip()),
        },
        ProbeSpec::Heartbeat(heartbeat) => match &heartbeat.place {
            HeartbeatPlace::File(path) => format!("{} heartbeat", path.display()),
            HeartbeatPlace::Url(url) => format!("{url} heartbeat"),
        },
        ProbeSpec::Command(command) => match command.argv.as_slice() {
            // Our own shell's first two words say nothing.
            [shell, flag, line] if shell == SHELL[0] && flag == SHELL[1] => line.clone(),
            argv => argv.join(" "),
        },
    }
}

/// The shell for a command that is written as one text.
pub const SHELL: [&str; 2] = ["/bin/sh", "-c"];

/// Makes a log source. Its title may clash with another's until [`tell_titles_apart`] has seen them all.
pub fn log(service: Option<&ServiceId>, title: Option<&str>, origin: LogOrigin) -> LogSourceSpec {
    let (id, default_title) = match &origin {
        LogOrigin::File(path) => (path.to_string_lossy().into_owned(), last_part(&path.to_string_lossy(), 1)),
        LogOrigin::Glob(pattern) => (pattern.clone(), last_part(pattern, 1)),
        LogOrigin::Command(LogCommand { command, ssh: None }) => (command.clone(), command.clone()),
        LogOrigin::Command(LogCommand { command, ssh: Some(host) }) => (format!("{host}: {command}"), host.clone()),
        LogOrigin::Stdin => ("-".to_owned(), "stdin".to_owned()),
        LogOrigin::Feed(feed) => (feed.to_string(), feed.to_string()),
    };
    let id = Line::from_text(&id);
    LogSourceSpec {
        // The same log may belong to several services; each has its own place on the screen.
        id: LogSourceId::new(service.map_or_else(|| id.to_string(), |service| format!("{service}/{id}"))),
        service: service.cloned(),
        title: Line::from_text(title.unwrap_or(&default_title)),
        origin,
    }
}

/// Returns the last `parts` parts of a path.
fn last_part(path: &str, parts: usize) -> String {
    let mut pieces: Vec<&str> = path.rsplit('/').filter(|piece| !piece.is_empty()).take(parts).collect();
    pieces.reverse();
    if pieces.is_empty() { path.to_owned() } else { pieces.join("/") }
}

/// Gives logs that would have the same title more of their path: `nginx/error.log`, `app/error.log`.
pub fn tell_titles_apart(logs: &mut [LogSourceSpec]) {
    let path_of = |log: &LogSourceSpec| match &log.origin {
        LogOrigin::File(path) => Some(path.to_string_lossy().into_owned()),
        LogOrigin::Glob(pattern) => Some(pattern.clone()),
        LogOrigin::Command(_) | LogOrigin::Stdin | LogOrigin::Feed(_) => None,
    };
    // A title that the user chose is not ours to change.
    let is_ours = |log: &LogSourceSpec, parts: usize| {
        path_of(log).is_some_and(|path| log.title == Line::from_text(&last_part(&path, parts)))
    };
    for parts in 1..=3 {
        let titles: Vec<Line> = logs.iter().map(|log| log.title.clone()).collect();
        for log in logs.iter_mut().filter(|log| is_ours(log, parts)) {
            if titles.iter().filter(|title| **title == log.title).count() > 1
                && let Some(path) = path_of(log)
            {
                log.title = Line::from_text(&last_part(&path, parts + 1));
            }
        }
    }
}

/// Reads a log as the command line and heartbeats name files: a pattern when it has wildcards.
pub fn file_or_glob(path: PathBuf) -> LogOrigin {
    match path.to_str() {
        Some(text) if is_glob(text) => LogOrigin::Glob(text.to_owned()),
        _ => LogOrigin::File(path),
    }
}

/// Returns whether a path has wildcards.
pub fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Adds to a catalog what another one has. What both have stands once.
pub fn merge(catalog: &mut Catalog, more: Catalog) {
    let Catalog {
        project,
        environments,
        services,
        checks,
        logs,
        vendors,
        contacts,
        sources,
        uses,
        feeds,
        senders,
        offers,
    } = more;
    catalog.project = catalog.project.take().or(project);
    add_new(&mut catalog.environments, environments, |a, b| a.id == b.id);
    add_new(&mut catalog.services, services, |a, b| a.id == b.id);
    add_new(&mut catalog.checks, checks, |a, b| a.service == b.service && a.probe == b.probe);
    add_new(&mut catalog.logs, logs, |a, b| a.service == b.service && a.origin == b.origin);
    add_new(&mut catalog.vendors, vendors, |a, b| a.id == b.id);
    add_new(&mut catalog.contacts, contacts, |a, b| a.id == b.id);
    add_new(&mut catalog.sources, sources, |a, b| a.id == b.id);
    add_new(&mut catalog.uses, uses, |a, b| a == b);
    add_new(&mut catalog.feeds, feeds, |a, b| a.id == b.id);
    add_new(&mut catalog.senders, senders, |a, b| a.name == b.name);
    add_new(&mut catalog.offers, offers, |a, b| a == b);
    // Looked up once a check: with a thousand services, looking through them at every comparison took half a second.
    let services = &catalog.services;
    let places: HashMap<&ServiceId, usize> =
        services.iter().enumerate().map(|(place, service)| (&service.id, place)).collect();
    // Stable: within a service the order of writing stays.
    catalog.checks.sort_by_cached_key(|check| places.get(&check.service).copied());
    number_clashes(&mut catalog.checks);
    tell_titles_apart(&mut catalog.logs);
}

fn add_new<T>(have: &mut Vec<T>, more: Vec<T>, same: impl Fn(&T, &T) -> bool) {
    for item in more {
        if !have.iter().any(|other| same(other, &item)) {
            have.push(item);
        }
    }
}

/// Numbers checks whose ids would be the same: the same URL may be asked in two ways.
pub fn number_clashes(checks: &mut [CheckSpec]) {
    let mut taken = HashSet::new();
    for check in checks {
        let (id, title) = (check.id.clone(), check.title.clone());
        let mut number = 2;
        while !taken.insert(check.id.clone()) {
            check.id = CheckId::new(format!("{id} ({number})"));
            check.title = Line::from_text(&format!("{title} ({number})"));
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_probe_has_a_row_of_defaults_that_never_overlaps() {
        let probes = [
            ProbeSpec::Http(http(&"https://a.example".parse().unwrap())),
            ProbeSpec::Tcp { host: "a".into(), port: 1, slow: None },
            ProbeSpec::Tls(tls("a.example".into(), 443)),
            ProbeSpec::Dns(dns("a.example".into())),
            ProbeSpec::Heartbeat(crate::model::check::HeartbeatSpec {
                place: HeartbeatPlace::File("/x".into()),
                within: Duration::from_secs(1),
            }),
            ProbeSpec::Command(crate::model::check::CommandSpec {
                argv: vec!["x".into()],
                nagios: false,
                directory: None,
            }),
        ];
        for probe in probes {
            let row = defaults::of(&probe);
            assert!(row.timeout < row.every, "{}", row.kind);
        }
    }

    #[test]
    fn a_time_out_that_nobody_chose_ends_before_the_next_probe() {
        let probe = ProbeSpec::Http(http(&"https://a.example".parse().unwrap()));
        let cadence = defaults::of(&probe).cadence(Some(Duration::from_secs(2)), None);
        assert_eq!(cadence.timeout, Duration::from_secs(2));
    }

    #[test]
    fn logs_with_the_same_file_name_show_where_they_lie() {
        let file = |path: &str| log(None, None, LogOrigin::File(path.into()));
        let mut logs = vec![
            file("/var/log/nginx/error.log"),
            file("/var/log/app/error.log"),
            file("/var/log/syslog"),
            log(None, Some("error.log"), LogOrigin::File("/elsewhere/x".into())),
        ];
        tell_titles_apart(&mut logs);
        let titles: Vec<&str> = logs.iter().map(|log| log.title.as_str()).collect();
        assert_eq!(titles, ["nginx/error.log", "app/error.log", "syslog", "error.log"]);
    }
}
