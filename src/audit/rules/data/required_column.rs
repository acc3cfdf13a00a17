//! A column that the release before cannot fill.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::Migration;
use crate::audit::read::migration::change::{Change, Fallback, What};
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.required-column",
    area: Area::Data,
    level: Level::Medium,
    title: "Only the new release can fill a new column",
    why: "The database demands a value and has no default for it. From the migration until the last instance of the old release has ended, and again after a rollback, every insert of the old release fails.",
    fix: "Keep a default in the database (Django 5: `db_default`; Alembic: leave `server_default` in place) or let the column be null until no older release can come back.",
    references: &[
        "https://github.com/3YOURMIND/django-migration-linter/blob/main/docs/incompatibilities.md",
        "https://docs.djangoproject.com/en/5.2/ref/models/fields/#db-default",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |migration, change| {
        let What::AddsColumn(column) = &change.what else { return None };
        if !column.not_null || column.primary {
            return None;
        }
        let why = match column.fallback {
            Fallback::InCode => "its default is only in the program",
            // Of the others the migration itself fails, which is said elsewhere.
            Fallback::None if repo.engine == Some(Engine::MySql) => "it has no default",
            Fallback::Constant if takes_default_away(migration, change, &column.name) => {
                "its default is taken away again"
            }
            _ => return None,
        };
        Some(format!("`{}`: {why}, so the release before this one cannot insert", super::named(change, &column.name)))
    })
}

fn takes_default_away(migration: &Migration, change: &Change, name: &str) -> bool {
    migration.changes.iter().any(|one| {
        one.table == change.table
            && matches!(&one.what, What::DropsDefault { column } if column.eq_ignore_ascii_case(name))
    })
}
