//! An incident in the demo night: what the console wished for is told back by a journal that has no disk.

use crashcart::app::App;
use crashcart::app::effect::Effect;
use crashcart::app::event::{Event, EventKind};
use crashcart::model::contact::{Call, Contact, ContactKind, Outcome, Way, WayKind};
use crashcart::model::id::{ContactId, EntryId, IncidentId, SourceId};
use crashcart::model::incident::{IncidentEvent, IncidentState, Opening, SeenKind};
use crashcart::model::journal::{Body, Entry, News};
use crashcart::model::message::{Reach, Sender};
use crashcart::model::text::Line;

use super::demo_operations::{actor, armed};

fn line(text: &str) -> Line {
    Line::from_text(text)
}

/// Whom the demo calls.
pub fn contacts() -> Vec<Contact> {
    let phone = |number: &str, kind| Way { kind, ..Way::to(number) };
    let mut kim = Contact::named("Kim");
    kim.phones = vec![phone("+49 30 901820", WayKind::Mobile), phone("+49 30 901821", WayKind::Home)];
    kim.emails = vec![Way::to("kim@acme.com")];
    kim.escalate_after = Some(std::time::Duration::from_secs(600));
    let mut sam = Contact::named("Sam");
    sam.phones = vec![Way { note: Some(line("ask for the desk")), ..phone("+1 415 555 2671", WayKind::Work) }];
    sam.services = vec![line("checkout")];
    sam.languages = vec![line("en"), line("es")];
    let mut stripe = Contact::named("Stripe support");
    stripe.kind = ContactKind::Vendor;
    stripe.phones = vec![phone("+1 888 926 2289", WayKind::Support)];
    stripe.urls = vec![Way::to("https://support.stripe.com")];
    stripe.account = Some(line("acct_1F0000"));
    stripe.contract = Some(line("SUP-2041"));
    stripe.notes = vec![line("Ask for the payments team.")];
    vec![kim, sam, stripe]
}

/// The demo night with people to call.
pub fn night(size: (u16, u16)) -> App {
    let sender = |name: &str, reaches, to: &[&str]| Sender {
        name: line(name),
        source: SourceId::new(name),
        reaches,
        to: to.iter().copied().map(line).collect(),
        contacts: Vec::new(),
        pages: true,
        updates: reaches.is_none(),
    };
    let senders = vec![sender("sms", Some(Reach::Phone), &[]), sender("push", None, &["acme-alerts"])];
    let catalog = crashcart::model::catalog::Catalog { contacts: contacts(), senders, ..armed() };
    super::demo_sources::night_with(catalog, size)
}

/// Presses keys, with blanks between them.
pub fn keys(app: &mut App, keys: &str) -> Vec<Effect> {
    super::console::press(app, keys)
}

/// What two people said and did in the incident so far.
pub fn story(app: &mut App) {
    let Some(id) = app.world().incidents.open().map(|incident| incident.id.clone()) else { return };
    let now = app.world().now;
    let ago = |seconds: u64| now - std::time::Duration::from_secs(seconds);
    let note = |text: &str, seconds| IncidentEvent::Noted { text: line(text), more: vec![], happened_at: ago(seconds) };
    tell(app, &id, IncidentEvent::State { state: IncidentState::Acknowledged, happened_at: ago(600) });
    tell(app, &id, note("the first customer wrote: cards are charged twice", 660));
    tell_by(app, &id, IncidentEvent::Joined { by: actor("sam") }, "sam");
    tell_by(app, &id, note("sam looks at the connections of postgres", 420), "sam");
    let call = |outcome, seconds| IncidentEvent::Called {
        name: line("Kim"),
        call: Call { contact: ContactId::new("Kim"), number: Some(line("+49 30 901820")), at: ago(seconds), outcome },
    };
    tell_by(app, &id, call(Outcome::NoAnswer, 300), "sam");
    let pinned = IncidentEvent::Pinned {
        key: "log/1".to_owned(),
        kind: SeenKind::Log,
        text: line("app: ERROR charge failed: undefined id"),
        more: vec![line("    at retryCharge (src/charge.ts:42)")],
        service: None,
        happened_at: ago(500),
    };
    tell(app, &id, pinned);
}

/// What was wished for of incidents, in its order.
pub fn wished(effects: &[Effect]) -> (Vec<Opening>, Vec<IncidentEvent>) {
    let mut wished = (Vec::new(), Vec::new());
    for effect in effects {
        match effect {
            Effect::OpenIncident(opening) => wished.0.push((**opening).clone()),
            Effect::Record(command) => wished.1.push(command.event.clone()),
            _ => {}
        }
    }
    wished
}

/// The journal takes what was wished for, and tells of it. What comes of that is granted as well.
pub fn grant(app: &mut App, effects: &[Effect]) {
    let (openings, events) = wished(effects);
    let by = app.world().by.clone();
    for opening in openings {
        let Opening { title, severity, services, began_at } = opening;
        let number = app.world().incidents.next_number();
        let id = IncidentId::new(format!("inc-{number}"));
        tell(app, &id, IncidentEvent::Opened { number, title, severity, services, began_at, by: by.clone() });
    }
    let id = app.world().incidents.open().or_else(|| app.world().incidents.latest_first().next());
    if let Some(id) = id.map(|incident| incident.id.clone()) {
        for event in events {
            tell(app, &id, event);
        }
    }
}

/// The journal tells of one event of an incident, by whoever is at this console.
pub fn tell(app: &mut App, id: &IncidentId, event: IncidentEvent) {
    let by = app.world().by.user.to_string();
    tell_by(app, id, event, &by);
}

/// The journal tells of one event of an incident.
pub fn tell_by(app: &mut App, id: &IncidentId, event: IncidentEvent, by: &str) {
    let now = app.world().now;
    let seq = app.world().entries.len() as u64 + 1;
    let entry = Entry {
        seq,
        id: EntryId::new(format!("e{seq:04}")),
        at: now,
        by: actor(by),
        service: None,
        operation: Some(id.in_journal()),
        body: Body::Incident(event),
    };
    let effects =
        app.update(Event { at: now, kind: EventKind::Journal(News { entries: vec![entry], leases: Vec::new() }) });
    grant(app, &effects);
}
