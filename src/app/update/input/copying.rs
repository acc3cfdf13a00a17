//! What is copied: that at which one looks.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::update::notice;
use crate::app::world::Item;
use crate::modal::Modal;
use crate::pane::{PaneId, triage};

pub(super) fn copy(app: &mut App) -> Vec<Effect> {
    let text = match app.modals.last() {
        Some(Modal::Detail(detail)) => Some(detail.text(&app.world)),
        Some(Modal::Operation(operation)) => Some(operation.text(&app.world)),
        Some(Modal::Runbook(runbook)) => Some(runbook.text(&app.world)),
        Some(Modal::Contact(contact)) => contact.way(&app.world).map(|way| way.address.to_string()),
        _ => match (app.focus, app.selected()) {
            (PaneId::Timeline, _) => {
                app.timeline.selected().map(|moment| crate::pane::timeline::tell(moment, &app.world).join("\n"))
            }
            (PaneId::Contacts, item) => app.contacts.selected(&app.world, item.as_ref()).and_then(|contact| {
                let moment = crate::pane::contacts::moment(&app.world);
                crate::pane::contacts::best_way(contact, &moment).map(|way| way.address.to_string())
            }),
            (PaneId::Logs, _) => app.logs.entry().map(|(_, lines)| lines.join("\n")),
            (_, Some(Item::Service(service))) => app.world.assessment.service(&service).map(|found| {
                let why = found.reasons.first().map_or_else(String::new, |reason| format!(": {}", reason.text));
                let (word, since) = triage::verdict(&app.world, found);
                format!("{service} {word} {since}{why}")
            }),
            (_, Some(Item::Vendor(id))) => app
                .world
                .catalog
                .vendors
                .iter()
                .find(|vendor| vendor.id == id)
                .and_then(|vendor| vendor.status_url.clone()),
            (_, Some(Item::Host) | None) => None,
        },
    };
    match text {
        Some(text) => vec![Effect::Copy(text)],
        None => {
            notice(app, "there is nothing here to copy", false);
            Vec::new()
        }
    }
}
