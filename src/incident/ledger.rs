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

    /// Returns the one that people work on: the gravest that is open, and of those the latest.
    pub fn open(&self) -> Option<&Incident> {
        // The first of equals is taken.
        self.latest_first().filter(|incident| incident.is_open()).min_by_key(|incident| incident.severity)
    }

    /// Returns how many are open.
    pub fn count_open(&self) -> usize {
        self.incidents.values().filter(|incident| incident.is_open()).count()
    }

    /// Returns the number that the next one gets.
    pub fn next_number(&self) -> u32 {
        self.incidents.values().map(|incident| incident.number).max().unwrap_or(0) + 1
    }

    /// Finds one by its number, by its id or the end of it, or by `last` the one that people work on, else the latest.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::incident::{IncidentEvent, IncidentState, Severity};
    use crate::model::operation::Actor;
    use crate::model::text::Line;
    use crate::model::time::Timestamp;

    fn begin(ledger: &mut Incidents, number: u32, severity: Severity) {
        let by = Actor { user: Line::from_text("kim"), host: Line::from_text("web1") };
        let at = Timestamp::from_secs(i64::from(number));
        let event =
            IncidentEvent::Opened { number, title: Line::default(), severity, services: Vec::new(), began_at: at, by };
        let id = IncidentId::new(format!("0{number}"));
        ledger.incidents.insert(id.clone(), Incident::begin(&id, at, &event).unwrap());
    }

    #[test]
    fn the_gravest_is_worked_on_and_of_those_the_latest() {
        let mut ledger = Incidents::default();
        let open = |ledger: &Incidents| ledger.open().map(|incident| incident.number);
        assert_eq!(open(&ledger), None);
        for (number, severity) in [(1, Severity::Sev3), (2, Severity::Sev1), (3, Severity::Sev1), (4, Severity::Sev2)] {
            begin(&mut ledger, number, severity);
        }
        assert_eq!((open(&ledger), ledger.count_open()), (Some(3), 4));
        let three = ledger.incidents.values_mut().find(|incident| incident.number == 3).unwrap();
        three.state = IncidentState::Closed;
        assert_eq!((open(&ledger), ledger.count_open()), (Some(2), 3));
        assert_eq!(ledger.find("last").map(|incident| incident.number), Some(2));
    }
}
