//! What does a name resolve to, and who says so?

use std::sync::Arc;

use hickory_resolver::proto::rr::{RData, RecordType as Asked};

use super::{Deadline, Found, Inner, name};
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

async fn ask(inner: &Inner, spec: &DnsSpec, deadline: Deadline, facts: &mut DnsFacts) -> Result<(), Finding> {
    let asking = match spec.resolver {
        None => inner.names.system()?,
        Some(server) => Arc::new(name::asking(server).map_err(|error| {
            Finding::new(Cause::CannotRun, Line::from_text(&format!("cannot ask {server}: {error}")))
        })?),
    };
    facts.resolver = Some(Line::from_text(&asking.servers));
    let absolute = if spec.name.ends_with('.') { spec.name.clone() } else { format!("{}.", spec.name) };
    let (mut found, mut trouble) = (Vec::new(), None);
    for (record, what) in asked(spec.record) {
        let looked_up =
            deadline.during("resolving the name", asking.resolver.lookup(absolute.clone(), *record)).await?;
        match looked_up {
            Ok(lookup) => {
                for record in lookup.answers() {
                    // The aliases on the way are not what was asked for.
                    if record.record_type() == *what {
                        found.push((text(&record.data), record.ttl));
                    }
                }
            }
            Err(error) => trouble = Some(name::explain(&error, &spec.name, &format!("{what} record"), &asking.servers)),
        }
    }
    found.sort();
    facts.ttl_secs = found.iter().map(|(_, ttl)| *ttl).min();
    facts.answers = found.into_iter().map(|(text, _)| Line::from_text(&text)).collect();
    match trouble {
        Some(finding) if facts.answers.is_empty() => Err(finding),
        _ => Ok(()),
    }
}

fn asked(record: RecordType) -> &'static [(Asked, Asked)] {
    match record {
        RecordType::Address => &[(Asked::A, Asked::A), (Asked::AAAA, Asked::AAAA)],
        RecordType::A => &[(Asked::A, Asked::A)],
        RecordType::Aaaa => &[(Asked::AAAA, Asked::AAAA)],
        RecordType::Cname => &[(Asked::CNAME, Asked::CNAME)],
        RecordType::Mx => &[(Asked::MX, Asked::MX)],
        RecordType::Ns => &[(Asked::NS, Asked::NS)],
        RecordType::Txt => &[(Asked::TXT, Asked::TXT)],
        RecordType::Caa => &[(Asked::CAA, Asked::CAA)],
        RecordType::Soa => &[(Asked::SOA, Asked::SOA)],
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
        let text = format!("{} has no such record", spec.name);
        return Outcome::Fail(Finding::new(Cause::NameNotFound, Line::from_text(&text)));
    }
    let plain = |text: &str| text.trim_end_matches('.').to_lowercase();
    let there = |wanted: &&String| facts.answers.iter().any(|answer| plain(answer.as_str()) == plain(wanted));
    let missing: Vec<_> = spec.expect.iter().filter(|wanted| !there(wanted)).map(String::as_str).collect();
    if missing.is_empty() {
        return Outcome::Pass;
    }
    let found: Vec<_> = facts.answers.iter().map(Line::as_str).collect();
    let text = format!("{} resolves to {}, expected {}", spec.name, found.join(", "), missing.join(", "));
    Outcome::Fail(Finding::new(Cause::AnswerChanged, Line::from_text(&text)))
}
