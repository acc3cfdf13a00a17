//! A small fake company, for screens: build one, then change what matters.

use std::sync::Arc;
use std::time::Duration;

use crashcart::app::event::{Event, EventKind};
use crashcart::app::{App, Setup};
use crashcart::model::catalog::Catalog;
use crashcart::model::check::*;
use crashcart::model::host::{Disk, HostSample, Memory, Process};
use crashcart::model::id::{CheckId, EnvironmentId, LogSourceId, ServiceId, VendorId};
use crashcart::model::log::{Level, LogBatch, LogLine, LogOrigin, LogSourceSpec};
use crashcart::model::observed::Cadence;
use crashcart::model::self_check::{ClockState, Resolvers, Route, SelfCheck};
use crashcart::model::service::{Confirm, Dependency, Environment, Service};
use crashcart::model::snapshot::{Snapshot, Update};
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;
use crashcart::model::vendor::Vendor;

/// Tuesday night, 02:14:09 UTC.
pub const NOW: i64 = 1_764_036_849;

pub fn line(text: &str) -> Line {
    Line::from_text(text)
}

pub fn at(secs_before_now: i64) -> Timestamp {
    Timestamp::from_secs(NOW - secs_before_now)
}

pub fn check(service: &str, title: &str, probe: ProbeSpec, every: u64) -> CheckSpec {
    CheckSpec {
        id: CheckId::new(format!("{service}/{title}")),
        service: ServiceId::new(service),
        title: line(title),
        probe,
        cadence: Cadence { every: Duration::from_secs(every), timeout: Duration::from_secs(10) },
        failures_to_down: 2,
        passes_to_up: 1,
    }
}

pub fn http(service: &str, url: &str) -> CheckSpec {
    let spec = HttpSpec {
        url: url.to_owned(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        body: None,
        redirects: 5,
        slow: Some(Duration::from_millis(800)),
        expect: HttpExpectation::default(),
        certificate_warn: None,
        insecure: false,
    };
    check(service, url, ProbeSpec::Http(spec), 15)
}

pub fn catalog() -> Catalog {
    let service = |name: &str, on: &[&str]| Service {
        id: ServiceId::new(name),
        environment: Some(EnvironmentId::new("production")),
        depends_on: on
            .iter()
            .map(|id| match *id {
                "stripe" => Dependency::Vendor(VendorId::new(id)),
                _ => Dependency::Service(ServiceId::new(id)),
            })
            .collect(),
        runbooks: Vec::new(),
    };
    let tls = TlsSpec {
        host: "acme.com".into(),
        port: 443,
        server_name: "acme.com".into(),
        warn: Duration::from_secs(14 * 86_400),
        critical: Duration::from_secs(2 * 86_400),
    };
    let dns = DnsSpec { name: "acme.com".into(), record: RecordType::A, resolver: None, expect: Vec::new() };
    Catalog {
        project: Some(line("ACME production")),
        environments: vec![Environment { id: EnvironmentId::new("production"), confirm: Confirm::Key }],
        services: vec![
            service("web", &["checkout"]),
            service("checkout", &["postgres", "stripe"]),
            service("billing", &["stripe"]),
            service("postgres", &[]),
        ],
        checks: vec![
            http("web", "https://acme.com/"),
            check("web", "acme.com:443 certificate", ProbeSpec::Tls(tls), 3_600),
            check("web", "acme.com A", ProbeSpec::Dns(dns), 60),
            http("checkout", "https://acme.com/checkout/health"),
            http("billing", "https://billing.acme.com/health"),
            check("postgres", "10.0.0.5:5432", ProbeSpec::Tcp { host: "10.0.0.5".into(), port: 5432, slow: None }, 15),
        ],
        logs: vec![
            LogSourceSpec {
                id: LogSourceId::new("/var/log/acme/checkout.log"),
                service: Some(ServiceId::new("checkout")),
                title: line("checkout.log"),
                origin: LogOrigin::File("/var/log/acme/checkout.log".into()),
            },
            LogSourceSpec {
                id: LogSourceId::new("/var/log/nginx/error.log"),
                service: Some(ServiceId::new("web")),
                title: line("error.log"),
                origin: LogOrigin::File("/var/log/nginx/error.log".into()),
            },
        ],
        vendors: vec![Vendor {
            id: VendorId::new("stripe"),
            status_url: Some("https://www.stripestatus.com".into()),
            provider: None,
        }],
        contacts: Vec::new(),
        ..Catalog::default()
    }
}

pub fn setup(catalog: Catalog, size: (u16, u16)) -> Setup {
    Setup {
        catalog: Arc::new(catalog),
        snapshot: Snapshot::default(),
        now: at(7_200),
        zone: jiff::tz::TimeZone::UTC,
        size,
        theme: "dark".to_owned(),
        ascii: false,
        mouse: false,
        keys: Default::default(),
        read_only: false,
        inert: None,
        runbooks: Arc::new(runbooks()),
        by: crashcart::model::operation::Actor {
            user: crashcart::model::text::Line::from_text("kim"),
            host: crashcart::model::text::Line::from_text("web1"),
        },
        patience: Default::default(),
        readiness: None,
        audited: None,
        update_every: std::time::Duration::from_secs(1_800),
        zones: Arc::default(),
        seed: 7,
    }
}

/// How a demo outage looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    Live,
    Degraded,
    Down,
    Stale,
    NoNetwork,
}

/// Plays two hours of monitoring that end in a scene.
pub fn play(scene: Scene, size: (u16, u16)) -> App {
    play_with(catalog(), scene, size)
}

/// Plays a scene with another catalog.
pub fn play_with(catalog: Catalog, scene: Scene, size: (u16, u16)) -> App {
    let (mut app, problems) = App::new(setup(catalog.clone(), size));
    assert!(problems.is_empty());
    let end = if scene == Scene::Stale { 420 } else { 0 };
    let mut before = 7_200;
    while before > end {
        for spec in &catalog.checks {
            if before % spec.cadence.every.as_secs() as i64 == 0 {
                let kind =
                    EventKind::Update(Update::Probe { check: spec.id.clone(), result: result(scene, spec, before) });
                app.update(Event { at: at(before), kind });
            }
        }
        if before < 600 && before % 5 == 0 {
            app.update(Event { at: at(before), kind: EventKind::Update(Update::Host(host(before))) });
        }
        if before % 10 == 0 {
            app.update(Event { at: at(before), kind: EventKind::Update(Update::SelfCheck(self_check(scene, before))) });
        }
        before -= 1;
    }
    for batch in lines(scene) {
        app.update(Event { at: at(end), kind: EventKind::Lines(batch) });
    }
    app.update(Event { at: at(0), kind: EventKind::Tick });
    app
}

fn result(scene: Scene, spec: &CheckSpec, before: i64) -> ProbeResult {
    let name = spec.service.as_str();
    let wobble = (before / 15 * 7919) % 40;
    let mut ms = 110 + wobble;
    let trouble = match (scene, name) {
        (Scene::Down, "checkout") => before <= 14 * 60,
        (Scene::Down, "postgres") => before <= 14 * 60 + 20,
        (Scene::Down, "web") => before <= 9 * 60,
        (Scene::Degraded, "web") => before <= 9 * 60,
        (Scene::NoNetwork, _) => before <= 3 * 60,
        _ => false,
    };
    let fail = |cause, text: &str, hint: &str| {
        let finding = Finding::new(cause, line(text));
        Outcome::Fail(if hint.is_empty() { finding } else { finding.hint(hint) })
    };
    let is_http = matches!(spec.probe, ProbeSpec::Http(_));
    let outcome = match (scene, trouble, name) {
        (Scene::NoNetwork, true, _) => {
            Outcome::Unknown(Finding::new(Cause::NoNetwork, line("this machine has no network: no default route")))
        }
        (_, true, "checkout") => {
            ms = 2_100 + wobble * 9;
            fail(
                Cause::Status,
                "answered 503 Service Unavailable, expected 200-399",
                "look at the service's log around the first failure",
            )
        }
        (_, true, "postgres") => fail(
            Cause::Refused,
            "connection refused by 10.0.0.5:5432",
            "is the server running, and does it listen on this address?",
        ),
        (_, true, "web") if is_http => {
            ms = 1_400 + wobble * 20;
            Outcome::Warn(Finding::new(Cause::Slow, line("answered in 1.42 s, slower than 800ms")))
        }
        _ => Outcome::Pass,
    };
    let down = matches!(outcome, Outcome::Fail(_));
    let facts = match &spec.probe {
        _ if matches!(outcome, Outcome::Unknown(_)) => Facts::None,
        ProbeSpec::Http(_) => Facts::Http(Box::new(HttpFacts {
            status: Some(if down { 503 } else { 200 }),
            version: Some(line("HTTP/1.1")),
            remote: Some("203.0.113.7:443".parse().unwrap()),
            timing: Timing {
                dns: Some(Duration::from_millis(2)),
                connect: Some(Duration::from_millis(12)),
                tls: Some(Duration::from_millis(30)),
                first_byte: Some(Duration::from_millis((ms - 50).max(1) as u64)),
                body: Some(Duration::from_millis(1)),
            },
            body_bytes: 612,
            content_type: Some(line("text/html")),
            ..HttpFacts::default()
        })),
        ProbeSpec::Tls(_) => Facts::Tls(Box::new(TlsFacts {
            remote: None,
            protocol: Some(line("TLS 1.3")),
            certificate: Some(CertificateFacts {
                subject: line("CN=acme.com"),
                issuer: line("Let's Encrypt R11"),
                names: vec![line("acme.com"), line("www.acme.com")],
                not_before: at(28 * 86_400),
                not_after: Timestamp::from_secs(NOW + 62 * 86_400 + 3_000),
                fingerprint: "5f2c9a".repeat(10),
                chain_length: 2,
                problem: None,
            }),
            handshake: Some(Duration::from_millis(31)),
        })),
        ProbeSpec::Dns(_) => Facts::Dns(DnsFacts {
            answers: vec![line("203.0.113.7")],
            resolver: Some(line("127.0.0.53:53")),
            ttl_secs: Some(300),
        }),
        _ => {
            ms /= 30;
            Facts::Tcp(TcpFacts::default())
        }
    };
    ProbeResult { at: at(before), took: Duration::from_millis(ms as u64), outcome, facts }
}

fn host(before: i64) -> HostSample {
    let wave = ((before / 5) % 17) as f32 / 40.0;
    let gib = 1_u64 << 30;
    HostSample {
        at: at(before),
        name: line("web1"),
        cpu: Some(0.18 + wave),
        cores: 2,
        load: [0.42, 0.38, 0.31],
        memory: Memory { total: 4 * gib, used: 3 * gib + gib / 4 },
        swap: Memory { total: 2 * gib, used: gib / 8 },
        disks: vec![
            Disk {
                mount: line("/"),
                device: line("/dev/vda1"),
                total: 40 * gib,
                available: 15 * gib,
                inodes: None,
                read_only: false,
            },
            Disk {
                mount: line("/data"),
                device: line("/dev/vdb"),
                total: 200 * gib,
                available: 88 * gib,
                inodes: None,
                read_only: false,
            },
        ],
        top: ["node", "postgres", "nginx", "crashcart"]
            .iter()
            .zip(0..)
            .map(|(name, i)| Process {
                pid: 1_200 + i * 77,
                name: line(name),
                cpu: 0.5 / (i + 1) as f32,
                memory: gib / 2 / u64::from(i + 1),
            })
            .collect(),
        failed_units: Some(Vec::new()),
        uptime: Duration::from_secs(12 * 86_400),
    }
}

fn self_check(scene: Scene, before: i64) -> SelfCheck {
    let cut = scene == Scene::NoNetwork && before <= 190;
    SelfCheck {
        at: at(before),
        route: if cut {
            Route::Missing { why: line("no default route") }
        } else {
            Route::Present { interface: line("eth0") }
        },
        resolvers: if cut {
            Resolvers::Silent { servers: vec![line("127.0.0.53:53")], why: line("network is unreachable") }
        } else {
            Resolvers::Answering { server: line("127.0.0.53:53"), took: Some(Duration::from_millis(4)) }
        },
        clock: ClockState::Synchronised,
        vantage: None,
    }
}

fn lines(scene: Scene) -> Vec<LogBatch> {
    let row = |source: &str, before: i64, level, text: &str, continues| {
        (
            LogSourceId::new(source),
            LogLine {
                stated: Some(at(before)),
                received: at(0),
                level: Some(level),
                continues,
                offset: None,
                text: line(text),
            },
        )
    };
    let (checkout, nginx) = ("/var/log/acme/checkout.log", "/var/log/nginx/error.log");
    let mut rows = Vec::new();
    for i in 0..24 {
        let before = 180 - i * 7;
        if scene == Scene::Down && i % 3 != 2 {
            rows.push(row(
                checkout,
                before,
                Level::Error,
                &format!("charge failed: connect ECONNREFUSED 10.0.0.5:5432 order={}", 48_213 + i),
                false,
            ));
            rows.push(row(
                checkout,
                before,
                Level::Error,
                "    at Pool.connect (/app/node_modules/pg-pool/index.js:45:11)",
                true,
            ));
            rows.push(row(checkout, before, Level::Error, "    at charge (/app/src/checkout.ts:112:23)", true));
        } else {
            rows.push(row(
                checkout,
                before,
                Level::Info,
                &format!("order {} paid in {} ms", 48_213 + i, 210 + i * 3),
                false,
            ));
        }
        if scene == Scene::Down && i % 5 == 0 {
            rows.push(row(
                nginx,
                before - 1,
                Level::Warn,
                "upstream server temporarily disabled while connecting to upstream",
                false,
            ));
        }
    }
    [checkout, nginx]
        .iter()
        .map(|source| LogBatch {
            source: LogSourceId::new(source),
            lines: rows.iter().filter(|(id, _)| id.as_str() == *source).map(|(_, line)| line.clone()).collect(),
            dropped: 0,
        })
        .collect()
}

/// A runbook of one's own, with a bit of everything.
fn runbooks() -> Vec<crashcart::runbook::Document> {
    let text = "---\nmatches: { alerts: [HighErrorRate] }\n---\n# Checkout answers with errors\n\n## Impact\n\nNobody can pay. See the [board](https://grafana.acme.com/d/1).\n\n## Look\n\n1. Did it begin with a release?\n\n   ```sh\n   # what went out\n   fly releases --app checkout | head -n 5\n   ```\n\n2. Is **Stripe** well? Their page stands below the services.\n\n| code | means |\n|---|---|\n| 503 | no database |\n| 402 | refused |\n\n> Do not restart before you have looked.\n\n## Go back\n\n- [ ] [roll back](crashcart:rollback/checkout)\n- [ ] tell the shop\n";
    let runbook = crashcart::runbook::Runbook::read("checkout-errors", text);
    vec![crashcart::runbook::Document { runbook, text: text.to_owned(), folder: None, withheld: None }]
}
