//! No word on going back.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.no-rollback-path",
    area: Area::Readiness,
    level: Level::Low,
    title: "Nothing says how to go back to the release before",
    why: "Going back is the first thing to try and the worst one to work out at night; on some platforms a rollback is undone by the next push.",
    fix: "Write it down, or set up `crashcart rollback`, and do it once while all is well.",
    references: &["https://sre.google/workbook/canarying-releases/"],
    check,
};

static BACK: Pattern = Pattern::new(
    r"(?i)roll(ing|ed)?[ -_]?back|revert (the|a) (deploy|release)|crashcart\.toml|previous (release|version|image)|rollout undo",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(place) = repo.deployed() else { return Vec::new() };
    // A rollback in code is one of a transaction.
    let told = repo.tree.files().any(|file| {
        (file.path.ends_with(".md")
            || file.path.ends_with(".yml")
            || file.path.ends_with(".yaml")
            || file.path.ends_with(".sh"))
            && BACK.is_match(file.text)
    });
    if told || repo.tree.has("crashcart.toml") {
        return Vec::new();
    }
    vec![Evidence::at(&place, 0, "this is deployed, and no document or script names a rollback")]
}
