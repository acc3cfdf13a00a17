//! Which incidents are opened, joined, begun anew and called over.

use std::time::Duration;

use super::{Decision, State, Subject, Tracked, World, is_about, is_ours};
use crate::incident::Incident;
use crate::model::incident::{IncidentState, Severity};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::model::watch::{Trouble, WatchRules};

/// What is ill again so soon was never well: the same incident goes on.
const ANEW: Duration = Duration::from_secs(15 * 60);
/// More incidents than this at once are one: nobody reads fifty numbers.
const MOST: usize = 5;

/// One thing that counts as ill.
struct Ill<'w> {
    subject: &'w Subject,
    trouble: Trouble,
    began_at: Timestamp,
    counts_since: Timestamp,
}

pub(super) fn file(state: &State, world: &World<'_>, rules: &WatchRules) -> Vec<Decision> {
    let tracked = |subject: &Subject| state.subjects.get(subject.who.as_ref().map_or("", |service| service.as_str()));
    let ill: Vec<Ill<'_>> = world
        .subjects
        .iter()
        .filter_map(|subject| {
            let Tracked { trouble, began_at, counts_since, .. } = tracked(subject)?;
            let (trouble, counts_since) = ((*trouble)?.0, (*counts_since)?);
            Some(Ill { subject, trouble, began_at: began_at.unwrap_or(counts_since), counts_since })
        })
        .collect();
    let mut decisions = Vec::new();
    let mut new: Vec<&Ill<'_>> = Vec::new();
    let mut joining: Vec<(&Incident, Vec<&Ill<'_>>)> = Vec::new();
    for one in &ill {
        match place(one, world, rules) {
            Place::Known(incident) | Place::Joins(incident) => {
                match joining.iter_mut().find(|(other, _)| other.id == incident.id) {
                    Some((_, all)) => all.push(one),
                    None => joining.push((incident, vec![one])),
                }
            }
            Place::Anew(incident) => {
                let decision = Decision::Reopen { incident: incident.id.clone() };
                if !decisions.contains(&decision) {
                    decisions.push(decision);
                }
            }
            Place::Settled => {}
            Place::New => new.push(one),
        }
    }
    let all = world.subjects.iter().filter(|subject| subject.who.is_some()).count();
    for (incident, those) in joining {
        decisions.extend(extended(incident, &those, all));
    }
    decisions.extend(opened(&new, all));
    for incident in world.incidents.iter().filter(|incident| incident.is_open() && is_ours(incident)) {
        decisions.extend(over(incident, state, world));
    }
    decisions
}

/// Where something ill belongs.
enum Place<'w> {
    /// An open incident is about it.
    Known(&'w Incident),
    /// It begins with another one, or because of it.
    Joins(&'w Incident),
    /// It was called over a moment ago.
    Anew(&'w Incident),
    /// Somebody called it over while it was ill: they know.
    Settled,
    New,
}

fn place<'w>(one: &Ill<'_>, world: &World<'w>, rules: &WatchRules) -> Place<'w> {
    let now = world.time.now;
    let open = || world.incidents.iter().copied().filter(|incident| incident.is_open());
    if let Some(incident) = open().find(|incident| is_about(incident, &one.subject.who)) {
        return Place::Known(incident);
    }
    // The latest that was about it, if it is over.
    if let Some(incident) = world.incidents.iter().copied().find(|incident| is_about(incident, &one.subject.who)) {
        let over = [IncidentState::Resolved, IncidentState::Closed];
        let ended = over.iter().filter_map(|state| incident.reached.get(state)).max();
        if let Some(ended) = ended {
            if *ended >= one.counts_since {
                return Place::Settled;
            }
            if incident.state == IncidentState::Resolved && is_ours(incident) && now.since(*ended) < ANEW {
                return Place::Anew(incident);
            }
        }
    }
    if let Some(cause) = &one.subject.because_of
        && let Some(incident) = open().find(|incident| incident.services.contains(cause))
    {
        return Place::Joins(incident);
    }
    let ours = || open().filter(|incident| is_ours(incident));
    let same_hour = |incident: &&Incident| now.since(incident.opened_at) < rules.group;
    match ours().find(same_hour).or_else(|| ours().next().filter(|_| ours().count() >= MOST)) {
        Some(incident) => Place::Joins(incident),
        None => Place::New,
    }
}

fn opened(new: &[&Ill<'_>], all: usize) -> Option<Decision> {
    let severity = severity(new, all)?;
    // The cause first, then the worst, then the oldest.
    let first = new.iter().min_by_key(|one| (one.subject.because_of.is_some(), one.trouble, one.began_at))?;
    let why = first.subject.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let more = if new.len() > 1 { format!(", and {} more", new.len() - 1) } else { String::new() };
    let title = format!("{} {}{why}{more}", first.subject.name, word(first.trouble));
    Some(Decision::Open {
        title: Line::from_text(&title),
        severity,
        services: new.iter().filter_map(|one| one.subject.who.clone()).collect(),
        this_machine: new.iter().any(|one| one.subject.who.is_none()),
        began_at: new.iter().map(|one| one.began_at).min()?,
    })
}

fn extended(incident: &Incident, those: &[&Ill<'_>], all: usize) -> Option<Decision> {
    // What people opened they name and judge themselves.
    if !is_ours(incident) {
        return None;
    }
    let more = those.iter().filter_map(|one| one.subject.who.clone());
    let mut services = incident.services.clone();
    more.for_each(|service| {
        if !services.contains(&service) {
            services.push(service);
        }
    });
    // The first is the worst. Half well is no reason to call it less.
    let severity = severity(those, all)?.min(incident.severity);
    let title = title_of(incident, services.len());
    (services != incident.services || severity != incident.severity).then(|| Decision::Extend {
        incident: incident.id.clone(),
        services,
        severity,
        title,
    })
}

/// The title with how many more there are by now. Who is on it names it themselves.
fn title_of(incident: &Incident, services: usize) -> Option<Line> {
    let title = incident.title.as_str();
    let head = match title.rsplit_once(", and ") {
        Some((head, rest)) if rest.ends_with(" more") => head,
        _ => title,
    };
    let with = Line::from_text(&format!("{head}, and {} more", services.saturating_sub(1)));
    (services > 1 && incident.people.len() == 1 && with != incident.title).then_some(with)
}

/// How bad it is: everything down, or what others hang on, is worse than one service; half well is less.
fn severity(ill: &[&Ill<'_>], all: usize) -> Option<Severity> {
    let worst = ill.iter().map(|one| one.trouble).min()?;
    let down = ill.iter().filter(|one| one.trouble == Trouble::Down).count();
    Some(match worst {
        Trouble::Down if down > 1 && down * 2 >= all => Severity::Sev1,
        Trouble::Down => Severity::Sev2,
        Trouble::Host if ill.iter().any(|one| one.subject.health == crate::model::service::Health::Down) => {
            Severity::Sev2
        }
        Trouble::Degraded | Trouble::Unknown | Trouble::Host => Severity::Sev3,
    })
}

fn word(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Down => "is down",
        Trouble::Degraded => "is degraded",
        Trouble::Unknown => "cannot be seen",
        Trouble::Host => "is in trouble",
    }
}

/// Whether everything that an incident is about is well again.
fn over(incident: &Incident, state: &State, world: &World<'_>) -> Option<Decision> {
    let concerned: Vec<&Tracked> = world
        .subjects
        .iter()
        .filter(|subject| is_about(incident, &subject.who))
        .filter_map(|subject| state.subjects.get(subject.who.as_ref().map_or("", |service| service.as_str())))
        .collect();
    let well = |tracked: &&Tracked| {
        tracked.counts_since.is_none() && tracked.trouble.is_none() && tracked.well_since.is_some()
    };
    // What is not configured any more is nobody's to judge.
    if concerned.is_empty() || !concerned.iter().all(well) {
        return None;
    }
    let happened_at = concerned.iter().filter_map(|tracked| tracked.well_since).max()?;
    Some(Decision::Resolve { incident: incident.id.clone(), happened_at: happened_at.max(incident.began_at) })
}
