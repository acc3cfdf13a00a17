//! The timeline as one tells it: an operation is one story, and an alert that comes and goes is one line with a count.
//!
//! Nothing is lost by it: the facts hold every entry beside the story.

use std::collections::BTreeMap;

use crate::incident::recall::past;
use crate::incident::timeline::{Kind, Moment};
use crate::model::operation::Verdict;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// A line of the story, and what belongs to it.
#[derive(Clone, PartialEq, Debug)]
pub struct Told<'a> {
    pub first: &'a Moment,
    pub text: Line,
    /// The parts of an operation or a run, with the moment of each.
    pub parts: Vec<(&'a Moment, Line)>,
    /// How an operation came out, and when.
    pub outcome: Option<(Timestamp, Line)>,
    /// How many times it happened, and the last.
    pub times: usize,
    pub last_at: Timestamp,
}

/// From so many on, repetition is noise.
const NOISE: usize = 3;
/// A service may go down and come back twice before it flaps.
const FLAPS: usize = 5;

/// Tells the story.
pub fn story(moments: &[Moment]) -> Vec<Told<'_>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, moment) in moments.iter().enumerate() {
        if let Some(group) = group(moment) {
            groups.entry(group).or_default().push(number);
        }
    }
    let mut told = Vec::new();
    for (number, moment) in moments.iter().enumerate() {
        let members = group(moment).and_then(|group| groups.get(&group)).map(Vec::as_slice).unwrap_or_default();
        let is_first = members.first() == Some(&number);
        let is_last = members.last() == Some(&number);
        match moment.kind {
            Kind::Action | Kind::Step if members.len() > 1 => {
                if is_first {
                    let parts: Vec<&Moment> = members[1..].iter().map(|number| &moments[*number]).collect();
                    told.push(operation(moment, &parts));
                }
            }
            Kind::Health if members.len() > FLAPS => {
                if is_first {
                    let before_last = &moments[members[members.len() - 2]];
                    told.push(Told { times: members.len() - 1, last_at: before_last.at, ..one(moment) });
                } else if is_last {
                    told.push(one(moment));
                }
            }
            Kind::Alert | Kind::Metric | Kind::Log | Kind::Vendor if members.len() >= NOISE => {
                if is_first {
                    let last_at = members.last().map_or(moment.at, |last| moments[*last].at);
                    told.push(Told { times: members.len(), last_at, ..one(moment) });
                }
            }
            _ => told.push(one(moment)),
        }
    }
    told
}

/// What has been changed by hand stands for itself.
fn group(moment: &Moment) -> Option<String> {
    if moment.corrected {
        return None;
    }
    let service = moment.service.as_ref().map(ToString::to_string).unwrap_or_default();
    match moment.kind {
        Kind::Action | Kind::Step | Kind::Health => {
            moment.thread.as_ref().map(|thread| format!("{}/{thread}", moment.kind.word()))
        }
        Kind::Alert => moment.thread.clone().or_else(|| Some(format!("alert/{}", moment.text))),
        Kind::Metric | Kind::Log | Kind::Vendor => Some(format!("{}/{service}/{}", moment.kind.word(), moment.text)),
        _ => None,
    }
}

fn one(moment: &Moment) -> Told<'_> {
    let text = match (moment.kind, moment.text.as_str().strip_suffix(" approved")) {
        (Kind::Action, Some(title)) => did(moment, title),
        _ => moment.text.clone(),
    };
    Told { first: moment, text, parts: Vec::new(), outcome: None, times: 1, last_at: moment.at }
}

/// `kim rolled back checkout to v41`; a title without a verb that we know stays as it is.
fn did(moment: &Moment, title: &str) -> Line {
    let done = past(title);
    let between = if done.as_str() == title { ":" } else { "" };
    Line::from_text(&format!("{}{between} {done}", moment.by))
}

const VERDICTS: [Verdict; 7] = [
    Verdict::Recovered { after: std::time::Duration::ZERO },
    Verdict::Done,
    Verdict::Unverified,
    Verdict::NotRecovered,
    Verdict::Failed,
    Verdict::Cancelled,
    Verdict::Unknown,
];

fn operation<'a>(first: &'a Moment, rest: &[&'a Moment]) -> Told<'a> {
    let title = first.text.as_str().strip_suffix(" approved").unwrap_or(first.text.as_str());
    let prefix = format!("{title}: ");
    let mut parts: Vec<(&Moment, Line)> = rest
        .iter()
        .map(|moment| {
            let text = moment.text.as_str();
            (*moment, Line::from_text(text.strip_prefix(&prefix).unwrap_or(text)))
        })
        .collect();
    let is_verdict = |text: &str| VERDICTS.iter().any(|verdict| text.starts_with(verdict.words()));
    let ended = first.kind == Kind::Action && parts.last().is_some_and(|(_, text)| is_verdict(text.as_str()));
    let outcome = if ended { parts.pop().map(|(moment, text)| (moment.at, text)) } else { None };
    let last_at = rest.last().map_or(first.at, |moment| moment.at);
    Told { parts, outcome, last_at, ..one(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::EntryId;

    fn moment(at: i64, kind: Kind, thread: &str, text: &str) -> Moment {
        Moment {
            at: Timestamp::from_secs(at),
            written_at: None,
            entry: EntryId::new(format!("e{at}")),
            by: Line::from_text("kim"),
            kind,
            text: Line::from_text(text),
            more: Vec::new(),
            service: None,
            corrected: false,
            thread: (!thread.is_empty()).then(|| thread.to_owned()),
        }
    }

    #[test]
    fn an_alert_that_flaps_forty_times_is_one_line_and_what_people_say_is_never_folded() {
        let mut moments: Vec<Moment> = (0..40).map(|at| moment(at, Kind::Alert, "alert/prom/a", "a fires")).collect();
        moments.extend((40..44).map(|at| moment(at, Kind::Note, "", "the same words")));
        let told = story(&moments);
        assert_eq!(told.len(), 5);
        assert_eq!((told[0].times, told[0].last_at), (40, Timestamp::from_secs(39)));
    }

    #[test]
    fn a_service_that_flaps_keeps_its_first_and_its_last_change() {
        let word = |at: i64| if at % 2 == 0 { "shop is down" } else { "shop is well" };
        let moments: Vec<Moment> = (0..12).map(|at| moment(at, Kind::Health, "health/shop", word(at))).collect();
        let told = story(&moments);
        let texts: Vec<&str> = told.iter().map(|told| told.text.as_str()).collect();
        assert_eq!(texts, ["shop is down", "shop is well"]);
        assert_eq!((told[0].times, told[0].last_at), (11, Timestamp::from_secs(10)));
        // Two outages are two outages.
        assert_eq!(story(&moments[..4]).len(), 4);
    }

    #[test]
    fn the_steps_of_an_operation_are_told_under_it_and_its_end_with_it() {
        let moments = [
            moment(1, Kind::Action, "o1", "roll back shop to v41 approved"),
            moment(2, Kind::Note, "", "kim waits"),
            moment(3, Kind::Action, "o1", "roll back shop to v41: redeploy done"),
            moment(4, Kind::Action, "o1", "roll back shop to v41: not recovered, health is red"),
            moment(5, Kind::Action, "o2", "restart shop approved"),
        ];
        let told = story(&moments);
        let texts: Vec<&str> = told.iter().map(|told| told.text.as_str()).collect();
        assert_eq!(texts, ["kim rolled back shop to v41", "kim waits", "kim restarted shop"]);
        assert_eq!(told[0].parts[0].1.as_str(), "redeploy done");
        assert_eq!(told[0].outcome.as_ref().unwrap().1.as_str(), "not recovered, health is red");
    }
}
