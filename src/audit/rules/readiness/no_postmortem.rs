//! Nothing was written down after an outage.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.no-postmortem",
    area: Area::Readiness,
    level: Level::Low,
    title: "There is no postmortem, and no form for one",
    why: "What was learned in the last outage is in the heads of those who were there.",
    fix: "`crashcart incident export` writes one from the timeline; keep them in docs/postmortems/.",
    references: &["https://sre.google/sre-book/postmortem-culture/"],
    check,
};

static WRITTEN: Pattern =
    Pattern::new(r"(?i)post-?mortem|incident-?(report|review|template)|(^|/)incidents?/|retrospective|lessons-learned");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // Who has runbooks or a configuration of ours means to be ready; of others it would only be noise.
    let prepared = super::runbooks(repo)
        .next()
        .map(|file| file.path.to_owned())
        .or_else(|| super::config(repo).map(|one| one.path.to_owned()));
    let Some(place) = prepared.filter(|_| !repo.has_path(&WRITTEN)) else { return Vec::new() };
    vec![Evidence::at(&place, 0, "no file is named postmortem, incident report or the like")]
}
