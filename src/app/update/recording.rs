//! While an incident is open, what this console sees is written into its timeline.

use super::super::App;
use super::super::effect::Effect;
use crate::incident::watching::unseen;
use crate::model::incident::{IncidentCommand, IncidentEvent};

/// Returns what is to be written that was not yet. Others may see the same: the journal takes it once.
pub fn record(app: &mut App) -> Vec<Effect> {
    let world = &app.world;
    let Some(incident) = world.incidents.open().filter(|_| !world.read_only && app.journal_read) else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    for event in unseen(incident, &world.catalog, &world.snapshot, &world.assessment, world.now) {
        let IncidentEvent::Saw { key, .. } = &event else { continue };
        if app.recorded.insert(format!("{}/{key}", incident.id)) {
            effects.push(Effect::Record(Box::new(IncidentCommand { incident: incident.id.clone(), event })));
        }
    }
    effects
}
