//! What a key does in the window that lies above the panes.

use super::copying::copy;
use super::panes::amount;
use crate::action::{Action, Context, info};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::Key;
use crate::app::update::{acting, following, notice, responding};
use crate::modal::Modal;
use crate::modal::help::HelpState;

pub(super) fn modal_action(app: &mut App, action: Action, key: Option<Key>) -> Vec<Effect> {
    let (modal, full) = (app.map().modal, app.map().full);
    let inner = (modal.width.saturating_sub(4), modal.height.saturating_sub(2));
    let by = amount(action, isize::try_from(inner.1.max(2) - 1).unwrap_or(1));
    match action {
        // Enter chooses from a list, and never says yes to a plan.
        Action::Open => match app.modals.last() {
            Some(Modal::Choose(list)) => {
                if let Some(choice) = list.choices.get(list.selected).cloned() {
                    return acting::chosen(app, choice, key);
                }
            }
            Some(Modal::Plan(_)) => {
                let yes = app.keymap.key(Action::Confirm).map(|key| key.to_string()).unwrap_or_default();
                notice(app, &format!("enter never says yes: {yes} does"), false);
            }
            Some(Modal::Step(_) | Modal::Page(_)) => {
                let yes = app.keymap.key(Action::Confirm).map(|key| key.to_string()).unwrap_or_default();
                notice(app, &format!("enter never says yes: {yes} does"), false);
            }
            Some(Modal::Runbook(_)) => return following::act(app, action, key),
            Some(Modal::Contact(_)) => return responding::in_contact(app, action),
            _ => {
                app.modals.pop();
            }
        },
        Action::Edit => following::edit(app),
        _ if info(action).context == Context::Runbook => return following::act(app, action, key),
        _ if info(action).context == Context::Contact => return responding::in_contact(app, action),
        Action::Search if matches!(app.modals.last(), Some(Modal::Runbook(_))) => {
            return following::act(app, action, key);
        }
        Action::Quit | Action::Back | Action::Left => {
            app.modals.pop();
        }
        Action::Confirm if matches!(app.modals.last(), Some(Modal::Step(_))) => return following::confirm(app, key),
        Action::Confirm if matches!(app.modals.last(), Some(Modal::Page(_))) => return responding::send(app, key),
        Action::Page if matches!(app.modals.last(), Some(Modal::Contact(_))) => return responding::page(app, key),
        Action::Confirm => return acting::confirm(app, key),
        Action::Target => return acting::other_target(app),
        Action::NextPane if matches!(app.modals.last(), Some(Modal::Plan(_))) => return acting::other_target(app),
        Action::Stop | Action::GoOn | Action::Undo | Action::Close => return acting::operate(app, action, key),
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Help => match app.modals.last() {
            Some(Modal::Help(_)) => {
                app.modals.pop();
            }
            _ => app.modals.push(Modal::Help(HelpState::default())),
        },
        Action::Copy => return copy(app),
        _ => match app.modals.last_mut() {
            Some(Modal::Help(help)) => help.scroll(by, inner.1),
            Some(Modal::Detail(detail)) => detail.scroll(by, &app.world, inner, &app.look),
            Some(Modal::Choose(list)) => list.step(by),
            Some(Modal::Incident(menu)) => menu.step(by, &app.world),
            Some(Modal::Page(page)) => page.scroll(by, &app.world, inner, &app.look),
            Some(Modal::Contact(contact)) => contact.step(by, &app.world, inner, &app.look),
            Some(Modal::Plan(plan)) => plan.scroll(by, &app.world, full, &app.look),
            Some(Modal::Operation(operation)) => operation.scroll(by, &app.world, inner, &app.look),
            Some(Modal::Runbook(runbook)) => match action {
                Action::NextPane | Action::PreviousPane => {
                    runbook.step(action == Action::NextPane, &app.world, inner, &app.look);
                }
                _ => runbook.scroll(by, &app.world, inner, &app.look),
            },
            Some(Modal::Step(step)) => step.scroll(by, &app.world, inner, &app.look),
            Some(Modal::Palette(_) | Modal::Ask(_) | Modal::Opening(_) | Modal::Terminal(_)) | None => {}
        },
    }
    Vec::new()
}
