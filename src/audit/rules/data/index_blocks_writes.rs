//! An index that is built while nobody may write.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::{IndexKind, What};
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.index-blocks-writes",
    area: Area::Data,
    level: Level::Medium,
    title: "An index is built while writes wait",
    why: "`CREATE INDEX` in PostgreSQL lets nobody write the table until it is done: nothing on a small one, minutes on a large one, with every request waiting. MySQL does so for full-text and spatial indexes.",
    fix: "`CREATE INDEX CONCURRENTLY`, outside a transaction (Rails: `algorithm: :concurrently` and `disable_ddl_transaction!`; Django: `AddIndexConcurrently`).",
    references: &[
        "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
        "https://squawkhq.com/docs/require-concurrent-index-creation",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |_, change| {
        let blocks = match (&change.what, repo.engine?) {
            (What::AddsIndex { concurrently: false, .. }, Engine::Postgres) => true,
            (What::AddsIndex { concurrently: false, kind: IndexKind::FullText, .. }, Engine::MySql) => true,
            (What::AddsColumn(column), Engine::Postgres) => column.index && !column.unique,
            _ => false,
        };
        blocks.then(|| format!("nobody can write to `{}` until the index is built", change.table))
    })
}
