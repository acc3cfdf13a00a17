//! Requests and answers against the vendors' own descriptions of their APIs.
//!
//! The descriptions are not part of this repository; where they are absent, everything here passes and says so.
//! `conformance/table.rs` says which file describes which provider, and what is known to be wrong in it.

mod conformance {
    pub mod cases;
    pub mod exceptions;
    pub mod mutate;
    pub mod play;
    pub mod proven;
    pub mod real;
    #[allow(dead_code, reason = "what the answers are is another test's")]
    #[path = "../corpora/payloads/table.rs"]
    pub mod recorded;
    pub mod table;
}
// Apart from the other helpers: no other test has to be linked with what reads the descriptions.
#[allow(dead_code, reason = "a description can do more than one test asks of it")]
#[path = "support"]
mod described {
    pub mod spec;
}
mod support;

use std::path::PathBuf;
use std::rc::Rc;

use conformance::play::{self, Described};
use conformance::real::ASKED;
use conformance::table::{HINTS, NO_DEFINITION, Proof, Row, TABLE};
use conformance::{cases, exceptions, mutate, proven};
use crashcart::provider::proof;
use crashcart::provider::registry::{BUILT_IN, from_text};
use described::spec::{self, Kind, Request, Spec};

/// Returns the folder with the descriptions, or says that it is not there.
fn descriptions() -> Option<PathBuf> {
    let shared = support::environment("CRASHCART_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("specs");
    if !folder.is_dir() {
        support::require("descriptions", &format!("the vendors' descriptions are not in {}", folder.display()));
        return None;
    }
    Some(folder)
}

fn load(folder: &std::path::Path, row: &Row) -> Spec {
    let hints = HINTS.iter().filter(|(spec, ..)| *spec == row.spec).map(|(_, name, json)| (*name, *json));
    Spec::load_corrected(&folder.join(row.spec), row.base, row.corrections)
        .unwrap_or_else(|error| panic!("{}: {error}", row.provider))
        .demanding(row.demand)
        .hinted(hints)
}

/// Returns one row for each file, with its description. `CRASHCART_ONLY` is a part of the name of those that are wanted.
fn files(folder: &std::path::Path) -> Vec<(&'static Row, Spec)> {
    let mut seen = std::collections::BTreeSet::new();
    let only = support::environment("CRASHCART_ONLY");
    TABLE
        .iter()
        .filter(|row| only.as_ref().is_none_or(|only| row.spec.contains(only.as_str())))
        .filter(|row| seen.insert(row.spec))
        .map(|row| (row, load(folder, row)))
        .collect()
}

/// Fails with the first troubles of many.
#[track_caller]
fn demand_none(troubles: &[String]) {
    let first = &troubles[..troubles.len().min(120)];
    assert!(troubles.is_empty(), "{} troubles, the first of them\n{}", troubles.len(), first.join("\n"));
}

fn shown(request: &Request) -> String {
    let body: String = String::from_utf8_lossy(&request.body).chars().take(300).collect();
    format!("{} {} {body}", request.method, request.url)
}

#[test]
fn every_description_in_the_folders_has_a_row() {
    let Some(folder) = descriptions() else { return };
    let known: Vec<&str> = TABLE.iter().map(|row| row.spec).collect();
    let mut missing = Vec::new();
    for part in ["hosting", "hosting/handwritten", "monitoring", "monitoring/unofficial"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let name = format!("{part}/{}", entry.unwrap().file_name().to_string_lossy());
            // The original of heroku.json, in a language of its own; and requests to try, not a description.
            let other = ["hosting/heroku.hyper-schema.json", "hosting/jq-examples.json"].contains(&name.as_str());
            let describes = [".json", ".yaml", ".graphql"].iter().any(|end| name.ends_with(end));
            if describes && !other && !known.contains(&name.as_str()) {
                missing.push(name);
            }
        }
    }
    for row in TABLE {
        println!("{:<20} {:<22} {}", row.provider, row.proof.words(), row.spec);
    }
    assert!(missing.is_empty(), "no row says whose these are: {missing:?}");
}

/// The checker must take what the description itself allows, and the maker must not make what it forbids.
#[test]
fn what_is_made_from_a_description_is_valid_by_it() {
    let Some(folder) = descriptions() else { return };
    let mut troubles = Vec::new();
    for (row, spec) in files(&folder) {
        let (mut requests, mut answers) = (0, 0);
        for request in spec.samples() {
            requests += 1;
            let violations = spec.check(&request);
            if !violations.is_empty() && !cases::is_known(row.spec, &violations) {
                troubles.push(format!("{}: {}\n    {}", row.spec, shown(&request), violations.join("\n    ")));
            }
            for answer in spec.answers(&request) {
                answers += 1;
                let violations = spec.check_answer(&request, &answer);
                if !violations.is_empty() && !cases::is_known(row.spec, &violations) {
                    troubles.push(format!(
                        "{}: the answer to {}\n    {}",
                        row.spec,
                        shown(&request),
                        violations.join("\n    ")
                    ));
                    break;
                }
            }
        }
        println!("{}: {requests} requests, {answers} answers", row.spec);
        spec.notes().iter().for_each(|note| println!("    {note}"));
    }
    demand_none(&troubles);
}

/// What vendors' documentation shows is accepted, and what is known to be wrong is refused for the right reason.
#[test]
fn requests_from_documentation_are_judged_rightly() {
    let Some(folder) = descriptions() else { return };
    let mut troubles = Vec::new();
    let mut counts = std::collections::BTreeMap::new();
    for (row, spec) in files(&folder) {
        for (request, expected) in cases::of(row, &folder) {
            let mut request = request;
            spec.authenticate(&mut request);
            let violations = spec.check(&request);
            let right = match expected {
                None => violations.is_empty(),
                Some(words) => violations.len() == 1 && violations[0].contains(words),
            };
            if !right {
                let wanted = expected.map_or("nothing".to_owned(), |words| format!("{words:?}"));
                troubles.push(format!(
                    "{}: {}: expected {wanted}\n    {}",
                    row.spec,
                    shown(&request),
                    violations.join("\n    ")
                ));
            }
            if expected.is_none() {
                let answers = spec.answers(&request);
                if answers.is_empty() {
                    troubles.push(format!("{}: no answer to {}", row.spec, shown(&request)));
                }
                for answer in answers {
                    let violations = spec.check_answer(&request, &answer);
                    if !violations.is_empty() && !cases::is_known(row.spec, &violations) {
                        troubles.push(format!(
                            "{}: the answer to {}\n    {}",
                            row.spec,
                            shown(&request),
                            violations.join("\n    ")
                        ));
                    }
                }
            }
            let count = counts.entry(row.spec).or_insert((0, 0));
            if expected.is_none() { count.0 += 1 } else { count.1 += 1 }
        }
    }
    for (spec, (good, bad)) in &counts {
        println!("{spec}: {good} good, {bad} bad");
    }
    demand_none(&troubles);
}

/// A request with one thing wrong is refused, whatever that thing is.
#[test]
fn every_mutation_is_refused() {
    let Some(folder) = descriptions() else { return };
    let mut troubles = Vec::new();
    for (row, spec) in files(&folder) {
        let mut good: Vec<Request> = cases::of(row, &folder)
            .into_iter()
            .filter(|(_, expected)| expected.is_none())
            .map(|(mut request, _)| {
                spec.authenticate(&mut request);
                request
            })
            .collect();
        good.extend(spec.samples().into_iter().filter(|request| spec.check(request).is_empty()));
        let mut refused = std::collections::BTreeMap::new();
        for request in &good {
            for (what, mutant) in mutate::all(request) {
                let violations = spec.check(&mutant);
                if !violations.is_empty() {
                    *refused.entry(what).or_insert(0) += 1;
                } else if mutate::must_be_refused(what, row, request) {
                    troubles.push(format!("{}: {what}: {}", row.spec, shown(&mutant)));
                }
            }
        }
        let kinds = refused.len();
        println!("{}: {} requests; refused: {refused:?}", row.spec, good.len());
        if kinds < 3 {
            troubles.push(format!("{}: only {kinds} kinds of mutations were refused", row.spec));
        }
    }
    demand_none(&troubles);
}

/// Every request that a built-in definition can make is one that the vendor's description takes, and what it answers is
/// understood to the last word.
#[test]
fn definitions_speak_as_the_descriptions_say() {
    let Some(folder) = descriptions() else { return };
    let only = support::environment("CRASHCART_ONLY");
    let mut troubles = Vec::new();
    let mut known: std::collections::BTreeMap<(&str, &str), Rc<Described>> = std::collections::BTreeMap::new();
    let mut judged = proven::Judged::new();
    println!("{:<20} {:<32} proven by", "provider", "can");
    for (name, text) in
        BUILT_IN.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| name.contains(only.as_str())))
    {
        let definition = from_text(name, text).unwrap_or_else(|error| panic!("{error}")).0;
        let mut rows = Vec::new();
        for row in TABLE.iter().filter(|row| row.provider == *name) {
            let key = (row.spec, row.base);
            rows.push(Rc::clone(known.entry(key).or_insert_with(|| Rc::new(Described::new(row, load(&folder, row))))));
        }
        for outcome in play::everything(&definition, &rows) {
            let proof = outcome.proof.unwrap_or(Proof::Documentation).words();
            let real = ASKED.iter().find(|asked| asked.provider == *name && asked.what == outcome.what);
            let real = real.map(|asked| format!("{}, ", asked.proof.words())).unwrap_or_default();
            println!("{name:<20} {:<32} {real}{proof}", outcome.what);
            if let Some(by) = outcome.proof {
                let specs =
                    rows.iter().filter(|described| described.row.proof == by).map(|described| described.row.spec);
                let specs: std::collections::BTreeSet<&str> = specs.collect();
                let proof = match by {
                    Proof::Description => proof::Proof::Description,
                    Proof::Documentation => proof::Proof::Documentation,
                };
                let specs = specs.into_iter().collect::<Vec<_>>().join(", ");
                judged.insert(((*name).to_owned(), outcome.what.clone()), (proof, specs));
            }
            troubles.extend(outcome.troubles);
            if !outcome.absent.is_empty() {
                println!("    never with a value: {}", outcome.absent.join(", "));
            }
            for request in outcome.undescribed {
                println!("    not described: {request}");
                // What others cut out of a documentation was never meant to be whole.
                let official = rows.iter().any(|described| described.row.proof == Proof::Description);
                if official
                    && request != "a program"
                    && !exceptions::undescribed(name, &format!("{} {request}", outcome.what))
                {
                    troubles.push(format!("{name} {}: no description knows {request}", outcome.what));
                }
            }
        }
    }
    demand_none(&troubles);
    if only.is_none() {
        let expected = proven::drawn(&proven::everything(&judged));
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets/providers/proven.json");
        if support::environment("CRASHCART_UPDATE").is_some() {
            std::fs::write(&file, &expected).unwrap();
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        let how = "CRASHCART_UPDATE=1 cargo test --test conformance definitions_speak";
        assert!(found == expected, "assets/providers/proven.json is out of step; run {how}");
    }
}

#[test]
fn every_row_is_for_a_definition() {
    let unknown: Vec<&str> = TABLE
        .iter()
        .map(|row| row.provider)
        .filter(|provider| !BUILT_IN.iter().any(|(name, _)| name == provider) && !NO_DEFINITION.contains(provider))
        .collect();
    assert!(unknown.is_empty(), "no definition has these names: {unknown:?}");
}

#[test]
fn what_is_said_to_be_asked_of_real_servers_is() {
    demand_none(&proven::wrong_claims());
}

#[test]
fn the_file_decides_its_language() {
    let Some(folder) = descriptions() else { return };
    let kind = |name: &str| TABLE.iter().find(|row| row.spec.ends_with(name)).map(|row| load(&folder, row).kind());
    assert_eq!(kind("render.json"), Some(Kind::OpenApi));
    assert_eq!(kind("docker-engine.yaml"), Some(Kind::OpenApi));
    assert_eq!(kind("fly.graphql"), Some(Kind::GraphQl));
    assert_eq!(kind("aws-logs.service-2.json"), Some(Kind::Botocore));
    assert_eq!(spec::root("/api/v1"), "https://example.com/api/v1");
}
