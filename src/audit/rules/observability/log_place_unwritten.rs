//! Logs that only their author finds.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.log-place-unwritten",
    area: Area::Observability,
    level: Level::Low,
    title: "Nothing says where the logs are",
    why: "The first question of every outage is what it wrote last, and whoever is awake searches for the place.",
    fix: "One line in the README or a runbook: the command that shows them, and how far back they go.",
    references: &["https://12factor.net/logs"],
    check,
};

static TOLD: Pattern =
    Pattern::new(r"(?i)\blogs?\b|journalctl|loki|kibana|cloudwatch|papertrail|logtail|datadog|splunk");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(place) = repo.deployed() else { return Vec::new() };
    let mut documents = repo
        .tree
        .files()
        .filter(|file| file.path.ends_with(".md") && !file.name().eq_ignore_ascii_case("changelog.md"))
        .peekable();
    let config = repo.crashcart.as_ref().is_some_and(|one| one.value.to_string().contains("logs"));
    // A repository without a single document has other worries.
    if documents.peek().is_none() || config || documents.any(|file| TOLD.is_match(file.text)) {
        return Vec::new();
    }
    vec![Evidence::at(&place, 0, "this is deployed, and no document has a word on its logs")]
}
