//! A message to somebody: planned, shown, and sent by another key than the one that opened it.

use super::{no_incident, refused};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::Key;
use crate::app::update::notice;
use crate::incident::timeline::timeline;
use crate::modal::Modal;
use crate::modal::glance::Glance;
use crate::modal::page::PageState;
use crate::model::source::Trouble;
use crate::paging::plan::Ground;
use crate::paging::{PagePlan, PageWish, plan_page};
use crate::pane::PaneId;
use crate::pane::contacts::moment;

/// Shows a page to the next person, or to the contact that is looked at, before it goes out.
pub fn page(app: &mut App, key: Option<Key>) -> Vec<Effect> {
    if refused(app) {
        return Vec::new();
    }
    if app.world.incidents.open().is_none() {
        no_incident(app);
        return Vec::new();
    }
    let contact = match app.modals.last() {
        Some(Modal::Contact(state)) => Some(state.contact.clone()),
        _ if app.focus == PaneId::Contacts && app.contacts.is_chosen() => {
            let item = app.selected();
            app.contacts.selected(&app.world, item.as_ref()).map(|contact| contact.id.clone())
        }
        _ => None,
    };
    let wish = PageWish { contact, text: None };
    planned(app, key, |ground| plan_page(&wish, ground));
    Vec::new()
}

/// Plans a message about the open incident, and shows it.
pub(super) fn planned(app: &mut App, key: Option<Key>, make: impl FnOnce(&Ground<'_>) -> Result<PagePlan, Trouble>) {
    let world = &app.world;
    let Some(incident) = world.incidents.open() else { return };
    let moments = timeline(incident, &world.entries);
    let time = moment(world);
    let ground = Ground {
        incident,
        moments: &moments,
        contacts: &world.catalog.contacts,
        senders: &world.catalog.senders,
        policy: world.patience,
        time: &time,
        by: &world.by,
    };
    match make(&ground) {
        Ok(plan) => {
            let glance = Glance::new(world.now, app.generation);
            app.modals.push(Modal::Page(Box::new(PageState::new(plan, key, glance))));
        }
        Err(trouble) => {
            let text = format!("{}; {}", trouble.message, trouble.hint);
            notice(app, &text, true);
        }
    }
}

/// Somebody says yes to the message on top.
pub fn send(app: &mut App, key: Option<Key>) -> Vec<Effect> {
    let Some(Modal::Page(state)) = app.modals.last() else { return Vec::new() };
    if let Err(why) = state.counts(key, app.world.now) {
        notice(app, why, false);
        return Vec::new();
    }
    let plan = state.plan.clone();
    app.modals.pop();
    notice(app, "it goes out: the timeline tells what comes of it", false);
    vec![Effect::Send(Box::new(plan))]
}
