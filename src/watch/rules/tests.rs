use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::*;
use crate::model::contact::{Call, Hours, Outcome, Way};
use crate::model::id::SourceId;
use crate::model::incident::{IncidentEvent, IncidentState, SeenKind};
use crate::model::message::{MessageKind, Reach, SendOutcome};
use crate::model::operation::Actor;
use crate::model::watch::Maintenance;
use crate::paging::draft::{self, Material};

/// A simulated project, its journal and its clock. Nothing waits.
struct Night {
    now: Timestamp,
    state: State,
    incidents: Vec<Incident>,
    opened: u32,
    rules: WatchRules,
    contacts: Vec<Contact>,
    senders: Vec<Sender>,
    healths: Vec<(&'static str, Health, Timestamp)>,
    blind: bool,
    /// What senders make of messages.
    outcome: SendOutcome,
    told: String,
}

fn sender(name: &str, reaches: Option<Reach>) -> Sender {
    Sender {
        name: Line::from_text(name),
        source: SourceId::new(name),
        reaches,
        to: Vec::new(),
        contacts: Vec::new(),
        pages: reaches.is_some(),
        updates: reaches.is_none(),
    }
}

impl Night {
    /// 02:00 UTC on some night, with everything well. This machine has no name.
    fn new(services: &[&'static str]) -> Self {
        let now = Timestamp::parse_rfc3339("2026-11-24T02:00:00Z").unwrap();
        let contact = |name: &str| Contact { emails: vec![Way::to("x@y.example")], ..Contact::named(name) };
        Self {
            now,
            state: State::default(),
            incidents: Vec::new(),
            opened: 0,
            rules: WatchRules::default(),
            contacts: vec![contact("Kim"), contact("Sam")],
            senders: vec![sender("mail", Some(Reach::Email)), sender("push", None)],
            healths: services.iter().chain(&[""]).map(|name| (*name, Health::Healthy, now)).collect(),
            blind: false,
            outcome: SendOutcome::Taken,
            told: String::new(),
        }
    }

    fn is(&mut self, name: &str, health: Health) {
        let now = self.now;
        let found = self.healths.iter_mut().find(|(known, ..)| *known == name).unwrap();
        (found.1, found.2) = (health, now);
    }

    fn by(user: &str) -> Actor {
        Actor { user: Line::from_text(user), host: Line::from_text("web1") }
    }

    /// A person does something with the latest incident.
    fn write(&mut self, state: IncidentState) {
        let event = IncidentEvent::State { state, happened_at: self.now };
        self.incidents.last_mut().unwrap().apply(self.now, &Self::by("kim"), &event).unwrap();
    }

    /// A person calls somebody of the list.
    fn call(&mut self, name: &str, outcome: Outcome) {
        let call = Call { contact: ContactId::new(name), number: None, at: self.now, outcome };
        let event = IncidentEvent::Called { name: Line::from_text(name), call };
        self.incidents.last_mut().unwrap().apply(self.now, &Self::by("kim"), &event).unwrap();
    }

    fn say(&mut self, text: &str) {
        let at = self.now.in_zone(&TimeZone::UTC).strftime("%H:%M:%S").to_string();
        self.told.push_str(&format!("{at} {text}\n"));
    }

    fn look(&mut self) {
        let subjects = self.healths.iter().map(|(name, health, since)| Subject {
            who: (!name.is_empty()).then(|| ServiceId::new(name)),
            name: Line::from_text(if name.is_empty() { "this machine" } else { name }),
            health: *health,
            since: Some(*since),
            why: None,
            because_of: (*name == "web"
                && *health == Health::Down
                && self.healths.iter().any(|(name, health, _)| *name == "db" && *health == Health::Down))
            .then(|| ServiceId::new("db")),
        });
        let time = Moment { now: self.now, here: TimeZone::UTC, zones: BTreeMap::new() };
        let world = World {
            subjects: subjects.collect(),
            blind: self.blind,
            incidents: self.incidents.iter().rev().collect(),
            contacts: &self.contacts,
            senders: &self.senders,
            time: &time,
        };
        let decisions = step(&mut self.state, &world, &self.rules);
        decisions.into_iter().for_each(|decision| self.carry_out(decision));
    }

    fn carry_out(&mut self, decision: Decision) {
        let (now, by) = (self.now, Self::by(WATCHER));
        let outcome = self.outcome;
        let find = |incidents: &mut Vec<Incident>, id: &IncidentId| {
            incidents.iter().position(|incident| incident.id == *id).unwrap()
        };
        match decision {
            Decision::Open { title, severity, services, this_machine, began_at } => {
                self.opened = self.opened.max(u32::try_from(self.incidents.len()).unwrap()) + 1;
                let number = self.opened;
                self.say(&format!("open #{number} {} {title}", severity.word()));
                let id = IncidentId::new(format!("i{number:04}"));
                let event = IncidentEvent::Opened { number, title, severity, services, began_at, by: by.clone() };
                let mut incident = Incident::begin(&id, now, &event).unwrap();
                if this_machine {
                    let key = ABOUT_THIS_MACHINE.to_owned();
                    let text = Line::default();
                    let event =
                        IncidentEvent::Saw { key, kind: SeenKind::Health, text, service: None, happened_at: now };
                    incident.apply(now, &by, &event).unwrap();
                }
                self.incidents.push(incident);
            }
            Decision::Extend { incident, services, severity, title } => {
                let at = find(&mut self.incidents, &incident);
                let names: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
                self.say(&format!("{incident} is {} {}", severity.word(), names.join(", ")));
                self.incidents[at].apply(now, &by, &IncidentEvent::Services { services }).unwrap();
                self.incidents[at].apply(now, &by, &IncidentEvent::Severity { severity }).unwrap();
                if let Some(title) = title {
                    self.incidents[at].apply(now, &by, &IncidentEvent::Titled { title }).unwrap();
                }
            }
            Decision::Reopen { incident } => {
                let at = find(&mut self.incidents, &incident);
                self.say(&format!("{incident} anew"));
                let event = IncidentEvent::State { state: IncidentState::Triggered, happened_at: now };
                self.incidents[at].apply(now, &by, &event).unwrap();
            }
            Decision::Resolve { incident, happened_at } => {
                let at = find(&mut self.incidents, &incident);
                self.say(&format!(
                    "{incident} over since {}",
                    happened_at.in_zone(&TimeZone::UTC).strftime("%H:%M:%S")
                ));
                let event = IncidentEvent::State { state: IncidentState::Resolved, happened_at };
                self.incidents[at].apply(now, &by, &event).unwrap();
            }
            Decision::Page { incident, contact, why } => {
                let who = contact.as_ref().map_or("a place", |contact| contact.as_str()).to_owned();
                self.say(&format!("page {who}: {why}"));
                let at = find(&mut self.incidents, &incident);
                let count = self.incidents[at].messages.len();
                self.send(at, format!("page/{who}/{count}"), MessageKind::Page, contact, &outcome);
            }
            Decision::Tell { incident, key, text } => {
                let text = if text.is_empty() { String::new() } else { format!(": {text}") };
                self.say(&format!("tell {key}{text}"));
                let at = find(&mut self.incidents, &incident);
                self.send(at, key, MessageKind::Update, None, &outcome);
            }
            Decision::Beat => self.say("beat"),
        }
    }

    fn send(&mut self, at: usize, key: String, kind: MessageKind, contact: Option<ContactId>, outcome: &SendOutcome) {
        let (now, by) = (self.now, Self::by(WATCHER));
        let incident = &self.incidents[at];
        let material = Material { incident, moments: &[], zone: &TimeZone::UTC, now, by: &by };
        let title = draft::update(&material, &[]).title;
        let sender = Line::from_text(if kind == MessageKind::Page { "mail" } else { "push" });
        let sending = IncidentEvent::Sending {
            key: key.clone(),
            kind,
            sender: sender.clone(),
            attempt: 1,
            contact: contact.clone(),
            title: title.clone(),
            text: Vec::new(),
        };
        let (outcome, said) = (*outcome, Line::default());
        let sent = IncidentEvent::Sent { key, kind, sender, attempt: 1, contact, title, outcome, said };
        // The journal would refuse the same twice.
        self.incidents[at].apply(now, &by, &sending).unwrap();
        self.incidents[at].apply(now, &by, &sent).unwrap();
    }

    /// Lets time go by, with a look every so often.
    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds.div_ceil(STEP) {
            self.now = self.now + Duration::from_secs(STEP);
            self.look();
        }
    }
}

const STEP: u64 = 5;

#[test]
fn a_scripted_outage_from_the_first_page_to_the_end() {
    let mut night = Night::new(&["db", "web", "blog"]);
    night.look();
    night.pass(60);
    night.is("web", Health::Down);
    night.pass(5);
    night.is("db", Health::Down);
    night.pass(420);
    night.write(IncidentState::Acknowledged);
    night.pass(900);
    night.is("db", Health::Healthy);
    night.is("web", Health::Degraded);
    night.pass(600);
    night.is("web", Health::Healthy);
    night.pass(600);
    assert_eq!(
        night.told,
        "\
02:01:05 open #1 SEV2 web is down
02:01:10 i0001 is SEV1 web, db
02:01:35 page Kim: the first in the order
02:01:35 tell opened
02:06:35 page Sam: nobody has acknowledged it
02:08:10 tell acknowledged/0: Somebody works on it.
02:35:10 i0001 over since 02:33:10
02:35:15 tell resolved/1: It is well again, after 32 min 10 s.
"
    );
}

#[test]
fn who_says_on_the_phone_that_they_take_it_has_their_time() {
    let mut night = Night::new(&["web"]);
    night.look();
    night.is("web", Health::Down);
    night.pass(240);
    night.call("Kim", Outcome::NoAnswer);
    night.pass(30);
    night.call("Sam", Outcome::Reached);
    night.pass(330);
    let pages: Vec<&str> = night.told.lines().filter(|line| line.contains(" page ")).collect();
    // Sam was reached at 02:04:30, so nobody is paged at 02:05:05; when the time is over and nothing was said, it begins anew.
    assert_eq!(
        pages,
        [
            "02:00:35 page Kim: the first in the order",
            "02:09:30 page Kim: everybody was paged: from the beginning again",
        ]
    );
}

#[test]
fn what_comes_and_goes_is_one_incident_and_wakes_nobody_again_and_again() {
    let mut night = Night::new(&["web"]);
    for _ in 0..12 {
        night.is("web", Health::Down);
        night.pass(60);
        night.is("web", Health::Healthy);
        night.pass(180);
    }
    assert_eq!(night.incidents.len(), 1, "{}", night.told);
    assert!(night.told.matches("page ").count() <= 6, "{}", night.told);
    assert!(night.told.matches("over since").count() <= 4, "it flaps: {}", night.told);
    night.pass(1_200);
    assert!(!night.incidents[0].is_open(), "{}", night.told);
}

#[test]
fn half_well_and_unseen_have_to_hold_and_are_told_in_the_morning() {
    let mut night = Night::new(&["web", "blog"]);
    night.rules.quiet_hours = Some(Hours::parse("22:00-07:00").unwrap());
    night.is("web", Health::Degraded);
    night.pass(115);
    night.is("web", Health::Healthy);
    night.pass(600);
    assert_eq!(night.told, "", "it was degraded for less than two minutes");
    night.is("blog", Health::Unknown);
    night.pass(5 * 3_600);
    let expected = "02:22:00 open #1 SEV3 blog cannot be seen\n07:00:00 tell opened\n";
    assert_eq!(night.told, expected, "nobody is paged for it");
    // What is down is told at any hour.
    night.now = Timestamp::parse_rfc3339("2026-11-25T03:00:00Z").unwrap();
    night.is("web", Health::Down);
    night.pass(60);
    assert!(night.told.contains("03:00:35 page Kim"), "{}", night.told);
}

#[test]
fn maintenance_is_nobodys_trouble_until_it_is_over() {
    let mut night = Night::new(&["web", "blog"]);
    let window = |from: &str, until: &str| Maintenance {
        services: vec![ServiceId::new("web")],
        from: Some(from.parse().unwrap()),
        until: Some(until.parse().unwrap()),
        ..Maintenance::default()
    };
    night.rules.maintenance = vec![window("2026-11-24T01:00", "2026-11-24T02:30")];
    night.is("web", Health::Down);
    night.pass(1_795);
    assert_eq!(night.told, "");
    night.pass(10);
    assert_eq!(night.told, "02:30:00 open #1 SEV2 web is down\n");
}

#[test]
fn a_machine_without_a_network_accuses_nobody() {
    let mut night = Night::new(&["db", "web"]);
    night.rules.heartbeat = Some("https://hc.example/x".to_owned());
    night.blind = true;
    night.is("db", Health::Down);
    night.is("web", Health::Down);
    night.pass(125);
    assert_eq!(night.told, "02:00:05 beat\n02:01:05 beat\n02:02:05 beat\n");
}

#[test]
fn messages_that_nobody_takes_are_tried_again_with_longer_pauses_and_not_for_ever() {
    let mut night = Night::new(&["web"]);
    night.outcome = SendOutcome::NotSent;
    night.is("web", Health::Down);
    night.pass(7_200);
    assert_eq!(night.told.matches("tell opened").count(), 5, "{}", night.told);
    assert_eq!(night.told.matches("02:00:35 page Kim").count(), 1, "{}", night.told);
    assert!(night.told.contains("02:00:40 page Sam: the one before could not be reached"), "{}", night.told);
    let pages = night.told.matches("page ").count();
    assert!((12..=24).contains(&pages), "{pages}: {}", night.told);
    // An answer that never came is no reason to send it again.
    let mut night = Night::new(&["web"]);
    night.outcome = SendOutcome::Unknown;
    night.is("web", Health::Down);
    night.pass(295);
    assert_eq!(night.told.matches("page ").count(), 1, "{}", night.told);
    assert_eq!(night.told.matches("tell ").count(), 1, "{}", night.told);
}

#[test]
fn what_a_person_opened_is_theirs_and_what_they_call_over_stays_over() {
    let mut night = Night::new(&["web"]);
    let opened = IncidentEvent::Opened {
        number: 1,
        title: Line::from_text("web is slow"),
        severity: Severity::Sev2,
        services: vec![ServiceId::new("web")],
        began_at: night.now,
        by: Night::by("kim"),
    };
    night.incidents.push(Incident::begin(&IncidentId::new("i0001"), night.now, &opened).unwrap());
    night.is("web", Health::Down);
    night.pass(1_200);
    assert_eq!(night.told, "", "somebody is on it");
    night.write(IncidentState::Resolved);
    night.pass(1_200);
    assert_eq!(night.told, "", "they know that it is still down");
    night.is("web", Health::Healthy);
    night.pass(300);
    night.is("web", Health::Down);
    night.pass(5);
    assert!(night.told.ends_with("open #2 SEV2 web is down\n"), "{}", night.told);
}

#[test]
fn who_starts_anew_without_a_memory_says_nothing_twice() {
    let mut night = Night::new(&["web"]);
    night.is("web", Health::Down);
    night.pass(120);
    let before = night.told.clone();
    night.state = State::default();
    night.pass(120);
    assert_eq!(night.told, before);
    // And neither does one whose state went through a file.
    let text = serde_json::to_string(&night.state).unwrap();
    night.state = serde_json::from_str(&text).unwrap();
    night.pass(120);
    assert_eq!(night.told, format!("{before}02:05:35 page Sam: nobody has acknowledged it\n"));
}

#[test]
fn many_troubles_are_few_incidents() {
    let names: Vec<&'static str> = (0..60).map(|nth| &*Box::leak(format!("s{nth:02}").into_boxed_str())).collect();
    let mut night = Night::new(&names);
    // All at once.
    names[..20].iter().for_each(|name| night.is(name, Health::Down));
    night.pass(60);
    assert_eq!(night.incidents.len(), 1, "{}", night.told);
    assert!(night.told.contains("s00 is down, and 19 more"), "{}", night.told);
    assert_eq!(night.incidents[0].title.as_str(), "s00 is down, and 19 more");
    // One after the other, each long after the one before.
    for name in &names[20..40] {
        night.is(name, Health::Down);
        night.pass(60);
    }
    assert!(night.incidents.len() <= 6, "{}", night.told);
}

#[test]
fn a_week_of_changing_weather_fits_into_little_memory() {
    let mut night = Night::new(&["db", "web", "blog"]);
    night.rules.heartbeat = Some("https://hc.example/x".to_owned());
    let mut largest = 0;
    // A number that wanders, the same in each run.
    let mut seed = 1_u64;
    for _ in 0..7 * 24 * 12 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let name = ["db", "web", "blog", ""][usize::try_from(seed >> 62).unwrap()];
        let health = match (seed >> 40) % 12 {
            0 => Health::Down,
            1 => Health::Degraded,
            2 => Health::Unknown,
            _ => Health::Healthy,
        };
        night.is(name, health);
        night.pass(300);
        night.told.clear();
        largest = largest.max(serde_json::to_string(&night.state).unwrap().len());
        let now = night.now;
        night
            .incidents
            .retain(|incident| incident.is_open() || now.since(incident.last_at) < Duration::from_secs(86_400));
    }
    assert!(largest < 4_096, "{largest} bytes");
    let longest = night.incidents.iter().map(|incident| incident.messages.len()).max().unwrap_or(0);
    assert!(longest < 60, "{longest} messages in one incident");
}
