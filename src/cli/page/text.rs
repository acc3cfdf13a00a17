//! A message that is about to go out, as text.

use jiff::tz::TimeZone;

use crate::desk::paging::{Attempt, Preview};
use crate::model::message::MessageKind;
use crate::paging::{PagePlan, Route};

/// Returns the whole plan.
pub fn plan(plan: &PagePlan, zone: &TimeZone) -> String {
    let mut text = match (&plan.contact, plan.kind) {
        (Some(contact), MessageKind::Page) => {
            let why = plan.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            format!("Page {contact}{why}\n")
        }
        (_, MessageKind::Page) => "Page whoever reads it\n".to_owned(),
        (_, MessageKind::Update) => format!("Status update about #{}\n", plan.number),
    };
    let word = match plan.kind {
        MessageKind::Page => ["by", "then by"],
        MessageKind::Update => ["to", "and to"],
    };
    for (nth, route) in plan.routes.iter().enumerate() {
        text.push_str(&format!("  {:<8}{}\n", word[nth.min(1)], way(route)));
    }
    text.push_str(&format!("\n  {}\n", plan.message.title));
    for line in &plan.message.text {
        text.push_str(&format!("  {line}\n"));
    }
    if plan.message.resolved {
        text.push_str("  (marked as resolved)\n");
    }
    text.push('\n');
    for stop in &plan.stops {
        text.push_str(&format!("! {stop}\n"));
    }
    if let Some(next) = &plan.next {
        let at = next.at.in_zone(zone).strftime("%H:%M:%S").to_string();
        text.push_str(&format!("If nobody acknowledges it, {} is next at {at}.\n", next.contact));
    }
    text
}

fn way(route: &Route) -> String {
    let to: Vec<&str> = route.to.iter().map(|to| to.as_str()).collect();
    let whose = if route.is_personal { "" } else { ", where others read it" };
    if to.is_empty() {
        format!("{}{whose}", route.sender)
    } else {
        format!("{} to {}{whose}", route.sender, to.join(", "))
    }
}

/// Returns the exact requests.
pub fn requests(previews: &[Preview]) -> String {
    let mut text = String::new();
    for preview in previews {
        text.push_str(&format!("\n{}:\n", preview.sender));
        for request in &preview.requests {
            for line in request {
                text.push_str(&format!("  {line}\n"));
            }
        }
        if let Some(trouble) = &preview.trouble {
            text.push_str(&format!("  ! it cannot be sent: {trouble}\n"));
        }
    }
    text
}

/// Returns the question before it goes out.
pub fn question(plan: &PagePlan) -> String {
    match (&plan.contact, plan.kind) {
        (Some(contact), MessageKind::Page) => format!("Type yes to page {contact}: "),
        (_, MessageKind::Page) => "Type yes to page: ".to_owned(),
        (_, MessageKind::Update) => "Type yes to send it: ".to_owned(),
    }
}

/// Says what came of one sender.
pub fn attempt(attempt: &Attempt) -> String {
    let Attempt { sender, attempt, outcome, said } = attempt;
    let again = if *attempt > 1 { format!(" (try {attempt})") } else { String::new() };
    let said = if said.is_empty() { String::new() } else { format!(", {said}") };
    format!("{sender}{again}: {}{said}\n", outcome.words())
}

/// Says what it all came to, and who is next.
pub fn ended(plan: &PagePlan, arrived: bool, zone: &TimeZone) -> String {
    if plan.kind == MessageKind::Update {
        return String::new();
    }
    let who = plan.contact.as_ref().map_or("anybody", |contact| contact.as_str());
    if !arrived {
        return format!("No sender has reached {who}. Call: crashcart contacts\n");
    }
    match &plan.next {
        Some(next) => {
            let at = next.at.in_zone(zone).strftime("%H:%M:%S").to_string();
            format!("{} is next at {at}, unless somebody acknowledges it: crashcart incident ack\n", next.contact)
        }
        None => "Nobody comes after. Acknowledge it with: crashcart incident ack\n".to_owned(),
    }
}
