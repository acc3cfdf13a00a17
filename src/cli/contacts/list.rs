//! `crashcart contacts list`: in the order of escalation, with who answers at this hour.

use serde_json::{Value, json};

use super::super::args::ContactsArgs;
use super::super::failure::Failure;
use super::super::{Exit, output};
use super::book::Book;
use super::{print_json, shown};
use crate::contacts::check::stale_days;
use crate::contacts::escalation::{Next, next};
use crate::contacts::words::way_words;
use crate::contacts::{Moment, Open, callable, is_for, ordered};
use crate::model::contact::{Contact, ContactKind};
use crate::ui::format;

pub(super) fn run(book: &Book, service: Option<&str>, args: &ContactsArgs) -> Result<Exit, Failure> {
    if let (Some(service), Some(known)) = (service, &book.services)
        && !known.iter().any(|name| name == service)
    {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let failure = Failure::usage(anyhow::anyhow!("there is no service and no vendor `{service}`"));
        return Err(match crate::config::nearest::nearest(service, &known) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint(format!("there are: {}", known.join(", "))),
        });
    }
    let listed: Vec<Contact> = ordered(&book.contacts)
        .into_iter()
        .filter(|contact| service.is_none_or(|service| is_for(contact, service)))
        .map(|contact| shown(contact, args.reveal))
        .collect();
    if args.json {
        let rows = listed.iter().enumerate().map(|(place, contact)| row(contact, place + 1, book)).collect::<Value>();
        print_json(&rows)?;
        return Ok(book.exit());
    }
    if listed.is_empty() {
        output::tell(
            "There are no contacts yet.\nhint: crashcart contacts add --help, or crashcart contacts import FILE.vcf\n",
        );
        return Ok(book.exit());
    }
    let first = match next(&listed, service, &[], &book.moment) {
        Next::Call { contact, .. } => Some(contact.id.clone()),
        Next::Wait { .. } | Next::Reached { .. } | Next::Nobody => None,
    };
    let name_width = listed.iter().map(|contact| contact.name.width()).max().unwrap_or(0);
    let mut text = String::new();
    for (place, contact) in listed.iter().enumerate() {
        // Whom to call now, where it is not simply the first.
        let mark = if first.as_ref() == Some(&contact.id) { '>' } else { ' ' };
        let gap = " ".repeat(name_width - contact.name.width());
        let line = format!("{mark}{:>2}  {}{gap}  {}", place + 1, contact.name, about(contact, &book.moment));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    output::print(text)?;
    Ok(book.exit())
}

fn row(contact: &Contact, place: usize, book: &Book) -> Value {
    let mut row = serde_json::to_value(contact).unwrap_or_default();
    let today = book.moment.now.in_zone(&book.moment.here).date();
    row["place"] = json!(place);
    row["stale_days"] = json!(stale_days(contact, today));
    row["answers_now"] = json!(callable(contact).any(|way| book.moment.open(way) == Open::Yes));
    row["escalate_after"] = json!(contact.escalate_after.map(format::span));
    if let Some(phones) = row["phones"].as_array_mut() {
        for (row, way) in phones.iter_mut().zip(&contact.phones) {
            let link = crate::contacts::number::Number::read(way.address.as_str()).ok().map(|number| number.link());
            row["link"] = json!(link);
            row["open"] = match book.moment.open(way) {
                Open::Yes => json!(true),
                Open::No { .. } => json!(false),
                Open::Unknown => Value::Null,
            };
        }
    }
    row
}

/// One line on how to reach somebody now.
fn about(contact: &Contact, moment: &Moment) -> String {
    let open = callable(contact).find(|way| moment.open(way).worth_trying());
    let way = open.or_else(|| callable(contact).next()).or_else(|| contact.ways().next());
    let mut parts = Vec::new();
    match way {
        Some(way) => parts.push(way_words(way, moment)),
        None => parts.push("cannot be reached".to_owned()),
    }
    let others = contact.ways().count().saturating_sub(1);
    if others > 0 {
        parts.push(format!("{others} more"));
    }
    if contact.kind == ContactKind::Vendor {
        parts.push("vendor".to_owned());
    }
    if !contact.services.is_empty() {
        let names: Vec<&str> = contact.services.iter().map(|name| name.as_str()).collect();
        parts.push(format!("for {}", names.join(" and ")));
    }
    if let Some(account) = &contact.account {
        parts.push(format!("account {account}"));
    }
    if let Some(after) = contact.escalate_after {
        parts.push(format!("the next one after {}", format::span(after)));
    }
    if let Some(days) = stale_days(contact, moment.now.in_zone(&moment.here).date()) {
        parts.push(format!("last made sure of {days} days ago"));
    }
    parts.join(", ")
}
