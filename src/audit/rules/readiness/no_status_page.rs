//! No word for those who wait.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.no-status-page",
    area: Area::Readiness,
    level: Level::Low,
    title: "There is no place where users are told",
    why: "Support answers the same question a hundred times, and nobody knows who may say what.",
    fix: "A status page on another host, and three sentences that are ready: seen, found, solved.",
    references: &["https://sre.google/sre-book/managing-incidents/"],
    check,
};

static TOLD: Pattern = Pattern::new(
    r"(?i)status-?page|status\.[a-z0-9-]+\.[a-z]{2,}|/status\b|upptime|instatus|betteruptime|openstatus|cachet|communicat\w+ (template|plan)|announce",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // Only of those who have begun to prepare: see the rule on postmortems.
    let Some(file) = super::runbooks(repo).next().filter(|_| !repo.mentions(&TOLD)) else { return Vec::new() };
    vec![Evidence::at(file.path, 0, "there are runbooks, and no file names a status page or a message to users")]
}
