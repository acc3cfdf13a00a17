//! A deploy that is known by hearsay.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.deploy-unwritten",
    area: Area::Readiness,
    level: Level::Low,
    title: "Nothing says how it is deployed",
    why: "Whoever has to bring out the repair has never done it, and guesses.",
    fix: "A paragraph in the README: what deploys, from where, how to see that it worked, how to do it by hand.",
    references: &["https://12factor.net/build-release-run"],
    check,
};

static TOLD: Pattern = Pattern::new(r"(?i)deploy|release|production|hosting|publish|roll ?out|ship(ping)?\b");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // Where a pipeline does it, the pipeline is the description.
    let Some(place) = repo.deployed().filter(|_| repo.deploys().next().is_none()) else { return Vec::new() };
    let mut documents =
        repo.tree.files().filter(|file| file.path.ends_with(".md") || file.name().starts_with("README")).peekable();
    if documents.peek().is_none() || documents.any(|file| TOLD.is_match(file.text)) {
        return Vec::new();
    }
    vec![Evidence::at(&place, 0, "this is deployed, no pipeline does it, and no document has a word on how")]
}
