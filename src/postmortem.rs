//! From a timeline to the document that people read the day after: computed times, what changed, what was done, what to fill in.
//!
//! The document is made of one value ([`facts`]) and a template. A template of one's own gets the same value.
//!
//! ```text
//!   moments --story--> what a reader wants ---.
//!      `-----------------> every entry --------+--> facts --template--> Markdown
//!   states, figures ----> computed times ------'       `--> --json
//! ```

mod length;
mod markdown;
mod story;

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::incident::Incident;
use crate::incident::timeline::{Kind, Moment};
use crate::model::id::ServiceId;
use crate::model::incident::{Figure, IncidentState};
use crate::model::text::Line;
use crate::model::time::Timestamp;

pub use length::span;
pub use markdown::document;
pub use story::{Told, story};

/// The template that is used when nobody brings one.
pub const TEMPLATE: &str = include_str!("postmortem/template.md");

/// A figure that somebody says is another than the computed one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    pub figure: Figure,
    pub value: String,
    pub because: String,
}

/// What a document is made from.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    pub incident: &'a Incident,
    pub moments: &'a [Moment],
    pub zone: &'a TimeZone,
    pub now: Timestamp,
    /// The share of time that the services may be down in thirty days, where there is an objective.
    pub budget: Option<Duration>,
    /// They win over what the journal keeps.
    pub overrides: &'a [Override],
}

/// More lines than these stand at the end of the document.
const INLINE: usize = 6;
/// A stretch without an entry that is worth a word.
const GAP: Duration = Duration::from_secs(15 * 60);

/// Returns everything that a document says, as a value: what `--json` prints, and what templates get.
pub fn facts(material: &Material<'_>) -> Value {
    let Material { incident, moments, zone, now, budget, overrides } = material;
    let times = Times { zone, began: began_at(incident, moments) };
    let began = times.began;
    let said = |figure: Figure| -> Option<(String, String)> {
        let flag = overrides.iter().find(|one| one.figure == figure);
        flag.map(|one| (one.value.clone(), one.because.clone()))
            .or_else(|| incident.figures.get(&figure).map(|(value, because)| (value.to_string(), because.to_string())))
    };
    let figure = |figure: Figure, at: Option<Timestamp>| {
        let computed = at.map(|at| span(at.since(began)));
        let (value, because) = said(figure).unzip();
        json!({ "at": at.map(|at| times.full(at)), "when": at.map(|at| times.short(at)), "after": value.or(computed.clone()), "computed": computed, "because": because })
    };
    let first_symptom =
        moments.iter().filter(|moment| moment.at >= began && is_symptom(moment)).min_by_key(|moment| moment.at);
    let detected = first_symptom.map_or(incident.opened_at, |moment| moment.at).min(incident.opened_at).max(began);
    let reached = |state| incident.reached.get(&state).copied();
    // Users were well again with the mitigation; a resolution before that says as much.
    let well = incident.ended_at();
    let impact = well.map(|well| well.since(began));
    let (impact_said, impact_because) = said(Figure::Impact).unzip();
    let counted = impact_said.as_deref().map_or(impact, |said| length::parse(said).or(impact));
    let spent = budget.filter(|budget| !budget.is_zero()).zip(counted).map(|(budget, spent)| {
        let share = spent.as_secs_f64() / budget.as_secs_f64() * 100.0;
        json!({ "allowed": span(budget), "spent": span(spent), "percent": format!("{share:.0}") })
    });
    let told = story(moments);
    let of = |kinds: &[Kind]| -> Vec<Value> {
        told.iter().filter(|told| kinds.contains(&told.first.kind)).map(|told| line(told, &times)).collect()
    };
    let helped = told.iter().rev().find(|told| recovered_at(told).is_some());
    // Where nobody said that it was mitigated, what was done says it by its checks; users were well by the resolution at last.
    let resolved = reached(IncidentState::Resolved);
    let recovered = helped.and_then(recovered_at).filter(|at| *at >= began);
    let mitigated = reached(IncidentState::Mitigated).or(recovered.map(|at| resolved.map_or(at, |end| at.min(end))));
    let people: Vec<String> = incident.humans().map(|actor| actor.user.to_string()).collect();
    let roles: Vec<Value> = incident.roles.iter().map(|(role, who)| json!({ "role": role, "who": who })).collect();
    json!({
        "number": incident.number,
        "title": incident.title,
        "severity": incident.severity.word(),
        "state": incident.state.word(),
        "services": incident.services,
        "services_in_words": in_words(&incident.services),
        "people": people,
        "roles": roles,
        "zone": zone.iana_name().unwrap_or("UTC"),
        "date": times.day(began),
        "written": times.full(*now),
        "began": { "at": times.full(began), "clock": times.clock(began) },
        "ended": well.map(|well| json!({ "at": times.full(well), "clock": times.clock(well), "when": times.short(well) })),
        "impact": impact_said.or(impact.map(span)),
        "impact_computed": impact.map(span),
        "impact_because": impact_because,
        "going_on": well.is_none().then(|| span(now.since(began))),
        "detected": figure(Figure::Detected, Some(detected)),
        "detected_by": first_symptom.filter(|moment| moment.at <= incident.opened_at).map(|moment| json!({ "text": moment.text, "kind": moment.kind.word() })),
        "opened": { "at": times.full(incident.opened_at), "when": times.short(incident.opened_at), "after": span(incident.opened_at.since(began)) },
        "acknowledged": figure(Figure::Acknowledged, reached(IncidentState::Acknowledged)),
        "mitigated": figure(Figure::Mitigated, mitigated),
        "resolved": figure(Figure::Resolved, resolved),
        "budget": spent,
        "changes": of(&[Kind::Release, Kind::Vendor]),
        "symptoms": of(&[Kind::Health, Kind::Alert, Kind::Metric]),
        "actions": of(&[Kind::Action, Kind::Step]),
        "helped": helped.map(|told| line(told, &times)),
        "evidence": of(&[Kind::Log, Kind::Evidence]),
        "notes": of(&[Kind::Note]),
        "reached": of(&[Kind::Contact, Kind::Message]),
        "gaps": gaps(moments, well, &times),
        "story": lines(&told, &times),
        "outputs": outputs(&told, &times),
        "timeline": moments.iter().map(|moment| entry(moment, &times)).collect::<Vec<_>>(),
    })
}

/// How times are written: of one day's outage nobody wants to read the date in every line.
struct Times<'a> {
    zone: &'a TimeZone,
    began: Timestamp,
}

impl Times<'_> {
    fn form(&self, at: Timestamp, form: &str) -> String {
        at.in_zone(self.zone).strftime(form).to_string()
    }

    fn full(&self, at: Timestamp) -> String {
        self.form(at, "%F %T %Z")
    }

    fn clock(&self, at: Timestamp) -> String {
        self.form(at, "%T")
    }

    fn day(&self, at: Timestamp) -> String {
        self.form(at, "%F")
    }

    /// The time of day, with the date where it is another day than that on which it began.
    fn short(&self, at: Timestamp) -> String {
        if self.day(at) == self.day(self.began) { self.clock(at) } else { self.form(at, "%F %T") }
    }

    /// `29 s before it began`, `4 min 10 s after`.
    fn relative(&self, at: Timestamp) -> String {
        if at < self.began {
            format!("{} before it began", span(self.began.since(at)))
        } else if at == self.began {
            "as it began".to_owned()
        } else {
            format!("{} after", span(at.since(self.began)))
        }
    }
}

/// When what was done turned green what had been red.
fn recovered_at(told: &Told<'_>) -> Option<Timestamp> {
    told.outcome.as_ref().filter(|(_, text)| text.as_str().starts_with("recovered")).map(|(at, _)| *at)
}

/// A line of the story.
fn line(told: &Told<'_>, times: &Times<'_>) -> Value {
    let moment = told.first;
    let is_of_people = matches!(moment.kind, Kind::Note | Kind::Step | Kind::Contact | Kind::Message | Kind::Evidence);
    let is_long = moment.more.len() > INLINE;
    let parts: Vec<Value> = told
        .parts
        .iter()
        .map(|(moment, text)| json!({ "when": times.short(moment.at), "clock": times.clock(moment.at), "text": text }))
        .collect();
    let outcome = told
        .outcome
        .as_ref()
        .map(|(at, text)| json!({ "when": times.short(*at), "clock": times.clock(*at), "text": text }));
    json!({
        "when": times.short(moment.at), "clock": times.clock(moment.at), "relative": times.relative(moment.at), "before": moment.at < times.began,
        "kind": moment.kind.word(), "text": told.text, "by": moment.by, "said_by": is_of_people.then_some(&moment.by),
        "service": moment.service, "entry": moment.entry, "corrected": moment.corrected,
        "written_at": moment.written_at.map(|at| times.short(at)),
        "parts": parts, "outcome": outcome, "times": told.times, "until": (told.times > 1).then(|| times.short(told.last_at)),
        "more": if is_long { &[] } else { moment.more.as_slice() }, "fence": markdown::fence(&moment.more), "below": is_long,
    })
}

/// The whole story, with the days and the silences between its lines.
fn lines(told: &[Told<'_>], times: &Times<'_>) -> Vec<Value> {
    let mut last_day = String::new();
    let mut last_at: Option<Timestamp> = None;
    let mut lines = Vec::with_capacity(told.len());
    for told in told {
        let at = told.first.at;
        let mut line = line(told, times);
        line["gap"] = json!(last_at.map(|last| at.since(last)).filter(|gap| *gap >= GAP).map(span));
        // What belongs to the line before may have ended after this one began.
        last_at = last_at.max(Some(told.last_at.max(at)));
        let today = times.day(at);
        line["day"] = json!((today != last_day).then_some(&today));
        last_day = today;
        lines.push(line);
    }
    lines
}

/// What was printed and is too long for the timeline.
fn outputs(told: &[Told<'_>], times: &Times<'_>) -> Vec<Value> {
    let one = |moment: &Moment, text: &Line| json!({ "when": times.short(moment.at), "text": text, "by": moment.by, "more": moment.more, "fence": markdown::fence(&moment.more) });
    let mut outputs = Vec::new();
    for told in told {
        if told.first.more.len() > INLINE {
            outputs.push(one(told.first, &told.text));
        }
        outputs.extend(
            told.parts.iter().filter(|(moment, _)| !moment.more.is_empty()).map(|(moment, text)| one(moment, text)),
        );
    }
    outputs
}

/// One entry, as the journal has it.
fn entry(moment: &Moment, times: &Times<'_>) -> Value {
    json!({
        "at": times.full(moment.at), "clock": times.clock(moment.at), "kind": moment.kind.word(), "by": moment.by,
        "text": moment.text, "more": moment.more, "service": moment.service, "entry": moment.entry,
        "written_at": moment.written_at.map(|at| times.full(at)), "corrected": moment.corrected, "thread": moment.thread,
    })
}

/// The stretches without an entry while it went on: somebody waited for something there.
fn gaps(moments: &[Moment], well: Option<Timestamp>, times: &Times<'_>) -> Vec<Value> {
    let during: Vec<Timestamp> = moments
        .iter()
        .map(|moment| moment.at)
        .filter(|at| *at >= times.began && well.is_none_or(|well| *at <= well))
        .collect();
    during
        .windows(2)
        .filter(|pair| pair[1].since(pair[0]) >= GAP)
        .map(|pair| json!({ "from": times.short(pair[0]), "to": times.short(pair[1]), "length": span(pair[1].since(pair[0])) }))
        .collect()
}

fn is_symptom(moment: &Moment) -> bool {
    matches!(moment.kind, Kind::Health | Kind::Alert)
}

/// It began when the first thing was seen that went wrong, which may be before anybody opened the incident.
fn began_at(incident: &Incident, moments: &[Moment]) -> Timestamp {
    let seen = moments.iter().filter(|moment| is_symptom(moment)).map(|moment| moment.at);
    // What was wrong a day before is another story.
    let near = seen.filter(|at| incident.began_at.since(*at) < Duration::from_secs(6 * 3_600)).min();
    near.unwrap_or(incident.began_at).min(incident.began_at)
}

/// `checkout`, `checkout and shop`, `checkout, shop and api`.
fn in_words(services: &[ServiceId]) -> Option<String> {
    let names: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}
