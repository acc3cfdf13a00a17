//! Whose turn it is to be paged: from the list, the pages that went out, and the time.
//!
//! ```text
//!   nobody paged yet ----------------------> the first one whose hours it is
//!   paged, and the patience is not over ---> wait, and say until when
//!   over ----------------------------------> the next one; behind the last, the first again, for some rounds
//!   could not be reached by any sender ----> the next one at once; when nobody can, all again after a pause
//! ```
//!
//! Whom a person calls is another question ([`crate::contacts::escalation`]), asked of the same order. Who was reached by a
//! call counts like one who was paged: they have their time too. That somebody has taken it is the incident's state.

use std::time::Duration;

use crate::contacts::{Moment, ordered, ring};
use crate::model::contact::{Contact, ContactKind};
use crate::model::id::{ContactId, ServiceId};
use crate::model::time::Timestamp;

/// One page, or a call that reached somebody, as the journal tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Nobody in particular: it went to a place.
    pub contact: Option<ContactId>,
    pub at: Timestamp,
    /// It may have reached them.
    pub arrived: bool,
}

/// What to do now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Turn<'a> {
    Page {
        contact: &'a Contact,
        why: Why,
    },
    /// They have until then; `then` is who comes after.
    Wait {
        contact: &'a Contact,
        until: Timestamp,
        then: Option<&'a Contact>,
    },
    /// No sender reached anybody. They are tried again then.
    Unreachable {
        until: Timestamp,
    },
    /// Everybody was paged so often.
    Exhausted {
        rounds: u32,
    },
    /// No sender reaches anybody in the list.
    Nobody,
}

/// Why this one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    First,
    /// The first whose hours it is.
    FirstAwake,
    /// The one before did not acknowledge it.
    Escalated,
    /// No sender reached the one before.
    Unreached,
    /// Everybody was tried: the round begins anew.
    Again,
    /// Somebody named them.
    Named,
}

impl Why {
    /// Returns its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::First => "the first in the order",
            Self::FirstAwake => "the first whose hours it is",
            Self::Escalated => "nobody has acknowledged it",
            Self::Unreached => "the one before could not be reached",
            Self::Again => "everybody was paged: from the beginning again",
            Self::Named => "named",
        }
    }
}

/// The pause after nobody could be reached, doubled each time up to sixteen times as much.
const PAUSE: Duration = Duration::from_secs(60);

/// Patience and rounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How long somebody has, where their contact says nothing else.
    pub escalate_after: Duration,
    pub rounds: u32,
}

impl Default for Policy {
    fn default() -> Self {
        let rules = crate::model::watch::WatchRules::default();
        Self { escalate_after: rules.escalate_after, rounds: rules.rounds }
    }
}

/// Returns whom a page about some services may go to, in the order of escalation: people whom a sender reaches. A vendor's
/// desk is paged by whoever names it.
pub fn candidates<'a>(
    contacts: &'a [Contact],
    services: &[ServiceId],
    reached: impl Fn(&Contact) -> bool,
) -> Vec<&'a Contact> {
    ordered(contacts)
        .into_iter()
        .filter(|contact| contact.kind == ContactKind::Person)
        .filter(|contact| {
            services.is_empty() || services.iter().any(|service| crate::contacts::is_for(contact, service.as_str()))
        })
        .filter(|contact| reached(contact))
        .collect()
}

/// Says whose turn it is.
pub fn turn<'a>(candidates: &[&'a Contact], pages: &[Page], policy: Policy, moment: &Moment) -> Turn<'a> {
    if candidates.is_empty() {
        return Turn::Nobody;
    }
    let place_of = |page: &Page| candidates.iter().position(|contact| Some(&contact.id) == page.contact.as_ref());
    let last = pages.iter().rposition(|page| page.arrived && place_of(page).is_some());
    let since = &pages[last.map_or(0, |last| last + 1)..];
    let failed: Vec<&Page> = since.iter().filter(|page| !page.arrived && place_of(page).is_some()).collect();
    let has_failed = |place: usize| failed.iter().any(|page| place_of(page) == Some(place));
    let awake = |contact: &&Contact| contact.ways().any(|way| moment.open(way).worth_trying());
    let begun = last.and_then(|last| Some((&pages[last], place_of(&pages[last])?)));
    if let Some((page, place)) = begun {
        let contact = candidates[place];
        let until = page.at + contact.escalate_after.unwrap_or(policy.escalate_after);
        if moment.now < until {
            let then = ring::following(candidates, place, awake, |_| false).filter(|next| *next != place);
            return Turn::Wait { contact, until, then: then.map(|place| candidates[place]) };
        }
    }
    let next = match begun {
        Some((_, place)) => ring::following(candidates, place, awake, has_failed),
        None => ring::first(candidates, awake, has_failed),
    };
    let Some(place) = next else {
        let times = u32::try_from(failed.len() / candidates.len().max(1)).unwrap_or(4).clamp(1, 5) - 1;
        let latest = failed.iter().map(|page| page.at).max().unwrap_or(moment.now);
        let until = latest + PAUSE * 2_u32.pow(times);
        if moment.now < until {
            return Turn::Unreachable { until };
        }
        let place = begun.map_or(0, |(_, place)| (place + 1) % candidates.len());
        return Turn::Page { contact: candidates[place], why: Why::Again };
    };
    let contact = candidates[place];
    let times = pages.iter().filter(|page| page.arrived && place_of(page) == Some(place)).count();
    if u32::try_from(times).unwrap_or(u32::MAX) >= policy.rounds {
        return Turn::Exhausted { rounds: policy.rounds };
    }
    let why = match begun {
        _ if !failed.is_empty() => Why::Unreached,
        Some((_, before)) if place <= before => Why::Again,
        Some(_) => Why::Escalated,
        None if place == 0 => Why::First,
        None => Why::FirstAwake,
    };
    Turn::Page { contact, why }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::contact::{Hours, Way};

    const POLICY: Policy = Policy { escalate_after: Duration::from_secs(300), rounds: 2 };

    fn contact(name: &str, hours: Option<&str>) -> Contact {
        let way = Way { hours: hours.map(|hours| Hours::parse(hours).unwrap()), ..Way::to("+4930901820") };
        Contact { phones: vec![way], ..Contact::named(name) }
    }

    fn said(contacts: &[Contact], pages: &[(&str, i64, bool)], now: i64) -> String {
        let pages: Vec<Page> = pages
            .iter()
            .map(|(name, at, arrived)| Page {
                contact: (!name.is_empty()).then(|| ContactId::new(name)),
                at: Timestamp::from_secs(*at),
                arrived: *arrived,
            })
            .collect();
        let moment = Moment { now: Timestamp::from_secs(now), here: TimeZone::UTC, zones: BTreeMap::new() };
        let candidates = candidates(contacts, &[], |_| true);
        match turn(&candidates, &pages, POLICY, &moment) {
            Turn::Page { contact, why } => format!("{}: {}", contact.name, why.words()),
            Turn::Wait { contact, until, then } => format!(
                "{} until {}, then {}",
                contact.name,
                until.as_micros() / 1_000_000,
                then.map_or("nobody", |then| then.name.as_str())
            ),
            Turn::Unreachable { until } => format!("nobody reached, until {}", until.as_micros() / 1_000_000),
            Turn::Exhausted { rounds } => format!("everybody was paged {rounds} times"),
            Turn::Nobody => "nobody".to_owned(),
        }
    }

    #[test]
    fn one_after_the_other_and_round_again_until_everybody_was_paged_often_enough() {
        let mut list = [contact("kim", None), contact("sam", None)];
        list[1].escalate_after = Some(Duration::from_secs(60));
        assert_eq!(said(&list, &[], 0), "kim: the first in the order");
        let first = ("kim", 0, true);
        assert_eq!(said(&list, &[first], 299), "kim until 300, then sam");
        assert_eq!(said(&list, &[first], 300), "sam: nobody has acknowledged it");
        let second = ("sam", 300, true);
        assert_eq!(said(&list, &[first, second], 359), "sam until 360, then kim");
        assert_eq!(said(&list, &[first, second], 360), "kim: everybody was paged: from the beginning again");
        let all = [first, second, ("kim", 360, true), ("sam", 660, true)];
        assert_eq!(said(&list, &all, 720), "everybody was paged 2 times");
    }

    #[test]
    fn who_cannot_be_reached_costs_no_time_and_when_nobody_can_all_are_tried_again() {
        let list = [contact("kim", None), contact("sam", None)];
        assert_eq!(said(&list, &[("kim", 0, false)], 1), "sam: the one before could not be reached");
        let nobody = [("kim", 0, false), ("sam", 1, false)];
        assert_eq!(said(&list, &nobody, 2), "nobody reached, until 61");
        assert_eq!(said(&list, &nobody, 61), "kim: everybody was paged: from the beginning again");
        let longer = [("kim", 0, false), ("sam", 1, false), ("kim", 61, false), ("sam", 62, false)];
        assert_eq!(said(&list, &longer, 63), "nobody reached, until 182");
        // Pages to places and to strangers are not theirs.
        assert_eq!(said(&list, &[("", 0, true), ("alex", 0, true)], 1), "kim: the first in the order");
    }

    #[test]
    fn whose_hours_it_is_comes_before_the_order_and_nobodys_hours_stop_nothing() {
        let (day, night) = (contact("kim", Some("09:00-17:00")), contact("sam", Some("17:00-09:00")));
        assert_eq!(said(&[day.clone(), night], &[], 2 * 3_600), "sam: the first whose hours it is");
        assert_eq!(said(&[day], &[], 2 * 3_600), "kim: the first in the order");
        let vendor = Contact { kind: ContactKind::Vendor, ..contact("stripe", None) };
        assert_eq!(said(&[vendor], &[], 0), "nobody");
    }
}
