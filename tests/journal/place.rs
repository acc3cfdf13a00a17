//! A state directory for each test, and things to write into its journal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crashcart::journal::{FILE, Journal, Verification};
use crashcart::model::id::{OperationId, ServiceId};
use crashcart::model::journal::{Body, Draft};
use crashcart::model::operation::{Actor, OperationEvent, Plan, StepOutcome, Worker};
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;
use serde_json::json;

/// Returns a moment, some seconds after the beginning of every test.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_772_366_400_000_000) + Duration::from_secs(seconds)
}

pub struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    pub fn file(&self) -> PathBuf {
        self.state().join(FILE)
    }

    #[track_caller]
    pub fn open(&self) -> Journal {
        let opened = Journal::open(&self.state(), at(0)).unwrap();
        assert_eq!(opened.set_aside, None);
        opened.journal
    }

    pub fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.file()).unwrap()
    }

    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.state()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[track_caller]
pub fn intact(state: &Path) -> Verification {
    let verification = Journal::open_to_read(state).unwrap().expect("a journal").verify().unwrap();
    assert!(verification.damages.is_empty(), "{verification:#?}");
    verification
}

pub fn kim() -> Actor {
    Actor { user: Line::from_text("kim"), host: Line::from_text("web1") }
}

pub fn worker(holder: &str) -> Worker {
    Worker { by: kim(), pid: 7, holder: Line::from_text(holder), version: Line::from_text("0.1.0") }
}

pub fn operation(number: u32) -> OperationId {
    OperationId::new(format!("01993c1e-0000-7000-8000-{number:012x}"))
}

pub fn approved(number: u32) -> OperationEvent {
    let mut plan: Plan = serde_json::from_str(include_str!("../fixtures/plan.json")).unwrap();
    plan.id = operation(number);
    OperationEvent::Approved { by: kim(), plan: Box::new(plan) }
}

pub fn claimed(holder: &str) -> OperationEvent {
    OperationEvent::Claimed { worker: worker(holder), took_over: None }
}

pub fn finished(step: usize) -> OperationEvent {
    OperationEvent::StepFinished { step, outcome: StepOutcome::Done, bound: BTreeMap::new(), said: None }
}

pub fn draft(number: u32, second: u64, event: OperationEvent) -> Draft {
    Draft {
        at: at(second),
        by: kim(),
        service: Some(ServiceId::new("checkout")),
        operation: Some(operation(number)),
        body: Body::Operation(event),
    }
}

/// Something that is about no operation.
pub fn note(text: &str) -> Draft {
    let body = Body::Other { kind: "note.added".to_owned(), body: json!({ "text": text }) };
    Draft { at: at(1), by: kim(), service: None, operation: None, body }
}

/// Writes an operation that is under way: entries 1 to 5.
pub fn an_operation(journal: &mut Journal, number: u32) {
    let events = [
        approved(number),
        claimed("a"),
        OperationEvent::StepStarted { step: 0 },
        finished(0),
        OperationEvent::StepStarted { step: 1 },
    ];
    for (second, event) in (0..).zip(events) {
        journal.append(&draft(number, second, event)).unwrap();
    }
}
