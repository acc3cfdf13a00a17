use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::check::{Kind, check};
use super::escalation::{Next, next};
use super::*;
use crate::model::contact::{Call, Outcome};
use crate::model::contact::{ContactKind, Hours};
use crate::model::text::Line;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// Monday, 02:14 in Berlin.
fn night() -> Moment {
    moment("2026-11-23T01:14:00Z")
}

fn moment(now: &str) -> Moment {
    let berlin = TimeZone::fixed(jiff::tz::offset(1));
    let los_angeles = TimeZone::fixed(jiff::tz::offset(-8));
    let zones =
        BTreeMap::from([("Europe/Berlin".to_owned(), berlin.clone()), ("America/Los_Angeles".to_owned(), los_angeles)]);
    Moment { now: at(now), here: berlin, zones }
}

fn person(name: &str, numbers: &[&str]) -> Contact {
    Contact {
        phones: numbers.iter().map(|number| Way::to(number)).collect(),
        escalate_after: Some(Duration::from_mins(10)),
        ..Contact::named(name)
    }
}

fn office(number: &str, zone: &str) -> Way {
    Way {
        hours: Some(Hours::parse("Mon-Fri 09:00-17:00").unwrap()),
        zone: Some(Line::from_text(zone)),
        ..Way::to(number)
    }
}

fn call(contact: &Contact, number: Option<&str>, when: &str, outcome: Outcome) -> Call {
    Call { contact: contact.id.clone(), number: number.map(Line::from_text), at: at(when), outcome }
}

/// Says what is next in few words.
fn says(contacts: &[Contact], service: Option<&str>, calls: &[Call], moment: &Moment) -> String {
    match next(contacts, service, calls, moment) {
        Next::Call { contact, way, why } => format!("call {} {} {why:?}", contact.name, way.address),
        Next::Wait { contact, until, then } => {
            format!("wait for {} until {until}, then {}", contact.name, then.map_or("nobody", |it| it.name.as_str()))
        }
        Next::Reached { contact, at } => format!("{} since {at}", contact.name),
        Next::Nobody => "nobody".to_owned(),
    }
}

#[test]
fn a_night_goes_down_the_list_and_begins_again() {
    let list = [person("Kim", &["+49301", "+49302"]), person("Sam", &["+49303"]), Contact::named("Mute")];
    let (kim, sam) = (&list[0], &list[1]);
    let says = |calls: &[Call], now: &str| says(&list, None, calls, &moment(now));
    assert_eq!(says(&[], "2026-11-23T01:00:00Z"), "call Kim +49301 First");
    let mut calls = vec![call(kim, Some("+49301"), "2026-11-23T01:00:00Z", Outcome::NoAnswer)];
    assert_eq!(says(&calls, "2026-11-23T01:01:00Z"), "call Kim +49302 OtherNumber");
    calls.push(call(kim, Some("+49302"), "2026-11-23T01:02:00Z", Outcome::Voicemail));
    assert_eq!(says(&calls, "2026-11-23T01:03:00Z"), "wait for Kim until 2026-11-23T01:10:00Z, then Sam");
    assert_eq!(says(&calls, "2026-11-23T01:10:00Z"), "call Sam +49303 Escalated");
    calls.push(call(sam, None, "2026-11-23T01:10:00Z", Outcome::Declined));
    assert_eq!(says(&calls, "2026-11-23T01:10:01Z"), "call Kim +49301 Again");
    calls.push(call(kim, None, "2026-11-23T01:12:00Z", Outcome::Reached));
    assert_eq!(says(&calls, "2026-11-23T01:30:00Z"), "Kim since 2026-11-23T01:12:00Z");
    // What is noted later may have happened earlier.
    calls.push(call(sam, None, "2026-11-23T01:11:00Z", Outcome::NoAnswer));
    assert_eq!(says(&calls, "2026-11-23T01:30:00Z"), "Kim since 2026-11-23T01:12:00Z");
}

#[test]
fn a_wrong_number_is_not_waited_for() {
    let list = [person("Kim", &["+49301"]), person("Sam", &["+49303"])];
    let calls = [call(&list[0], Some("+49301"), "2026-11-23T01:14:00Z", Outcome::WrongNumber)];
    assert_eq!(says(&list, None, &calls, &night()), "call Sam +49303 Escalated");
}

#[test]
fn whoever_sleeps_is_called_when_nobody_else_is_awake() {
    let asleep = Contact { phones: vec![office("+49301", "Europe/Berlin")], ..person("Kim", &[]) };
    let awake = Contact { phones: vec![office("+1415", "America/Los_Angeles")], ..person("Sam", &[]) };
    // 02:14 on a Tuesday in Berlin is 17:14 in Los Angeles; an hour earlier somebody is at the desk there.
    let early = moment("2026-11-24T00:14:00Z");
    let both = [asleep.clone(), awake];
    assert_eq!(says(&both, None, &[], &early), "call Sam +1415 FirstAwake");
    assert_eq!(says(&both, None, &[], &night()), "call Kim +49301 NobodysHours");
    let unknown = Contact { phones: vec![office("+49309", "Mars/Olympus")], ..person("Noor", &[]) };
    assert_eq!(says(&[asleep, unknown], None, &[], &night()), "call Noor +49309 FirstAwake");
}

#[test]
fn only_those_who_belong_to_the_service_are_called_in_their_order() {
    let stripe = Contact {
        services: vec![Line::from_text("stripe")],
        kind: ContactKind::Vendor,
        order: Some(1),
        ..person("Stripe support", &["+18889262289"])
    };
    let list = [person("Kim", &["+49301"]), stripe];
    assert_eq!(ordered(&list)[0].name.as_str(), "Stripe support");
    assert_eq!(says(&list, Some("checkout"), &[], &night()), "call Kim +49301 First");
    assert_eq!(says(&list, Some("stripe"), &[], &night()), "call Stripe support +18889262289 First");
    let fax = Contact { phones: vec![Way { kind: WayKind::Fax, ..Way::to("+49301") }], ..person("Fax", &[]) };
    assert_eq!(says(&[fax], None, &[], &night()), "nobody");
}

fn kinds(contacts: &[Contact], services: Option<&[String]>) -> Vec<Kind> {
    check(contacts, services, &night()).into_iter().map(|finding| finding.kind).collect()
}

#[test]
fn what_is_wrong_with_a_list_is_found_before_the_night() {
    assert_eq!(kinds(&[], None), [Kind::NoContacts]);
    let fresh = |contact: Contact| Contact { verified: Some(jiff::civil::date(2026, 9, 1)), ..contact };
    let good = [fresh(person("Kim", &["+49 30 901820"])), fresh(person("Sam", &["+1 415 555 2671"]))];
    assert_eq!(kinds(&good, Some(&["checkout".to_owned()])), []);
    assert_eq!(kinds(&good[..1], None), [Kind::NoSecondContact]);
    let with =
        |contact: Contact| kinds(&[good[0].clone(), good[1].clone(), fresh(contact)], Some(&["shop".to_owned()]));
    assert_eq!(with(Contact::named("X")), [Kind::Unreachable]);
    assert_eq!(with(Contact { emails: vec![Way::to("a@b.c")], ..Contact::named("X") }), [Kind::NoNumber]);
    assert_eq!(with(Contact { emails: vec![Way::to("nowhere")], ..person("X", &["112"]) }), [Kind::MalformedAddress]);
    assert_eq!(with(Contact { urls: vec![Way::to("acme")], ..person("X", &["112"]) }), [Kind::MalformedAddress]);
    assert_eq!(with(person("X", &["+999 123 4567"])), [Kind::MalformedNumber]);
    assert_eq!(with(person("X", &["030 901820"])), [Kind::NationalNumber]);
    assert_eq!(with(person("X", &["0049 30 90 18 20"])), [Kind::SameNumber]);
    assert_eq!(with(Contact { phones: vec![office("112", "Mars/Olympus")], ..person("X", &[]) }), [Kind::UnknownZone]);
    assert_eq!(
        with(Contact { services: vec![Line::from_text("shpo")], ..person("X", &["112"]) }),
        [Kind::UnknownService]
    );
    let old = Contact { verified: Some(jiff::civil::date(2026, 5, 1)), ..good[0].clone() };
    let told = check(&[old, good[1].clone()], None, &night());
    assert!(told[0].message.as_str().contains("206 days ago, on 2026-05-01"), "{told:?}");
    let never = Contact { verified: None, ..good[0].clone() };
    assert_eq!(kinds(&[never, good[1].clone()], None), [Kind::NeverVerified]);
}

#[test]
fn the_day_after_half_a_year_is_too_late() {
    let contact = |day: jiff::civil::Date| Contact { verified: Some(day), ..Contact::named("Kim") };
    let today = jiff::civil::date(2026, 11, 23);
    assert_eq!(check::stale_days(&contact(jiff::civil::date(2026, 5, 27)), today), None);
    assert_eq!(check::stale_days(&contact(jiff::civil::date(2026, 5, 26)), today), Some(181));
}

#[test]
fn a_name_is_found_by_a_piece_of_it() {
    let list = [Contact::named("Kim"), Contact::named("Kimberly"), Contact::named("Sam")];
    let names = |text: &str| find(&list, text).iter().map(|contact| contact.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names("kim"), ["Kim"]);
    assert_eq!(names("ki"), ["Kim", "Kimberly"]);
    assert!(names("").is_empty() && names("zoe").is_empty());
}

/// Text as it stands in a contact: one line, harmless, with nothing around it.
pub(super) fn words() -> impl Strategy<Value = Line> {
    "[a-zA-Zäß€日🙂 ,;:\\\\\"'=+#/n-]{0,40}[a-z0-9ü]".prop_map(|text| Line::from_text(text.trim()))
}

pub(super) fn way(kinds: &'static [WayKind]) -> impl Strategy<Value = Way> {
    let hours = proptest::option::of(Just(Hours::parse("Mon-Fri 22:00-06:00, Sun 10:00-12:00").unwrap()));
    let zone = proptest::option::of(Just(Line::from_text("Europe/Berlin")));
    (words(), proptest::sample::select(kinds), hours, zone, proptest::option::of(words()))
        .prop_map(|(address, kind, hours, zone, note)| Way { address, kind, hours, zone, note })
}

pub(super) fn contact() -> impl Strategy<Value = Contact> {
    const ALL: &[WayKind] = &[
        WayKind::Mobile,
        WayKind::Work,
        WayKind::Home,
        WayKind::Main,
        WayKind::Support,
        WayKind::Emergency,
        WayKind::Pager,
        WayKind::Fax,
        WayKind::Other,
    ];
    let ways = || proptest::collection::vec(way(ALL), 0..3);
    // A number that looks like the address of something else is read as that.
    let number = "\\+[1-9][0-9]{6,13}( ext\\. [1-9]{1,4})?".prop_map(|number| Line::from_text(&number));
    let numbers = proptest::collection::vec((number, way(ALL)).prop_map(|(address, way)| Way { address, ..way }), 0..4);
    let lines = || proptest::collection::vec(words(), 0..3);
    let date =
        proptest::option::of((2020_i16..2030, 1_i8..13, 1_i8..29).prop_map(|(y, m, d)| jiff::civil::date(y, m, d)));
    let about = (proptest::option::of(words()), proptest::option::of(words()), lines(), lines(), lines());
    let rest = (proptest::option::of(0_u32..100_000), proptest::option::of(0_u64..10_000_000), date, any::<bool>());
    (words(), numbers, ways(), ways(), ways(), about, rest).prop_map(
        |(
            name,
            phones,
            emails,
            chat,
            urls,
            (account, contract, languages, services, notes),
            (order, after, verified, vendor),
        )| Contact {
            kind: if vendor { ContactKind::Vendor } else { ContactKind::Person },
            phones,
            emails,
            chat,
            urls,
            languages,
            services,
            account,
            contract,
            notes,
            order,
            escalate_after: after.map(Duration::from_millis),
            verified,
            ..Contact::named(name.as_str())
        },
    )
}
