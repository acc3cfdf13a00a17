//! Facts from outside: probes, this host, the self-check, log sources.

use super::super::App;
use super::super::effect::Effect;
use crate::diagnosis::{host, network};
use crate::model::snapshot::Update;

/// Takes in one fact and judges what it is about.
pub fn fact(app: &mut App, update: Update) -> Vec<Effect> {
    let check = match &update {
        Update::Probe { check, .. } => Some(check.clone()),
        Update::Host(_) | Update::SelfCheck(_) | Update::LogSource { .. } => None,
    };
    let is_host = matches!(update, Update::Host(_));
    let is_network = matches!(update, Update::SelfCheck(_));
    let world = &mut app.world;
    world.snapshot.apply(&world.catalog, update);
    if let Some(service) = check.and_then(|id| world.catalog.check(&id).map(|spec| spec.service.clone()))
        && world.assessment.rejudge(&world.catalog, &world.snapshot, &service, world.now)
    {
        world.reorder();
        super::settle(app);
        return Vec::new();
    }
    if is_host {
        world.assessment.host = host::judge(&world.snapshot, world.now);
    }
    if is_network {
        world.assessment.network = network::verdict(&world.snapshot, world.now);
        // A banner may have come or gone.
        super::settle(app);
    }
    Vec::new()
}
