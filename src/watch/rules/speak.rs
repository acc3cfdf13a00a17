//! Who is told what, and whose turn it is to be paged: from the incidents that a watcher opened, and the messages that went out.

use std::time::Duration;

use super::{Decision, State, World, is_about, is_ours};
use crate::incident::Incident;
use crate::model::contact::Contact;
use crate::model::incident::IncidentState;
use crate::model::message::{MessageKind, Sending};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::model::watch::WatchRules;
use crate::paging::draft::names;
use crate::paging::pages;
use crate::paging::routes::routes;
use crate::paging::turn::{Page, Policy, Turn, candidates, turn};

/// Nobody wants to hear in the morning what was over for so long.
const STALE: Duration = Duration::from_secs(3_600);
/// A message that no sender takes is tried so often, with longer and longer pauses.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_secs(60);
/// Who was woken so short a time ago is still awake when it begins anew.
const AWAKE: Duration = Duration::from_secs(10 * 60);

pub(super) fn speak(state: &State, world: &World<'_>, rules: &WatchRules) -> Vec<Decision> {
    let mut decisions = Vec::new();
    let now = world.time.now;
    let quiet = rules.quiet_hours.as_ref().is_some_and(|hours| hours.hold(&now.in_zone(&world.time.here)));
    for incident in world.incidents.iter().filter(|incident| is_ours(incident)) {
        let urgent = incident.severity <= rules.page;
        // What belongs together is told together.
        let gathered = now.since(incident.opened_at) >= rules.group;
        if incident.is_open() && gathered && urgent && goes_on(incident, state, world) {
            decisions.extend(paged(incident, world, rules));
        }
        let reads = world.senders.iter().any(|sender| sender.updates);
        if reads && gathered && (urgent || !quiet) {
            decisions.extend(told(incident, now));
        }
    }
    decisions
}

/// Whether something that an incident is about is ill at this moment: nobody is woken for what has just become well, and only
/// has to prove it.
fn goes_on(incident: &Incident, state: &State, world: &World<'_>) -> bool {
    let key = |who: &super::Who| who.as_ref().map_or("", |service| service.as_str()).to_owned();
    let concerned = world.subjects.iter().filter(|subject| is_about(incident, &subject.who));
    let mut tracked = concerned.filter_map(|subject| state.subjects.get(&key(&subject.who)));
    tracked.any(|tracked| tracked.trouble.is_some())
}

/// The next thing that others have not heard of an incident.
fn told(incident: &Incident, now: Timestamp) -> Option<Decision> {
    let heard = |key: &str| messages(incident, key).any(Sending::may_have_arrived);
    let tell = |key: String, text: String| {
        let key = due(incident, &key, now)?;
        Some(Decision::Tell { incident: incident.id.clone(), key, text: Line::from_text(&text) })
    };
    if !heard("opened") {
        // Its title says what, and the draft since when.
        // Who has not heard that it began need not hear that it is over.
        return if incident.is_open() { tell("opened".to_owned(), String::new()) } else { None };
    }
    let times = incident.times_resolved;
    match incident.state {
        IncidentState::Resolved => {
            let ended = incident.reached.get(&IncidentState::Resolved)?;
            let key = format!("resolved/{times}");
            if now.since(*ended) >= STALE || heard(&key) {
                return None;
            }
            let lasted = crate::postmortem::span(incident.lasted(now));
            tell(key, format!("It is well again, after {lasted}."))
        }
        IncidentState::Closed => None,
        state => {
            let again = format!("again/{times}");
            if times > 0 && !heard(&again) {
                return tell(again, "It is not over: it began anew.".to_owned());
            }
            let severity = format!("severity/{}/{times}", incident.severity.word());
            let before = incident.messages.iter().any(|sent| sent.key.starts_with("severity/"));
            if (before || incident.messages.iter().any(|sent| opened_as_less(sent, incident))) && !heard(&severity) {
                return tell(
                    severity,
                    format!("It is {} now: {}.", incident.severity.word(), names(&incident.services)),
                );
            }
            let acknowledged = format!("acknowledged/{times}");
            if state >= IncidentState::Acknowledged && !heard(&acknowledged) {
                return tell(acknowledged, "Somebody works on it.".to_owned());
            }
            None
        }
    }
}

/// Whether others were told of it as something less.
fn opened_as_less(sent: &Sending, incident: &Incident) -> bool {
    is_of(sent, "opened") && !sent.title.as_str().starts_with(incident.severity.word())
}

fn is_of(sent: &Sending, key: &str) -> bool {
    sent.key == key || sent.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('#'))
}

fn messages<'i>(incident: &'i Incident, key: &str) -> impl Iterator<Item = &'i Sending> {
    let key = key.to_owned();
    incident.messages.iter().filter(move |sent| sent.kind == MessageKind::Update && is_of(sent, &key))
}

/// Returns the key under which it is tried now; nothing while it rests, or was tried often enough.
fn due(incident: &Incident, key: &str, now: Timestamp) -> Option<String> {
    let mut keys: Vec<&str> = messages(incident, key).map(|sent| sent.key.as_str()).collect();
    keys.dedup();
    let Some(last) = messages(incident, key).map(|sent| sent.at).max() else { return Some(key.to_owned()) };
    let times = keys.len();
    let pause = PAUSE * 2_u32.pow(u32::try_from(times.min(TRIES)).unwrap_or(1) - 1);
    (times < TRIES && now.since(last) >= pause).then(|| format!("{key}#{}", times + 1))
}

/// Whose turn it is, if nobody has taken it.
fn paged(incident: &Incident, world: &World<'_>, rules: &WatchRules) -> Option<Decision> {
    if incident.state != IncidentState::Triggered {
        return None;
    }
    let now = world.time.now;
    let page =
        |contact, why: &str| Some(Decision::Page { incident: incident.id.clone(), contact, why: Line::from_text(why) });
    let all = pages(incident);
    let since = &all[run_of(&all, incident.triggered_at)..];
    let ways = |contact: Option<&Contact>| routes(world.senders, contact, MessageKind::Page, world.time);
    let reached = |contact: &Contact| ways(Some(contact)).iter().any(|way| way.is_personal);
    let people = candidates(world.contacts, &incident.services, reached);
    let policy = Policy { escalate_after: rules.escalate_after, rounds: rules.rounds };
    match turn(&people, since, policy, world.time) {
        Turn::Page { contact, why } => page(Some(contact.id.clone()), why.words()),
        Turn::Wait { .. } | Turn::Unreachable { .. } | Turn::Exhausted { .. } => None,
        Turn::Nobody if ways(None).is_empty() => None,
        Turn::Nobody => place_due(since, now).then(|| page(None, "no sender reaches anybody in the list")).flatten(),
    }
}

/// Where the pages begin that are about the outage as it is now: those since it began anew, and those before that were so short a
/// time ago that the ones who got them are awake.
fn run_of(pages: &[Page], began_at: Timestamp) -> usize {
    let mut from = pages.iter().position(|page| page.at >= began_at).unwrap_or(pages.len());
    let mut until = pages.get(from).map_or(began_at, |page| page.at.min(began_at + AWAKE));
    while let Some(before) = from.checked_sub(1).map(|before| &pages[before]) {
        if until.since(before.at) > AWAKE {
            break;
        }
        (from, until) = (from - 1, before.at);
    }
    from
}

/// A place is paged until a sender takes it.
fn place_due(pages: &[Page], now: Timestamp) -> bool {
    let Some(last) = pages.iter().map(|page| page.at).max() else { return true };
    let pause = PAUSE * 2_u32.pow(u32::try_from(pages.len().min(TRIES)).unwrap_or(1) - 1);
    !pages.iter().any(|page| page.arrived) && now.since(last) >= pause
}
