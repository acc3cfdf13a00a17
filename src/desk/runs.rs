//! What people want of runs: written into the journal, and a worker started where something is to be run.

use super::start::{Job, Starter, not_written};
use crate::journal::{Journal, JournalError};
use crate::model::id::RunId;
use crate::model::journal::{Body, Draft};
use crate::model::operation::Actor;
use crate::model::run::{RunCommand, RunEvent, StepVerdict};
use crate::model::source::{FailureKind, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runbook::run::Run;
use crate::runbook::runs::{Standing, standing};
use crate::runtime::redaction::redact;

/// Does what is wanted: writes it down, and starts a worker where one is needed.
///
/// # Errors
/// When it cannot be done as the run stands, or the journal does not take it.
pub fn command(
    journal: &mut Journal,
    starter: &Starter,
    wanted: RunCommand,
    by: &Actor,
    now: Timestamp,
) -> Result<(), Trouble> {
    let id = wanted.run().clone();
    if let RunCommand::Begin { beginning, .. } = wanted {
        return write(journal, &id, &beginning.service.clone(), by, now, RunEvent::Begun { beginning });
    }
    let failed = |error: JournalError| not_written(&error);
    let run = journal.run(&id).map_err(failed)?;
    let run =
        run.ok_or_else(|| refused(&format!("the journal has no run {id}"), "crashcart runbooks runs lists them"))?;
    let standing = standing(&run, &journal.leases().map_err(failed)?, now);
    let service = run.beginning.service.clone();
    let mut put = |event: RunEvent| write(journal, &id, &service, by, now, event);
    let interrupted = |run: &Run| run.open().map(|(number, _)| number).filter(|_| standing == Standing::Interrupted);
    // What nobody watches any more has to be left behind before something else can begin.
    let leaves = matches!(
        wanted,
        RunCommand::Ask { .. }
            | RunCommand::Skip { .. }
            | RunCommand::Mark { .. }
            | RunCommand::GoTo { .. }
            | RunCommand::Close { .. }
    );
    if leaves && let Some(execution) = interrupted(&run) {
        let said = Line::from_text(&format!("nobody saw how it ended; {by} went on without knowing"));
        put(RunEvent::Settled { execution, verdict: StepVerdict::Unknown, said, captured: None, next: None })?;
    }
    let by = by.clone();
    match wanted {
        RunCommand::Begin { .. } => Ok(()),
        RunCommand::Tell { name, value, .. } => put(RunEvent::Told { name, value, by }),
        RunCommand::Ask { run: of, step, command, purpose, script, edited, secrets } => {
            let execution = u32::try_from(run.executions.len()).unwrap_or(u32::MAX);
            // The text goes into a file: what is known to be secret has no place in it.
            if redact(&script.text) != script.text {
                return Err(refused(
                    "there is a secret in the text of this command",
                    "declare it as a variable with secret: true; then it is typed and kept nowhere",
                ));
            }
            put(RunEvent::Asked { execution, step, command, purpose, script, edited, by })?;
            starter.start_job(&Job::Step { run: of, execution }, None, &secrets)
        }
        RunCommand::Stop { run: of } => {
            let Some((execution, open)) = run.open() else { return Err(refused("nothing runs", "")) };
            let claimed = open.worker.is_some();
            put(RunEvent::StopAsked { execution, by: by.clone() })?;
            match standing {
                Standing::Interrupted if claimed => {
                    starter.start_job(&Job::Step { run: of, execution }, Some(&format!("{by} stops it")), &[])
                }
                Standing::Interrupted => {
                    let said = Line::from_text("it was stopped before any process came for it");
                    put(RunEvent::Settled {
                        execution,
                        verdict: StepVerdict::Stopped,
                        said,
                        captured: None,
                        next: None,
                    })
                }
                _ => Ok(()),
            }
        }
        RunCommand::FindOut { run: of } => match (run.open(), standing) {
            (Some((execution, _)), Standing::Interrupted) => {
                starter.start_job(&Job::Step { run: of, execution }, Some(&format!("{by} wants to know")), &[])
            }
            _ => Err(refused("there is nothing to find out", "")),
        },
        RunCommand::Skip { step, why, .. } => put(RunEvent::Skipped { step, why, by }),
        RunCommand::Mark { step, note, .. } => put(RunEvent::Marked { step, note, by }),
        RunCommand::GoTo { step, why, .. } => put(RunEvent::WentTo { step, why, by }),
        RunCommand::Close { said, .. } => put(RunEvent::Closed { by, said }),
    }
}

fn refused(message: &str, hint: &str) -> Trouble {
    Trouble { kind: FailureKind::Refused, message: Line::from_text(message), hint: Line::from_text(hint) }
}

/// Adds an event to a run.
///
/// # Errors
/// When it may not follow, or the journal does not take it.
pub fn write(
    journal: &mut Journal,
    run: &RunId,
    service: &Option<crate::model::id::ServiceId>,
    by: &Actor,
    now: Timestamp,
    event: RunEvent,
) -> Result<(), Trouble> {
    let draft = Draft {
        at: now,
        by: by.clone(),
        service: service.clone(),
        operation: Some(run.in_journal()),
        body: Body::Run(event),
    };
    journal.append(&draft).map(|_| ()).map_err(|error| not_written(&error))
}

/// Writes a runbook beside the configuration, or where one is. One that is there already is left alone.
///
/// # Errors
/// When it cannot be written.
pub fn keep(places: &[std::path::PathBuf], name: &str, text: &str) -> std::io::Result<std::path::PathBuf> {
    let here = std::path::PathBuf::from(".");
    keep_in(&places.first().unwrap_or(&here).join("runbooks"), name, text)
}

/// Writes a document into a folder under a name that is free, and returns where it lies.
///
/// # Errors
/// When it cannot be written.
pub fn keep_in(folder: &std::path::Path, name: &str, text: &str) -> std::io::Result<std::path::PathBuf> {
    use std::io::Write as _;
    std::fs::create_dir_all(folder)?;
    for number in 1..100 {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{name}{number}.md"));
        match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(redact(text).as_bytes())?;
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::other("there are a hundred of that name already"))
}
