//! A type without equality.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.json-column",
    area: Area::Data,
    level: Level::Low,
    title: "A new column is json, which cannot be compared",
    why: "The type json has no equality in PostgreSQL: `SELECT DISTINCT` and `GROUP BY` on the table, which an ORM writes by itself, fail from the migration on.",
    fix: "Use jsonb.",
    references: &[
        "https://github.com/ankane/strong_migrations#adding-a-json-column",
        "https://www.postgresql.org/docs/current/datatype-json.html",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    super::on_old_tables(repo, |_, change| {
        let What::AddsColumn(column) = &change.what else { return None };
        (column.kind.name == "json").then(|| format!("`{}` is json, not jsonb", super::named(change, &column.name)))
    })
}
