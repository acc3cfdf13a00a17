//! One list of everything that happened: what people said, what was seen, what was done, by the moment of each.

mod messages;

use std::collections::BTreeMap;
use std::time::Duration;

use super::Incident;
use crate::model::id::{EntryId, ServiceId};
use crate::model::incident::{IncidentEvent, IncidentState, SeenKind};
use crate::model::journal::{Body, Entry};
use crate::model::operation::{OperationEvent, StepOutcome, Verdict};
use crate::model::run::{Purpose, RunEvent, StepVerdict};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::Ledger;
use crate::runbook::runs::Runs;

/// One line of a timeline.
#[derive(Clone, PartialEq, Debug)]
pub struct Moment {
    /// When it happened.
    pub at: Timestamp,
    /// When it was written, where that was later.
    pub written_at: Option<Timestamp>,
    /// The journal's entry.
    pub entry: EntryId,
    pub by: Line,
    pub kind: Kind,
    pub text: Line,
    /// What was printed, pinned, or said in full.
    pub more: Vec<Line>,
    pub service: Option<ServiceId>,
    /// Somebody corrected it: the text is the new one.
    pub corrected: bool,
    /// What it is one of several lines about: an operation, a run, an alert, a service's health.
    pub thread: Option<String>,
}

/// What kind of thing happened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    State,
    Note,
    Health,
    Alert,
    Release,
    Vendor,
    Metric,
    Log,
    Action,
    Step,
    Contact,
    Message,
    /// What a restart destroys was put aside.
    Evidence,
    /// Something was taken out.
    Redacted,
}

impl Kind {
    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::State => "incident",
            Self::Note => "note",
            Self::Health => "health",
            Self::Alert => "alert",
            Self::Release => "release",
            Self::Vendor => "vendor",
            Self::Metric => "metric",
            Self::Log => "log",
            Self::Action => "action",
            Self::Step => "step",
            Self::Contact => "contact",
            Self::Message => "message",
            Self::Evidence => "evidence",
            Self::Redacted => "redacted",
        }
    }
}

/// What was done so long before an incident was opened belongs to it: the first minutes pass before anybody says the word.
const BEFORE: Duration = Duration::from_secs(30 * 60);
/// What is done after it is resolved, until it is closed, too; but not for ever.
const AFTER: Duration = Duration::from_secs(12 * 3_600);
/// Lines of a step's output that a timeline shows.
const LINES: usize = 12;

/// Returns the timeline of an incident, from the journal's entries.
pub fn timeline(incident: &Incident, entries: &[Entry]) -> Vec<Moment> {
    let from = incident.opened_at.min(incident.began_at) - BEFORE;
    let until = match incident.state {
        IncidentState::Closed => incident.reached.get(&IncidentState::Closed).copied(),
        _ => None,
    };
    let until = until.unwrap_or(incident.last_at + AFTER);
    let (mut operations, mut runs) = (Ledger::default(), Runs::default());
    let mut printed: BTreeMap<(String, u32), Vec<Line>> = BTreeMap::new();
    let mut moments = Vec::new();
    for entry in entries {
        operations.add(entry);
        runs.add(entry);
        let own = entry.operation.as_ref().is_some_and(|id| id.as_str() == incident.id.as_str());
        if let (Body::Run(RunEvent::Said { execution, lines, .. }), Some(run)) = (&entry.body, &entry.operation) {
            printed
                .entry((run.to_string(), *execution))
                .or_default()
                .extend(lines.iter().map(|line| line.text.clone()));
        }
        let told = match &entry.body {
            Body::Incident(event @ (IncidentEvent::Sending { .. } | IncidentEvent::Sent { .. })) if own => {
                messages::told(Some(incident), event, entry.at)
            }
            Body::Incident(event) if own => of_incident(event, entry.at),
            Body::Operation(event) if about(incident, entry, from, until) => of_operation(&operations, entry, event),
            Body::Run(event) if about(incident, entry, from, until) => of_run(&runs, &printed, entry, event),
            _ => None,
        };
        let Some((at, kind, text, more)) = told else { continue };
        let service = match &entry.body {
            Body::Incident(IncidentEvent::Saw { service, .. } | IncidentEvent::Pinned { service, .. }) => {
                service.clone()
            }
            _ => entry.service.clone(),
        };
        let late = entry.at.since(at) > Duration::from_secs(60);
        moments.push(Moment {
            at,
            written_at: late.then_some(entry.at),
            entry: entry.id.clone(),
            by: entry.by.user.clone(),
            kind,
            text,
            more,
            service,
            corrected: false,
            thread: thread(entry),
        });
    }
    for moment in &mut moments {
        if let Some(why) = incident.redacted.get(&moment.entry) {
            moment.kind = Kind::Redacted;
            moment.text = Line::from_text(&format!("an entry was taken out: {why}"));
            moment.more.clear();
        } else if let Some(text) = incident.corrected.get(&moment.entry) {
            moment.text = text.clone();
            moment.corrected = true;
        }
    }
    // Of one moment, what was written first comes first.
    moments.sort_by_key(|moment| moment.at);
    moments
}

fn thread(entry: &Entry) -> Option<String> {
    match &entry.body {
        // The key ends with the moment, or with what the source calls it.
        Body::Incident(IncidentEvent::Saw { key, kind: SeenKind::Health, .. }) => {
            key.split('/').nth(1).map(|service| format!("health/{service}"))
        }
        Body::Incident(IncidentEvent::Saw { key, kind: SeenKind::Alert, .. }) => {
            key.rsplit_once('/').map(|(alert, _)| alert.to_owned())
        }
        Body::Operation(_) | Body::Run(_) => entry.operation.as_ref().map(ToString::to_string),
        _ => None,
    }
}

fn about(incident: &Incident, entry: &Entry, from: Timestamp, until: Timestamp) -> bool {
    let in_time = entry.at >= from && entry.at <= until;
    let service = entry.service.as_ref();
    in_time && (incident.services.is_empty() || service.is_none_or(|service| incident.services.contains(service)))
}

fn of_seen(kind: SeenKind) -> Kind {
    match kind {
        SeenKind::Health => Kind::Health,
        SeenKind::Alert => Kind::Alert,
        SeenKind::Release => Kind::Release,
        SeenKind::Vendor => Kind::Vendor,
        SeenKind::Metric => Kind::Metric,
        SeenKind::Log => Kind::Log,
    }
}

type Told = (Timestamp, Kind, Line, Vec<Line>);

fn of_incident(event: &IncidentEvent, at: Timestamp) -> Option<Told> {
    let said = |kind: Kind, text: String| Some((at, kind, Line::from_text(&text), Vec::new()));
    match event {
        IncidentEvent::Opened { number, title, severity, .. } => {
            said(Kind::State, format!("incident #{number} opened: {title} ({})", severity.word()))
        }
        IncidentEvent::Joined { by } => said(Kind::State, format!("{} joined", by.user)),
        IncidentEvent::Role { who, role } => said(Kind::State, format!("{who} is {role}")),
        IncidentEvent::Titled { title } => said(Kind::State, format!("renamed: {title}")),
        IncidentEvent::Severity { severity } => said(Kind::State, format!("severity is {} now", severity.word())),
        IncidentEvent::Services { services } => {
            let names: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
            said(Kind::State, format!("it is about {}", names.join(", ")))
        }
        IncidentEvent::State { state, happened_at } => {
            Some((*happened_at, Kind::State, Line::from_text(&format!("incident {}", state.word())), Vec::new()))
        }
        IncidentEvent::Noted { text, more, happened_at } => {
            Some((*happened_at, Kind::Note, text.clone(), more.clone()))
        }
        IncidentEvent::Saw { kind, text, happened_at, .. } => {
            Some((*happened_at, of_seen(*kind), text.clone(), Vec::new()))
        }
        IncidentEvent::Pinned { kind, text, more, happened_at, .. } => {
            Some((*happened_at, of_seen(*kind), text.clone(), more.clone()))
        }
        IncidentEvent::Called { name, call } => {
            let number = call.number.as_ref().map(|number| format!(" at {number}")).unwrap_or_default();
            let text = Line::from_text(&format!("called {name}{number}: {}", call.outcome.words()));
            Some((call.at, Kind::Contact, text, Vec::new()))
        }
        IncidentEvent::Sending { .. } | IncidentEvent::Sent { .. } => messages::told(None, event, at),
        IncidentEvent::Figure { figure, value, because } => {
            said(Kind::State, format!("{}: {value}, because {because}", figure.word()))
        }
        IncidentEvent::Evidence { path, sha256, files, missing, happened_at, .. } => {
            let gaps = if *missing > 0 { format!(", {missing} not in full") } else { String::new() };
            let text = Line::from_text(&format!("evidence put aside: {files} files{gaps}, in {path}"));
            Some((*happened_at, Kind::Evidence, text, vec![Line::from_text(&format!("sha256 {sha256}"))]))
        }
        IncidentEvent::Corrected { .. } | IncidentEvent::Redacted { .. } => None,
    }
}

/// Says what an incident's event says, in a line.
pub fn words(event: &IncidentEvent, at: Timestamp) -> String {
    match event {
        IncidentEvent::Corrected { entry, text } => format!("{entry}: {text}"),
        IncidentEvent::Redacted { entry, why } => format!("{entry}: taken out, {why}"),
        event => of_incident(event, at).map(|(_, _, text, _)| text.to_string()).unwrap_or_default(),
    }
}

fn of_operation(operations: &Ledger, entry: &Entry, event: &OperationEvent) -> Option<Told> {
    let title = || {
        let id = entry.operation.as_ref()?;
        Some(operations.get(id)?.plan.title.to_string())
    };
    let text = match event {
        OperationEvent::Approved { plan, .. } => format!("{} approved", plan.title),
        OperationEvent::StepFinished { step, outcome: StepOutcome::Done | StepOutcome::Already, .. } => {
            let id = entry.operation.as_ref()?;
            let name = operations.get(id)?.plan.steps.get(*step)?.name.to_string();
            format!("{}: {name} done", title()?)
        }
        OperationEvent::StepFailed { why, .. } => format!("{}: {}", title()?, why.message),
        OperationEvent::StepUnknown { why, .. } => {
            format!("{}: not known whether it was done: {}", title()?, why.message)
        }
        OperationEvent::CancelAsked { by, .. } => format!("{}: {} stops it", title()?, by.user),
        OperationEvent::Ended { verdict, said } => {
            format!("{}: {}", title()?, outcome(*verdict, said.as_str()))
        }
        _ => return None,
    };
    Some((entry.at, Kind::Action, Line::from_text(&text), Vec::new()))
}

/// How an operation ended. What was said at the end mostly begins with the verdict, which is not told twice then.
fn outcome(verdict: Verdict, said: &str) -> String {
    if said.starts_with(verdict.words()) || verdict == Verdict::Unverified && said.starts_with("done") {
        return said.to_owned();
    }
    let after = match verdict {
        Verdict::Recovered { after } => format!(" after {} s", after.as_secs()),
        _ => String::new(),
    };
    let said = if said.is_empty() { String::new() } else { format!(", {said}") };
    format!("{}{after}{said}", verdict.words())
}

fn of_run(runs: &Runs, printed: &BTreeMap<(String, u32), Vec<Line>>, entry: &Entry, event: &RunEvent) -> Option<Told> {
    let id = crate::model::id::RunId::new(entry.operation.as_ref()?.as_str());
    let run = runs.get(&id)?;
    let step = |step: usize| run.step(step).map(|step| step.title.to_string()).unwrap_or_default();
    let told = |text: String, more: Vec<Line>| Some((entry.at, Kind::Step, Line::from_text(&text), more));
    match event {
        RunEvent::Begun { beginning } => {
            let why = beginning.why.as_ref().map(|why| format!(", because {why}")).unwrap_or_default();
            told(format!("runbook {} begun{why}", beginning.name), Vec::new())
        }
        RunEvent::Settled { execution, verdict, said, .. } => {
            let one = run.executions.get(*execution as usize)?;
            let back = if one.purpose == Purpose::Undo { " (taken back)" } else { "" };
            let mut more: Vec<Line> =
                one.script.text.lines().take(LINES).map(|line| Line::from_text(&format!("$ {line}"))).collect();
            let lines = printed.get(&(id.to_string(), *execution)).map(Vec::as_slice).unwrap_or_default();
            // The end says how it came out.
            let left = lines.len().saturating_sub(LINES);
            if left > 0 {
                more.push(Line::from_text(&format!("... {left} lines before")));
            }
            more.extend(lines[left..].iter().cloned());
            let word = if *verdict == StepVerdict::Done { String::new() } else { format!("{}: ", verdict.word()) };
            told(format!("{}{back}: {word}{said}", step(one.step)), more)
        }
        RunEvent::Skipped { step: number, why, .. } => told(format!("{}: skipped, {why}", step(*number)), Vec::new()),
        RunEvent::Marked { step: number, note, .. } => {
            let note = note.as_ref().map(|note| format!(", {note}")).unwrap_or_default();
            told(format!("{}: marked done{note}", step(*number)), Vec::new())
        }
        RunEvent::Closed { said, .. } => {
            let said = said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            told(format!("runbook {} closed{said}", run.beginning.name), Vec::new())
        }
        RunEvent::StopAsked { by, .. } => told(format!("{} stops what runs", by.user), Vec::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_verdict_is_told_once() {
        let recovered = Verdict::Recovered { after: Duration::from_secs(9) };
        assert_eq!(
            outcome(recovered, "recovered after 9 s: its check is green"),
            "recovered after 9 s: its check is green"
        );
        assert_eq!(outcome(recovered, "all is green"), "recovered after 9 s, all is green");
        assert_eq!(outcome(Verdict::Unverified, "done; there are no checks"), "done; there are no checks");
        assert_eq!(outcome(Verdict::NotRecovered, "after 60 s: 0 of 1"), "not recovered, after 60 s: 0 of 1");
        assert_eq!(outcome(Verdict::Failed, ""), "failed");
    }
}
