//! What the watcher is told: which troubles count, when it keeps quiet, and how patient it is.

use std::time::Duration;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::contact::Hours;
use super::id::ServiceId;
use super::incident::Severity;
use super::text::Line;

/// The rules by which the watcher speaks up.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WatchRules {
    /// What is told of.
    pub notify: Vec<Trouble>,
    /// People are paged for what is at least so bad; everything else is only told.
    pub page: Severity,
    /// Only what is paged for is told in these hours; the rest waits for their end.
    pub quiet_hours: Option<Hours>,
    /// Troubles that begin within this time of each other are one incident, and the first message waits for so long.
    pub group: Duration,
    /// How long something must be well again, or only half well, before that counts.
    pub flap: Duration,
    /// How long a person has to acknowledge before the next one is paged, where their contact says nothing else.
    pub escalate_after: Duration,
    /// How often the whole list is paged at most.
    pub rounds: u32,
    /// How long others may hear nothing of an open incident before the console reminds of it.
    pub update_every: Duration,
    /// What is asked again and again while the watcher lives.
    pub heartbeat: Option<String>,
    pub heartbeat_every: Duration,
    pub maintenance: Vec<Maintenance>,
}

impl Default for WatchRules {
    fn default() -> Self {
        Self {
            notify: Trouble::WORDS.iter().map(|(_, trouble)| *trouble).collect(),
            page: Severity::Sev2,
            quiet_hours: None,
            // As long as it takes for what hangs on a database to fail after it.
            group: Duration::from_secs(30),
            // A restart takes less.
            flap: Duration::from_secs(120),
            // Time to wake up, find the glasses and open a laptop.
            escalate_after: Duration::from_secs(300),
            rounds: 3,
            // Who waits for longer asks, and asking costs more time than telling.
            update_every: Duration::from_secs(1_800),
            heartbeat: None,
            heartbeat_every: Duration::from_secs(60),
            maintenance: Vec::new(),
        }
    }
}

/// A kind of trouble that the watcher tells of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A service is down.
    Down,
    /// It is slow, makes errors, an alert fires, a metric is beyond its line.
    Degraded,
    /// Nobody can say how it is.
    Unknown,
    /// This machine runs out of disk, memory or processor.
    Host,
}

impl Trouble {
    /// Every kind and its word.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("down", Self::Down), ("degraded", Self::Degraded), ("unknown", Self::Unknown), ("host", Self::Host)];
}

/// Somebody works on something: what happens to it meanwhile is told to nobody.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Maintenance {
    /// Which services; all, and this machine, when there are none.
    pub services: Vec<ServiceId>,
    /// Every week at these hours.
    pub hours: Option<Hours>,
    /// From here, on the clock of the project's time zone.
    pub from: Option<DateTime>,
    pub until: Option<DateTime>,
    pub why: Option<Line>,
}

impl Maintenance {
    /// Returns whether it goes on at a time.
    pub fn holds(&self, at: &jiff::Zoned) -> bool {
        let here = at.datetime();
        self.hours.as_ref().is_none_or(|hours| hours.hold(at))
            && self.from.is_none_or(|from| from <= here)
            && self.until.is_none_or(|until| here < until)
            && (self.hours.is_some() || self.from.is_some() || self.until.is_some())
    }

    /// Returns whether it is about a service, or about this machine where none is named.
    pub fn concerns(&self, service: Option<&ServiceId>) -> bool {
        self.services.is_empty() || service.is_some_and(|service| self.services.contains(service))
    }
}
