//! What a timeline says of messages that went out.

use super::{Kind, Told};
use crate::incident::Incident;
use crate::model::incident::IncidentEvent;
use crate::model::message::{MessageKind, SendOutcome};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Says a message's line: `Kim paged by sms: ...`, `told push: refused, ...`. That it goes out is said until what came of it is.
pub(super) fn told(incident: Option<&Incident>, event: &IncidentEvent, at: Timestamp) -> Option<Told> {
    match event {
        IncidentEvent::Sending { key, sender, attempt, .. }
            if incident.is_some_and(|incident| incident.is_answered(key, sender, *attempt)) =>
        {
            None
        }
        IncidentEvent::Sending { kind, sender, attempt, contact, title, text, .. } => {
            let head = head(*kind, contact.as_ref().map(|contact| contact.as_str()), sender, *attempt, false);
            let line = format!("{head}: {title} (it goes out, and nobody has heard yet)");
            Some((at, kind_of(*kind), Line::from_text(&line), text.clone()))
        }
        IncidentEvent::Sent { key, kind, sender, attempt, contact, title, outcome, said } => {
            let head = head(
                *kind,
                contact.as_ref().map(|contact| contact.as_str()),
                sender,
                *attempt,
                *outcome == SendOutcome::Taken,
            );
            let line = match outcome {
                SendOutcome::Taken => format!("{head}: {title}"),
                outcome if said.is_empty() => format!("{head}: {}", outcome.words()),
                outcome => format!("{head}: {}, {said}", outcome.words()),
            };
            let sent = incident.and_then(|incident| incident.message(key, sender, *attempt));
            let more = sent.map(|sent| sent.text.clone()).unwrap_or_default();
            Some((at, kind_of(*kind), Line::from_text(&line), more))
        }
        _ => None,
    }
}

fn kind_of(kind: MessageKind) -> Kind {
    match kind {
        MessageKind::Page => Kind::Contact,
        MessageKind::Update => Kind::Message,
    }
}

/// `Kim paged by push`, or `page to Kim by push` where it did not come to that.
fn head(kind: MessageKind, contact: Option<&str>, sender: &Line, attempt: u32, done: bool) -> String {
    let again = if attempt > 1 { format!(", try {attempt}") } else { String::new() };
    let head = match (kind, contact, done) {
        (MessageKind::Page, Some(contact), true) => format!("{contact} paged by {sender}"),
        (MessageKind::Page, Some(contact), false) => format!("page to {contact} by {sender}"),
        (MessageKind::Page, None, true) => format!("paged {sender}"),
        (MessageKind::Page, None, false) => format!("page to {sender}"),
        (MessageKind::Update, _, true) => format!("told {sender}"),
        (MessageKind::Update, _, false) => format!("status update to {sender}"),
    };
    head + &again
}
