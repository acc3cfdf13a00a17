//! A value of an enum that is used too early.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::migration::Transaction;
use crate::audit::read::migration::change::What;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.enum-value-used",
    area: Area::Data,
    level: Level::High,
    title: "A new value of an enum is used in the migration that adds it",
    why: "PostgreSQL refuses to use it before the transaction that adds it has ended: `unsafe use of new value`. The migration fails, on a database that CI may never have seen.",
    fix: "Add the value in a migration of its own, and use it in the next one.",
    references: &["https://www.postgresql.org/docs/current/sql-altertype.html#id-1.9.3.42.7"],
    check,
};

static ADDS: Pattern = Pattern::new(r"(?i)\badd value (?:if not exists )?('(?:[^'\n]|'')+')");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for migration in repo.migrations.iter().filter(|one| one.transaction != Transaction::None) {
        let Some(change) = migration.changes.iter().find(|one| one.what == What::AddsEnumValue) else { continue };
        let forwards = migration.forwards();
        // Where it stands before or behind another new value it is not used.
        let code = |line: &&str| !ADDS.is_match(line) && !line.trim_start().starts_with("--");
        let used = ADDS
            .all(forwards)
            .into_iter()
            .find(|value| forwards.lines().filter(code).any(|line| line.contains(*value)));
        all.extend(used.map(|value| {
            Evidence::at(&migration.path, change.line, format!("{value} is used further down, in the same transaction"))
        }));
    }
    all
}
