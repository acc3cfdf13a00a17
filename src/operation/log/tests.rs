//! Which orders of events are legal, for every order that there is.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::id::SourceId;
use crate::model::operation::{Between, ConfirmLevel, Intent, PlannedStep, Stop, StopKind, Target, Verification};
use crate::model::source::{FailureKind, Source};

fn line(text: &str) -> Line {
    Line::from_text(text)
}

fn actor() -> Actor {
    Actor { user: line("kim"), host: line("web1") }
}

fn plan(steps: usize) -> Plan {
    let step = |number: usize| PlannedStep {
        name: line("a step"),
        number,
        undo: false,
        preview: Vec::new(),
        undone_by: number.is_multiple_of(2).then(|| line("undo")),
        reads: false,
        repeatable: number == 0,
    };
    Plan {
        id: OperationId::new("01990000-0000-7000-8000-000000abcdef"),
        intent: Intent {
            service: None,
            source: SourceId::new("render"),
            action: "roll_back".to_owned(),
            params: BTreeMap::new(),
            target: Target::Service,
            inputs: BTreeMap::new(),
            reason: None,
            undoes: None,
            step: None,
        },
        title: line("roll back shop to v41"),
        system: line("Render"),
        source: Source {
            id: SourceId::new("render"),
            provider: "render".to_owned(),
            url: None,
            params: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ca: None,
            insecure: false,
            every: None,
            own: None,
        },
        environment: None,
        by: actor(),
        planned_at: at(0),
        current: None,
        values: BTreeMap::new(),
        steps: (0..steps).map(step).collect(),
        means: None,
        between: Between::default(),
        caveats: Vec::new(),
        automatic_deploys: crate::model::operation::AutomaticDeploys::Unknown,
        restarts: None,
        verification: Verification::default(),
        confirm: ConfirmLevel::Key,
        stops: Vec::new(),
        warnings: Vec::new(),
        chosen_because: None,
        tells_when_done: true,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_764_000_000_000_000 + seconds * 1_000_000)
}

fn trouble() -> Trouble {
    Trouble { kind: FailureKind::CutOff, message: line("cut"), hint: line("") }
}

fn worker(pid: u32) -> Worker {
    Worker { by: actor(), pid, holder: line("holder"), version: line("0.1.0") }
}

fn approved(steps: usize) -> OperationEvent {
    OperationEvent::Approved { plan: Box::new(plan(steps)), by: actor() }
}

fn claimed() -> OperationEvent {
    OperationEvent::Claimed { worker: worker(1), took_over: None }
}

fn finished(step: usize) -> OperationEvent {
    let bound = BTreeMap::from([(format!("bound_{step}"), step.into())]);
    OperationEvent::StepFinished { step, outcome: StepOutcome::Done, bound, said: None }
}

fn ended(verdict: Verdict) -> OperationEvent {
    OperationEvent::Ended { verdict, said: line("over") }
}

fn any_event() -> impl Strategy<Value = OperationEvent> {
    let step = 0..4_usize;
    prop_oneof![
        1 => Just(approved(2)),
        2 => any::<bool>().prop_map(|again| OperationEvent::Claimed {
            worker: worker(2),
            took_over: again.then(|| line("no sign of life")),
        }),
        6 => step.clone().prop_map(|step| OperationEvent::StepStarted { step }),
        6 => step.clone().prop_map(finished),
        1 => step.clone().prop_map(|step| OperationEvent::StepFailed { step, why: trouble() }),
        2 => step.clone().prop_map(|step| OperationEvent::StepUnknown { step, why: trouble() }),
        2 => (step.clone(), 0..3_u8).prop_map(|(step, found)| OperationEvent::StepFound {
            step,
            found: [StepFound::Done, StepFound::NotDone, StepFound::Unclear][usize::from(found)],
            evidence: line("seen"),
        }),
        1 => step.clone().prop_map(|step| OperationEvent::StepRepeated { step }),
        1 => Just(OperationEvent::PlatformSaid { said: line("going") }),
        2 => (0..4_u8).prop_map(|end| OperationEvent::PlatformDone {
            ended: [PlatformEnd::Succeeded, PlatformEnd::Failed, PlatformEnd::Unknown, PlatformEnd::Untold][usize::from(end)],
            said: None,
        }),
        2 => Just(OperationEvent::VerifyStarted),
        1 => Just(OperationEvent::VerifySaw { said: line("1 of 2 green") }),
        1 => Just(OperationEvent::CancelAsked { by: actor(), why: None }),
        1 => proptest::option::of(step).prop_map(|repeat| OperationEvent::ResumeAsked { by: actor(), repeat }),
        2 => (0..7_u8).prop_map(|verdict| ended([
            Verdict::Recovered { after: Duration::from_secs(74) },
            Verdict::Done,
            Verdict::Unverified,
            Verdict::NotRecovered,
            Verdict::Failed,
            Verdict::Cancelled,
            Verdict::Unknown,
        ][usize::from(verdict)])),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_is_taken_in_or_refused_and_what_was_taken_in_replays(events in prop::collection::vec(any_event(), 0..40)) {
        let first = approved(3);
        let mut operation = Operation::begin(at(0), &first).unwrap();
        let mut kept = vec![(at(0), first)];
        for (second, event) in events.into_iter().enumerate() {
            let at = at(second as i64 + 1);
            let before = operation.clone();
            match operation.apply(at, &event) {
                Ok(()) => kept.push((at, event)),
                Err(_) => prop_assert_eq!(&operation, &before, "what is refused changes nothing"),
            }
            let under_way = operation.steps.iter().filter(|step| matches!(step, StepState::Started { .. })).count();
            prop_assert!(under_way <= 1, "two requests at once");
            for (was, is) in before.steps.iter().zip(&operation.steps) {
                if matches!(was, StepState::Finished { .. }) {
                    prop_assert_eq!(was, is, "what is done is done");
                }
            }
            if before.ended.is_some() {
                prop_assert_eq!(&operation, &before, "the end is the end");
            }
            if let Some(ended) = &operation.ended {
                let all_over = operation.next_step().is_none();
                let says_done = matches!(
                    ended.verdict,
                    Verdict::Recovered { .. } | Verdict::Done | Verdict::Unverified | Verdict::NotRecovered
                );
                prop_assert!(!says_done || all_over, "nothing is called done that is not");
            }
        }
        let replayed = Operation::replay(kept.iter().map(|(at, event)| (*at, event))).unwrap();
        prop_assert_eq!(&replayed, &operation);
        for (_, event) in &kept {
            let text = serde_json::to_string(event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<OperationEvent>(&text).unwrap(), event);
        }
    }
}

#[track_caller]
fn after(events: &[OperationEvent]) -> Operation {
    let first = approved(2);
    let events = std::iter::once(&first).chain(events).zip(0..).map(|(event, second)| (at(second), event));
    Operation::replay(events).unwrap()
}

#[track_caller]
fn refused(events: &[OperationEvent], event: OperationEvent, why: &str) {
    let mut operation = after(events);
    let error = operation.apply(at(100), &event).unwrap_err();
    assert!(error.to_string().contains(why), "{error}");
}

#[test]
fn from_approval_to_verdict() {
    let events = [
        claimed(),
        OperationEvent::StepStarted { step: 0 },
        finished(0),
        OperationEvent::StepStarted { step: 1 },
        finished(1),
        OperationEvent::PlatformSaid { said: line("deploying") },
        OperationEvent::PlatformDone { ended: PlatformEnd::Succeeded, said: None },
        OperationEvent::VerifyStarted,
        ended(Verdict::Recovered { after: Duration::from_secs(74) }),
    ];
    let operation = after(&events);
    assert_eq!(operation.phase, Phase::Ended);
    assert_eq!(operation.bound.len(), 2);
    // The second step says nothing of how it is taken back.
    assert_eq!(operation.undoable(), [0]);
    assert_eq!(operation.lasted(at(1_000)), Duration::from_secs(9));
}

#[test]
fn what_cannot_follow_is_refused_with_why() {
    refused(&[], OperationEvent::StepStarted { step: 0 }, "nobody has taken it up");
    refused(&[claimed()], OperationEvent::StepStarted { step: 1 }, "another step comes first");
    refused(&[claimed()], finished(0), "was not started");
    refused(&[claimed()], claimed(), "no reason is given");
    refused(&[claimed()], ended(Verdict::Done), "nothing has looked whether it helped");
    refused(&[claimed()], OperationEvent::VerifyStarted, "not every step is over");
    let started = [claimed(), OperationEvent::StepStarted { step: 0 }];
    refused(&started, ended(Verdict::Cancelled), "nobody wants it to stop");
    refused(&started, OperationEvent::StepStarted { step: 0 }, "does not wait");
    let cancelled = [claimed(), OperationEvent::CancelAsked { by: actor(), why: None }];
    refused(&cancelled, OperationEvent::StepStarted { step: 0 }, "it was cancelled");
    let unknown = |step: usize| OperationEvent::StepUnknown { step, why: trouble() };
    let doubtful = [
        claimed(),
        OperationEvent::StepStarted { step: 0 },
        finished(0),
        OperationEvent::StepStarted { step: 1 },
        unknown(1),
    ];
    refused(&doubtful, OperationEvent::StepRepeated { step: 1 }, "may not be done twice");
    refused(&doubtful, OperationEvent::StepStarted { step: 1 }, "does not wait");
    let with_stops = OperationEvent::Approved {
        plan: Box::new(Plan { stops: vec![Stop { kind: StopKind::ReadOnly, message: line("no") }], ..plan(1) }),
        by: actor(),
    };
    assert!(Operation::begin(at(0), &with_stops).is_err());
}

#[test]
fn a_worker_that_gives_no_sign_of_life_is_an_interruption_and_not_an_end() {
    let operation = after(&[claimed(), OperationEvent::StepStarted { step: 0 }]);
    let lease = Lease {
        key: "place".to_owned(),
        operation: operation.id().clone(),
        worker: worker(1),
        taken_at: at(0),
        beat_at: at(2),
    };
    assert_eq!(operation.standing(Some(&lease), at(5)), Standing::Running);
    assert_eq!(operation.standing(Some(&lease), at(30)), Standing::Interrupted);
    assert_eq!(operation.standing(None, at(5)), Standing::Interrupted);
    let unclaimed = after(&[]);
    assert_eq!(unclaimed.standing(None, at(3)), Standing::Starting);
    assert_eq!(unclaimed.standing(None, at(30)), Standing::Interrupted);
}

proptest! {
    #[test]
    fn a_request_goes_out_again_only_when_somebody_wants_it_or_twice_is_as_once(
        events in prop::collection::vec(any_event(), 0..80)
    ) {
        let mut operation = Operation::begin(at(0), &approved(3)).unwrap();
        let mut went_out = [false; 3];
        for (second, event) in (1..).zip(&events) {
            if operation.apply(at(second), event).is_err() {
                continue;
            }
            match event {
                OperationEvent::StepStarted { step } => {
                    prop_assert!(!went_out[*step], "step {step} began twice and nobody said that it may");
                    went_out[*step] = true;
                }
                OperationEvent::StepRepeated { step } => {
                    prop_assert!(operation.plan.steps[*step].repeatable);
                    went_out[*step] = false;
                }
                OperationEvent::ResumeAsked { repeat: Some(step), .. } => went_out[*step] = false,
                _ => {}
            }
        }
    }

    #[test]
    fn an_event_is_written_and_read_as_the_same(event in any_event()) {
        let text = serde_json::to_string(&event).unwrap();
        prop_assert!(text.contains(&format!("\"event\":\"{}\"", event.word())), "{text}");
        prop_assert_eq!(serde_json::from_str::<OperationEvent>(&text).unwrap(), event);
    }
}

#[test]
fn a_plan_without_steps_can_be_watched_and_can_end() {
    let mut operation = Operation::begin(at(0), &approved(0)).unwrap();
    let events = [
        claimed(),
        OperationEvent::PlatformDone { ended: PlatformEnd::Untold, said: None },
        OperationEvent::VerifyStarted,
        ended(Verdict::Done),
    ];
    for (second, event) in (1..).zip(&events) {
        operation.apply(at(second), event).unwrap();
    }
    assert_eq!(operation.phase, Phase::Ended);
}
