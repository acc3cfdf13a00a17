//! Rows that are changed in the migration that changes the table.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

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

static ROWS: Pattern = Pattern::new(r"(?i)^(update|delete from)\b");
static SCHEMA: Pattern = Pattern::new(r"(?i)^alter table\b");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if !super::has_server(repo) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for migration in &repo.migrations {
        let changes = migration.on_old_tables().any(|one| SCHEMA.is_match(&one.text));
        let rows = migration.on_old_tables().find(|one| ROWS.is_match(&one.text));
        if let (true, Some(rows)) = (changes, rows) {
            all.push(Evidence::at(
                &migration.path,
                rows.line,
                "these rows are written while the table is locked by the same migration",
            ));
        }
    }
    all
}
