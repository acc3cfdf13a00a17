//! `crashcart journal`: what happened, whether it is as it was written, and all of it for other programs.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::{Value, json};

use super::acting::state_dir;
use super::args::{Cli, JournalArgs, JournalCommand};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, config_file, output};
use crate::clock::Clock;
use crate::journal::{Journal, JournalError};
use crate::model::journal::{Body, Entry};
use crate::model::operation::OperationEvent;
use crate::model::text::Line;
use crate::runtime::redaction::redact;

/// Between two looks while one follows.
const LOOK: Duration = Duration::from_millis(250);
/// Entries that are read at once.
const AT_ONCE: u32 = 500;

pub(super) fn run(cli: &Cli, args: &JournalArgs, environment: &Environment) -> Result<Exit, Failure> {
    let state_dir = state_dir(cli, environment)?;
    let all = JournalCommand::Show { operation: None, service: None, since: None, follow: false };
    let command = args.command.as_ref().unwrap_or(&all);
    let journal = loop {
        match Journal::open_to_read(&state_dir) {
            Ok(Some(journal)) => break journal,
            // Who follows may begin before anything was done.
            Ok(None) if matches!(command, JournalCommand::Show { follow: true, .. }) => {
                std::thread::park_timeout(LOOK);
            }
            // A journal that is not there proves nothing: somebody may have taken it away.
            Ok(None) if *command == JournalCommand::Verify => {
                let hint = "if there was one, look for a copy, and for journal.db.unreadable-* beside its place";
                return Err(unseen(anyhow!("there is no journal in {}", state_dir.display()), hint));
            }
            Ok(None) => {
                output::tell("Nothing was written yet.\n");
                return Ok(Exit::Healthy);
            }
            // That it is none any more is what was asked.
            Err(error @ JournalError::Corrupt { .. }) if *command == JournalCommand::Verify => {
                let mut failure = read_failed(error);
                failure.exit = Exit::Wrong;
                return Err(failure);
            }
            Err(error) => return Err(read_failed(error)),
        }
    };
    match command {
        JournalCommand::Show { operation, service, since, follow } => {
            let clock = Clock::system();
            let zone = config_file::time_zone(None, &mut Vec::new());
            let operation = operation.as_deref().map(|wanted| journal.resolve_operation(wanted)).transpose();
            let operation = operation.map_err(|error| Failure::usage(anyhow!("{error}")).hint(error.hint()))?;
            let from = since.map(|since| clock.now() - since);
            let wanted = |entry: &Entry| {
                operation.as_ref().is_none_or(|id| entry.operation.as_ref() == Some(id))
                    && service.as_ref().is_none_or(|name| entry.service.as_ref().is_some_and(|id| id.as_str() == name))
                    && from.is_none_or(|from| entry.at >= from)
            };
            let mut read = 0;
            loop {
                let entries = journal.since(read, AT_ONCE).map_err(read_failed)?;
                let Some(last) = entries.last() else {
                    if !follow {
                        return Ok(Exit::Healthy);
                    }
                    std::thread::park_timeout(LOOK);
                    continue;
                };
                read = last.seq;
                for entry in entries.iter().filter(|entry| wanted(entry)) {
                    let line = if args.json {
                        document(entry).to_string()
                    } else {
                        let at = entry.at.in_zone(&zone).strftime("%F %T %Z");
                        format!("{at}  {}  {}  {}", entry.by, entry.body.kind(), words(entry))
                    };
                    // Whoever can write into the file can write anything into it.
                    let line = Line::from_text(line.trim_end());
                    if !output::print_on(redact(&format!("{line}\n")).as_ref())? {
                        return Ok(Exit::Healthy);
                    }
                }
            }
        }
        JournalCommand::Verify => {
            let verification = journal.verify().map_err(read_failed)?;
            let text = if args.json {
                format!("{:#}\n", json!(verification))
            } else if verification.damages.is_empty() {
                format!(
                    "{} entries are as they were written; the last is {}\n",
                    verification.entries, verification.head
                )
            } else {
                let place = |seq: Option<u64>| seq.map(|seq| format!("entry {seq}: ")).unwrap_or_default();
                let damages = verification.damages.iter();
                let lines = damages.map(|damage| Line::from_text(&format!("{}{}", place(damage.seq), damage.what)));
                lines.map(|line| format!("{line}\n")).collect()
            };
            output::print(redact(&text).as_ref())?;
            Ok(if verification.damages.is_empty() { Exit::Healthy } else { Exit::Wrong })
        }
        JournalCommand::Export => {
            let written = journal.export(|line| output::print_on(redact(line).as_ref()));
            written.map_err(read_failed)??;
            Ok(Exit::Healthy)
        }
    }
}

/// Says that the journal could not be looked at.
fn read_failed(error: JournalError) -> Failure {
    let hint = error.hint();
    unseen(error.into(), &hint)
}

fn unseen(error: anyhow::Error, hint: &str) -> Failure {
    // Whatever is not about the command line cannot be told.
    Failure::from(error).hint(hint)
}

pub(super) fn document(entry: &Entry) -> Value {
    let body = match &entry.body {
        Body::Operation(event) => json!(event),
        Body::Run(event) => json!(event),
        Body::Incident(event) => json!(event),
        Body::Other { body, .. } => body.clone(),
    };
    json!({
        "seq": entry.seq,
        "id": entry.id,
        "at": entry.at,
        "by": entry.by,
        "kind": entry.body.kind(),
        "service": entry.service,
        "operation": entry.operation,
        "body": body,
    })
}

/// Says what an entry says, in a line.
fn words(entry: &Entry) -> String {
    let operation = entry.operation.as_ref().map(|id| id.short()).unwrap_or_default();
    let said = match &entry.body {
        Body::Operation(event) => match event {
            OperationEvent::Approved { plan, .. } => plan.title.to_string(),
            OperationEvent::Claimed { worker, took_over } => match took_over {
                Some(why) => format!("process {}: {why}", worker.pid),
                None => format!("process {}", worker.pid),
            },
            OperationEvent::StepStarted { step } | OperationEvent::StepRepeated { step } => {
                format!("step {}", step + 1)
            }
            OperationEvent::StepFinished { step, outcome, .. } => {
                format!("step {}: {}", step + 1, json!(outcome).as_str().unwrap_or_default())
            }
            OperationEvent::StepFailed { step, why } | OperationEvent::StepUnknown { step, why } => {
                format!("step {}: {}", step + 1, why.message)
            }
            OperationEvent::StepFound { step, evidence, .. } => format!("step {}: {evidence}", step + 1),
            OperationEvent::PlatformSaid { said } | OperationEvent::VerifySaw { said } => said.to_string(),
            OperationEvent::PlatformDone { said, .. } => said.as_ref().map(ToString::to_string).unwrap_or_default(),
            OperationEvent::CancelAsked { why, .. } => why.as_ref().map(ToString::to_string).unwrap_or_default(),
            OperationEvent::ResumeAsked { repeat, .. } => {
                repeat.map(|step| format!("step {} again", step + 1)).unwrap_or_default()
            }
            OperationEvent::VerifyStarted => String::new(),
            OperationEvent::Ended { said, .. } => said.to_string(),
        },
        Body::Run(event) => crate::runbook::words::of_event(event),
        Body::Incident(event) => crate::incident::timeline::words(event, entry.at),
        Body::Other { body, .. } => body.to_string(),
    };
    format!("{operation}  {said}")
}
