//! Data state: what a migration does to a table that is in use, and whether data can come back.

pub mod attaches_partition;
pub mod backfill_in_migration;
pub mod changes_type;
pub mod column_replaced;
pub mod concurrently_in_transaction;
pub mod constraint_not_valid;
pub mod database_without_volume;
pub mod destructive_deploy;
pub mod drops;
pub mod drops_index;
pub mod enum_value_used;
pub mod ephemeral_sqlite;
pub mod every_row;
pub mod index_blocks_writes;
pub mod json_column;
pub mod live_no_backup;
pub mod locks_table;
pub mod migrates_at_start;
pub mod migration_with_deploy;
pub mod no_backup;
pub mod no_lock_timeout;
pub mod no_way_down;
pub mod not_null_without_default;
pub mod renames;
pub mod required_column;
pub mod restore_untested;
pub mod schema_synchronised;
pub mod sets_not_null;
pub mod small_key;
pub mod table_copied;
pub mod unique_blocks;
pub mod unpinned_database_image;
pub mod volatile_default;

use super::super::finding::Evidence;
use super::super::read::migration::Migration;
use super::super::read::migration::change::{Change, What};
use super::super::repo::{Engine, Repo};

/// Returns whether the database is a server that several clients lock.
fn has_server(repo: &Repo<'_>) -> bool {
    matches!(repo.engine, Some(Engine::Postgres | Engine::MySql))
}

/// Asks of everything that migrations do to tables that were there before, what is wrong with it.
fn on_old_tables(repo: &Repo<'_>, wrong: impl Fn(&Migration, &Change) -> Option<String>) -> Vec<Evidence> {
    let mut all: Vec<Evidence> = Vec::new();
    for migration in &repo.migrations {
        for change in migration.on_old_tables() {
            let Some(says) = wrong(migration, change) else { continue };
            // Of one table in one migration the same is said once.
            if !all.iter().any(|one| one.is_in(&migration.path) && one.says == says) {
                all.push(Evidence::at(&migration.path, change.line, says));
            }
        }
    }
    all
}

/// Returns a column with its table, as far as that is known.
fn named(change: &Change, column: &str) -> String {
    if change.table.is_empty() { column.to_owned() } else { format!("{}.{column}", change.table) }
}

/// Returns whether a change waits for a lock that stops everybody else.
fn locks_for_all(what: &What) -> bool {
    matches!(
        what,
        What::AddsColumn(_)
            | What::DropsColumn(_)
            | What::RenamesColumn { .. }
            | What::RenamesTable
            | What::ChangesType { .. }
            | What::SetsNotNull { .. }
            | What::AllowsNull { .. }
            | What::AddsCheck { later: false, .. }
            | What::AddsForeignKey { .. }
            | What::AddsUnique { .. }
            | What::AddsPrimaryKey { .. }
            | What::AddsExclusion
            | What::DropsTable
    )
}
