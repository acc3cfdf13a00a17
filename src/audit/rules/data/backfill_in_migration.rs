//! Rows that are changed in the migration that changes the table.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::Transaction;
use crate::audit::read::migration::change::What;
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.backfill-in-migration",
    area: Area::Data,
    level: Level::Medium,
    title: "A migration changes the schema and all rows at once",
    why: "The lock of the schema change is held until the last row is written; a table with many rows is away for that long.",
    fix: "Change rows in a job of its own, in batches, between two migrations.",
    references: &["https://github.com/ankane/strong_migrations#backfilling-data"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // MySQL ends the transaction at each change of a table.
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for migration in repo.migrations.iter().filter(|one| one.transaction != Transaction::None) {
        let locks = migration.on_old_tables().find(|one| super::locks_for_all(&one.what));
        let Some(locked) = locks else { continue };
        let rows = migration
            .on_old_tables()
            .find(|one| one.line > locked.line && matches!(one.what, What::ChangesRows | What::Runs { .. }));
        all.extend(rows.map(|rows| {
            let says = format!("rows are written while `{}` stays locked since line {}", locked.table, locked.line);
            Evidence::at(&migration.path, rows.line, says)
        }));
    }
    all
}
