//! What a page and a status update say, from an incident and its timeline.

use crate::incident::Incident;
use crate::incident::timeline::{Kind, Moment};
use crate::model::id::ServiceId;
use crate::model::incident::{IncidentState, Severity};
use crate::model::message::Message;
use crate::model::operation::Actor;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::postmortem::span;

/// Lines of the timeline that a page shows: it is read on a phone, in the dark.
const LATEST: usize = 3;

/// Names of services that a message shows.
const NAMES: usize = 5;

/// What a draft is made of.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    pub incident: &'a Incident,
    pub moments: &'a [Moment],
    pub zone: &'a jiff::tz::TimeZone,
    pub now: Timestamp,
    pub by: &'a Actor,
}

/// Drafts a page.
pub fn page(material: &Material<'_>, own: Option<&Line>) -> Message {
    let Material { incident, by, .. } = material;
    let title = format!("{} #{} {}", incident.severity.word(), incident.number, incident.title);
    let mut text: Vec<Line> = own.into_iter().cloned().collect();
    text.push(Line::from_text(&since(material)));
    text.extend(latest(material));
    text.push(Line::from_text(&format!(
        "Paged by {by}. You take it with: crashcart incident ack -i {}",
        incident.number
    )));
    message(material, &title, text)
}

/// Drafts a status update. What is read by others says nothing that only the team understands.
pub fn update(material: &Material<'_>, own: &[Line]) -> Message {
    let Material { incident, .. } = material;
    let title = format!("{} {}: {}", incident.severity.word(), incident.title, state(incident.state));
    let mut text = own.to_vec();
    if text.is_empty() {
        text.push(Line::from_text(&since(material)));
    }
    message(material, &title, text)
}

/// Returns what somebody begins with who writes a status update.
pub fn template(material: &Material<'_>) -> String {
    let said = match material.incident.state {
        IncidentState::Triggered => "We see it, and look for the cause.",
        IncidentState::Acknowledged => "Somebody works on it.",
        IncidentState::Mitigated => "It works again. The cause is still there, and is being mended.",
        IncidentState::Resolved | IncidentState::Closed => "It is over.",
    };
    format!("{said} {}", since(material))
}

fn message(material: &Material<'_>, title: &str, text: Vec<Line>) -> Message {
    let incident = material.incident;
    Message {
        title: Line::from_text(title),
        text,
        severity: severity(incident.severity).to_owned(),
        resolved: !incident.is_open(),
        state: incident.state.word().to_owned(),
        service: incident.services.first().map(|service| Line::from_text(service.as_str())),
        key: format!("crashcart-{}", incident.id),
        at: material.now,
    }
}

/// `checkout, web: since 02:00 CET, 14 min 05 s.`
fn since(material: &Material<'_>) -> String {
    let incident = material.incident;
    let who = if incident.services.is_empty() { String::new() } else { format!("{}: ", names(&incident.services)) };
    let from = incident.began_at.in_zone(material.zone).strftime("%H:%M %Z").to_string();
    let lasted = span(incident.lasted(material.now));
    match incident.ended_at() {
        Some(_) => format!("{who}from {from}, for {lasted}."),
        None => format!("{who}since {from}, {lasted} by now."),
    }
}

/// Returns the names of some services, the first of them where they are many.
pub fn names(services: &[ServiceId]) -> String {
    let shown: Vec<&str> = services.iter().take(NAMES).map(ServiceId::as_str).collect();
    match services.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The latest of what was seen and said, the oldest first.
fn latest(material: &Material<'_>) -> Vec<Line> {
    let tells = |moment: &&Moment| {
        matches!(
            moment.kind,
            Kind::Health | Kind::Alert | Kind::Release | Kind::Vendor | Kind::Metric | Kind::Note | Kind::Action
        )
    };
    let told: Vec<&Moment> = material.moments.iter().filter(tells).collect();
    let from = told.len().saturating_sub(LATEST);
    told[from..]
        .iter()
        .map(|moment| {
            let at = moment.at.in_zone(material.zone).strftime("%H:%M").to_string();
            Line::from_text(&format!("{at} {}", moment.text))
        })
        .collect()
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Sev1 => "critical",
        Severity::Sev2 => "error",
        Severity::Sev3 => "warning",
        Severity::Sev4 => "info",
    }
}

fn state(state: IncidentState) -> &'static str {
    match state {
        IncidentState::Triggered => "we look into it",
        IncidentState::Acknowledged => "somebody works on it",
        IncidentState::Mitigated => "works again, not over",
        IncidentState::Resolved | IncidentState::Closed => "over",
    }
}
