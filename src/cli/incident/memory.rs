//! What was done the last time, from the journal and the last known state. Nothing of it is needed: what cannot be read is left out.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Desk;
use crate::cli::acting::state_dir;
use crate::cli::args::Cli;
use crate::cli::config_file;
use crate::cli::environment::Environment;
use crate::diagnosis::feeds::alert_is_about;
use crate::incident::Incident;
use crate::incident::recall::{Memory, Situation, recall};
use crate::model::alert::AlertState;
use crate::model::history::Status;
use crate::model::id::{CheckId, ServiceId};
use crate::model::source::Found;
use crate::model::time::Timestamp;
use crate::runtime::store::Store;

/// Returns the best memory of each of an incident's services.
pub fn recalled(cli: &Cli, environment: &Environment, desk: &Desk, incident: &Incident) -> Vec<Memory> {
    let (Ok(incidents), Ok(operations)) = (desk.journal.incidents(), desk.journal.operations()) else {
        return Vec::new();
    };
    let now = desk.clock.now();
    let mut memories: Vec<Memory> = Vec::new();
    for service in &incident.services {
        let (checks, alerts) = red(cli, environment, service, now);
        let situation = Situation { service, checks: &checks, alerts: &alerts, except: Some(&incident.id), now };
        let found = recall(&situation, &incidents, &operations).into_iter().next();
        memories.extend(found.filter(|memory| !memories.contains(memory)));
    }
    memories
}

/// Returns the checks of a service that were red when somebody looked last, and the alerts that fired.
fn red(
    cli: &Cli,
    environment: &Environment,
    service: &ServiceId,
    now: Timestamp,
) -> (BTreeSet<CheckId>, BTreeSet<String>) {
    let (mut checks, mut alerts) = (BTreeSet::new(), BTreeSet::new());
    let project = config_file::open(&cli.global, &[], &[], environment);
    let (Ok(project), Ok(state_dir)) = (project, state_dir(cli, environment)) else { return (checks, alerts) };
    let (Some(snapshot), _) = Store::new(&state_dir, &project.catalog).load(now) else { return (checks, alerts) };
    for check in project.catalog.checks_of(service) {
        if snapshot.check(&check.id).is_some_and(|state| state.status == Status::Down) {
            checks.insert(check.id.clone());
        }
    }
    for feed in &project.catalog.feeds {
        let found = snapshot.feed(&feed.id).and_then(|state| state.last.value.as_ref());
        let Some(Found::Alerts(found)) = found else { continue };
        let firing = found.iter().filter(|alert| matches!(alert.state, AlertState::Firing | AlertState::Acknowledged));
        for alert in firing {
            if feed.service.as_ref() == Some(service) || alert_is_about(alert, service) {
                alerts.extend([alert.id.to_string(), alert.title.to_string()]);
            }
        }
    }
    (checks, alerts)
}

/// Adds them to a document.
pub fn with_memories(mut document: Value, memories: &[Memory], now: Timestamp) -> Value {
    document["recalled"] = memories
        .iter()
        .map(|memory| {
            let number = memory.incident.as_ref().map(|(number, _)| number);
            let done: Vec<Value> = memory
                .done
                .iter()
                .map(|done| json!({ "operation": done.operation, "what": done.what, "verdict": done.verdict }))
                .collect();
            json!({ "sentence": memory.sentence(now), "incident": number, "at": memory.at, "done": done })
        })
        .collect();
    document
}
