//! Whom to call: in the order of escalation, with the number, whether somebody answers now, and what came of calls.
//!
//! Nothing here needs a network: what systems for on-call say stands above the list when they said it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::under_rule;
use crate::app::world::{Item, World};
use crate::contacts::escalation::{Next, Why, next_for};
use crate::contacts::words::way_words;
use crate::contacts::{Moment, callable, is_for_any, ordered};
use crate::incident::Incident;
use crate::model::contact::{Call, Contact, ContactKind, Way};
use crate::model::id::{ContactId, ServiceId};
use crate::model::source::{Capability, Found};
use crate::ui::paint::{self, Piece, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// Where the user is in the list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContactsState {
    selected: Option<ContactId>,
    top: usize,
}

/// Returns what time it is, everywhere.
pub fn moment(world: &World) -> Moment {
    Moment { now: world.now, here: world.zone.clone(), zones: (*world.zones).clone() }
}

/// Returns the contacts: those for what is wrong first, each part in the order of escalation.
pub fn list<'w>(world: &'w World, item: Option<&Item>) -> Vec<&'w Contact> {
    let about = about(world, item);
    let (mut first, rest): (Vec<_>, Vec<_>) =
        ordered(&world.catalog.contacts).into_iter().partition(|contact| is_for_any(contact, &about));
    first.extend(rest);
    first
}

/// Returns what the calls are about: the services of the open incident, else what is selected.
pub fn about<'w>(world: &'w World, item: Option<&'w Item>) -> Vec<&'w str> {
    if let Some(incident) = world.incidents.open().filter(|incident| !incident.services.is_empty()) {
        return incident.services.iter().map(ServiceId::as_str).collect();
    }
    match item {
        Some(Item::Service(service)) => vec![service.as_str()],
        Some(Item::Vendor(vendor)) => vec![vendor.as_str()],
        Some(Item::Host) | None => Vec::new(),
    }
}

/// Returns whom to call now, given the calls of the open incident.
pub fn who_is_next<'w>(world: &'w World, item: Option<&Item>, moment: &Moment) -> Next<'w> {
    let calls: &[Call] = world.incidents.open().map_or(&[], |incident| &incident.calls);
    next_for(&world.catalog.contacts, &about(world, item), calls, moment)
}

impl ContactsState {
    /// Returns the selected contact: the user's choice, else whoever is next.
    pub fn selected<'w>(&self, world: &'w World, item: Option<&Item>) -> Option<&'w Contact> {
        let list = list(world, item);
        let chosen = self.selected.as_ref().and_then(|id| list.iter().find(|contact| contact.id == *id));
        if let Some(contact) = chosen {
            return Some(contact);
        }
        match who_is_next(world, item, &moment(world)) {
            Next::Call { contact, .. } | Next::Wait { contact, .. } | Next::Reached { contact, .. } => Some(contact),
            Next::Nobody => list.first().copied(),
        }
    }

    /// Returns whether the user chose somebody.
    pub fn is_chosen(&self) -> bool {
        self.selected.is_some()
    }

    /// Moves the selection.
    pub fn step(&mut self, world: &World, item: Option<&Item>, by: isize) {
        let ids: Vec<&ContactId> = list(world, item).iter().map(|contact| &contact.id).collect();
        let here = self.selected(world, item).and_then(|shown| ids.iter().position(|id| **id == shown.id)).unwrap_or(0);
        let there = here.saturating_add_signed(by).min(ids.len().saturating_sub(1));
        self.selected = ids.get(there).map(|id| (*id).clone());
    }

    /// Scrolls so that the selection is visible.
    pub fn keep_in_view(&mut self, world: &World, item: Option<&Item>, area: Rect, look: &Look) {
        let rows = self.rows(world, item, area.width, look);
        let height = usize::from(under_rule(area).height);
        let last = rows.iter().rposition(|row| row.selected).unwrap_or(0);
        let first = rows.iter().position(|row| row.selected).unwrap_or(0);
        self.top = paint::scroll(self.top, last, height, rows.len()).min(first);
        if last < height {
            self.top = 0;
        }
    }

    /// Draws the pane.
    pub fn view(&self, world: &World, item: Option<&Item>, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
        let style = look.style(if focused { Role::Accent } else { Role::Dim });
        let mut title = vec![piece("Contacts", style)];
        // Who is next must be there on the smallest screen; what it is about gives way.
        let next = next_words(world, item);
        let taken = next.as_ref().map_or(0, |(text, _)| paint::width(text)) + 20;
        let room = usize::from(area.width).saturating_sub(taken);
        let about = about(world, item);
        if !about.is_empty() && room >= 8 {
            let about = paint::cut(&about.join(", "), room, look).into_owned();
            title.push(piece(format!(" for {about}"), look.style(Role::Title)));
        }
        let room = usize::from(area.width.saturating_sub(16));
        let end = next.map(|(text, role)| piece(paint::cut(&text, room, look).into_owned(), look.style(role)));
        paint::rule(buf, area, &title, &end.into_iter().collect::<Vec<_>>(), focused, look);
        draw_rows(buf, under_rule(area), &self.rows(world, item, area.width, look), self.top, focused, look);
    }

    fn rows(&self, world: &World, item: Option<&Item>, width: u16, look: &Look) -> Vec<Row<'static>> {
        let dim = look.style(Role::Dim);
        let mut rows = on_call(world, look);
        let contacts = list(world, item);
        if contacts.is_empty() {
            rows.push(Row::of(vec![piece(" nobody is known to call", dim)]));
            rows.push(Row::of(vec![piece("   crashcart contacts add, or import FILE.vcf", look.style(Role::Accent))]));
            return rows;
        }
        let moment = moment(world);
        let (about, selected) = (about(world, item), self.selected(world, item).map(|contact| contact.id.clone()));
        let incident = world.incidents.open();
        for contact in contacts {
            let fits = is_for_any(contact, &about);
            rows.extend(rows_of(contact, &moment, incident, selected.as_ref() == Some(&contact.id), fits, width, look));
        }
        rows
    }
}

/// Returns the number to dial now, or else the first way there is.
pub fn best_way<'c>(contact: &'c Contact, moment: &Moment) -> Option<&'c Way> {
    let open = callable(contact).find(|way| moment.open(way).worth_trying());
    open.or_else(|| callable(contact).next()).or_else(|| contact.ways().next())
}

fn rows_of(
    contact: &Contact,
    moment: &Moment,
    incident: Option<&Incident>,
    selected: bool,
    fits: bool,
    width: u16,
    look: &Look,
) -> Vec<Row<'static>> {
    let (dim, name) = (look.style(Role::Dim), look.style(if fits { Role::Title } else { Role::Dim }));
    let mark = if selected { look.glyphs.selected } else { " " };
    let mut left: Vec<Piece<'static>> =
        vec![piece(mark, look.style(Role::Accent)), piece(contact.name.to_string(), name)];
    if contact.kind == ContactKind::Vendor {
        left.push(piece("  vendor", dim));
    }
    if width >= 60 && !contact.services.is_empty() {
        let names: Vec<&str> = contact.services.iter().map(|name| name.as_str()).collect();
        left.push(piece(format!("  for {}", names.join(", ")), dim));
    }
    let last = incident.and_then(|incident| incident.calls.iter().rev().find(|call| call.contact == contact.id));
    let right = match last {
        Some(call) => {
            let clock = format::clock(call.at, &moment.here);
            vec![piece(format!("{} {clock} ", call.outcome.words()), look.style(call_role(call)))]
        }
        None => Vec::new(),
    };
    let way = match best_way(contact, moment) {
        Some(way) => way_words(way, moment),
        None => "cannot be reached".to_owned(),
    };
    let more = contact.ways().count().saturating_sub(1);
    let mut second = vec![piece(format!("   {way}"), look.style(if fits { Role::Text } else { Role::Dim }))];
    if more > 0 {
        second.push(piece(format!("  +{more}"), dim));
    }
    let note = contact.notes.first().filter(|_| width >= 80).map(|note| format!("  {note}"));
    second.extend(note.map(|note| piece(note, dim)));
    vec![Row { left, right, selected }, Row { left: second, right: Vec::new(), selected }]
}

fn call_role(call: &Call) -> Role {
    use crate::model::contact::Outcome;
    match call.outcome {
        Outcome::Reached => Role::Healthy,
        Outcome::NoAnswer | Outcome::Busy | Outcome::Voicemail => Role::Degraded,
        Outcome::Declined | Outcome::WrongNumber => Role::Down,
    }
}

/// Who is on call now, as the systems for that say, with how old that is.
fn on_call(world: &World, look: &Look) -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    let feeds = world.catalog.feeds.iter().filter(|feed| feed.capability == Capability::OnCall);
    for feed in feeds {
        let Some(state) = world.snapshot.feed(&feed.id) else { continue };
        let age = state.last.seen.map(|seen| format!("{} ago ", format::age(world.now.since(seen))));
        let Some(Found::OnCall(people)) = &state.last.value else {
            if let Some(trouble) = &state.trouble {
                let text = format!(" {} {}: {}", look.glyphs.unknown, feed.source, trouble.message);
                rows.push(Row::of(vec![piece(text, look.style(Role::Unknown))]));
            }
            continue;
        };
        let mut people: Vec<_> = people.iter().collect();
        people.sort_by_key(|person| person.level.unwrap_or(u64::MAX));
        for person in people.into_iter().take(3) {
            let number = person.phone.as_ref().or(person.email.as_ref());
            let number = number.map(|number| format!(" {number}")).unwrap_or_default();
            let until = person.until.map(|at| format!(" until {}", format::clock(at, &world.zone))).unwrap_or_default();
            let schedule = person.schedule.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
            rows.push(Row {
                left: vec![
                    piece(" on call: ", look.style(Role::Accent)),
                    piece(person.name.to_string(), look.style(Role::Title)),
                    piece(format!("{number}{until}"), look.style(Role::Text)),
                    piece(format!(" ({}{schedule})", feed.source), look.style(Role::Dim)),
                ],
                right: vec![piece(age.clone().unwrap_or_default(), look.style(Role::Dim))],
                selected: false,
            });
        }
    }
    rows
}

/// Says who is to be called now, and why.
pub fn next_words(world: &World, item: Option<&Item>) -> Option<(String, Role)> {
    let moment = moment(world);
    let clock = |at| format::clock(at, &world.zone);
    Some(match who_is_next(world, item, &moment) {
        Next::Nobody => return None,
        Next::Call { contact, why, .. } => {
            let why = match why {
                Why::First => "",
                Why::FirstAwake => ", whose hours it is",
                Why::NobodysHours => ", though it is nobody's hours",
                Why::OtherNumber => " at the other number",
                Why::Escalated => " now",
                Why::Again => " again",
            };
            let role = if matches!(why, "" | ", whose hours it is") { Role::Dim } else { Role::Degraded };
            (format!("next: {}{why}", contact.name), role)
        }
        Next::Wait { contact, until, then } => {
            let then = then.map(|then| format!(", then {}", then.name)).unwrap_or_default();
            let left = format::age(until.since(world.now));
            (format!("{} until {} ({left}){then}", contact.name, clock(until)), Role::Accent)
        }
        Next::Reached { contact, at } => (format!("{} was reached at {}", contact.name, clock(at)), Role::Healthy),
    })
}
