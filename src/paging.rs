//! Paging people and telling others: whose turn it is, by which senders, in which words. Pure; nothing goes out here.
//!
//! ```text
//!   contacts, pages so far, time --turn--> whom        incident, timeline --draft--> what is said
//!   senders, whom                --routes--> by what, and by what else when that does not take it
//!                                 --plan--> all of it, for a person to read before it goes out
//! ```

pub mod draft;
pub mod limit;
pub mod plan;
pub mod routes;
pub mod turn;

pub use plan::{NextUp, PagePlan, PageWish, plan_page, plan_update};
pub use routes::Route;
pub use turn::{Turn, Why};

use crate::incident::Incident;
use crate::model::contact::Outcome;
use crate::model::message::MessageKind;
use turn::Page;

/// Returns the pages of an incident, and the calls that reached somebody, in the order of their times: what went out by several
/// senders under one key is one page, and who said on the phone that they take it have their time like who was paged.
pub fn pages(incident: &Incident) -> Vec<Page> {
    let mut pages: Vec<(String, Page)> = Vec::new();
    for sent in incident.messages.iter().filter(|sent| sent.kind == MessageKind::Page) {
        let arrived = sent.may_have_arrived();
        match pages.iter_mut().find(|(key, _)| *key == sent.key) {
            Some((_, page)) => {
                page.arrived |= arrived;
                page.at = page.at.max(sent.at);
            }
            None => {
                pages.push((sent.key.clone(), Page { contact: sent.contact.clone(), at: sent.at, arrived }));
            }
        }
    }
    let mut pages: Vec<Page> = pages.into_iter().map(|(_, page)| page).collect();
    let reached = incident.calls.iter().filter(|call| call.outcome == Outcome::Reached);
    pages.extend(reached.map(|call| Page { contact: Some(call.contact.clone()), at: call.at, arrived: true }));
    pages.sort_by_key(|page| page.at);
    pages
}
