//! The postmortem of scripted outages, read as prose, and what is recalled of them the next time.
//!
//! `CRASHCART_UPDATE=1 cargo test --test postmortems` writes the documents anew; read them then as somebody who was not there.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crashcart::incident::recall::{Likeness, Situation, recall};
use crashcart::incident::timeline::timeline;
use crashcart::incident::{Incident, Incidents};
use crashcart::model::contact::{Call, Outcome};
use crashcart::model::id::{ContactId, EntryId, IncidentId, ServiceId};
use crashcart::model::incident::{Figure, IncidentEvent, IncidentState, SeenKind, Severity};
use crashcart::model::journal::{Body, Entry};
use crashcart::model::operation::OperationEvent;
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;
use crashcart::operation::Ledger;
use crashcart::postmortem::{self, Material, TEMPLATE};
use jiff::tz::TimeZone;
use support::demo_operations;

/// When the outages begin: 02:00:40 in Berlin.
const BEGAN: i64 = 1_764_032_440;

fn line(text: &str) -> Line {
    Line::from_text(text)
}

/// A journal that is written by hand; times are seconds after it began.
struct Script {
    entries: Vec<Entry>,
    id: IncidentId,
}

impl Script {
    fn new(title: &str, services: &[&str], opened: i64) -> Self {
        let mut script = Self { entries: Vec::new(), id: IncidentId::new("01a2-incident") };
        let event = IncidentEvent::Opened {
            number: 12,
            title: line(title),
            severity: Severity::Sev1,
            services: services.iter().map(|name| ServiceId::new(*name)).collect(),
            began_at: Timestamp::from_secs(BEGAN),
            by: demo_operations::actor("kim"),
        };
        script.write(opened, "kim", event);
        script
    }

    fn add(&mut self, at: i64, by: &str, service: Option<&str>, operation: &str, body: Body) {
        let seq = self.entries.len() as u64 + 1;
        self.entries.push(Entry {
            seq,
            id: EntryId::new(format!("entry-{seq:04}")),
            at: Timestamp::from_secs(BEGAN + at),
            by: demo_operations::actor(by),
            service: service.map(ServiceId::new),
            operation: Some(crashcart::model::id::OperationId::new(operation)),
            body,
        });
    }

    fn write(&mut self, at: i64, by: &str, event: IncidentEvent) {
        let id = self.id.as_str().to_owned();
        self.add(at, by, None, &id, Body::Incident(event));
    }

    fn saw(&mut self, written: i64, at: i64, kind: SeenKind, key: &str, text: &str) {
        let happened_at = Timestamp::from_secs(BEGAN + at);
        let event = IncidentEvent::Saw { key: key.to_owned(), kind, text: line(text), service: None, happened_at };
        self.write(written, "watch", event);
    }

    fn note(&mut self, at: i64, by: &str, text: &str, more: &[&str]) {
        let more = more.iter().map(|text| line(text)).collect();
        let happened_at = Timestamp::from_secs(BEGAN + at);
        self.write(at, by, IncidentEvent::Noted { text: line(text), more, happened_at });
    }

    fn state(&mut self, at: i64, state: IncidentState) {
        let happened_at = Timestamp::from_secs(BEGAN + at);
        self.write(at, "kim", IncidentEvent::State { state, happened_at });
    }

    /// Checkout is rolled back to v41, and recovers after 74 s.
    fn rolls_back(&mut self, at: i64, change: impl Fn(&mut OperationEvent)) {
        let app = demo_operations::night((80, 24));
        for (before, mut event) in demo_operations::story(&app, 0, 99) {
            change(&mut event);
            self.add(at - before, "kim", Some("checkout"), demo_operations::ID, Body::Operation(event));
        }
    }

    fn incident(&self) -> Incident {
        let mut incidents = Incidents::default();
        self.entries.iter().for_each(|entry| incidents.add(entry));
        incidents.get(&self.id).unwrap().clone()
    }

    fn facts(&self, now: i64, budget: Option<Duration>) -> serde_json::Value {
        let incident = self.incident();
        let moments = timeline(&incident, &self.entries);
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = Timestamp::from_secs(BEGAN + now);
        let material = Material { incident: &incident, moments: &moments, zone: &zone, now, budget, overrides: &[] };
        postmortem::facts(&material)
    }
}

#[track_caller]
fn check(name: &str, facts: &serde_json::Value) -> String {
    let document = postmortem::document(TEMPLATE, facts).unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/postmortems").join(format!("{name}.md"));
    if support::environment("CRASHCART_UPDATE").is_some() {
        std::fs::write(&file, &document).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        document == expected,
        "{} is out of step; run CRASHCART_UPDATE=1 cargo test --test postmortems and read it:\n{document}",
        file.display()
    );
    document
}

fn bad_deploy() -> Script {
    let mut script = Script::new("Checkout answers 500", &["checkout"], 200);
    script.saw(
        201,
        -29,
        SeenKind::Release,
        "release/fly/checkout /r42",
        "checkout release v42 by kim: Retry logic for charges",
    );
    script.saw(201, 0, SeenKind::Health, "health/checkout/down/1", "checkout is down: health answers 503");
    for again in 0..40 {
        let key = format!("alert/prom/CheckoutErrors/{again}");
        script.saw(202 + again, 29 + again * 20, SeenKind::Alert, &key, "CheckoutErrors fires (prom)");
    }
    script.state(215, IncidentState::Acknowledged);
    script.write(230, "lee", IncidentEvent::Role { who: line("lee"), role: line("commander") });
    script.note(260, "lee", "Support has 14 tickets: the pay button does nothing.", &[]);
    script.saw(300, 290, SeenKind::Log, "pin/1", "ERROR charge failed: undefined id (x412)");
    script.write(
        320,
        "lee",
        IncidentEvent::Called {
            name: line("Stripe support"),
            call: Call {
                contact: ContactId::new("stripe-support"),
                number: None,
                at: Timestamp::from_secs(BEGAN + 320),
                outcome: Outcome::Declined,
            },
        },
    );
    script.write(
        1_500,
        "kim",
        IncidentEvent::Evidence {
            path: line("/home/kim/.local/state/crashcart/evidence/incident-12.tar.gz"),
            sha256: line("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            bytes: 81_920,
            files: 14,
            missing: 1,
            happened_at: Timestamp::from_secs(BEGAN + 1_500),
        },
    );
    script.rolls_back(1_751, |_| {});
    script.saw(1_830, 1_825, SeenKind::Health, "health/checkout/well/2", "checkout is well");
    script.state(1_830, IncidentState::Mitigated);
    script.note(
        1_900,
        "kim",
        "Pods after the rollback",
        &["NAME READY", "a 1/1", "b 1/1", "c 1/1", "d 1/1", "e 1/1", "f 1/1"],
    );
    script.state(2_400, IncidentState::Resolved);
    script.write(
        3_000,
        "lee",
        IncidentEvent::Figure {
            figure: Figure::Impact,
            value: line("28 min"),
            because: line("the first two minutes were one customer's own network"),
        },
    );
    script
}

#[test]
fn a_bad_deploy_reads_like_a_postmortem_and_its_noise_is_folded() {
    let script = bad_deploy();
    let facts = script.facts(90_000, Some(Duration::from_secs(2_592)));
    let document = check("bad-deploy", &facts);
    assert_eq!(document.matches("CheckoutErrors fires").count(), 1, "forty times are one line");
    assert!(document.contains("40 times"));
    assert_eq!(facts["timeline"].as_array().unwrap().iter().filter(|one| one["kind"] == "alert").count(), 40);
    assert_eq!(facts["timeline"].as_array().unwrap().len(), timeline(&script.incident(), &script.entries).len());
    assert_eq!(facts["budget"]["percent"], "65", "the figure that people said is what is counted");
}

#[test]
fn what_recovered_has_mitigated_where_nobody_said_so() {
    let mut script = Script::new("Checkout answers 500", &["checkout"], 60);
    script.rolls_back(600, |_| {});
    assert_eq!(script.facts(900, None)["mitigated"]["after"], "11 min 14 s");
    script.state(650, IncidentState::Resolved);
    assert_eq!(script.facts(900, None)["mitigated"]["after"], "10 min 50 s", "users were well by then");
    script.state(700, IncidentState::Mitigated);
    assert_eq!(script.facts(900, None)["mitigated"]["after"], "11 min 40 s", "what people say counts");
}

#[test]
fn what_is_still_open_and_has_neither_changes_nor_actions_says_so() {
    let script = Script::new("Nothing works", &[], 840);
    check("open", &script.facts(5_000, None));
}

#[test]
fn hostile_text_stays_text_and_days_are_told_apart() {
    let mut script = Script::new("# <script>alert(1)</script> | **owned**", &["checkout", "shop_eu", "a|b"], 60);
    script.note(
        70,
        "kim|<b>",
        "```\u{1b}[2J [click](javascript:x) | # head",
        &["````", "~~~", "\u{1b}]0;title\u{7}", "</details>"],
    );
    script.saw(
        80,
        10,
        SeenKind::Release,
        "release/x/checkout /1",
        "checkout release v9 by `mallory`: $(rm -rf /) _x_ | y",
    );
    script.rolls_back(100_000, |event| {
        if let OperationEvent::Ended { verdict, said } = event {
            *verdict = crashcart::model::operation::Verdict::NotRecovered;
            *said = line("health | answers <b>503</b>");
        }
    });
    script.state(200_000, IncidentState::Resolved);
    let document = check("hostile", &script.facts(300_000, None));
    assert!(!document.contains('\u{1b}') && !document.replace("\\<", "").contains("<script>"), "{document}");
}

#[test]
fn what_helped_the_last_time_is_recalled_and_a_check_says_more_than_a_service() {
    let script = bad_deploy();
    let mut incidents = Incidents::default();
    let mut operations = Ledger::default();
    for entry in &script.entries {
        incidents.add(entry);
        operations.add(entry);
    }
    let app = demo_operations::night((80, 24));
    let red: BTreeSet<_> = demo_operations::request(&app).red.into_iter().collect();
    let (none, alerts) = (BTreeSet::new(), BTreeSet::from(["CheckoutErrors".to_owned()]));
    let service = ServiceId::new("checkout");
    let now = Timestamp::from_secs(BEGAN + 3 * 86_400);
    let situation = Situation { service: &service, checks: &red, alerts: &BTreeSet::new(), except: None, now };
    let memories = recall(&situation, &incidents, &operations);
    assert_eq!(
        memories[0].sentence(now).as_str(),
        "last time this check failed (#12, 3 days ago): rolled back checkout to v41, recovered after 74 s"
    );
    assert!(memories[0].helped().is_some());
    let of_alert =
        recall(&Situation { checks: &BTreeSet::new(), alerts: &alerts, ..situation.clone() }, &incidents, &operations);
    assert_eq!(of_alert[0].likeness, Likeness::Alert);
    let of_service =
        recall(&Situation { checks: &BTreeSet::new(), alerts: &none, ..situation.clone() }, &incidents, &operations);
    assert!(of_service[0].sentence(now).as_str().starts_with("last time (#12"));
    let elsewhere = ServiceId::new("billing");
    assert!(recall(&Situation { service: &elsewhere, ..situation.clone() }, &incidents, &operations).is_empty());
    // The incident that is being worked on is no memory, and neither is what is done in it.
    let own = recall(&Situation { except: Some(&script.id), ..situation }, &incidents, &operations);
    assert!(own.is_empty(), "{own:?}");
}
