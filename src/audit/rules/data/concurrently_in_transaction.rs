//! What cannot run in a transaction, in one.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::Transaction;
use crate::audit::read::migration::change::What;
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.concurrently-in-transaction",
    area: Area::Data,
    level: Level::High,
    title: "CONCURRENTLY stands in a transaction",
    why: "PostgreSQL refuses it there: the migration fails, on the night of the deploy, and CI without this engine never sees it.",
    fix: "Give it a migration of its own without a transaction (`disable_ddl_transaction!`, `-- no transaction`, `atomic = False`).",
    references: &["https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine == Some(Engine::MySql) {
        return Vec::new();
    }
    let around = repo.migrations.iter().filter(|one| one.transaction == Transaction::Around);
    let found = around.filter_map(|migration| {
        let aside = |what: &What| {
            matches!(what, What::AddsIndex { concurrently: true, .. } | What::DropsIndex { concurrently: true })
        };
        let change = migration.changes.iter().find(|one| aside(&one.what))?;
        let says =
            format!("{} runs this in a transaction, and PostgreSQL refuses it there", migration.framework.title());
        Some(Evidence::at(&migration.path, change.line, says))
    });
    found.collect()
}
