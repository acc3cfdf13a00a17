//! Every incident that the journal tells of.

use std::collections::BTreeMap;

use super::Incident;
use crate::model::id::{IncidentId, ServiceId};
use crate::model::journal::{Body, Entry, News};

/// Incidents by their ids, which sort by time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Incidents {
    incidents: BTreeMap<IncidentId, Incident>,
}

impl Incidents {
    /// Takes in what is new in the journal.
    pub fn learn(&mut self, news: &News) {
        news.entries.iter().for_each(|entry| self.add(entry));
    }

    /// Takes in an entry. What is not about an incident is left alone, and so is what cannot have happened.
    pub fn add(&mut self, entry: &Entry) {
        let (Some(id), Body::Incident(event)) = (&entry.operation, &entry.body) else { return };
        let id = IncidentId::new(id.as_str());
        match self.incidents.get_mut(&id) {
            Some(incident) => {
                let _ = incident.apply(entry.at, &entry.by, event);
            }
            None => {
                if let Ok(incident) = Incident::begin(&id, entry.at, event) {
                    self.incidents.insert(id, incident);
                }
            }
        }
    }

    /// Returns an incident.
    pub fn get(&self, id: &IncidentId) -> Option<&Incident> {
        self.incidents.get(id)
    }

    /// Returns every incident, the latest first.
    pub fn latest_first(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().rev()
    }

    /// Returns the latest that people still work on.
    pub fn open(&self) -> Option<&Incident> {
        self.latest_first().find(|incident| incident.is_open())
    }

    /// Returns the number that the next one gets.
    pub fn next_number(&self) -> u32 {
        self.incidents.values().map(|incident| incident.number).max().unwrap_or(0) + 1
    }

    /// Finds one by its number, by its id or the end of it, or the latest by `last`.
    pub fn find(&self, wanted: &str) -> Option<&Incident> {
        let wanted = wanted.trim().trim_start_matches('#');
        if wanted == "last" {
            return self.open().or_else(|| self.latest_first().next());
        }
        let number = wanted.parse::<u32>().ok();
        self.latest_first().find(|incident| {
            Some(incident.number) == number
                || incident.id.as_str() == wanted
                || (wanted.len() >= 5 && incident.id.as_str().ends_with(wanted))
        })
    }

    /// Returns the incidents of a service that are over, the latest first.
    pub fn past_of<'a>(&'a self, service: &'a ServiceId) -> impl Iterator<Item = &'a Incident> {
        self.latest_first().filter(move |incident| !incident.is_open() && incident.services.contains(service))
    }
}
