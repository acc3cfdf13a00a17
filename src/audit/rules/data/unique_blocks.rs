//! A unique or primary key that builds its index under a lock.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::{Fallback, What};
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.unique-blocks",
    area: Area::Data,
    level: Level::High,
    title: "A unique constraint builds its index under a lock",
    why: "In PostgreSQL nobody reads or writes the table until the index is built, and in any engine one pair of equal rows makes the migration fail halfway.",
    fix: "`CREATE UNIQUE INDEX CONCURRENTLY` first, then `ADD CONSTRAINT ... UNIQUE USING INDEX`; look for equal rows before.",
    references: &["https://squawkhq.com/docs/disallowed-unique-constraint"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |_, change| {
        // Every row that is there gets one and the same value.
        if let What::AddsColumn(column) = &change.what
            && column.unique
            && column.not_null
            && !column.references
            && matches!(column.fallback, Fallback::Constant | Fallback::InCode)
        {
            let what = super::named(change, &column.name);
            return Some(format!("`{what}`: all rows get the same value, and two of them are not unique"));
        }
        let kind = match &change.what {
            What::AddsUnique { using_index: false } => "unique constraint",
            What::AddsPrimaryKey { using_index: false } => "primary key",
            What::AddsExclusion => "exclusion constraint",
            _ => return None,
        };
        (repo.engine? == Engine::Postgres)
            .then(|| format!("`{}` is locked for everybody while the {kind}'s index is built", change.table))
    })
}
