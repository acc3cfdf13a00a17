//! Names of variables that one live environment has and another has not.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::{Seen, is_production};
use crate::audit::read::variables::{is_given, is_of_image};
use crate::audit::repo::Repo;
use crate::model::platform::VariableName;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.live-variables-differ",
    area: Area::Parity,
    level: Level::Medium,
    title: "The environments of a service have different variables set",
    why: "What runs in staging is not what runs in production: the first request that needs the variable finds it, or the feature that it switches on was never tried.",
    fix: "Set it in both, or take it out of both; keep one list of names (.env.example) and check it at start.",
    references: &["https://12factor.net/config", "https://12factor.net/dev-prod-parity"],
    check,
};

/// More names than this are counted.
const NAMED: usize = 12;
/// Words by which names of services tell their environment.
const ENVIRONMENTS: &[&str] =
    &["production", "prod", "live", "staging", "stage", "stg", "preview", "development", "dev", "test", "qa"];

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let seen: Vec<Seen<'_>> = repo.live.seen().filter(|seen| seen.settings.variables.is_some()).collect();
    let mut groups: BTreeMap<String, BTreeMap<String, Vec<Seen<'_>>>> = BTreeMap::new();
    for one in &seen {
        let environment = one.environment().unwrap_or("production").to_owned();
        groups.entry(key(one, &seen)).or_default().entry(environment).or_default().push(*one);
    }
    groups.values().flat_map(differing).collect()
}

/// Returns what is the same for one service in all its environments.
fn key(one: &Seen<'_>, all: &[Seen<'_>]) -> String {
    let whose = |seen: &Seen<'_>| seen.service.map_or(seen.source.as_str(), |service| service.id.as_str()).to_owned();
    let several =
        all.iter().filter(|other| whose(other) == whose(one) && other.environment() == one.environment()).count() > 1;
    let name = if several { base(one.settings.name.as_str()) } else { String::new() };
    format!("{}/{name}", base(&whose(one)))
}

/// Returns a name without the words of environments in it.
fn base(name: &str) -> String {
    let parts = name.split(['-', '_', '.', '/', ' ']);
    parts.filter(|part| !ENVIRONMENTS.contains(&part.to_ascii_lowercase().as_str())).collect::<Vec<_>>().join("-")
}

fn differing(environments: &BTreeMap<String, Vec<Seen<'_>>>) -> Vec<Evidence> {
    let Some((main, production)) =
        environments.iter().find(|(name, _)| is_production(name)).or_else(|| environments.iter().next())
    else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (name, other) in environments.iter().filter(|(name, _)| *name != main) {
        all.extend(lacking(production, other, name));
        // A preview may well do without what only production has.
        if !["preview", "dev", "branch"].iter().any(|word| name.to_ascii_lowercase().contains(word)) {
            all.extend(lacking(other, production, main));
        }
    }
    all
}

/// Says what is not set in one environment, and is in the other.
fn lacking(here: &[Seen<'_>], there: &[Seen<'_>], other: &str) -> Option<Evidence> {
    let names = |all: &[Seen<'_>]| -> BTreeSet<VariableName> {
        all.iter().flat_map(|seen| seen.settings.variables.iter().flatten().cloned()).collect()
    };
    let (mine, theirs) = (names(here), names(there));
    let missing: Vec<String> = theirs
        .difference(&mine)
        .map(VariableName::as_str)
        .filter(|name| {
            !is_given(name) && !is_of_image(name) && !["DEV", "DEBUG", "TEST"].iter().any(|word| name.contains(word))
        })
        .map(|name| format!("`{name}`"))
        .collect();
    let place = here.first()?.place();
    let more = missing.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let listed = missing.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    (!missing.is_empty()).then(|| Evidence::live(place, format!("set in {other}, and not here: {listed}{more}")))
}
