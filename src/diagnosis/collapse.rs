//! Symptoms under their cause: a service that fails because another one is down.

use std::collections::{HashMap, HashSet};

use crate::model::catalog::Catalog;
use crate::model::id::ServiceId;
use crate::model::service::{Dependency, Health};

use super::health::ServiceHealth;

/// Writes into each unhealthy service which failing service, deepest in its dependencies, explains it.
///
/// Only a service that is down is a cause: something slow may have been slowed by what depends on it.
pub fn blame(catalog: &Catalog, services: &mut [ServiceHealth]) {
    let depends: HashMap<&ServiceId, Vec<&ServiceId>> = catalog
        .services
        .iter()
        .map(|service| {
            let on = service.depends_on.iter().filter_map(|dependency| match dependency {
                Dependency::Service(id) => Some(id),
                Dependency::Vendor(_) => None,
            });
            (&service.id, on.collect())
        })
        .collect();
    let down: HashSet<ServiceId> =
        services.iter().filter(|found| found.health == Health::Down).map(|found| found.service.clone()).collect();
    let mut affected: HashMap<ServiceId, usize> = HashMap::new();
    for found in services.iter_mut() {
        let suffers = matches!(found.health, Health::Down | Health::Degraded);
        found.because_of = if suffers { root_cause(&found.service, &depends, &down) } else { None };
        if let Some(cause) = &found.because_of {
            *affected.entry(cause.clone()).or_default() += 1;
        }
    }
    for found in services {
        found.affects = affected.get(&found.service).copied().unwrap_or(0);
    }
}

/// Walks down the dependencies that are down. A cycle of services that are all down has no root, and blames nobody.
fn root_cause(
    service: &ServiceId,
    depends: &HashMap<&ServiceId, Vec<&ServiceId>>,
    down: &HashSet<ServiceId>,
) -> Option<ServiceId> {
    let mut seen = HashSet::from([service]);
    let mut current = service;
    loop {
        let next = depends.get(current).into_iter().flatten().find(|id| down.contains(**id));
        match next {
            Some(id) if seen.insert(id) => current = id,
            Some(_) => return None,
            None => return (current != service).then(|| current.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::service::Service;

    fn check(edges: &[(&str, &[&str])], down: &[&str], expected: &[(&str, &str)]) {
        let service = |(name, on): &(&str, &[&str])| Service {
            id: ServiceId::new(name),
            environment: None,
            depends_on: on.iter().map(|id| Dependency::Service(ServiceId::new(id))).collect(),
            runbooks: Vec::new(),
        };
        let catalog = Catalog { services: edges.iter().map(service).collect(), ..Default::default() };
        let mut services: Vec<_> = edges
            .iter()
            .map(|(name, _)| ServiceHealth {
                service: ServiceId::new(name),
                health: if down.contains(name) { Health::Down } else { Health::Healthy },
                since: None,
                reasons: Vec::new(),
                because_of: None,
                affects: 0,
            })
            .collect();
        blame(&catalog, &mut services);
        let found: Vec<_> = services
            .iter()
            .filter_map(|found| Some((found.service.as_str(), found.because_of.as_ref()?.as_str())))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn symptoms_collapse_under_the_deepest_service_that_is_down() {
        let chain: &[(&str, &[&str])] = &[("web", &["api"]), ("api", &["db"]), ("db", &[])];
        check(chain, &["web", "api", "db"], &[("web", "db"), ("api", "db")]);
        check(chain, &["web", "api"], &[("web", "api")]);
        check(chain, &["web"], &[]);
        check(chain, &[], &[]);
    }

    #[test]
    fn a_cycle_of_services_that_are_down_blames_nobody_and_ends() {
        check(&[("a", &["b"]), ("b", &["a"])], &["a", "b"], &[]);
    }

    #[test]
    fn a_cause_that_is_up_in_between_breaks_the_chain() {
        check(&[("web", &["api"]), ("api", &["db"]), ("db", &[])], &["web", "db"], &[]);
    }
}
