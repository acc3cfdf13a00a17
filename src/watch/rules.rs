//! What the watcher decides: a state machine over what is seen and what the journal says. Pure; the clock is a parameter.
//!
//! ```text
//!   subjects ----track----> which count as ill: held long enough, not in maintenance, not because this machine is cut off
//!   ill, incidents --files--> open, join, begin anew, resolve      (the journal is what remembers)
//!   incidents -------speak--> tell others, page the next person    (each under a key that the journal takes once)
//! ```
//!
//! Little is kept here: since when each subject is ill or well, and how often it turned. Who starts the watcher anew, or has two
//! of them, gets the same decisions from the same journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod files;
mod signs;
mod speak;
mod track;

use crate::contacts::Moment;
use crate::diagnosis::Assessment;
use crate::incident::Incident;
use crate::model::catalog::Catalog;
use crate::model::contact::Contact;
use crate::model::id::{ContactId, IncidentId, ServiceId};
use crate::model::incident::Severity;
use crate::model::message::Sender;
use crate::model::service::Health;
use crate::model::snapshot::Snapshot;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::model::watch::{Trouble, WatchRules};

pub use track::Tracked;

pub use crate::model::incident::WATCHER;
/// What is written into an incident that is about this machine.
pub const ABOUT_THIS_MACHINE: &str = "watch/this machine";

/// What is watched: a service, or this machine where nothing is named.
pub type Who = Option<ServiceId>;

/// One thing that is watched, as it is now.
#[derive(Clone, PartialEq, Debug)]
pub struct Subject {
    pub who: Who,
    /// This machine's own name, or the service's.
    pub name: Line,
    pub health: Health,
    pub since: Option<Timestamp>,
    /// Why it is not well.
    pub why: Option<Line>,
    /// The service that it fails because of.
    pub because_of: Option<ServiceId>,
}

/// Everything that a decision hangs on.
#[derive(Clone, Debug)]
pub struct World<'a> {
    pub subjects: Vec<Subject>,
    /// This machine has no network: what it sees of others says nothing.
    pub blind: bool,
    /// Every incident that may still matter, the latest first.
    pub incidents: Vec<&'a Incident>,
    pub contacts: &'a [Contact],
    pub senders: &'a [Sender],
    pub time: &'a Moment,
}

/// What the watcher remembers. Bounded by what is configured.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// By the service's name; this machine's is empty.
    pub subjects: BTreeMap<String, Tracked>,
    pub beat_at: Option<Timestamp>,
}

/// Something that is to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    Open {
        title: Line,
        severity: Severity,
        services: Vec<ServiceId>,
        this_machine: bool,
        began_at: Timestamp,
    },
    /// More is a part of it, or it is worse than it was called.
    Extend {
        incident: IncidentId,
        services: Vec<ServiceId>,
        severity: Severity,
        title: Option<Line>,
    },
    /// It was called over, and is not.
    Reopen {
        incident: IncidentId,
    },
    Resolve {
        incident: IncidentId,
        happened_at: Timestamp,
    },
    /// Page somebody, or the places where somebody reads it.
    Page {
        incident: IncidentId,
        contact: Option<ContactId>,
        why: Line,
    },
    /// Tell those who are told. Without a text they hear what is known.
    Tell {
        incident: IncidentId,
        key: String,
        text: Line,
    },
    /// Tell the dead man's switch that the watcher lives.
    Beat,
}

/// Looks at the world once.
pub fn step(state: &mut State, world: &World<'_>, rules: &WatchRules) -> Vec<Decision> {
    let now = world.time.now;
    let mut decisions = Vec::new();
    if rules.heartbeat.is_some() && state.beat_at.is_none_or(|at| now.since(at) >= rules.heartbeat_every || at > now) {
        state.beat_at = Some(now);
        decisions.push(Decision::Beat);
    }
    if world.blind {
        return decisions;
    }
    track::follow(state, world, rules);
    decisions.extend(files::file(state, world, rules));
    decisions.extend(speak::speak(state, world, rules));
    decisions
}

/// Returns what is watched, from what was seen.
pub fn subjects(catalog: &Catalog, snapshot: &Snapshot, assessment: &Assessment, now: Timestamp) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = assessment
        .services
        .iter()
        .map(|found| Subject {
            who: Some(found.service.clone()),
            name: Line::from_text(found.service.as_str()),
            health: found.health,
            since: found.since,
            why: found.reasons.first().map(|reason| reason.text.clone()),
            because_of: found.because_of.clone(),
        })
        .collect();
    for subject in subjects.iter_mut().filter(|subject| subject.health == Health::Healthy) {
        let Some(service) = &subject.who else { continue };
        if let Some(sign) = signs::sign(service, catalog, snapshot, now) {
            (subject.health, subject.since, subject.why) = (Health::Degraded, Some(sign.since), Some(sign.text));
        }
    }
    let name = snapshot.host.value.as_ref().map(|host| host.name.clone()).filter(|name| !name.is_empty());
    subjects.push(Subject {
        who: None,
        name: name.unwrap_or_else(|| Line::from_text("this machine")),
        health: assessment.host.health,
        since: None,
        why: assessment.host.reasons.first().map(|(_, text)| text.clone()),
        because_of: None,
    });
    subjects
}

/// Returns whether an incident is about something.
pub fn is_about(incident: &Incident, who: &Who) -> bool {
    let this_machine = incident.has_seen(ABOUT_THIS_MACHINE);
    match who {
        None => this_machine,
        Some(service) => incident.services.contains(service) || (incident.services.is_empty() && !this_machine),
    }
}

/// Returns whether a watcher opened an incident.
pub fn is_ours(incident: &Incident) -> bool {
    incident.people.first().is_some_and(|actor| actor.user.as_str() == WATCHER)
}

/// Returns what is wrong with something, as far as anybody wants to hear of it; whether it is well where nothing is.
fn standing(subject: &Subject, rules: &WatchRules) -> Standing {
    let told = |trouble| if rules.notify.contains(&trouble) { Standing::Ill(trouble) } else { Standing::Unclear };
    match (&subject.who, subject.health) {
        (_, Health::Healthy | Health::Maintenance) => Standing::Well,
        (None, Health::Unknown) => Standing::Unclear,
        (None, Health::Down | Health::Degraded) => told(Trouble::Host),
        (Some(_), Health::Down) => told(Trouble::Down),
        (Some(_), Health::Unknown) => told(Trouble::Unknown),
        // Who does not want to hear of it is content with it.
        (Some(_), Health::Degraded) if !rules.notify.contains(&Trouble::Degraded) => Standing::Well,
        (Some(_), Health::Degraded) => Standing::Ill(Trouble::Degraded),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    Well,
    Ill(Trouble),
    /// Neither can be said.
    Unclear,
}

#[cfg(test)]
mod tests;
