//! Runs of runbooks as the journal would tell them, without a journal.

use crashcart::app::App;
use crashcart::app::effect::Effect;
use crashcart::app::event::{Event, EventKind};
use crashcart::model::id::{EntryId, RunId};
use crashcart::model::journal::{Body, Entry, News};
use crashcart::model::operation::{Actor, Lease, Worker};
use crashcart::model::output::Splitter;
use crashcart::model::run::{ProcessEnd, RunCommand, RunEvent, StepVerdict};
use crashcart::model::text::Line;

/// Returns what is wanted of runs among some effects.
pub fn wanted(effects: &[Effect]) -> Vec<RunCommand> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Run(command) => Some((**command).clone()),
            _ => None,
        })
        .collect()
}

/// Tells the console that what it wanted is written, as the desk does.
pub fn grant(app: &mut App, wanted: &[RunCommand], alive: bool) {
    let by = app.world().by.clone();
    let mut execution =
        wanted.first().and_then(|first| app.world().runs.get(first.run())).map_or(0, |run| run.executions.len());
    let events: Vec<RunEvent> = wanted
        .iter()
        .filter_map(|command| {
            let by = by.clone();
            Some(match command.clone() {
                RunCommand::Begin { beginning, .. } => RunEvent::Begun { beginning },
                RunCommand::Tell { name, value, .. } => RunEvent::Told { name, value, by },
                RunCommand::Ask { step, command, purpose, script, edited, .. } => {
                    let number = u32::try_from(execution).unwrap();
                    execution += 1;
                    RunEvent::Asked { execution: number, step, command, purpose, script, edited, by }
                }
                RunCommand::Skip { step, why, .. } => RunEvent::Skipped { step, why, by },
                RunCommand::Mark { step, note, .. } => RunEvent::Marked { step, note, by },
                RunCommand::Close { said, .. } => RunEvent::Closed { by, said },
                _ => return None,
            })
        })
        .collect();
    if let Some(first) = wanted.first() {
        tell(app, first.run(), &events, alive);
    }
}

/// What the journal tells of a run, now.
pub fn tell(app: &mut App, run: &RunId, events: &[RunEvent], alive: bool) {
    let now = app.world().now;
    let by = Actor { user: Line::from_text("kim"), host: Line::from_text("web1") };
    let entry = |seq: usize, event: &RunEvent| Entry {
        seq: seq as u64 + 1,
        id: EntryId::new(format!("r{seq}")),
        at: now,
        by: by.clone(),
        service: None,
        operation: Some(run.in_journal()),
        body: Body::Run(event.clone()),
    };
    let entries = events.iter().enumerate().map(|(seq, event)| entry(seq, event)).collect();
    let lease =
        Lease { key: format!("run/{run}"), operation: run.in_journal(), worker: worker(), taken_at: now, beat_at: now };
    let leases = if alive { vec![lease] } else { Vec::new() };
    app.update(Event { at: now, kind: EventKind::Journal(News { entries, leases }) });
}

fn worker() -> Worker {
    let by = Actor { user: Line::from_text("kim"), host: Line::from_text("web1") };
    Worker { by, pid: 4_712, holder: Line::from_text("h2"), version: Line::from_text("0.1.0") }
}

/// What a worker writes while a script prints this.
pub fn prints(execution: u32, text: &str) -> Vec<RunEvent> {
    let mut splitter = Splitter::default();
    let mut lines = splitter.feed(text.as_bytes());
    lines.extend(splitter.finish());
    vec![
        RunEvent::Claimed { execution, worker: worker(), took_over: None },
        RunEvent::Started { execution, attempt: 1, checks: false },
        RunEvent::Spawned { execution, pid: 4_713, born: 1 },
        RunEvent::Said { execution, lines, left_out: 0 },
    ]
}

/// What it writes at the end.
pub fn ends(execution: u32, code: i32) -> Vec<RunEvent> {
    let verdict = if code == 0 { StepVerdict::Done } else { StepVerdict::Failed };
    let said = if code == 0 { "ended well after 1.20 s" } else { "ended with exit status 1 after 1.20 s" };
    vec![
        RunEvent::Finished {
            execution,
            attempt: 1,
            checks: false,
            end: ProcessEnd::Exited(code),
            background: 0,
            took: std::time::Duration::from_millis(1_200),
        },
        RunEvent::Settled { execution, verdict, said: Line::from_text(said), captured: None, next: None },
    ]
}
