//! A column that is set to not null.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.sets-not-null",
    area: Area::Data,
    level: Level::High,
    title: "A migration sets a column to not null",
    why: "The release before may still write nulls, and fails; so does the migration when one is there. PostgreSQL reads the whole table meanwhile under a lock that stops everybody.",
    fix: "Add `CHECK (x IS NOT NULL) NOT VALID`, validate it in a second migration, then set not null, which trusts it (PostgreSQL 12).",
    references: &[
        "https://squawkhq.com/docs/adding-not-nullable-field",
        "https://github.com/ankane/strong_migrations#setting-not-null-on-an-existing-column",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |migration, change| {
        let What::SetsNotNull { column } = &change.what else { return None };
        let what = super::named(change, column);
        match repo.engine? {
            Engine::Postgres if migration.adds(&change.table, column) => {
                Some(format!("`{what}`: the release before this one writes no value for it"))
            }
            Engine::Postgres => Some(format!("`{what}`: every row is checked while nobody reads or writes")),
            Engine::MySql => Some(format!("`{what}`: the release before this one may still write nulls")),
            Engine::Sqlite => None,
        }
    })
}
