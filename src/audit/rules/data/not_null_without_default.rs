//! A column that must be filled, and nobody fills.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::{Fallback, What};
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.not-null-without-default",
    area: Area::Data,
    level: Level::Critical,
    title: "A new column must not be null and has no default",
    why: "PostgreSQL and SQLite refuse it at once for a table that has rows, so the deploy stops there; on an empty one, the release that is still live cannot insert any more.",
    fix: "Add it with a default, or nullable; fill it in batches; then set it to not null.",
    references: &["https://squawkhq.com/docs/adding-required-field"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // MySQL makes up a value for the rows that are there; see data.required-column.
    if repo.engine == Some(Engine::MySql) {
        return Vec::new();
    }
    super::on_old_tables(repo, |_, change| {
        let What::AddsColumn(column) = &change.what else { return None };
        (column.not_null && column.fallback == Fallback::None && !column.primary)
            .then(|| format!("`{}`: rows that are there have no value for it", super::named(change, &column.name)))
    })
}
