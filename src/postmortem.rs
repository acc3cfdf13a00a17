//! From a timeline to the document that people read the day after: computed times, what changed, what was done, what to fill in.
//!
//! The document is made of one value ([`facts`]) and a template. A template of one's own gets the same value.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::incident::Incident;
use crate::incident::timeline::{Kind, Moment};
use crate::model::incident::IncidentState;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// The template that is used when nobody brings one.
pub const TEMPLATE: &str = include_str!("postmortem/template.md");

/// A figure that somebody says is another than the computed one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Override {
    /// `detected`, `acknowledged`, `mitigated`, `resolved`, `impact`.
    pub figure: String,
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
    pub overrides: &'a [Override],
}

/// Returns everything that a document says, as a value: what `--json` prints, and what templates get.
pub fn facts(material: &Material<'_>) -> Value {
    let Material { incident, moments, zone, now, budget, overrides } = material;
    let at = |at: Timestamp| at.in_zone(zone).strftime("%F %T %Z").to_string();
    let clock = |at: Timestamp| at.in_zone(zone).strftime("%H:%M:%S").to_string();
    let day = |at: Timestamp| at.in_zone(zone).strftime("%F").to_string();
    let began = began_at(incident, moments);
    let detected = moments
        .iter()
        .filter(|moment| moment.at >= began && matches!(moment.kind, Kind::Health | Kind::Alert))
        .map(|moment| moment.at)
        .min();
    let detected = detected.unwrap_or(incident.opened_at).min(incident.opened_at).max(began);
    let reached = |state| incident.reached.get(&state).copied();
    let figure = |name: &str, moment: Option<Timestamp>| {
        let computed = moment.map(|moment| span(moment.since(began)));
        let said = overrides.iter().find(|one| one.figure == name);
        json!({
            "at": moment.map(at),
            "after": said.map(|one| one.value.clone()).or(computed.clone()),
            "computed": computed,
            "because": said.map(|one| one.because.clone()),
        })
    };
    // Users were well again with the mitigation; a resolution before that says as much.
    let well = incident.ended_at();
    let impact = well.map(|well| well.since(began));
    let impact_said = overrides.iter().find(|one| one.figure == "impact");
    let spent = budget.filter(|budget| !budget.is_zero()).zip(impact).map(|(budget, impact)| {
        let share = impact.as_secs_f64() / budget.as_secs_f64() * 100.0;
        json!({ "allowed": span(budget), "spent": span(impact), "percent": format!("{share:.0}") })
    });
    let mut last_day = String::new();
    let mut last_at: Option<Timestamp> = None;
    let timeline: Vec<Value> = moments
        .iter()
        .map(|moment| {
            let gap = last_at.map(|last| moment.at.since(last)).filter(|gap| *gap >= GAP);
            last_at = Some(moment.at);
            let today = day(moment.at);
            let new_day = (today != last_day).then(|| today.clone());
            last_day = today;
            json!({
                "at": at(moment.at), "clock": clock(moment.at), "day": new_day, "kind": moment.kind.word(), "by": moment.by,
                "text": moment.text, "more": moment.more, "service": moment.service, "entry": moment.entry,
                "fence": fence(&moment.more), "written_at": moment.written_at.map(at), "corrected": moment.corrected, "gap": gap.map(span),
            })
        })
        .collect();
    let of = |kinds: &[Kind]| -> Vec<Value> {
        moments
            .iter()
            .filter(|moment| kinds.contains(&moment.kind))
            .map(|moment| json!({ "clock": clock(moment.at), "text": moment.text, "by": moment.by, "more": moment.more }))
            .collect()
    };
    let people: Vec<String> = incident.people.iter().map(|actor| actor.user.to_string()).collect();
    let roles: Vec<Value> = incident.roles.iter().map(|(role, who)| json!({ "role": role, "who": who })).collect();
    json!({
        "number": incident.number,
        "title": incident.title,
        "severity": incident.severity.word(),
        "state": incident.state.word(),
        "services": incident.services,
        "people": people,
        "roles": roles,
        "zone": zone.iana_name().unwrap_or("UTC"),
        "began": { "at": at(began), "clock": clock(began) },
        "ended": well.map(|well| json!({ "at": at(well), "clock": clock(well) })),
        "impact": impact_said.map(|one| one.value.clone()).or(impact.map(span)),
        "impact_computed": impact.map(span),
        "impact_because": impact_said.map(|one| one.because.clone()),
        "going_on": well.is_none().then(|| span(now.since(began))),
        "detected": figure("detected", Some(detected)),
        "acknowledged": figure("acknowledged", reached(IncidentState::Acknowledged)),
        "mitigated": figure("mitigated", reached(IncidentState::Mitigated)),
        "resolved": figure("resolved", reached(IncidentState::Resolved)),
        "budget": spent,
        "changes": of(&[Kind::Release, Kind::Vendor]),
        "symptoms": of(&[Kind::Health, Kind::Alert, Kind::Metric]),
        "actions": of(&[Kind::Action, Kind::Step]),
        "evidence": of(&[Kind::Log, Kind::Metric]),
        "notes": of(&[Kind::Note]),
        "reached": of(&[Kind::Contact, Kind::Message]),
        "timeline": timeline,
    })
}

/// Returns a fence that no line of what it holds can end.
fn fence(lines: &[Line]) -> String {
    let longest = lines.iter().map(|line| {
        let body = line.as_str().trim_start();
        body.len() - body.trim_start_matches('`').len()
    });
    "`".repeat(longest.max().unwrap_or(0).max(2) + 1)
}

/// A stretch without an entry that is worth a word.
const GAP: Duration = Duration::from_secs(15 * 60);

/// It began when the first thing was seen that went wrong, which may be before anybody opened the incident.
fn began_at(incident: &Incident, moments: &[Moment]) -> Timestamp {
    let seen =
        moments.iter().filter(|moment| matches!(moment.kind, Kind::Health | Kind::Alert)).map(|moment| moment.at);
    // What was wrong a day before is another story.
    let near = seen.filter(|at| incident.began_at.since(*at) < Duration::from_secs(6 * 3_600)).min();
    near.unwrap_or(incident.began_at).min(incident.began_at)
}

/// Writes the document.
///
/// # Errors
/// What is wrong with the template, with its line.
pub fn document(template: &str, facts: &Value) -> Result<String, String> {
    let mut environment = minijinja::Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    // What people wrote must not become a heading or a table.
    environment.add_filter("md", escaped);
    environment.add_template("postmortem", template).map_err(told)?;
    let template = environment.get_template("postmortem").map_err(told)?;
    template.render(facts).map_err(told)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn told(error: minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" at line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("the template cannot be used{line}: {}{detail}", error.kind())
}

/// Makes text harmless for Markdown.
#[expect(clippy::needless_pass_by_value, reason = "filters are given values")]
fn escaped(text: String) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let begins = at == 0;
        match c {
            '`' | '*' | '_' | '[' | ']' | '<' | '|' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '#' | '>' | '-' | '+' if begins => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// Returns a length of time as people say it: `1 h 05 min`, `14 min 32 s`, `29 s`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}
