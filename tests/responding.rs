//! An incident in the console: it is opened, told of, called about and closed, and nothing is true before the journal took it.

mod support;

use std::time::Duration;

use crashcart::app::App;
use crashcart::app::effect::Effect;
use crashcart::app::event::{Event, EventKind, Input};
use crashcart::incident::timeline::Kind;
use crashcart::model::contact::Outcome;
use crashcart::model::id::IncidentId;
use crashcart::model::incident::{IncidentEvent, IncidentState, SeenKind, Severity};
use crashcart::model::text::Line;
use crashcart::paging::PagePlan;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use support::console::{SIZE, press, screen};
use support::demo_incidents::{grant, night, tell, tell_by, wished};

#[track_caller]
fn shows(app: &App, parts: &[&str]) {
    let screen = screen(app);
    for part in parts {
        assert!(screen.contains(part), "{part:?} is not on\n{screen}");
    }
}

fn write(app: &mut App, text: &str) {
    app.update(Event { at: app.world().now, kind: EventKind::Input(Input::Paste(text.to_owned())) });
}

fn later(app: &mut App, seconds: u64) {
    let at = app.world().now + Duration::from_secs(seconds);
    app.update(Event { at, kind: EventKind::Tick });
}

/// The night with an incident that is open.
fn opened() -> App {
    let mut app = night(SIZE);
    let effects = press(&mut app, "! enter");
    grant(&mut app, &effects);
    app
}

#[test]
fn one_key_proposes_an_incident_from_what_is_red_and_enter_opens_it() {
    let mut app = night(SIZE);
    press(&mut app, "!");
    shows(&app, &["Open an incident", "SEV2", "checkout", "Nobody is", "since"]);
    press(&mut app, "tab tab tab");
    shows(&app, &["SEV1"]);
    let (openings, _) = wished(&press(&mut app, "! enter"));
    let [opening] = &openings[..] else { panic!("{openings:?}") };
    assert!(opening.title.as_str().starts_with("postgres") && opening.title.as_str().ends_with("down!"), "{opening:?}");
    assert_eq!(opening.severity, Severity::Sev1);
    assert!(opening.began_at < app.world().now, "it began when the first thing was seen to be down");
    // Before the journal took it there is none.
    assert!(app.world().incidents.open().is_none());
}

#[test]
fn the_timeline_fills_by_itself_and_takes_notes_of_now_and_before() {
    let mut app = opened();
    shows(&app, &["Timeline SEV2 #1", "incident #1 opened"]);
    assert!(app.world().alarm().unwrap().text.contains("SEV2 #1"));
    press(&mut app, "n");
    write(&mut app, "-5m kim restarted the queue");
    let effects = press(&mut app, "enter");
    let (_, events) = wished(&effects);
    let [IncidentEvent::Noted { happened_at, text, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(text.as_str(), "kim restarted the queue");
    assert_eq!(*happened_at, app.world().now - Duration::from_secs(300));
    grant(&mut app, &effects);
    press(&mut app, "z");
    shows(&app, &["kim restarted the queue", "is down", "release v42", "HighErrorRate fires", "later  kim"]);
    // In the log `n` is a note as long as nothing is searched for.
    press(&mut app, "z 3 n");
    write(&mut app, "seen in the log");
    let effects = press(&mut app, "enter");
    assert_eq!(wished(&effects).1.len(), 1);
    press(&mut app, "/");
    write(&mut app, "charge");
    press(&mut app, "enter n");
    assert!(wished(&press(&mut app, "enter")).1.is_empty(), "with a search it is the next match");
}

#[test]
fn what_is_selected_is_pinned_once() {
    let mut app = opened();
    press(&mut app, "3");
    let effects = press(&mut app, "m");
    let (_, events) = wished(&effects);
    let [IncidentEvent::Pinned { kind: SeenKind::Log, text, .. }] = &events[..] else { panic!("{events:?}") };
    assert!(!text.is_empty());
    grant(&mut app, &effects);
    press(&mut app, "2");
    let (_, events) = wished(&press(&mut app, "m"));
    assert!(matches!(&events[..], [IncidentEvent::Pinned { kind: SeenKind::Metric, .. }]), "{events:?}");
    press(&mut app, "4");
    assert!(wished(&press(&mut app, "m")).1.is_empty());
    shows(&app, &["nothing here to pin"]);
}

#[test]
fn an_incident_goes_from_triggered_to_closed_by_letters() {
    let mut app = opened();
    for (letter, state) in [
        ("a", IncidentState::Acknowledged),
        ("m", IncidentState::Mitigated),
        ("o", IncidentState::Acknowledged),
        ("r", IncidentState::Resolved),
    ] {
        let effects = press(&mut app, &format!("! {letter}"));
        let (_, events) = wished(&effects);
        assert!(
            matches!(&events[..], [IncidentEvent::State { state: to, .. }] if *to == state),
            "{letter}: {events:?}"
        );
        grant(&mut app, &effects);
    }
    // In the timeline the keys are still about the one that is looked at.
    let effects = press(&mut app, "t ! x");
    grant(&mut app, &effects);
    assert_eq!(app.world().incidents.latest_first().next().unwrap().state, IncidentState::Closed);
    press(&mut app, "1 !");
    shows(&app, &["Open an incident"]);
}

#[test]
fn severity_title_services_and_roles_are_said_and_strange_services_are_not() {
    let mut app = opened();
    let mut say = |keys: &str, text: &str| {
        press(&mut app, keys);
        for _ in 0..80 {
            if !text.is_empty() && !keys.ends_with('w') {
                press(&mut app, "ctrl-u");
            }
        }
        write(&mut app, text);
        let effects = if text.is_empty() { Vec::new() } else { press(&mut app, "enter") };
        let (_, events) = wished(&effects);
        grant(&mut app, &effects);
        events
    };
    assert!(
        matches!(&say("! t", "Nobody can pay")[..], [IncidentEvent::Titled { title }] if title.as_str() == "Nobody can pay")
    );
    assert!(matches!(&say("! v", "checkout")[..], [IncidentEvent::Services { services }] if services.len() == 1));
    assert!(say("! v", "chekout").is_empty(), "a service that nobody knows is a slip");
    assert!(
        matches!(&say("! w", "commander sam")[..], [IncidentEvent::Role { who, role }] if who.as_str() == "sam" && role.as_str() == "commander")
    );
    let effects = press(&mut app, "! s 1");
    assert!(matches!(&wished(&effects).1[..], [IncidentEvent::Severity { severity: Severity::Sev1 }]));
    grant(&mut app, &effects);
    press(&mut app, "!");
    shows(&app, &["SEV1 #1 Nobody can pay", "sam (commander)", "kim"]);
}

#[test]
fn an_entry_is_corrected_or_taken_out_and_that_stays_visible() {
    let mut app = opened();
    let id = app.world().incidents.open().unwrap().id.clone();
    let now = app.world().now;
    tell(
        &mut app,
        &id,
        IncidentEvent::Noted { text: Line::from_text("key sk_live is in the log"), more: vec![], happened_at: now },
    );
    press(&mut app, "t e ctrl-u");
    write(&mut app, "a key is in the log");
    let effects = press(&mut app, "enter");
    grant(&mut app, &effects);
    shows(&app, &["a key is in the log", "corrected"]);
    press(&mut app, "X");
    write(&mut app, "it was a secret");
    let effects = press(&mut app, "enter");
    grant(&mut app, &effects);
    shows(&app, &["an entry was taken out: it was a secret"]);
    assert!(!screen(&app).contains("sk_live"));
}

#[test]
fn a_timeline_is_filtered_searched_and_followed() {
    let mut app = opened();
    let id = app.world().incidents.open().unwrap().id.clone();
    press(&mut app, "t /");
    write(&mut app, "release");
    press(&mut app, "x backspace enter");
    shows(&app, &["only what has \"release\"", "release v42"]);
    assert!(!screen(&app).contains("fires"));
    press(&mut app, "enter");
    shows(&app, &["release", "entry    e0"]);
    press(&mut app, "esc esc");
    assert!(!screen(&app).contains("only what has"));
    // Who looks at the end sees what others write; who looks at an entry stays there.
    let now = app.world().now;
    let note = |text: &str| IncidentEvent::Noted { text: Line::from_text(text), more: vec![], happened_at: now };
    tell_by(&mut app, &id, note("sam looks at the database"), "sam");
    shows(&app, &["sam looks at the database"]);
    press(&mut app, "g");
    tell_by(&mut app, &id, note("sam found it"), "sam");
    assert!(!screen(&app).contains("sam found it"));
    press(&mut app, "G");
    shows(&app, &["sam found it", "2 people"]);
}

#[test]
fn whoever_presses_a_key_is_in_it_once() {
    let mut app = night(SIZE);
    tell_by(
        &mut app,
        &IncidentId::new("inc-1"),
        IncidentEvent::Opened {
            number: 1,
            title: Line::from_text("by somebody else"),
            severity: Severity::Sev2,
            services: vec![],
            began_at: app_now(),
            by: support::demo_operations::actor("sam"),
        },
        "sam",
    );
    let joined = |effects: &[Effect]| {
        wished(effects).1.iter().filter(|event| matches!(event, IncidentEvent::Joined { .. })).count()
    };
    assert_eq!(joined(&press(&mut app, "j")), 1);
    assert_eq!(joined(&press(&mut app, "j")), 0, "the journal answers a moment later");
}

fn app_now() -> crashcart::model::time::Timestamp {
    night(SIZE).world().now
}

#[test]
fn contacts_are_one_key_away_and_a_call_decides_who_is_next() {
    let mut app = opened();
    press(&mut app, "c");
    shows(&app, &["Contacts for", "Kim", "+49 30 901820", "next: Kim"]);
    press(&mut app, "enter");
    shows(&app, &["Kim", "+49 30 901821", "kim@acme.com", "the next one after 10m"]);
    let effects = press(&mut app, "l n");
    let (_, events) = wished(&effects);
    let [IncidentEvent::Called { name, call }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (name.as_str(), call.outcome, call.number.as_ref().unwrap().as_str()),
        ("Kim", Outcome::NoAnswer, "+49 30 901820")
    );
    grant(&mut app, &effects);
    press(&mut app, "esc");
    shows(&app, &["next: Kim at the other number", "no answer"]);
    let effects = press(&mut app, "enter j l b");
    grant(&mut app, &effects);
    press(&mut app, "esc");
    shows(&app, &["Kim until 02:24 (10m), then Sam"]);
    later(&mut app, 601);
    shows(&app, &["next: Sam now"]);
    assert!(app.world().alarm().is_some());
    let moments = press(&mut app, "t");
    drop(moments);
    shows(&app, &["called Kim at +49 30 901821: busy"]);
}

#[test]
fn a_number_is_masked_copied_and_opens_in_the_terminal() {
    let mut app = night(SIZE);
    press(&mut app, "c j enter");
    shows(&app, &["Stripe support", "+1 888 926 2289"]);
    assert!(!screen(&app).contains("acct_1F0000"), "account numbers are masked until they are asked for");
    press(&mut app, "v");
    shows(&app, &["acct_1F0000", "SUP-2041"]);
    let copied = press(&mut app, "y");
    assert!(matches!(&copied[..], [Effect::Copy(text)] if text == "+1 888 926 2289"));
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let mut buf = Buffer::empty(area);
    app.view(area, &mut buf);
    let links = app.links(area);
    let (place, target) = &links[0];
    let under: String = place.positions().map(|at| buf[at].symbol().to_owned()).collect();
    assert_eq!((under.as_str(), target.as_str()), ("+1 888 926 2289", "tel:+18889262289"));
    // Without an incident a call is not written, and that is said.
    assert!(wished(&press(&mut app, "l r")).1.is_empty());
}

/// Reads the screen's cells as a camera would: every half block is a pixel.
fn scanned(app: &App, size: (u16, u16)) -> Option<String> {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buf = Buffer::empty(area);
    app.view(area, &mut buf);
    const ZOOM: usize = 6;
    let (width, height) = (usize::from(size.0) * ZOOM, usize::from(size.1) * 2 * ZOOM);
    let light = |x: usize, y: usize| {
        let (column, row) = (x / ZOOM, y / ZOOM);
        let symbol = buf[(column as u16, (row / 2) as u16)].symbol();
        match symbol {
            "█" => true,
            "▀" => row % 2 == 0,
            "▄" => row % 2 == 1,
            _ => false,
        }
    };
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| if light(x, y) { 255 } else { 0 });
    let grids = image.detect_grids();
    let (_, content) = grids.first()?.decode().ok()?;
    Some(content)
}

#[test]
fn a_phone_reads_the_number_from_the_smallest_screen() {
    for size in [(40, 20), (80, 24), (120, 40)] {
        let mut app = night(size);
        press(&mut app, "c enter s");
        assert_eq!(scanned(&app, size).as_deref(), Some("tel:+4930901820"), "{size:?}");
    }
}

fn sent(effects: &[Effect]) -> Vec<PagePlan> {
    let plan = |effect: &Effect| match effect {
        Effect::Send(plan) => Some((**plan).clone()),
        _ => None,
    };
    effects.iter().filter_map(plan).collect()
}

#[test]
fn what_helped_the_last_time_stands_beside_a_new_incident() {
    let mut app = opened();
    let effects = press(&mut app, "! r");
    grant(&mut app, &effects);
    press(&mut app, "1 !");
    shows(&app, &["Open an incident", "before", "#1"]);
}

#[test]
fn a_page_is_read_before_another_key_sends_it() {
    let mut app = night(SIZE);
    press(&mut app, "p");
    shows(&app, &["no incident is open"]);
    let effects = press(&mut app, "! enter");
    grant(&mut app, &effects);
    press(&mut app, "p");
    shows(&app, &["Page Kim", "by sms to +4930901820", "then by push to acme-alerts", "SEV2 #1", "Sam is next at"]);
    assert!(sent(&press(&mut app, "y")).is_empty(), "nobody can have read it yet");
    support::demo_operations::shown(&mut app);
    support::demo_operations::wait(&mut app, 500);
    assert!(sent(&press(&mut app, "p enter")).is_empty(), "neither the key that opened it nor enter sends it");
    let [plan] = &sent(&press(&mut app, "y"))[..] else { panic!("it was not sent") };
    assert_eq!((plan.contact.as_ref().unwrap().as_str(), plan.routes.len()), ("Kim", 2));
    shows(&app, &["the timeline tells"]);
}

#[test]
fn the_banner_reminds_of_telling_others() {
    let mut app = opened();
    assert!(!app.world().alarm().unwrap().text.contains("others heard nothing"));
    later(&mut app, 1_801);
    assert!(app.world().alarm().unwrap().text.contains("others heard nothing for 30m: ! u"));
}

#[test]
fn a_contact_that_is_looked_at_is_paged_and_others_are_told_what_was_read() {
    let mut app = opened();
    press(&mut app, "c j j enter p");
    shows(&app, &["Page Stripe support"]);
    press(&mut app, "esc esc 1 ! u");
    write(&mut app, "we know, and work on it");
    press(&mut app, "enter");
    shows(&app, &["Tell others", "by push to acme-alerts", "we know, and work on it"]);
    support::demo_operations::shown(&mut app);
    support::demo_operations::wait(&mut app, 500);
    assert_eq!(sent(&press(&mut app, "y")).len(), 1);
}

#[test]
fn a_read_only_console_writes_nothing() {
    let mut app = support::demo_operations::night_read_only(SIZE);
    for keys in ["! enter", "n", "m", "t e"] {
        let (openings, events) = wished(&press(&mut app, keys));
        assert!(openings.is_empty() && events.is_empty(), "{keys}");
    }
}

#[test]
fn a_moment_is_told_once_whatever_kind_it_is() {
    let app = opened();
    let kinds: Vec<Kind> =
        crashcart::incident::timeline::timeline(app.world().incidents.open().unwrap(), &app.world().entries)
            .iter()
            .map(|moment| moment.kind)
            .collect();
    for kind in [Kind::Health, Kind::Alert, Kind::Release, Kind::State] {
        assert!(kinds.contains(&kind), "{kind:?} is not in {kinds:?}");
    }
}
