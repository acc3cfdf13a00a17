//! `crashcart journal`: what happened, whether it is as it was written, and all of it for other programs.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::{Value, json};

use super::acting::{failed, state_dir};
use super::args::{Cli, JournalArgs, JournalCommand};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, config_file, output};
use crate::clock::Clock;
use crate::desk::start::not_written;
use crate::journal::{Journal, JournalError};
use crate::model::journal::{Body, Entry};
use crate::model::operation::OperationEvent;
use crate::runtime::redaction::redact;

/// Between two looks while one follows.
const LOOK: Duration = Duration::from_millis(250);
/// Entries that are read at once.
const AT_ONCE: u32 = 500;

pub(super) fn run(cli: &Cli, args: &JournalArgs, environment: &Environment) -> Result<Exit, Failure> {
    let state_dir = state_dir(cli, environment)?;
    let read_failed = |error: JournalError| failed(not_written(&error));
    let Some(journal) = Journal::open_to_read(&state_dir).map_err(read_failed)? else {
        output::tell("Nothing was written yet.\n");
        return Ok(Exit::Healthy);
    };
    let all = JournalCommand::Show { operation: None, service: None, since: None, follow: false };
    match args.command.as_ref().unwrap_or(&all) {
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
                    if !output::print_on(redact(&format!("{}\n", line.trim_end())).as_ref())? {
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
                let lines = verification.damages.iter().map(|damage| format!("{}{}\n", place(damage.seq), damage.what));
                lines.collect()
            };
            output::print(redact(&text).as_ref())?;
            Ok(if verification.damages.is_empty() { Exit::Healthy } else { Exit::Wrong })
        }
        JournalCommand::Export => {
            let written = journal.export(|document| output::print_on(redact(&format!("{document}\n")).as_ref()));
            written.map_err(read_failed)??;
            Ok(Exit::Healthy)
        }
    }
}

fn document(entry: &Entry) -> Value {
    let body = match &entry.body {
        Body::Operation(event) => json!(event),
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
        Body::Other { body, .. } => body.to_string(),
    };
    format!("{operation}  {said}")
}
