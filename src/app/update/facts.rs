//! Facts from outside: probes, this host, the self-check, log sources.

use super::super::App;
use super::super::effect::Effect;
use crate::diagnosis::{Assessment, host, network};
use crate::model::id::ServiceId;
use crate::model::snapshot::Update;

/// What a fact may have changed.
enum Judge {
    Service(ServiceId),
    All,
}

/// Takes in one fact and judges what it is about.
pub fn fact(app: &mut App, update: Update) -> Vec<Effect> {
    let judged = match &update {
        Update::Probe { check, .. } => app.world.catalog.check(check).map(|spec| Judge::Service(spec.service.clone())),
        Update::Feed { feed, .. } => {
            // An alert may be about any service: it says so in its own words.
            let service = app.world.catalog.feed(feed).and_then(|feed| feed.service.clone());
            Some(service.map_or(Judge::All, Judge::Service))
        }
        Update::Host(_) | Update::SelfCheck(_) | Update::LogSource { .. } => None,
    };
    let is_host = matches!(update, Update::Host(_));
    let is_network = matches!(update, Update::SelfCheck(_));
    let world = &mut app.world;
    world.snapshot.apply(&world.catalog, update);
    match judged {
        Some(Judge::Service(service)) => {
            if world.assessment.rejudge(&world.catalog, &world.snapshot, &service, world.now) {
                super::reorder(app);
            }
            return Vec::new();
        }
        Some(Judge::All) => {
            world.assessment = Assessment::of(&world.catalog, &world.snapshot, world.now);
            super::reorder(app);
            return Vec::new();
        }
        None => {}
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
