//! A contact: looked at, called, and what came of it written down.

use super::{no_incident, record, refused};
use crate::action::Action;
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::{Key, KeyCode};
use crate::modal::Modal;
use crate::modal::contact::{ContactState, OUTCOMES, Stage};
use crate::model::contact::Call;
use crate::model::incident::IncidentEvent;

/// Opens a contact.
pub fn open_contact(app: &mut App) {
    let item = app.selected();
    if let Some(contact) = app.contacts.selected(&app.world, item.as_ref()) {
        let state = ContactState::new(contact.id.clone());
        app.modals.push(Modal::Contact(state));
    }
}

/// What a key does with a contact.
pub fn in_contact(app: &mut App, action: Action) -> Vec<Effect> {
    let can_log = app.world.incidents.open().is_some();
    let Some(Modal::Contact(state)) = app.modals.last_mut() else { return Vec::new() };
    match action {
        Action::CallLog if app.world.read_only => {
            refused(app);
        }
        Action::CallLog if can_log => state.stage = Stage::Asking,
        Action::CallLog => no_incident(app),
        Action::CallPicture | Action::Open => state.stage = Stage::Picture,
        Action::CallReveal => state.revealed = !state.revealed,
        _ => {}
    }
    Vec::new()
}

/// Takes a key while a contact asks for something, or shows a picture. Returns nothing when the key means what it always does.
pub fn contact_key(app: &mut App, key: Key) -> Option<Vec<Effect>> {
    let Some(Modal::Contact(state)) = app.modals.last_mut() else { return None };
    match state.stage {
        Stage::Facts => None,
        Stage::Picture => {
            state.stage = Stage::Facts;
            Some(Vec::new())
        }
        Stage::Asking => {
            state.stage = Stage::Facts;
            let KeyCode::Char(letter) = key.code else { return Some(Vec::new()) };
            let outcome = OUTCOMES.iter().find(|(known, _)| *known == letter).map(|(_, outcome)| *outcome);
            let (state, outcome) = (state.clone(), outcome);
            let Some(outcome) = outcome else { return Some(Vec::new()) };
            Some(called(app, &state, outcome))
        }
    }
}

fn called(app: &App, state: &ContactState, outcome: crate::model::contact::Outcome) -> Vec<Effect> {
    let (Some(incident), Some(contact)) = (app.world.incidents.open(), state.contact(&app.world)) else {
        return Vec::new();
    };
    let number = state.way(&app.world).map(|way| way.address.clone());
    let call = Call { contact: contact.id.clone(), number, at: app.world.now, outcome };
    record(incident.id.clone(), IncidentEvent::Called { name: contact.name.clone(), call })
}
