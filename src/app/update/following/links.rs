//! What a link of a runbook means in the console.

use super::{ensure, open, refusal};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::Key;
use crate::app::update::{acting, notice};
use crate::app::world::Item;
use crate::modal::Modal;
use crate::modal::runbook::source;
use crate::model::id::ServiceId;
use crate::model::operation::Target;
use crate::model::text::Line;
use crate::pane::PaneId;
use crate::runbook::links::{Link, Meaning};

pub(super) fn follow_link(app: &mut App, number: usize, key: Option<Key>) -> Vec<Effect> {
    let Some(Modal::Runbook(state)) = app.modals.last() else { return Vec::new() };
    let here = state.step;
    let links = source(&app.world, &state.name, state.run.as_ref()).map(|from| from.runbook.links(from.text));
    let found = links.unwrap_or_default().into_iter().nth(number.saturating_sub(1));
    let Some((link, step)) = found.filter(|_| number > 0) else {
        notice(app, &format!("there is no link {number}"), false);
        return Vec::new();
    };
    follow_meaning(app, step.unwrap_or(here), &link, key)
}

pub(super) fn follow_meaning(app: &mut App, step: usize, link: &Link, key: Option<Key>) -> Vec<Effect> {
    let Some(Modal::Runbook(state)) = app.modals.last() else { return Vec::new() };
    let state = state.clone();
    let of_run = state.run(&app.world).and_then(|run| run.beginning.service.clone());
    let selected = match app.selected() {
        Some(Item::Service(service)) => Some(service),
        _ => None,
    };
    let service = |named: &Option<String>| {
        named.as_ref().map(ServiceId::new).or_else(|| of_run.clone()).or_else(|| selected.clone())
    };
    match &link.meaning {
        Meaning::Act { action, service: named } => {
            if let Some(why) = refusal(app, &state) {
                notice(app, &why, true);
                return Vec::new();
            }
            let Some(service) = service(named) else {
                notice(app, "nothing says which service: select one first", false);
                return Vec::new();
            };
            let Some(offer) = app.world.catalog.offers_of(&service).find(|offer| &offer.action == action).cloned()
            else {
                notice(app, &format!("nothing says how to {} {service}", action.replace('_', " ")), true);
                return Vec::new();
            };
            let (run, mut effects) = ensure(app, &state);
            effects.extend(acting::plan_from_step(app, &offer, Target::Service, (run, step), key));
            effects
        }
        Meaning::Logs(named) => {
            leave_for(app, service(named), PaneId::Logs);
            Vec::new()
        }
        Meaning::Service(named) => {
            leave_for(app, service(named), PaneId::Service);
            Vec::new()
        }
        Meaning::Runbook(name) => {
            if !app.world.runbooks.iter().any(|document| &document.runbook.name == name) {
                notice(app, &format!("there is no runbook {name}"), true);
                return Vec::new();
            }
            let parent = state.run.clone().map(|run| (run, step));
            open(app, name, None);
            if let Some(Modal::Runbook(opened)) = app.modals.last_mut() {
                opened.parent = parent;
            }
            Vec::new()
        }
        Meaning::Wait(time) => {
            let until = app.world.now + *time;
            if let Some(Modal::Runbook(state)) = app.modals.last_mut() {
                state.wait = Some((step, until));
            }
            Vec::new()
        }
        Meaning::Contact(_) | Meaning::Page(_) => {
            let name = link.address.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
            notice(app, &format!("contacts: {name}"), false);
            Vec::new()
        }
        Meaning::Elsewhere | Meaning::Unknown => {
            let told = format!("copied: {}", Line::from_text(&link.address));
            notice(app, &told, false);
            vec![Effect::Copy(link.address.clone())]
        }
    }
}

fn leave_for(app: &mut App, service: Option<ServiceId>, pane: PaneId) {
    if let Some(service) = service {
        app.triage.filter.clear();
        app.triage.select(Item::Service(service));
    }
    app.modals.clear();
    app.focus = pane;
    notice(app, "b goes back to the runbook", false);
}
