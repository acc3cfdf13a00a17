//! Data state: what a migration does to a table that is in use, and whether data can come back.

pub mod backfill_in_migration;
pub mod changes_type;
pub mod concurrently_in_transaction;
pub mod constraint_not_valid;
pub mod database_without_volume;
pub mod destructive_deploy;
pub mod drops;
pub mod ephemeral_sqlite;
pub mod every_row;
pub mod index_blocks_writes;
pub mod live_no_backup;
pub mod migrates_at_start;
pub mod migration_with_deploy;
pub mod no_backup;
pub mod no_lock_timeout;
pub mod no_way_down;
pub mod not_null_without_default;
pub mod renames;
pub mod restore_untested;
pub mod schema_synchronised;
pub mod sets_not_null;
pub mod small_key;
pub mod unique_blocks;
pub mod volatile_default;

use super::super::finding::Evidence;
use super::super::read::Pattern;
use super::super::repo::{Engine, Repo};
use crate::model::operation::MigrationKind;

/// Returns whether the database is a server that several clients lock.
fn has_server(repo: &Repo<'_>) -> bool {
    matches!(repo.engine, Some(Engine::Postgres | Engine::MySql))
}

/// Asks of every statement about a table that was there before, what is wrong with it.
fn statements(repo: &Repo<'_>, wrong: impl Fn(&str) -> Option<String>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for migration in &repo.migrations {
        let found = migration
            .on_old_tables()
            .filter_map(|one| Some(Evidence::at(&migration.path, one.line, wrong(&one.text)?)));
        all.extend(found);
    }
    all
}

/// Asks the same of statements and of the calls of frameworks.
fn statements_or_calls(repo: &Repo<'_>, wrong: impl Fn(&str) -> Option<String>) -> Vec<Evidence> {
    let mut all = statements(repo, &wrong);
    for migration in repo.migrations.iter().filter(|one| one.made.is_empty() && !one.path.ends_with(".sql")) {
        let calls = migration
            .says
            .iter()
            .filter_map(|(_, line, text)| Some(Evidence::at(&migration.path, *line, wrong(text)?)));
        all.extend(calls.filter(|one| !all.contains(one)).collect::<Vec<_>>());
    }
    all
}

/// The same, where the database is a server.
fn server_only(repo: &Repo<'_>, wrong: impl Fn(&str) -> Option<String>) -> Vec<Evidence> {
    if has_server(repo) { statements_or_calls(repo, wrong) } else { Vec::new() }
}

/// Asks of everything that migrations do, also by calls of frameworks and also on tables of their own.
fn says(repo: &Repo<'_>, wrong: impl Fn(MigrationKind, &str) -> Option<String>) -> Vec<Evidence> {
    let mut all: Vec<Evidence> = Vec::new();
    for migration in &repo.migrations {
        for (kind, line, text) in &migration.says {
            let Some(says) = wrong(*kind, text) else { continue };
            let found = Evidence::at(&migration.path, *line, says);
            // SQLite, through Prisma and Django, drops what it has just copied.
            let rebuilt = migration.text.contains("\"new_")
                || migration.text.contains("`new_")
                || migration.text.contains("__new_");
            if !rebuilt && !all.contains(&found) {
                all.push(found);
            }
        }
    }
    all
}

/// Returns whether a `RunPython` has the way forward only.
fn one_argument(text: &str) -> bool {
    static ONE: Pattern = Pattern::new(r"RunPython\(\s*[\w.]+\s*,?\s*\)");
    ONE.is_match(text)
}
