//! Every operation that the journal tells of, and who acts now.

use std::collections::BTreeMap;

use super::log::{Illegal, Operation, Standing};
use crate::model::id::{OperationId, ServiceId, SourceId};
use crate::model::journal::{Body, Entry, News};
use crate::model::operation::Lease;
use crate::model::time::Timestamp;

/// The action that lifts what rolling back froze.
pub const RESUME_DEPLOYS: &str = "resume_automatic_deploys";

/// Operations by their ids, which sort by time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ledger {
    operations: BTreeMap<OperationId, Operation>,
    leases: Vec<Lease>,
    /// Entries that may not follow those before them: the journal was changed by something else.
    illegal: Vec<Illegal>,
}

impl Ledger {
    /// Takes in what is new in the journal.
    pub fn learn(&mut self, news: &News) {
        self.leases.clone_from(&news.leases);
        for entry in &news.entries {
            self.add(entry);
        }
    }

    /// Takes in an entry. What is not about an operation is left alone.
    pub fn add(&mut self, entry: &Entry) {
        let (Some(id), Body::Operation(event)) = (&entry.operation, &entry.body) else { return };
        let applied = match self.operations.get_mut(id) {
            Some(operation) => operation.apply(entry.at, event),
            None => Operation::begin(entry.at, event).map(|operation| {
                self.operations.insert(id.clone(), operation);
            }),
        };
        if let Err(illegal) = applied {
            self.illegal.push(illegal);
        }
    }

    /// Returns an operation.
    pub fn get(&self, id: &OperationId) -> Option<&Operation> {
        self.operations.get(id)
    }

    /// Returns every operation, the latest first.
    pub fn latest_first(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values().rev()
    }

    /// Returns the operations of a service, the latest first.
    pub fn of<'a>(&'a self, service: &'a ServiceId) -> impl Iterator<Item = &'a Operation> {
        self.latest_first().filter(move |operation| operation.plan.intent.service.as_ref() == Some(service))
    }

    /// Returns the operations that stopped automatic deploys which nobody has resumed since, the latest of each service.
    pub fn frozen(&self) -> Vec<&Operation> {
        let mut decided: Vec<(&Option<ServiceId>, &SourceId)> = Vec::new();
        let mut frozen = Vec::new();
        for operation in self.latest_first() {
            let intent = &operation.plan.intent;
            let place = (&intent.service, &intent.source);
            if decided.contains(&place) {
                continue;
            }
            // What is under way says so itself.
            if operation.ended.is_none() {
                continue;
            }
            let done = operation.next_step().is_none();
            if done && (intent.undoes.is_some() || intent.action == RESUME_DEPLOYS) {
                decided.push(place);
            } else if operation.has_stopped_deploys() {
                decided.push(place);
                frozen.push(operation);
            }
        }
        frozen
    }

    /// Returns how an operation stands.
    pub fn standing(&self, operation: &Operation, now: Timestamp) -> Standing {
        operation.standing(self.lease(operation.id()), now)
    }

    /// Returns the lease of an operation's worker.
    pub fn lease(&self, id: &OperationId) -> Option<&Lease> {
        self.leases.iter().find(|lease| &lease.operation == id)
    }

    /// Returns everybody who acts now.
    pub fn leases(&self) -> &[Lease] {
        &self.leases
    }

    /// Returns what in the journal cannot have happened.
    pub fn illegal(&self) -> &[Illegal] {
        &self.illegal
    }
}
