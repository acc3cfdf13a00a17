//! From the snapshot to conclusions: health, reasons, root causes. Evidence or silence.
//!
//! Pure functions of the catalog, the snapshot and `now`. A conclusion names what it rests on and how old that is;
//! what is not known recently enough is [`Health::Unknown`], whatever it was before.
//!
//! [`Health::Unknown`]: crate::model::service::Health::Unknown

pub mod collapse;
pub mod explain;
pub mod feeds;
pub mod health;
pub mod host;
pub mod network;

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::model::catalog::Catalog;
use crate::model::check::CheckSpec;
use crate::model::id::ServiceId;
use crate::model::service::Health;
use crate::model::snapshot::Snapshot;
use crate::model::source::Feed;
use crate::model::time::Timestamp;

pub use health::{About, Reason, ServiceHealth};
pub use host::HostHealth;
pub use network::NetworkVerdict;

/// What all of it adds up to at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Assessment {
    /// One for each service, in the catalog's order.
    pub services: Vec<ServiceHealth>,
    pub host: HostHealth,
    pub network: NetworkVerdict,
    /// Where each service stands in `services`.
    index: HashMap<ServiceId, usize>,
}

impl Assessment {
    /// Judges everything as of `now`.
    pub fn of(catalog: &Catalog, snapshot: &Snapshot, now: Timestamp) -> Self {
        let network = network::verdict(snapshot, now);
        let mut checks: HashMap<&ServiceId, Vec<&CheckSpec>> = HashMap::new();
        for check in &catalog.checks {
            checks.entry(&check.service).or_default().push(check);
        }
        let feeds: Vec<&Feed> = catalog.feeds.iter().collect();
        let mut services: Vec<_> = catalog
            .services
            .iter()
            .map(|service| {
                let own = checks.get(&service.id).map_or(&[][..], Vec::as_slice);
                health::judge(&service.id, own, &feeds, snapshot, now)
            })
            .collect();
        collapse::blame(catalog, &mut services);
        let index = catalog.services.iter().enumerate().map(|(at, service)| (service.id.clone(), at)).collect();
        Self { services, host: host::judge(snapshot, now), network, index }
    }

    /// Judges one service anew, after a fact about it came in. Returns whether it became another kind of well or ill.
    pub fn rejudge(&mut self, catalog: &Catalog, snapshot: &Snapshot, service: &ServiceId, now: Timestamp) -> bool {
        let own: Vec<_> = catalog.checks_of(service).collect();
        let Some(found) = self.index.get(service).and_then(|at| self.services.get_mut(*at)) else { return false };
        let feeds: Vec<_> = catalog.feeds.iter().collect();
        let judged = health::judge(service, &own, &feeds, snapshot, now);
        let turned = (judged.health, judged.since) != (found.health, found.since);
        // Who is to blame follows from who is down: while nobody turns, it stays.
        let (because_of, affects) = (found.because_of.take(), found.affects);
        *found = ServiceHealth { because_of, affects, ..judged };
        if turned {
            collapse::blame(catalog, &mut self.services);
        }
        turned
    }

    /// Returns the health of a service.
    pub fn service(&self, id: &ServiceId) -> Option<&ServiceHealth> {
        self.index.get(id).and_then(|at| self.services.get(*at))
    }

    /// Returns the worst health among all services, or `None` when there are none.
    pub fn worst(&self) -> Option<Health> {
        self.services.iter().map(|found| found.health).min()
    }

    /// Returns all services, worst first. A symptom stands right below its cause; everything else by health, then by
    /// the age of the trouble.
    pub fn worst_first(&self) -> Vec<&ServiceHealth> {
        let mut order: Vec<&ServiceHealth> = self.services.iter().collect();
        // Where nothing is the matter they stand as their owner wrote them down.
        order.sort_by_cached_key(|own| {
            let cause = own.because_of.as_ref().and_then(|id| self.service(id));
            let lead = cause.unwrap_or(own);
            let is_well = lead.health == Health::Healthy;
            (
                lead.health,
                Reverse(lead.affects > 0 && !is_well),
                lead.since.filter(|_| !is_well),
                self.index.get(&lead.service).copied(),
                own.because_of.is_some(),
                own.health,
                own.since,
            )
        });
        order
    }

    /// Returns how many services are `health`.
    pub fn count(&self, health: Health) -> usize {
        self.services.iter().filter(|found| found.health == health).count()
    }
}
