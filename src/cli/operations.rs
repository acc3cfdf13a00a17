//! `crashcart operations`: what was and is being done, and what one wants of it.

use std::time::Duration;

use anyhow::anyhow;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

pub mod text;

use super::acting::{Desk, failed, open_journal, state_dir};
use super::args::{ActingArgs, Cli, OperationsArgs, OperationsCommand};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, actor, config_file, output};
use crate::clock::Clock;
use crate::desk::start::{Starter, command, not_written};
use crate::journal::{Journal, JournalError};
use crate::model::id::OperationId;
use crate::model::operation::{OperationCommand, PlanRequest, Verdict};
use crate::model::text::Line;
use crate::operation::{Ledger, Operation, Standing, StepState, undo, words};
use crate::runtime::redaction::redact;
use crate::ui::format;

/// Between two looks at the journal.
const LOOK: Duration = Duration::from_millis(200);
/// Entries that are taken in at once.
const AT_ONCE: u32 = 1_000;

pub(super) fn run(cli: &Cli, args: &OperationsArgs, environment: &Environment) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let state_dir = state_dir(cli, environment)?;
    let zone = config_file::time_zone(None, &mut Vec::new());
    let list = OperationsCommand::List { service: None, limit: 20 };
    match args.command.as_ref().unwrap_or(&list) {
        OperationsCommand::List { service, limit } => {
            let Some(journal) = Journal::open_to_read(&state_dir).map_err(journal_failed)? else {
                output::print(if args.json { "[]\n" } else { "Nothing was done yet.\n" })?;
                return Ok(Exit::Healthy);
            };
            let ledger = ledger(&journal)?;
            let wanted = |operation: &&Operation| {
                let of = operation.plan.intent.service.as_ref();
                service.as_ref().is_none_or(|wanted| of.is_some_and(|service| service.as_str() == wanted))
            };
            let operations: Vec<&Operation> = ledger.latest_first().filter(wanted).take(*limit).collect();
            print_list(&ledger, &operations, &clock, args.json)
        }
        OperationsCommand::Show { operation, wait: true, timeout } => {
            let journal = open_journal(&state_dir, &clock)?;
            let id = find(&journal, operation)?;
            wait(&journal, &id, &clock, &zone, args.json, *timeout)
        }
        OperationsCommand::Show { operation, .. } => {
            let journal = open_journal(&state_dir, &clock)?;
            let id = find(&journal, operation)?;
            let ledger = ledger(&journal)?;
            print_one(&ledger, &id, &clock, &zone, args.json)
        }
        OperationsCommand::Resume { operation, repeat, yes, wait: waits } => {
            let mut journal = open_journal(&state_dir, &clock)?;
            let id = find(&journal, operation)?;
            resume(cli, environment, &mut journal, &id, *repeat, *yes)?;
            if *waits { wait(&journal, &id, &clock, &zone, args.json, None) } else { Ok(Exit::Healthy) }
        }
        OperationsCommand::Cancel { operation, reason } => {
            let mut journal = open_journal(&state_dir, &clock)?;
            let id = find(&journal, operation)?;
            let why = reason.as_deref().map(Line::from_text);
            order(&mut journal, &OperationCommand::Cancel { operation: id.clone(), why }, environment, &clock)?;
            output::tell(
                "It stops between two steps. What was done stays done: crashcart operations undo takes it back.\n",
            );
            print_one(&ledger(&journal)?, &id, &clock, &zone, args.json)?;
            Ok(Exit::Healthy)
        }
        OperationsCommand::Close { operation } => {
            let mut journal = open_journal(&state_dir, &clock)?;
            let id = find(&journal, operation)?;
            order(&mut journal, &OperationCommand::Close { operation: id.clone() }, environment, &clock)?;
            print_one(&ledger(&journal)?, &id, &clock, &zone, args.json)?;
            Ok(Exit::Healthy)
        }
        OperationsCommand::Undo { operation, acting } => {
            let desk = Desk::open(cli, environment)?;
            let journal = desk.journal()?;
            let id = find(&journal, operation)?;
            let ledger = ledger(&journal)?;
            let Some(undone) = ledger.get(&id) else { return Err(gone(&id)) };
            let verification = &undone.plan.verification;
            let Some(mut intent) = undo::intent(undone) else {
                return Err(Failure::usage(anyhow!("nothing that operation {} did can be taken back", id.short())));
            };
            intent.reason = acting.reason.as_deref().map(Line::from_text).or(intent.reason);
            let request = PlanRequest {
                number: 0,
                intent,
                choose: false,
                health: Vec::new(),
                red: Vec::new(),
                alerts: verification.alerts.clone(),
                watch_for: acting.watch_for,
            };
            let acting = ActingArgs { json: acting.json || args.json, ..acting.clone() };
            desk.act(&request, &acting)
        }
    }
}

fn journal_failed(error: JournalError) -> Failure {
    failed(not_written(&error))
}

fn gone(id: &OperationId) -> Failure {
    Failure::usage(anyhow!("the journal has no operation {id}")).hint("crashcart operations lists them")
}

fn find(journal: &Journal, wanted: &str) -> Result<OperationId, Failure> {
    journal.resolve_operation(wanted).map_err(|error| {
        Failure::usage(anyhow!("{error}")).hint("crashcart operations lists them; the end of an id is enough")
    })
}

/// Reads every operation.
pub(super) fn ledger(journal: &Journal) -> Result<Ledger, Failure> {
    let mut ledger = Ledger::default();
    let mut read = 0;
    loop {
        let news = journal.news(read, AT_ONCE).map_err(journal_failed)?;
        ledger.learn(&news);
        match news.entries.last() {
            Some(last) => read = last.seq,
            None => return Ok(ledger),
        }
    }
}

fn order(
    journal: &mut Journal,
    wanted: &OperationCommand,
    environment: &Environment,
    clock: &Clock,
) -> Result<bool, Failure> {
    let leases = journal.leases().map_err(journal_failed)?;
    command(journal, wanted, &actor::actor(environment), &leases, clock.now()).map_err(failed)
}

fn resume(
    cli: &Cli,
    environment: &Environment,
    journal: &mut Journal,
    id: &OperationId,
    repeat: bool,
    yes: bool,
) -> Result<(), Failure> {
    let clock = Clock::system();
    if cli.global.read_only {
        return Err(Failure::usage(anyhow!("--read-only changes nothing, and this would")));
    }
    let ledger = ledger(journal)?;
    let Some(operation) = ledger.get(id) else { return Err(gone(id)) };
    let step = operation.next_step();
    let doubtful = step.filter(|step| {
        matches!(
            operation.steps[*step],
            StepState::Failed { .. } | StepState::Unknown { .. } | StepState::NotDone { .. }
        )
    });
    output::tell(&redact(&text::operation(
        operation,
        ledger.standing(operation, clock.now()),
        clock.now(),
        &TimeZone::system(),
    )));
    let again = doubtful.filter(|_| repeat);
    if let Some(step) = again {
        let name = &operation.plan.steps[step].name;
        output::tell(&format!("Step {}, {name}, will be done again.\n", step + 1));
    }
    if !yes {
        if !(environment.stdin_is_terminal && environment.stderr_is_terminal) {
            return Err(
                Failure::usage(anyhow!("there is no terminal to ask on")).hint("--yes goes on without a question")
            );
        }
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
        output::tell("Type yes to go on: ");
        let mut typed = String::new();
        std::io::stdin().read_line(&mut typed)?;
        if typed.trim() != "yes" {
            output::tell("Nothing was done.\n");
            let mut failure = Failure::usage(anyhow!("it stays as it is"));
            failure.exit = Exit::Wrong;
            return Err(failure);
        }
    }
    let wanted = OperationCommand::Resume { operation: id.clone(), repeat: again };
    order(journal, &wanted, environment, &clock)?;
    let config = config_file::used(&cli.global, environment)?;
    let starter = Starter { state_dir: state_dir(cli, environment)?, config };
    let by = actor::actor(environment);
    starter.start(id, Some(&format!("{by} resumed it"))).map_err(failed)
}

fn print_list(ledger: &Ledger, operations: &[&Operation], clock: &Clock, as_json: bool) -> Result<Exit, Failure> {
    let now = clock.now();
    let text = if as_json {
        let rows: Vec<Value> =
            operations.iter().map(|operation| document(operation, ledger.standing(operation, now))).collect();
        format!("{:#}\n", Value::Array(rows))
    } else if operations.is_empty() {
        "Nothing was done yet.\n".to_owned()
    } else {
        let mut text = String::new();
        for operation in operations {
            let stands = words::standing(ledger.standing(operation, now));
            let age = format::age(now.since(operation.approved_at));
            let took = format::age(operation.lasted(now));
            text.push_str(&format!(
                "{}  {stands:<20}  {}  {age} ago by {}, took {took}\n",
                operation.id().short(),
                operation.plan.title,
                operation.approved_by
            ));
        }
        text
    };
    output::print(redact(&text).as_ref())?;
    Ok(Exit::Healthy)
}

fn print_one(
    ledger: &Ledger,
    id: &OperationId,
    clock: &Clock,
    zone: &TimeZone,
    as_json: bool,
) -> Result<Exit, Failure> {
    let Some(operation) = ledger.get(id) else { return Err(gone(id)) };
    let now = clock.now();
    let stands = ledger.standing(operation, now);
    let text = if as_json {
        format!("{:#}\n", document(operation, stands))
    } else {
        text::operation(operation, stands, now, zone)
    };
    output::print(redact(&text).as_ref())?;
    Ok(match stands {
        Standing::Ended(verdict) => exit_of(Some(verdict)),
        Standing::Starting | Standing::Running => Exit::Healthy,
        Standing::Interrupted | Standing::Undecided => Exit::CouldNotTell,
    })
}

fn document(operation: &Operation, stands: Standing) -> Value {
    let steps: Vec<Value> = operation
        .plan
        .steps
        .iter()
        .zip(&operation.steps)
        .map(|(planned, state)| {
            let (word, detail) = match state {
                StepState::Waiting => ("waiting", Value::Null),
                StepState::Started { .. } => ("started", Value::Null),
                StepState::Finished { outcome, said, .. } => ("finished", json!({ "outcome": outcome, "said": said })),
                StepState::Failed { why, .. } => ("failed", json!(why)),
                StepState::Unknown { why, .. } => ("unknown", json!(why)),
                StepState::NotDone { evidence, .. } => ("not_done", json!({ "evidence": evidence })),
            };
            json!({ "name": planned.name, "state": word, "detail": detail })
        })
        .collect();
    json!({
        "operation": operation.id(),
        "title": operation.plan.title,
        "service": operation.plan.intent.service,
        "action": operation.plan.intent.action,
        "standing": words::standing(stands),
        "verdict": operation.ended.as_ref().map(|ended| &ended.verdict),
        "said": operation.ended.as_ref().map(|ended| &ended.said).or(operation.said.as_ref()),
        "approved_at": operation.approved_at,
        "approved_by": operation.approved_by,
        "ended_at": operation.ended.as_ref().map(|ended| ended.at),
        "worker": operation.worker,
        "steps": steps,
        "undoable": operation.undoable().len(),
    })
}

/// Returns what a verdict means as an exit code.
pub(super) fn exit_of(verdict: Option<Verdict>) -> Exit {
    match verdict {
        Some(Verdict::Recovered { .. } | Verdict::Done | Verdict::Unverified) => Exit::Healthy,
        Some(Verdict::NotRecovered | Verdict::Failed | Verdict::Cancelled) => Exit::Wrong,
        Some(Verdict::Unknown) | None => Exit::CouldNotTell,
    }
}

/// Waits until an operation has ended, or until nobody carries it out any more; says what happens meanwhile.
pub(super) fn wait(
    journal: &Journal,
    id: &OperationId,
    clock: &Clock,
    zone: &TimeZone,
    as_json: bool,
    timeout: Option<Duration>,
) -> Result<Exit, Failure> {
    let begun = clock.now();
    let mut told = String::new();
    loop {
        let now = clock.now();
        let ledger = ledger(journal)?;
        let Some(operation) = ledger.get(id) else { return Err(gone(id)) };
        let stands = ledger.standing(operation, now);
        let text = progress(operation);
        if text != told {
            let since = format::age(now.since(operation.approved_at));
            output::tell(&redact(&format!("{since:>5}  {text}\n")));
            told = text;
        }
        let over = matches!(stands, Standing::Ended(_) | Standing::Interrupted | Standing::Undecided);
        if over || timeout.is_some_and(|timeout| now.since(begun) > timeout) {
            let exit = print_one(&ledger, id, clock, zone, as_json)?;
            return Ok(if over { exit } else { Exit::CouldNotTell });
        }
        std::thread::park_timeout(LOOK);
    }
}

fn progress(operation: &Operation) -> String {
    use crate::operation::Phase;
    match operation.phase {
        Phase::Approved => "approved".to_owned(),
        Phase::Steps => match operation.next_step() {
            Some(step) => {
                let name = &operation.plan.steps[step].name;
                format!("step {} of {}: {name}", step + 1, operation.steps.len())
            }
            None => "every step is done".to_owned(),
        },
        Phase::Platform => match &operation.said {
            Some(said) => format!("the platform works: {said}"),
            None => "the platform works".to_owned(),
        },
        Phase::Verifying => match &operation.said {
            Some(said) => format!("looking whether it helped: {said}"),
            None => "looking whether it helped".to_owned(),
        },
        Phase::Ended => operation.ended.as_ref().map(|ended| ended.said.to_string()).unwrap_or_default(),
    }
}
