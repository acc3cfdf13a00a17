//! One frame, one key and one probe result with 1,000 services on the screen.
//!
//! The limit to hold them against is one frame at 60 Hz: 16.7 ms for everything between a key and the next screen.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use crashcart::action::keymap;
use crashcart::app::event::{Event, EventKind, Input};
use crashcart::app::{App, Setup};
use crashcart::model::catalog::Catalog;
use crashcart::model::check::{Cause, CheckSpec, Facts, Finding, Outcome, ProbeResult, ProbeSpec};
use crashcart::model::id::{CheckId, ServiceId};
use crashcart::model::observed::Cadence;
use crashcart::model::service::Service;
use crashcart::model::snapshot::{Snapshot, Update};
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;
use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const START: i64 = 1_764_000_000;

fn probe(index: usize, secs: i64) -> EventKind {
    let outcome = match index % 50 {
        0 => Outcome::Fail(Finding::new(Cause::Refused, Line::from_text("connection refused by 10.0.0.5:80"))),
        1 => Outcome::Warn(Finding::new(Cause::Slow, Line::from_text("answered in 1.42 s, slower than 800ms"))),
        _ => Outcome::Pass,
    };
    let (at, took) = (Timestamp::from_secs(START + secs), Duration::from_millis(40 + index as u64 % 200));
    let result = ProbeResult { at, took, outcome, facts: Facts::None };
    EventKind::Update(Update::Probe { check: CheckId::new(format!("service-{index}/tcp")), result })
}

fn console(services: usize, size: (u16, u16)) -> App {
    let name = |index| format!("service-{index}");
    let catalog = Catalog {
        services: (0..services)
            .map(|index| Service {
                id: ServiceId::new(name(index)),
                environment: None,
                depends_on: Vec::new(),
                runbooks: Vec::new(),
            })
            .collect(),
        checks: (0..services)
            .map(|index| CheckSpec {
                id: CheckId::new(format!("{}/tcp", name(index))),
                service: ServiceId::new(name(index)),
                title: Line::from_text("10.0.0.5:80"),
                probe: ProbeSpec::Tcp { host: "10.0.0.5".into(), port: 80, slow: None },
                cadence: Cadence { every: Duration::from_secs(15), timeout: Duration::from_secs(10) },
                failures_to_down: 2,
                passes_to_up: 1,
            })
            .collect(),
        ..Catalog::default()
    };
    let (mut app, _) = App::new(Setup {
        catalog: Arc::new(catalog),
        snapshot: Snapshot::default(),
        now: Timestamp::from_secs(START),
        zone: jiff::tz::TimeZone::UTC,
        size,
        theme: "dark".into(),
        ascii: false,
        mouse: false,
        keys: Default::default(),
        read_only: false,
        inert: None,
        runbooks: Arc::default(),
        by: Default::default(),
        patience: Default::default(),
        readiness: None,
        audited: None,
        update_every: std::time::Duration::from_secs(1_800),
        zones: Arc::default(),
        seed: 0,
    });
    for round in 0..20 {
        for index in 0..services {
            let kind = probe(index, round * 15);
            app.update(Event { at: Timestamp::from_secs(START + round * 15), kind });
        }
    }
    app
}

fn frames(c: &mut Criterion) {
    for size in [(40, 20), (80, 24), (120, 40)] {
        let app = console(1_000, size);
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buf = Buffer::empty(area);
        c.bench_function(&format!("frame/{}x{}", size.0, size.1), |b| b.iter(|| app.view(area, black_box(&mut buf))));
    }
    let mut app = console(1_000, (120, 40));
    let at = Timestamp::from_secs(START + 300);
    let key = |name| Event { at, kind: EventKind::Input(Input::Key(keymap::parse(name).expect("a key"))) };
    c.bench_function("key/down", |b| b.iter(|| black_box(app.update(key("j")))));
    let mut index = 0;
    c.bench_function("probe result", |b| {
        b.iter(|| {
            index = (index + 1) % 1_000;
            black_box(app.update(Event { at, kind: probe(index, 300) }))
        });
    });
    c.bench_function("tick", |b| b.iter(|| black_box(app.update(Event { at, kind: EventKind::Tick }))));
}

criterion_group!(benches, frames);
criterion_main!(benches);
