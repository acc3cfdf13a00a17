//! What people and machines want of incidents, written into the journal.

use super::start::not_written;
use crate::journal::{Journal, JournalError};
use crate::model::id::{IncidentId, ServiceId};
use crate::model::incident::{IncidentEvent, Severity};
use crate::model::journal::{Body, Draft};
use crate::model::operation::Actor;
use crate::model::source::Trouble;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runtime::redaction::redact;

/// What an incident begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    pub title: Line,
    pub severity: Severity,
    pub services: Vec<ServiceId>,
    /// When it began, as far as anybody knows.
    pub began_at: Timestamp,
}

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

fn append(
    journal: &mut Journal,
    id: &IncidentId,
    event: &IncidentEvent,
    by: &Actor,
    now: Timestamp,
) -> Result<(), JournalError> {
    let service = match event {
        IncidentEvent::Saw { service, .. } => service.clone(),
        _ => None,
    };
    let body = Body::Incident(clean(event.clone()));
    journal.append(&Draft { at: now, by: by.clone(), service, operation: Some(id.in_journal()), body }).map(|_| ())
}

/// Takes what is known to be secret out of what is kept.
fn clean(mut event: IncidentEvent) -> IncidentEvent {
    let line = |text: &mut Line| *text = Line::from_text(&redact(text.as_str()));
    match &mut event {
        IncidentEvent::Opened { title, .. } | IncidentEvent::Titled { title } => line(title),
        IncidentEvent::Noted { text, more, .. } => {
            line(text);
            more.iter_mut().for_each(line);
        }
        IncidentEvent::Saw { text, .. } | IncidentEvent::Corrected { text, .. } => line(text),
        IncidentEvent::Reached { outcome, .. } => line(outcome),
        IncidentEvent::Told { text, outcome, .. } => {
            line(text);
            line(outcome);
        }
        IncidentEvent::Figure { value, because, .. } => {
            line(value);
            line(because);
        }
        IncidentEvent::Redacted { why, .. } => line(why),
        IncidentEvent::Joined { .. }
        | IncidentEvent::Evidence { .. }
        | IncidentEvent::Role { .. }
        | IncidentEvent::Severity { .. }
        | IncidentEvent::Services { .. }
        | IncidentEvent::State { .. } => {}
    }
    event
}
