//! What the code reads, or .env.example asks for, and production does not have.

use std::collections::BTreeMap;

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::Seen;
use crate::audit::read::Pattern;
use crate::audit::read::variables::{assigned, is_example, is_given};
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;
use crate::model::platform::SettingsKind;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.live-variable-missing",
    area: Area::Parity,
    level: Level::High,
    title: "A variable that the program needs is not set in production",
    why: "The program reads nothing where a key or an address should be: it fails at its start, or at the first request that needs it.",
    fix: "Set it on the platform before the next deploy, or take it out of the code and of .env.example.",
    references: &["https://12factor.net/config"],
    check,
};

/// As many are named, the first by their names.
const MOST: usize = 12;
/// What says on the line that the program can do without.
static FALLBACK: Pattern = Pattern::new(
    r#"\?\?|\|\||\bor\b|default|unwrap_or|\.ok\(\)|\?\.|(getenv|get|fetch|env)\(\s*["'][A-Z0-9_]+["']\s*,|\bif\b|!process"#,
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // A platform's environment (of CI, of pages) is where a program gets its variables too.
    let production: Vec<Seen<'_>> = repo
        .live
        .seen()
        .filter(|seen| seen.is_production() && seen.settings.variables.is_some())
        .filter(|seen| matches!(seen.settings.kind, SettingsKind::Service | SettingsKind::Environment))
        .collect();
    // What CI has says nothing of the program when nobody tells what the program has.
    let Some(first) = production.iter().find(|seen| seen.settings.kind == SettingsKind::Service) else {
        return Vec::new();
    };
    let is_set = |name: &str| production.iter().any(|seen| seen.settings.sets(name) == Some(true));
    let mut needed: BTreeMap<String, String> = BTreeMap::new();
    for (name, (path, line)) in &repo.used {
        let text = repo.tree.text(path).and_then(|text| text.lines().nth(line.saturating_sub(1))).unwrap_or_default();
        if !FALLBACK.is_match(text) {
            needed.insert(name.clone(), format!("is read in {path}:{line}"));
        }
    }
    for file in repo.tree.files().filter(|file| is_example(file.path) && !is_aside(file.path)) {
        for (name, line, _) in assigned(file) {
            let commented = file.text.lines().nth(line - 1).is_some_and(|text| text.trim_start().starts_with('#'));
            if !commented && !is_given(&name) && repo.used.contains_key(&name) {
                needed.entry(name).or_insert_with(|| format!("is asked for in {}:{line}", file.path));
            }
        }
    }
    let missing = needed.into_iter().filter(|(name, _)| !is_set(name)).take(MOST);
    missing.map(|(name, why)| Evidence::live(first.place(), format!("`{name}` {why}, and is not set"))).collect()
}
