//! What does a name resolve to, and who says so?

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::{RData, RecordType as Asked};

use super::name::{self, Asking};
use super::{Deadline, Found, Inner};
use crate::model::check::{Cause, DnsFacts, DnsSpec, Facts, Finding, Outcome, RecordType};
use crate::model::text::Line;

pub async fn probe(inner: &Inner, spec: &DnsSpec, deadline: Deadline) -> Found {
    let mut facts = DnsFacts::default();
    let outcome = match ask(inner, spec, deadline, &mut facts).await {
        Ok(()) => compare(spec, &facts),
        Err(finding) => Outcome::Fail(finding),
    };
    Found { outcome, facts: Facts::Dns(facts) }
}

/// Asks the servers in order until one answers: which one that was is a fact of its own.
async fn ask(inner: &Inner, spec: &DnsSpec, deadline: Deadline, facts: &mut DnsFacts) -> Result<(), Finding> {
    let servers = match spec.resolver {
        Some(server) => vec![server],
        None => inner.names.system()?.each.clone(),
    };
    let mut failed: Option<Finding> = None;
    for (nth, server) in servers.iter().enumerate() {
        // Each is asked twice, and the last one must have its turn; that one has until the end.
        let turns = u32::try_from(servers.len() - nth).unwrap_or(u32::MAX);
        let patience = if turns == 1 { Duration::MAX } else { deadline.left() / turns / 2 };
        let asking = name::asking(*server, patience).map_err(|error| {
            Finding::new(Cause::CannotRun, Line::from_text(&format!("cannot ask {server}: {error}")))
        })?;
        match ask_one(&asking, spec, deadline, facts).await {
            Err(finding) if finding.cause == Cause::ResolverFailed => {
                failed = Some(match failed {
                    None => finding,
                    Some(first) => {
                        let text = format!("{}; {}", first.message, finding.message);
                        Finding { message: Line::from_text(&text), ..first }
                    }
                });
            }
            answered => return answered,
        }
    }
    Err(failed.unwrap_or_else(|| inner.names.nobody()))
}

async fn ask_one(asking: &Asking, spec: &DnsSpec, deadline: Deadline, facts: &mut DnsFacts) -> Result<(), Finding> {
    facts.resolver = Some(Line::from_text(&asking.servers));
    let absolute = if spec.name.ends_with('.') { spec.name.clone() } else { format!("{}.", spec.name) };
    let name = &spec.name;
    let look_up = asked(spec.record).iter().map(|record| asking.resolver.lookup(absolute.clone(), *record));
    let answers = futures_util::future::join_all(look_up);
    let Ok(answers) = deadline.during("", answers).await else {
        return Err(name::silent(name, &asking.servers, deadline.limit));
    };
    let (mut found, mut trouble) = (Vec::new(), None);
    for (record, answer) in asked(spec.record).iter().zip(answers) {
        match answer {
            // The aliases on the way are not what was asked for.
            Ok(lookup) => found.extend(
                lookup
                    .answers()
                    .iter()
                    .filter(|answer| answer.record_type() == *record)
                    .map(|answer| (text(&answer.data), answer.ttl)),
            ),
            Err(error) => {
                let finding = name::explain(&error, name, &what(spec.record), &asking.servers);
                // That there is no address of one kind is no trouble beside a server that is in some.
                if trouble.is_none() || finding.cause != Cause::NameNotFound {
                    trouble = Some(finding);
                }
            }
        }
    }
    found.sort();
    facts.ttl_secs = found.iter().map(|(_, ttl)| *ttl).min();
    facts.answers = found.into_iter().map(|(text, _)| Line::from_text(&text)).collect();
    match trouble {
        // A part of the answer is enough as long as nothing is missed in it.
        Some(finding)
            if facts.answers.is_empty()
                || (finding.cause != Cause::NameNotFound && !missing(spec, facts).is_empty()) =>
        {
            Err(finding)
        }
        _ => Ok(()),
    }
}

fn asked(record: RecordType) -> &'static [Asked] {
    match record {
        RecordType::Address => &[Asked::A, Asked::AAAA],
        RecordType::A => &[Asked::A],
        RecordType::Aaaa => &[Asked::AAAA],
        RecordType::Cname => &[Asked::CNAME],
        RecordType::Mx => &[Asked::MX],
        RecordType::Ns => &[Asked::NS],
        RecordType::Txt => &[Asked::TXT],
        RecordType::Caa => &[Asked::CAA],
        RecordType::Soa => &[Asked::SOA],
    }
}

/// Returns what is asked for, as people say it.
fn what(record: RecordType) -> String {
    match (record, asked(record)) {
        (RecordType::Address, _) => "address".to_owned(),
        (_, records) => format!("{} record", records[0]),
    }
}

fn text(data: &RData) -> String {
    match data {
        RData::TXT(txt) => txt.txt_data.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect(),
        other => other.to_string(),
    }
}

fn compare(spec: &DnsSpec, facts: &DnsFacts) -> Outcome {
    if facts.answers.is_empty() {
        let text = format!("{} has no {}", spec.name, what(spec.record));
        return Outcome::Fail(Finding::new(Cause::NameNotFound, Line::from_text(&text)));
    }
    let missing = missing(spec, facts);
    if missing.is_empty() {
        return Outcome::Pass;
    }
    let found: Vec<_> = facts.answers.iter().map(Line::as_str).collect();
    let text = format!("{} resolves to {}, expected {}", spec.name, found.join(", "), missing.join(", "));
    Outcome::Fail(Finding::new(Cause::AnswerChanged, Line::from_text(&text)))
}

/// Returns what is expected and not there.
fn missing<'spec>(spec: &'spec DnsSpec, facts: &DnsFacts) -> Vec<&'spec str> {
    let there = |wanted: &&str| facts.answers.iter().any(|answer| plain(answer.as_str()) == plain(wanted));
    spec.expect.iter().map(String::as_str).filter(|wanted| !there(wanted)).collect()
}

/// Returns an answer in the one form in which it is compared: `2001:DB8:0::7` is `2001:db8::7`.
fn plain(text: &str) -> String {
    text.parse::<IpAddr>().map_or_else(|_| text.trim_end_matches('.').to_lowercase(), |address| address.to_string())
}
