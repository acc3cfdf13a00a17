//! What people and machines want of incidents, written into the journal.

use std::path::PathBuf;

use super::itself;
use super::start::{Starter, not_written};
use crate::journal::{Journal, JournalError};
use crate::model::id::IncidentId;
use crate::model::incident::{IncidentEvent, Opening};
use crate::model::journal::{Body, Draft};
use crate::model::operation::Actor;
use crate::model::source::Trouble;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runtime::redaction::redact;

/// Opens an incident with the next free number.
///
/// # Errors
/// When the journal does not take it.
pub fn open(journal: &mut Journal, opening: &Opening, by: &Actor, now: Timestamp) -> Result<IncidentId, Trouble> {
    let id = IncidentId::new(crate::journal::new_id(now));
    // Two who open one at once get two numbers.
    for _ in 0..20 {
        let number = journal.incidents().map_err(|error| not_written(&error))?.next_number();
        let event = IncidentEvent::Opened {
            number,
            title: opening.title.clone(),
            severity: opening.severity,
            services: opening.services.clone(),
            began_at: opening.began_at,
            by: by.clone(),
        };
        match append(journal, &id, &event, by, now) {
            Ok(()) => return Ok(id),
            Err(JournalError::IllegalIncident(_)) => {}
            Err(error) => return Err(not_written(&error)),
        }
    }
    Err(not_written(&JournalError::Other {
        path: journal.path().to_path_buf(),
        reason: "no number is free".to_owned(),
    }))
}

/// Adds an event to an incident. What was seen and written already is no trouble.
///
/// # Errors
/// When it may not follow, or the journal does not take it.
pub fn write(
    journal: &mut Journal,
    id: &IncidentId,
    event: &IncidentEvent,
    by: &Actor,
    now: Timestamp,
) -> Result<(), Trouble> {
    match append(journal, id, event, by, now) {
        Err(JournalError::IllegalIncident(_)) if matches!(event, IncidentEvent::Saw { .. }) => Ok(()),
        other => other.map_err(|error| not_written(&error)),
    }
}

/// Adds an event that may be there already, and returns whether it was new: of two who write the same, one is told.
///
/// # Errors
/// When the journal does not take it for any other reason.
pub fn write_once(
    journal: &mut Journal,
    id: &IncidentId,
    event: &IncidentEvent,
    by: &Actor,
    now: Timestamp,
) -> Result<bool, Trouble> {
    match append(journal, id, event, by, now) {
        Ok(()) => Ok(true),
        Err(JournalError::IllegalIncident(_)) => Ok(false),
        Err(error) => Err(not_written(&error)),
    }
}

fn append(
    journal: &mut Journal,
    id: &IncidentId,
    event: &IncidentEvent,
    by: &Actor,
    now: Timestamp,
) -> Result<(), JournalError> {
    let service = match event {
        IncidentEvent::Saw { service, .. } | IncidentEvent::Pinned { service, .. } => service.clone(),
        _ => None,
    };
    let body = Body::Incident(clean(event.clone()));
    journal.append(&Draft { at: now, by: by.clone(), service, operation: Some(id.in_journal()), body }).map(|_| ())
}

/// Has the command that tells an incident run by itself, and keeps what it tells in the state directory. Returns where it lies,
/// and what it had to say.
///
/// # Errors
/// What stood in the way, in a sentence.
pub async fn export(starter: Starter, incident: IncidentId, number: u32) -> Result<(PathBuf, Vec<String>), String> {
    let cannot = |why: &dyn std::fmt::Display| format!("no postmortem was written: {why}");
    let arguments = ["incident", "export", "--incident", incident.as_str()];
    let said = itself::run(&starter, &arguments, None).await.map_err(|error| cannot(&error))?;
    if said.code != Some(0) {
        return Err(cannot(&said.error.as_deref().unwrap_or("it said nothing")));
    }
    let name = format!("incident-{number}");
    let text = String::from_utf8_lossy(&said.out);
    let path = super::runs::keep_in(&starter.state_dir.join("postmortems"), &name, &text).map_err(|e| cannot(&e))?;
    Ok((path, said.remarks))
}

/// Takes what is known to be secret out of what is kept.
fn clean(mut event: IncidentEvent) -> IncidentEvent {
    let line = |text: &mut Line| *text = Line::from_text(&redact(text.as_str()));
    match &mut event {
        IncidentEvent::Opened { title, .. } | IncidentEvent::Titled { title } => line(title),
        IncidentEvent::Noted { text, more, .. } | IncidentEvent::Pinned { text, more, .. } => {
            line(text);
            more.iter_mut().for_each(line);
        }
        IncidentEvent::Saw { text, .. } | IncidentEvent::Corrected { text, .. } => line(text),
        IncidentEvent::Figure { value, because, .. } => {
            line(value);
            line(because);
        }
        IncidentEvent::Redacted { why, .. } => line(why),
        IncidentEvent::Sending { title, text, .. } => {
            line(title);
            text.iter_mut().for_each(line);
        }
        IncidentEvent::Sent { title, said, .. } => {
            line(title);
            line(said);
        }
        IncidentEvent::Called { .. }
        | IncidentEvent::Joined { .. }
        | IncidentEvent::Evidence { .. }
        | IncidentEvent::Role { .. }
        | IncidentEvent::Severity { .. }
        | IncidentEvent::Services { .. }
        | IncidentEvent::State { .. } => {}
    }
    event
}
