//! The demo outage as platforms and monitoring systems tell it: a release went live, errors rose, an alert fires.

use std::collections::BTreeMap;
use std::time::Duration;

use crashcart::app::App;
use crashcart::app::event::{Event, EventKind, ReadEvent};
use crashcart::model::alert::{Alert, AlertState, Severity};
use crashcart::model::catalog::Catalog;
use crashcart::model::id::{FeedId, ServiceId, SourceId, VendorId};
use crashcart::model::issue::{ErrorIssue, Exception, Frame, IssueDetail, IssueState};
use crashcart::model::metric::Series;
use crashcart::model::observed::Cadence;
use crashcart::model::release::{
    ChangedFile, Changes, Commit, FileChange, Instance, InstanceState, Release, ReleaseState,
};
use crashcart::model::snapshot::Update;
use crashcart::model::source::{Capability, FailureKind, Feed, Found, Source, Trouble};
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;
use crashcart::model::vendor::{VendorComponent, VendorIncident, VendorIncidentState, VendorState, VendorStatus};

use super::demo::{Scene, at, catalog, play_with};

fn line(text: &str) -> Line {
    Line::from_text(text)
}

fn some(text: &str) -> Option<Line> {
    Some(line(text))
}

fn source(name: &str) -> Source {
    Source {
        id: SourceId::new(name),
        provider: name.to_owned(),
        url: None,
        params: BTreeMap::new(),
        secrets: BTreeMap::new(),
        ca: None,
        insecure: false,
        every: None,
        own: None,
    }
}

fn feed(id: &str, source: &str, capability: Capability, service: Option<&str>) -> Feed {
    Feed {
        id: FeedId::new(id),
        source: SourceId::new(source),
        capability,
        service: service.map(ServiceId::new),
        vendor: None,
        params: BTreeMap::new(),
        input: BTreeMap::new(),
        title: line(source),
        cadence: Cadence { every: Duration::from_secs(30), timeout: Duration::from_secs(45) },
        warn: None,
        critical: None,
        unit: None,
    }
}

/// The demo's catalog with sources.
pub fn sourced() -> Catalog {
    let mut catalog = catalog();
    catalog.sources = ["fly", "prometheus", "alertmanager", "sentry", "statuspage"].map(source).into();
    let mut metric = feed("5xx", "prometheus", Capability::Metrics, Some("checkout"));
    (metric.title, metric.warn, metric.critical, metric.unit) = (line("5xx/s"), Some(1.0), Some(5.0), some("/s"));
    let mut latency = feed("p95", "prometheus", Capability::Metrics, Some("checkout"));
    (latency.title, latency.warn, latency.unit) = (line("p95 latency"), Some(1.5), some("s"));
    let mut stripe = feed("stripe", "statuspage", Capability::VendorStatus, None);
    stripe.vendor = Some(VendorId::new("stripe"));
    catalog.feeds = vec![
        feed("releases", "fly", Capability::Releases, Some("checkout")),
        feed("instances", "fly", Capability::Instances, Some("checkout")),
        metric,
        latency,
        feed("issues", "sentry", Capability::Issues, Some("checkout")),
        feed("alerts", "alertmanager", Capability::Alerts, None),
        stripe,
        feed("billing", "fly", Capability::Releases, Some("billing")),
    ];
    catalog
}

fn release(version: &str, before: i64, state: ReleaseState, live: bool, message: &str, author: &str) -> Release {
    Release {
        id: line(&format!("rel_{version}")),
        version: some(version),
        state,
        stated: None,
        live,
        created_at: Some(at(before + 60)),
        finished_at: Some(at(before)),
        commit: some(&format!("{:0<40}", format!("a1b2c3d{}", version.trim_start_matches('v')))),
        branch: some("main"),
        message: some(message),
        author: some(author),
        image: None,
        cause: some("push"),
        traffic: None,
        can_roll_back: Some(state == ReleaseState::Superseded),
        detail: None,
        url: None,
        extra: serde_json::Value::Null,
    }
}

fn releases() -> Vec<Release> {
    let mut failed = release("v43", 120, ReleaseState::Failed, false, "Hotfix: guard against undefined id", "kim");
    failed.detail = some("build failed: npm ci exited with 1");
    vec![
        failed,
        release("v42", 870, ReleaseState::Succeeded, true, "Retry logic for charges", "kim"),
        release("v41", 90_000, ReleaseState::Superseded, false, "Bump stripe to 14.2", "renovate[bot]"),
        release(
            "v40",
            260_000,
            ReleaseState::Superseded,
            false,
            "Checkout: new tax rules for Norway and Switzerland",
            "sam",
        ),
        release("v39", 700_000, ReleaseState::Removed, false, "First week of November", "sam"),
    ]
}

fn instance(name: &str, state: InstanceState, healthy: Option<bool>, detail: Option<&str>) -> Instance {
    Instance {
        id: line(name),
        name: line(name),
        state,
        stated: None,
        healthy,
        detail: detail.map(line),
        started_at: Some(at(860)),
        region: some("fra"),
        group: some("web"),
        release: some("v42"),
        restarts: (state == InstanceState::Failed).then_some(7),
        cpu: Some(12.0),
        memory: Some(212 << 20),
        extra: serde_json::Value::Null,
    }
}

fn series(top: f64) -> Series {
    let points = (0..120).map(|n| {
        let before = (119 - n) * 30;
        let wave = f64::from(i32::try_from((n * 7) % 5).unwrap_or(0)) / 10.0;
        let value = if before < 840 {
            top * (1.0 - f64::from(i32::try_from(before).unwrap_or(0)) / 2_000.0) + wave
        } else {
            0.2 + wave / 4.0
        };
        (at(before), Some(value))
    });
    Series { labels: BTreeMap::new(), unit: None, points: points.collect() }
}

fn issue(id: &str, title: &str, state: IssueState, count: u64, last: i64) -> ErrorIssue {
    ErrorIssue {
        id: line(id),
        short_id: some(&format!("CHECKOUT-{id}")),
        title: line(title),
        state,
        stated: None,
        severity: Severity::Error,
        culprit: some("POST /charge"),
        count: Some(count),
        users: Some(count / 3),
        first_seen: Some(at(if state == IssueState::New { 840 } else { 900_000 })),
        last_seen: Some(at(last)),
        release: some("v42"),
        project: some("checkout"),
        assigned_to: None,
        unhandled: Some(true),
        url: Some("https://sentry.io/organizations/acme/issues/1/".to_owned()),
        extra: serde_json::Value::Null,
    }
}

fn alert(
    title: &str,
    state: AlertState,
    severity: Severity,
    service: Option<&str>,
    summary: &str,
    before: i64,
) -> Alert {
    Alert {
        id: line(title),
        title: line(title),
        state,
        stated: None,
        severity,
        since: Some(at(before)),
        until: None,
        summary: some(summary),
        labels: service.map(|service| ("service".to_owned(), line(service))).into_iter().collect(),
        value: Some(18.2),
        service: service.map(line),
        acknowledged_by: None,
        runbook_url: Some("https://runbooks.acme.com/errors".to_owned()),
        url: None,
        extra: serde_json::Value::Null,
    }
}

fn stripe() -> VendorStatus {
    VendorStatus {
        state: VendorState::Degraded,
        summary: some("Minor service outage"),
        components: vec![VendorComponent { name: line("API"), state: VendorState::Degraded, stated: None }],
        components_total: Some(12),
        incidents: vec![VendorIncident {
            id: line("inc"),
            title: line("Elevated error rates on charges"),
            state: VendorIncidentState::Investigating,
            stated: None,
            impact: VendorState::Degraded,
            started_at: Some(at(1_320)),
            updated_at: Some(at(300)),
            update: some("We are investigating elevated error rates for a subset of charges in Europe."),
            url: None,
        }],
        url: None,
    }
}

fn bring(app: &mut App, feed: &str, before: i64, found: Found) {
    let kind = EventKind::Update(Update::Feed {
        feed: FeedId::new(feed),
        at: at(before),
        found: Ok(Box::new(found)),
        problems: Vec::new(),
    });
    app.update(Event { at: at(before), kind });
}

/// Plays the demo outage with everything that sources say about it.
pub fn night(size: (u16, u16)) -> App {
    night_with(sourced(), size)
}

/// The night with another catalog that has the same feeds.
pub fn night_with(catalog: Catalog, size: (u16, u16)) -> App {
    let mut app = play_with(catalog, Scene::Down, size);
    let before: Vec<Release> = releases()
        .into_iter()
        .skip(2)
        .map(|release| Release { live: release.version == some("v41"), ..release })
        .collect();
    bring(&mut app, "releases", 900, Found::Releases(before));
    bring(&mut app, "releases", 10, Found::Releases(releases()));
    let instances = vec![
        instance("web-148e", InstanceState::Running, Some(true), None),
        instance("web-2c91", InstanceState::Failed, Some(false), Some("exited with 1, out of memory")),
        instance("web-9d77", InstanceState::Running, Some(true), None),
    ];
    bring(&mut app, "instances", 10, Found::Instances(instances));
    bring(&mut app, "5xx", 10, Found::Metrics(vec![series(18.0)]));
    bring(&mut app, "p95", 10, Found::Metrics(vec![series(1.2)]));
    let issues = vec![
        issue("1", "TypeError: Cannot read properties of undefined (reading 'id')", IssueState::New, 412, 4),
        issue(
            "2",
            "StripeConnectionError: An error occurred with our connection to Stripe",
            IssueState::Regressed,
            38,
            30,
        ),
        issue("3", "Deadlock found when trying to get lock", IssueState::Open, 6_120, 3_000),
    ];
    bring(&mut app, "issues", 10, Found::Issues(issues));
    let alerts = vec![
        alert(
            "HighErrorRate",
            AlertState::Firing,
            Severity::Critical,
            Some("checkout"),
            "18 % of the requests to checkout fail",
            810,
        ),
        alert("DiskFillsUp", AlertState::Firing, Severity::Warning, None, "/data on db1 is full in 4 days", 86_000),
        alert(
            "SlowQueries",
            AlertState::Silenced,
            Severity::Warning,
            Some("postgres"),
            "queries take longer than 1 s",
            9_000,
        ),
    ];
    bring(&mut app, "alerts", 10, Found::Alerts(alerts));
    bring(&mut app, "stripe", 20, Found::VendorStatus(stripe()));
    let trouble = Trouble {
        kind: FailureKind::Unauthorised,
        message: line("the credential is not accepted: token expired (HTTP 401) (POST api.fly.io/graphql)"),
        hint: line(FailureKind::Unauthorised.hint()),
    };
    for before in [180, 10] {
        let kind = EventKind::Update(Update::Feed {
            feed: FeedId::new("billing"),
            at: at(before),
            found: Err(trouble.clone()),
            problems: Vec::new(),
        });
        app.update(Event { at: at(before), kind });
    }
    app.update(Event { at: at(0), kind: EventKind::Tick });
    app
}

fn frame(file: &str, number: u64, function: &str, in_app: bool, context: &[(u64, &str)]) -> Frame {
    Frame {
        file: some(file),
        line: Some(number),
        column: None,
        function: some(function),
        module: None,
        in_app: Some(in_app),
        context: context.iter().map(|(number, text)| (*number, line(text))).collect(),
    }
}

/// Answers what is read once: the first issue's stack, and what lies between v42 and v43.
pub fn answer(app: &mut App) {
    let exception = Exception {
        kind: some("TypeError"),
        message: some("Cannot read properties of undefined (reading 'id')"),
        frames: vec![
            frame(
                "src/charge.ts",
                42,
                "retryCharge",
                true,
                &[(41, "  const intent = await find(order);"), (42, "  return charge(intent.id, amount);"), (43, "}")],
            ),
            frame("src/checkout.ts", 118, "checkout", true, &[]),
            frame("node_modules/express/lib/router/layer.js", 95, "handle", false, &[]),
        ],
    };
    let detail = IssueDetail {
        exceptions: vec![exception],
        at: Some(at(4)),
        release: some("v42"),
        tags: [("environment".to_owned(), line("production")), ("server".to_owned(), line("web-148e"))].into(),
        breadcrumbs: vec![line("POST /charge"), line("SELECT * FROM intents WHERE order_id = $1")],
        request: some("POST https://acme.com/charge"),
        url: None,
    };
    let changes = Changes {
        commits: vec![Commit {
            id: line("a1b2c3d4300000"),
            message: some("Hotfix: guard against undefined id"),
            author: some("kim"),
            at: Some(at(300)),
            url: None,
        }],
        files: vec![
            ChangedFile {
                path: line("src/charge.ts"),
                before: None,
                change: FileChange::Modified,
                added: Some(3),
                removed: Some(1),
            },
            ChangedFile {
                path: line("db/migrations/0042_intents.sql"),
                before: None,
                change: FileChange::Added,
                added: Some(12),
                removed: None,
            },
        ],
        truncated: false,
        url: None,
    };
    for (feed, about, found) in
        [("issues", "1", Found::Issue(detail)), ("releases", "rel_v42..rel_v43", Found::Changes(changes))]
    {
        let kind =
            EventKind::Read(ReadEvent { feed: FeedId::new(feed), about: line(about), found: Ok(Box::new(found)) });
        app.update(Event { at: Timestamp::max(at(0), at(0)), kind });
    }
}
