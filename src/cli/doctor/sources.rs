//! Each source: whether it answers, whose the credential is, what it may do, and how much may still be asked.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use serde_json::Value;

use super::clock::Told;
use super::{Look, Ward};
use crate::model::readiness::{Area, Proof, Verdict};
use crate::model::source::{Capability, FailureKind, Feed, Found, Source};
use crate::model::text::Line;
use crate::provider::engine::Ask;
use crate::provider::run::{Answer, Failure};
use crate::runtime::feeds::input_of;
use crate::ui::format;

/// A credential that ends sooner than this wants a look today.
const SOON: std::time::Duration = std::time::Duration::from_secs(14 * 24 * 3_600);
/// Less than a part in this many of what may be asked is a warning.
const LITTLE: u64 = 10;

/// Returns a look at every source. What one can only act with is left out: nothing is asked of it.
pub(super) fn looks<'a>(ward: &'a Ward<'_>, told: &'a Told) -> Vec<Look<'a>> {
    let sources = ward.project.catalog.sources.iter().filter(|source| source.own.is_none());
    sources
        .map(|source| Look {
            area: Area::Source,
            subject: source.id.to_string(),
            work: async move { look(ward, source, told).await }.boxed(),
        })
        .collect()
}

/// What can be asked of a source that tells most: who one is, else whatever is read of it anyway.
struct Question<'a> {
    capability: Capability,
    params: BTreeMap<String, Value>,
    input: BTreeMap<String, Value>,
    feed: Option<&'a Feed>,
}

fn question<'a>(ward: &'a Ward<'_>, source: &Source) -> Result<Option<Question<'a>>, Failure> {
    let definition = ward.engine.definition(source)?;
    let catalog = &ward.project.catalog;
    if definition.readings.contains_key(&Capability::Identity) {
        // Who one is may hang on the place: a namespace, an account.
        let used = catalog.uses.iter().find(|used| used.source == source.id);
        let params = used.map(|used| used.params.clone()).unwrap_or_default();
        let known = |name: &String| definition.params.iter().any(|param| param.name == *name);
        let params = params.into_iter().filter(|(name, _)| known(name)).collect();
        return Ok(Some(Question { capability: Capability::Identity, params, input: BTreeMap::new(), feed: None }));
    }
    let read = |feed: &&Feed| feed.source == source.id && feed.capability != Capability::Logs;
    let feed = catalog.feeds.iter().find(read);
    Ok(feed.map(|feed| Question {
        capability: feed.capability,
        params: feed.params.clone(),
        input: input_of(feed, ward.clock.now()),
        feed: Some(feed),
    }))
}

async fn look(ward: &Ward<'_>, source: &Source, told: &Told) -> Vec<Proof> {
    let id = source.id.as_str();
    let question = match question(ward, source) {
        Ok(Some(question)) => question,
        Ok(None) => {
            let evidence = "nothing can be asked of it without acting";
            return vec![Proof::new(Area::Source, id, Verdict::Unproven, evidence)];
        }
        Err(failure) => return failed(id, Capability::Identity, &failure),
    };
    let mut limit = None;
    let mut scopes = None;
    let began = ward.clock.now();
    let ask =
        Ask { source, capability: question.capability, params: &question.params, input: &question.input, now: true };
    let read = {
        let mut witness = |_: &crate::provider::run::Plan, answer: Result<&Answer, &Failure>| {
            let Ok(answer) = answer else { return };
            told.hear(id, answer, ward.clock.now());
            limit = left(answer).or(limit);
            scopes = answer.header("x-oauth-scopes").map(str::to_owned).or(scopes.take());
        };
        ward.engine.read_seen(&ask, &mut witness).await
    };
    let mut lines = match read {
        Err(failure) => {
            let mut lines = failed(id, question.capability, &failure);
            // One can live without a vendor's word on itself.
            if let Some(vendor) = question.feed.and_then(|feed| feed.vendor.as_ref()) {
                for line in &mut lines {
                    line.verdict = line.verdict.min(Verdict::Warning);
                    line.fix = Some(Line::from_text(&format!("crashcart vendors {vendor}")));
                }
            }
            lines
        }
        Ok(mapped) => {
            let took = format::latency(ward.clock.now().since(began));
            let mut lines = vec![Proof::new(Area::Source, id, Verdict::Ok, &format!("it answers in {took}"))];
            match (mapped.found, question.feed) {
                (Found::Identity(identity), _) => lines.push(credential(ward, id, &identity, scopes.as_deref())),
                (found, Some(feed)) => {
                    let evidence =
                        format!("accepted: {} read", format::count(found.count(), &feed.capability.to_string()));
                    if !source.secrets.is_empty() {
                        lines.push(Proof::new(Area::Credential, id, Verdict::Ok, &evidence));
                    }
                }
                _ => {}
            }
            for problem in mapped.problems.iter().take(1) {
                lines.push(Proof::new(Area::Source, id, Verdict::Warning, &problem.to_string()));
            }
            lines
        }
    };
    lines.extend(limit.map(|(left, of)| rate(id, left, of)));
    lines
}

fn credential(ward: &Ward<'_>, id: &str, identity: &crate::model::identity::Identity, header: Option<&str>) -> Proof {
    let mut evidence =
        if identity.name.is_empty() { "accepted".to_owned() } else { format!("it is {}", identity.name) };
    let scopes: Vec<String> = match header {
        Some(scopes) if identity.scopes.is_empty() => scopes.split(',').map(|scope| scope.trim().to_owned()).collect(),
        _ => identity.scopes.iter().map(ToString::to_string).collect(),
    };
    if !scopes.is_empty() {
        let shown: Vec<&str> = scopes.iter().take(6).map(String::as_str).collect();
        let more = if scopes.len() > shown.len() { ", ..." } else { "" };
        evidence.push_str(&format!("; it may {}{more}", shown.join(", ")));
    }
    let now = ward.clock.now();
    let fix = format!("crashcart secret set {id}");
    match identity.expires_at {
        Some(end) if end <= now => {
            Proof::new(Area::Credential, id, Verdict::Failure, &format!("{evidence}; it has expired")).fix(&fix)
        }
        Some(end) if end.since(now) < SOON => {
            let left = format::age(end.since(now));
            Proof::new(Area::Credential, id, Verdict::Warning, &format!("{evidence}; it expires in {left}")).fix(&fix)
        }
        _ => Proof::new(Area::Credential, id, Verdict::Ok, &evidence),
    }
}

/// A failure is about the way there, or about the credential: they are mended by different people.
fn failed(id: &str, capability: Capability, failure: &Failure) -> Vec<Proof> {
    let kind = failure.kind;
    let evidence = failure.to_string();
    let about_us = matches!(kind, FailureKind::Unauthorised | FailureKind::Forbidden | FailureKind::NoCredential);
    if !about_us {
        let fix = match kind {
            FailureKind::Misconfigured => "crashcart providers show NAME says what it needs".to_owned(),
            FailureKind::RateLimited { .. } | FailureKind::Resting => kind.hint().to_owned(),
            _ => format!("crashcart providers try {id} {} shows the request", capability.word()),
        };
        let verdict = if matches!(kind, FailureKind::RateLimited { .. }) { Verdict::Warning } else { Verdict::Failure };
        return vec![Proof::new(Area::Source, id, verdict, &evidence).fix(&fix)];
    }
    let fix = match kind {
        FailureKind::Forbidden => kind.hint().to_owned(),
        _ => format!("crashcart secret set {id}"),
    };
    let mut lines = vec![Proof::new(Area::Credential, id, Verdict::Failure, &evidence).fix(&fix)];
    // Without a credential nobody was asked.
    if kind != FailureKind::NoCredential {
        lines.insert(0, Proof::new(Area::Source, id, Verdict::Ok, "it answers"));
    }
    lines
}

/// Returns how many more requests an answer says are allowed, and of how many.
fn left(answer: &Answer) -> Option<(u64, Option<u64>)> {
    const NAMES: &[(&str, &str)] = &[
        ("x-ratelimit-remaining", "x-ratelimit-limit"),
        ("ratelimit-remaining", "ratelimit-limit"),
        ("x-rate-limit-remaining", "x-rate-limit-limit"),
    ];
    NAMES.iter().find_map(|(left, of)| {
        let number = |name: &str| answer.header(name)?.split([',', ';']).next()?.trim().parse().ok();
        Some((number(left)?, number(of)))
    })
}

fn rate(id: &str, left: u64, of: Option<u64>) -> Proof {
    let evidence = match of {
        Some(of) => format!("{left} of {of} requests left"),
        None => format!("{left} requests left"),
    };
    let little = of.is_some_and(|of| left.saturating_mul(LITTLE) < of) || left == 0;
    let verdict = if little { Verdict::Warning } else { Verdict::Ok };
    let line = Proof::new(Area::RateLimit, id, verdict, &evidence);
    if little { line.fix("raise `every` of this source, or stop other tools that use the same token") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_read_from_the_headers_that_are_usual() {
        let answer = |headers: &[(&str, &str)]| Answer {
            headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Answer::default()
        };
        assert_eq!(left(&answer(&[("x-ratelimit-remaining", "12")])), Some((12, None)));
        let both = answer(&[("ratelimit-remaining", "3"), ("ratelimit-limit", "100, 100;w=60")]);
        assert_eq!(left(&both), Some((3, Some(100))));
        assert_eq!(left(&answer(&[("x-ratelimit-remaining", "soon")])), None);
        assert_eq!(rate("x", 3, Some(100)).verdict, Verdict::Warning);
        assert_eq!(rate("x", 30, Some(100)).verdict, Verdict::Ok);
    }
}
