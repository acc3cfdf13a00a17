//! An index that is dropped under a lock.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.drops-index",
    area: Area::Data,
    level: Level::Low,
    title: "An index is dropped while everybody waits",
    why: "`DROP INDEX` in PostgreSQL waits for all running queries on the table and lets nobody pass meanwhile; one long report is enough for an outage.",
    fix: "`DROP INDEX CONCURRENTLY`, outside a transaction (Rails: `algorithm: :concurrently`; Django: `RemoveIndexConcurrently`); or set `lock_timeout`.",
    references: &["https://www.postgresql.org/docs/current/sql-dropindex.html"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    super::on_old_tables(repo, |migration, change| {
        let patient = migration.text.contains("lock_timeout");
        (change.what == What::DropsIndex { concurrently: false } && !patient)
            .then(|| "it waits for every query on the table, and everybody waits behind it".to_owned())
    })
}
