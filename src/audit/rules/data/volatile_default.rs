//! A default that is computed for each row.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::{Fallback, What};
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.volatile-default",
    area: Area::Data,
    level: Level::High,
    title: "A new column's default is computed for every row",
    why: "A default that differs by row (a uuid, a serial, an identity, a stored expression) makes PostgreSQL write the whole table anew under an exclusive lock; a constant one is free since version 11.",
    fix: "Add the column without a default, set the default for new rows, and fill the old ones in batches.",
    references: &[
        "https://squawkhq.com/docs/adding-field-with-default",
        "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    super::on_old_tables(repo, |_, change| {
        let What::AddsColumn(column) = &change.what else { return None };
        (column.fallback == Fallback::PerRow)
            .then(|| format!("`{}`: the whole table is written anew", super::named(change, &column.name)))
    })
}
