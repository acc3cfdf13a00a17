//! A list of contacts that ends too early.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.no-escalation",
    area: Area::Readiness,
    level: Level::Low,
    title: "One contact, and nobody after that",
    why: "The phone of the only one is silent on the night when it matters.",
    fix: "Add a second contact, and `escalate_after` to the first.",
    references: &["https://sre.google/sre-book/being-on-call/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(config) = super::config(repo) else { return Vec::new() };
    let contacts = config.value.get("contacts").and_then(serde_json::Value::as_array).map_or(0, Vec::len);
    let aside = repo.tree.paths().any(|path| path.ends_with("contacts.toml"));
    if contacts != 1 || aside || config.value.get("services").is_none() {
        return Vec::new();
    }
    vec![Evidence::at(
        &config.path,
        repo.line_in(&config.path, "[[contacts]]"),
        "there is one contact, and nobody when that one does not answer",
    )]
}
