//! How an incident stands, and its timeline: pure, from what the journal tells.
//!
//! ```text
//!   incident.*  operation.*  run.*   --timeline--> one list, by the moment at which each thing happened
//! ```

pub mod ledger;
pub mod recall;
pub mod timeline;
pub mod watching;
pub mod when;

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::model::contact::Call;
use crate::model::id::{EntryId, IncidentId, ServiceId};
use crate::model::incident::{Figure, IncidentEvent, IncidentState, Severity, WATCHER};
use crate::model::message::Sending;
use crate::model::operation::Actor;
use crate::model::text::Line;
use crate::model::time::Timestamp;

pub use ledger::Incidents;

/// An event that may not follow.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("incident {incident}: {event} cannot be written: {why}")]
pub struct Illegal {
    pub incident: String,
    pub event: &'static str,
    pub why: &'static str,
}

/// An incident, as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incident {
    pub id: IncidentId,
    pub number: u32,
    pub title: Line,
    pub severity: Severity,
    pub services: Vec<ServiceId>,
    pub state: IncidentState,
    /// When it began, as far as anybody knew when it was opened.
    pub began_at: Timestamp,
    pub opened_at: Timestamp,
    /// When it came into each state, for the first time.
    pub reached: BTreeMap<IncidentState, Timestamp>,
    /// When it last began, or began anew.
    pub triggered_at: Timestamp,
    /// How often it was called over.
    pub times_resolved: u32,
    pub people: Vec<Actor>,
    pub roles: BTreeMap<String, Line>,
    /// Calls that people made, in the order in which they wrote them down.
    pub calls: Vec<Call>,
    pub last_at: Timestamp,
    /// What people say that a figure is, and why.
    pub figures: BTreeMap<Figure, (Line, Line)>,
    /// What was seen already, by its key.
    seen: BTreeSet<String>,
    /// Messages that went out about it, in their order.
    pub messages: Vec<Sending>,
    pub redacted: BTreeMap<EntryId, Line>,
    pub corrected: BTreeMap<EntryId, Line>,
}

impl Incident {
    /// Replays one from its events.
    ///
    /// # Errors
    /// When one of them may not stand where it does.
    pub fn replay<'e>(
        id: &IncidentId,
        events: impl IntoIterator<Item = (Timestamp, &'e Actor, &'e IncidentEvent)>,
    ) -> Result<Option<Self>, Illegal> {
        let mut incident: Option<Self> = None;
        for (at, by, event) in events {
            match &mut incident {
                None => incident = Some(Self::begin(id, at, event)?),
                Some(incident) => incident.apply(at, by, event)?,
            }
        }
        Ok(incident)
    }

    /// Begins one with its first event.
    ///
    /// # Errors
    /// When that is no beginning.
    pub fn begin(id: &IncidentId, at: Timestamp, event: &IncidentEvent) -> Result<Self, Illegal> {
        let IncidentEvent::Opened { number, title, severity, services, began_at, by } = event else {
            return Err(Illegal { incident: id.to_string(), event: event.word(), why: "it was not opened" });
        };
        Ok(Self {
            id: id.clone(),
            number: *number,
            title: title.clone(),
            severity: *severity,
            services: services.clone(),
            state: IncidentState::Triggered,
            began_at: *began_at,
            opened_at: at,
            reached: BTreeMap::from([(IncidentState::Triggered, *began_at)]),
            triggered_at: at,
            times_resolved: 0,
            people: vec![by.clone()],
            roles: BTreeMap::new(),
            calls: Vec::new(),
            last_at: at,
            figures: BTreeMap::new(),
            seen: BTreeSet::new(),
            messages: Vec::new(),
            redacted: BTreeMap::new(),
            corrected: BTreeMap::new(),
        })
    }

    /// Takes in the next event.
    ///
    /// # Errors
    /// When it may not follow.
    pub fn apply(&mut self, at: Timestamp, by: &Actor, event: &IncidentEvent) -> Result<(), Illegal> {
        self.may_follow(event).map_err(|why| Illegal { incident: self.id.to_string(), event: event.word(), why })?;
        self.last_at = at;
        let is_machine = matches!(event, IncidentEvent::Saw { .. });
        if !is_machine && !self.people.contains(by) {
            self.people.push(by.clone());
        }
        match event {
            IncidentEvent::Opened { .. } | IncidentEvent::Joined { .. } | IncidentEvent::Noted { .. } => {}
            IncidentEvent::Role { who, role } => {
                self.roles.insert(role.to_string(), who.clone());
            }
            IncidentEvent::Titled { title } => self.title = title.clone(),
            IncidentEvent::Severity { severity } => self.severity = *severity,
            IncidentEvent::Services { services } => self.services.clone_from(services),
            IncidentEvent::State { state, happened_at } => {
                self.state = *state;
                match state {
                    IncidentState::Triggered => self.triggered_at = at,
                    IncidentState::Resolved => self.times_resolved += 1,
                    _ => {}
                }
                // Who resolves what nobody acknowledged has acknowledged it; the first moment counts.
                self.reached.entry(*state).or_insert(*happened_at);
                // What came undone has not been reached any more.
                self.reached.retain(|reached, _| reached <= state);
            }
            IncidentEvent::Saw { key, .. } | IncidentEvent::Pinned { key, .. } => {
                self.seen.insert(key.clone());
            }
            IncidentEvent::Called { call, .. } => self.calls.push(call.clone()),
            IncidentEvent::Evidence { .. } => {}
            IncidentEvent::Sending { key, kind, sender, attempt, contact, title, text } => {
                self.messages.push(Sending {
                    key: key.clone(),
                    kind: *kind,
                    sender: sender.clone(),
                    attempt: *attempt,
                    contact: contact.clone(),
                    title: title.clone(),
                    text: text.clone(),
                    at,
                    by: by.clone(),
                    outcome: None,
                })
            }
            IncidentEvent::Sent { key, sender, attempt, outcome, said, .. } => {
                let sent = self.messages.iter_mut().find(|sent| is_the(sent, key, sender, *attempt));
                if let Some(sent) = sent {
                    sent.outcome = Some((*outcome, said.clone()));
                }
            }
            // The last word counts; the earlier ones stay in the timeline.
            IncidentEvent::Figure { figure, value, because } => {
                self.figures.insert(*figure, (value.clone(), because.clone()));
            }
            IncidentEvent::Corrected { entry, text } => {
                self.corrected.insert(entry.clone(), text.clone());
            }
            IncidentEvent::Redacted { entry, why } => {
                self.redacted.insert(entry.clone(), why.clone());
            }
        }
        Ok(())
    }

    fn may_follow(&self, event: &IncidentEvent) -> Result<(), &'static str> {
        match event {
            IncidentEvent::Opened { .. } => Err("it is open already"),
            IncidentEvent::Saw { key, .. } | IncidentEvent::Pinned { key, .. } if self.seen.contains(key) => {
                Err("that was written already")
            }
            IncidentEvent::Sending { key, sender, attempt, .. }
                if self.messages.iter().any(|sent| is_the(sent, key, sender, *attempt)) =>
            {
                Err("that was sent already")
            }
            // Also when it was closed meanwhile.
            IncidentEvent::Sent { key, sender, attempt, .. } => {
                match self.messages.iter().find(|sent| is_the(sent, key, sender, *attempt)) {
                    Some(sent) if sent.outcome.is_none() => Ok(()),
                    Some(_) => Err("what came of it was written already"),
                    None => Err("it was not sent"),
                }
            }
            // What is learned afterwards belongs to it, and mistakes are mended afterwards.
            IncidentEvent::Noted { .. }
            | IncidentEvent::Figure { .. }
            | IncidentEvent::Evidence { .. }
            | IncidentEvent::Corrected { .. }
            | IncidentEvent::Redacted { .. } => Ok(()),
            IncidentEvent::State { state, .. } if *state == self.state => Err("it stands there already"),
            IncidentEvent::State { .. } => Ok(()),
            _ if self.state == IncidentState::Closed => Err("it is closed"),
            _ => Ok(()),
        }
    }

    /// Returns the people who are in it: the watcher is none.
    pub fn humans(&self) -> impl Iterator<Item = &Actor> {
        self.people.iter().filter(|actor| actor.user.as_str() != WATCHER)
    }

    /// Returns whether people still work on it.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, IncidentState::Resolved | IncidentState::Closed)
    }

    /// Returns whether something was written of it already.
    pub fn has_seen(&self, key: &str) -> bool {
        self.seen.contains(key)
    }

    /// Returns whether something whose key begins so was written.
    pub fn has_seen_any(&self, beginning: &str) -> bool {
        self.seen.range(beginning.to_owned()..).next().is_some_and(|key| key.starts_with(beginning))
    }

    /// Returns whether what came of a message is known.
    pub fn is_answered(&self, key: &str, sender: &Line, attempt: u32) -> bool {
        self.message(key, sender, attempt).is_some_and(|sent| sent.outcome.is_some())
    }

    /// Returns a message that was handed to a sender.
    pub fn message(&self, key: &str, sender: &Line, attempt: u32) -> Option<&Sending> {
        self.messages.iter().find(|sent| is_the(sent, key, sender, attempt))
    }

    /// Returns the keys of what was seen.
    pub fn seen(&self) -> impl Iterator<Item = &str> {
        self.seen.iter().map(String::as_str)
    }

    /// Returns when users were well again, if that is known.
    pub fn ended_at(&self) -> Option<Timestamp> {
        [IncidentState::Mitigated, IncidentState::Resolved, IncidentState::Closed]
            .into_iter()
            .find_map(|state| self.reached.get(&state).copied())
    }

    /// Returns how long it went on, or has gone on by now.
    pub fn lasted(&self, now: Timestamp) -> std::time::Duration {
        self.ended_at().unwrap_or(now).since(self.began_at)
    }
}

fn is_the(sent: &Sending, key: &str, sender: &Line, attempt: u32) -> bool {
    sent.key == key && sent.sender == *sender && sent.attempt == attempt
}
