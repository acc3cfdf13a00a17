//! A variable that one environment's file sets and another's does not.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::variables::{assigned, is_example};
use crate::audit::repo::Repo;
use crate::audit::tree::{folder, is_aside, name};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.variables-differ",
    area: Area::Parity,
    level: Level::Low,
    title: "Environments set different variables",
    why: "A variable that only one environment has is found by the first request that needs it in the other.",
    fix: "Set the same names everywhere, or read the variable with a default that is right; check them all at start.",
    references: &["https://12factor.net/config"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let files: Vec<_> = repo.tree.files().filter(|file| !is_aside(file.path)).collect();
    let mut all = Vec::new();
    for production in files.iter().filter(|file| name(file.path).starts_with(".env.prod")) {
        let other = files.iter().find(|file| {
            folder(file.path) == folder(production.path)
                && file.path != production.path
                && (is_example(file.path) || file.name().starts_with(".env.staging"))
                && (is_example(file.path) || !is_example(production.path))
        });
        let Some(other) = other else { continue };
        let set: Vec<String> = assigned(*production).into_iter().map(|(name, ..)| name).collect();
        let missing = assigned(*other).into_iter().filter(|(name, ..)| {
            !set.contains(name) && !["DEV", "DEBUG", "TEST"].iter().any(|word| name.contains(word))
        });
        all.extend(missing.map(|(name, line, _)| {
            Evidence::hidden(other.path, line, format!("`{name}` is set here and not in {}", production.path))
        }));
    }
    all.truncate(10);
    all
}
