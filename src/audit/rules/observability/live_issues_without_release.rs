//! Issues of a tracker, none of which names a release.

use std::collections::BTreeMap;

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::LivePlace;
use crate::audit::repo::Repo;
use crate::model::source::Found;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.live-issues-without-release",
    area: Area::Observability,
    level: Level::Medium,
    title: "Errors arrive without the release they come from",
    why: "\"Since when?\" and \"is it the deploy?\" are the first two questions, and neither can be answered.",
    fix: "Give `release` (the commit) and `environment` to the tracker's init, or set SENTRY_RELEASE in the deploy.",
    references: &["https://docs.sentry.io/platforms/javascript/configuration/releases/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // Lists of issues often leave the release out; the latest occurrence has it, when there is one.
    let mut told: BTreeMap<(&str, Option<&str>), (bool, bool)> = BTreeMap::new();
    for answer in &repo.live.answers {
        let whose = (answer.source.as_str(), answer.service.as_ref().map(|id| id.as_str()));
        let (occurrences, released) = match &answer.found {
            Found::Issues(issues) => (false, issues.iter().any(|issue| issue.release.is_some())),
            Found::Issue(issue) => (true, issue.release.is_some() || issue.tags.contains_key("release")),
            _ => continue,
        };
        let entry = told.entry(whose).or_default();
        *entry = (entry.0 || occurrences, entry.1 || released);
    }
    let silent = told.into_iter().filter(|(_, (occurrences, released))| *occurrences && !released);
    silent
        .map(|((source, service), _)| {
            let id = service.and_then(|service| repo.live.services().iter().find(|one| one.id.as_str() == service));
            let environment = id.and_then(|service| service.environment.as_ref()).map(|id| id.as_str());
            Evidence::live(LivePlace::new(source, service, environment), "the newest errors name no release")
        })
        .collect()
}
