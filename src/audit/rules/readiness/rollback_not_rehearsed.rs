//! A way back that nobody has gone.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.rollback-not-rehearsed",
    area: Area::Readiness,
    level: Level::Low,
    title: "A rollback is written down, and nobody has tried it",
    why: "The first time is at night, and something has changed since it was written.",
    fix: "Do it once while all is well (`crashcart drill` for the steps), and write down when and how long it took.",
    references: &["https://sre.google/sre-book/accelerating-sre-on-call/"],
    check,
};

static BACK: Pattern = Pattern::new(r"(?i)roll(ing|ed)?[ -_]?back|rollout undo");
static TRIED: Pattern = Pattern::new(
    r"(?i)rehears|game ?day|fire ?drill|\bdrill|chaos day|last (tried|tested|done|run)|tested on|exercised",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut written = super::runbooks(repo).filter(|file| BACK.is_match(file.text));
    let Some(file) = written.next() else { return Vec::new() };
    let documents = repo.tree.files().filter(|one| one.path.ends_with(".md"));
    if documents.into_iter().any(|one| TRIED.is_match(one.text)) {
        return Vec::new();
    }
    let line = file.lines().find(|(_, line)| BACK.is_match(line)).map_or(1, |(line, _)| line);
    vec![Evidence::at(file.path, line, "no document says that it was rehearsed, drilled or tested, and when")]
}
