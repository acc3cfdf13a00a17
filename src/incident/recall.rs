//! What was done the last time that the same was red: from past incidents and operations, and nothing else.
//!
//! A check that fails again says more than an alert of the same name, and that more than a service that was in trouble
//! once. What did not help is told too: who knows it does not try it again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Incident, Incidents};
use crate::model::id::{CheckId, IncidentId, OperationId, ServiceId};
use crate::model::operation::Verdict;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::Ledger;
use crate::operation::log::Operation;

/// What is wrong now.
#[derive(Clone, Debug)]
pub struct Situation<'a> {
    pub service: &'a ServiceId,
    /// Its checks that are red.
    pub checks: &'a BTreeSet<CheckId>,
    /// The ids or titles of alerts that fire about it.
    pub alerts: &'a BTreeSet<String>,
    /// The incident that people work on now is no memory.
    pub except: Option<&'a IncidentId>,
    pub now: Timestamp,
}

/// What a memory has in common with now; the strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Likeness {
    Check,
    Alert,
    Service,
}

/// Something that was done then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    pub operation: OperationId,
    /// `rolled back checkout to v41`.
    pub what: Line,
    /// Nothing while it is under way.
    pub verdict: Option<Verdict>,
}

/// A time before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memory {
    pub likeness: Likeness,
    /// When it began, or when something was done.
    pub at: Timestamp,
    /// Its number and title, where somebody had opened an incident.
    pub incident: Option<(u32, Line)>,
    /// In the order in which it was done.
    pub done: Vec<Done>,
    /// How long it went on.
    pub lasted: Option<Duration>,
}

/// What was done so long before an incident was opened belongs to it.
const BEFORE: Duration = Duration::from_secs(30 * 60);
/// Operations without an incident that are this close belong together.
const TOGETHER: Duration = Duration::from_secs(60 * 60);
/// A sentence names so many of the things that were done; the last ones are those that helped.
const NAMED: usize = 3;

/// Returns the times before, the most alike first, and of those the latest.
pub fn recall(situation: &Situation<'_>, incidents: &Incidents, operations: &Ledger) -> Vec<Memory> {
    let mut of_incidents: BTreeMap<&IncidentId, Vec<&Operation>> = BTreeMap::new();
    let mut alone: Vec<Vec<&Operation>> = Vec::new();
    // The ledger gives the latest first.
    let mut done: Vec<&Operation> = operations.of(situation.service).collect();
    done.reverse();
    for operation in done {
        match incidents.latest_first().find(|incident| holds(incident, situation.service, operation.approved_at)) {
            Some(incident) => of_incidents.entry(&incident.id).or_default().push(operation),
            None => match alone.last_mut() {
                Some(group) if near(group, operation) => group.push(operation),
                _ => alone.push(vec![operation]),
            },
        }
    }
    let mut memories: Vec<Memory> = incidents
        .past_of(situation.service)
        .filter(|incident| Some(&incident.id) != situation.except)
        .map(|incident| {
            let operations = of_incidents.remove(&incident.id).unwrap_or_default();
            let likeness = likeness(situation, &operations).min(seen_alert(situation, incident));
            Memory {
                likeness,
                at: incident.began_at,
                incident: Some((incident.number, incident.title.clone())),
                done: operations.into_iter().map(told).collect(),
                lasted: incident.ended_at().map(|ended| ended.since(incident.began_at)),
            }
        })
        .collect();
    memories.extend(alone.into_iter().filter_map(|group| {
        let first = group.first()?;
        // What is under way is no memory.
        group.iter().all(|operation| operation.ended.is_some()).then(|| Memory {
            likeness: likeness(situation, &group),
            at: first.approved_at,
            incident: None,
            done: group.iter().copied().map(told).collect(),
            lasted: None,
        })
    }));
    memories.sort_by_key(|memory| (memory.likeness, std::cmp::Reverse(memory.at)));
    memories
}

impl Memory {
    /// Returns it as a sentence: `last time this check failed (#7, 3 days ago): rolled back checkout to v41, recovered
    /// after 74 s`.
    pub fn sentence(&self, now: Timestamp) -> Line {
        let when = match self.likeness {
            Likeness::Check => "last time this check failed",
            Likeness::Alert => "last time this alert fired",
            Likeness::Service => "last time",
        };
        let number = self.incident.as_ref().map(|(number, _)| format!("#{number}, ")).unwrap_or_default();
        let ago = ago(now.since(self.at));
        let what = if self.done.is_empty() {
            match self.lasted {
                Some(lasted) => format!("over after {}, and nothing that was done is recorded", length(lasted)),
                None => "nothing that was done is recorded".to_owned(),
            }
        } else {
            let left = self.done.len().saturating_sub(NAMED);
            let mut parts: Vec<String> = self.done[left..].iter().map(Done::sentence).collect();
            if left > 0 {
                parts.insert(0, format!("after {left} more"));
            }
            parts.join("; then ")
        };
        Line::from_text(&format!("{when} ({number}{ago}): {what}"))
    }

    /// Returns what helped then, if something did.
    pub fn helped(&self) -> Option<&Done> {
        self.done.iter().rev().find(|done| matches!(done.verdict, Some(Verdict::Recovered { .. })))
    }
}

impl Done {
    fn sentence(&self) -> String {
        let how = match self.verdict {
            Some(Verdict::Recovered { after }) => format!("recovered after {}", length(after)),
            Some(verdict) => verdict.words().to_owned(),
            None => "under way".to_owned(),
        };
        format!("{}, {how}", self.what)
    }
}

fn holds(incident: &Incident, service: &ServiceId, at: Timestamp) -> bool {
    let concerns = incident.services.is_empty() || incident.services.contains(service);
    let from = incident.began_at.min(incident.opened_at) - BEFORE;
    concerns && at >= from && incident.ended_at().is_none_or(|ended| at <= ended.max(incident.last_at))
}

fn near(group: &[&Operation], operation: &Operation) -> bool {
    group.last().is_some_and(|last| operation.approved_at.since(last.last_at) < TOGETHER)
}

fn likeness(situation: &Situation<'_>, operations: &[&Operation]) -> Likeness {
    let verification = || operations.iter().map(|operation| &operation.plan.verification);
    if verification().any(|watched| watched.red.iter().any(|check| situation.checks.contains(check))) {
        return Likeness::Check;
    }
    let is_known = |text: &Line| situation.alerts.contains(text.as_str());
    match verification().any(|watched| watched.alerts.iter().any(|alert| is_known(&alert.id) || is_known(&alert.title)))
    {
        true => Likeness::Alert,
        false => Likeness::Service,
    }
}

/// The keys of what was seen say which alerts fired: `alert/SOURCE/ID/SINCE`.
fn seen_alert(situation: &Situation<'_>, incident: &Incident) -> Likeness {
    let id = |key: &str| -> Option<String> {
        let (alert, _) = key.strip_prefix("alert/")?.rsplit_once('/')?;
        alert.split_once('/').map(|(_, id)| id.to_owned())
    };
    match incident.seen().filter_map(id).any(|id| situation.alerts.contains(&id)) {
        true => Likeness::Alert,
        false => Likeness::Service,
    }
}

fn told(operation: &Operation) -> Done {
    Done {
        operation: operation.id().clone(),
        what: past(operation.plan.title.as_str()),
        verdict: operation.ended.as_ref().map(|ended| ended.verdict),
    }
}

/// What definitions' actions are called, and how one tells of them afterwards.
const PAST: &[(&str, &str)] = &[
    ("roll back", "rolled back"),
    ("restart", "restarted"),
    ("scale", "scaled"),
    ("redeploy", "redeployed"),
    ("deploy", "deployed"),
    ("silence", "silenced"),
    ("acknowledge", "acknowledged"),
    ("resolve", "resolved"),
    ("resume", "resumed"),
    ("stop", "stopped"),
    ("undo:", "took back:"),
];

/// Says of a title that it was done: `roll back checkout to v41` was `rolled back checkout to v41`.
pub fn past(title: &str) -> Line {
    let told = PAST.iter().find_map(|(now, then)| {
        let rest = title.strip_prefix(now)?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| format!("{then}{rest}"))
    });
    Line::from_text(&told.unwrap_or_else(|| title.to_owned()))
}

/// `74 s`, `24 min`, `3 h`, `2 days`.
fn length(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn ago(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => "just now".to_owned(),
        _ => format!("{} ago", length(duration)),
    }
}
