//! Statements that stop everybody.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.locks-table",
    area: Area::Data,
    level: Level::High,
    title: "A statement holds a whole table for as long as it works",
    why: "VACUUM FULL, CLUSTER, REINDEX, REFRESH MATERIALIZED VIEW and LOCK TABLE let nobody write, most of them nobody read, until they are done.",
    fix: "`REINDEX CONCURRENTLY`, `REFRESH MATERIALIZED VIEW CONCURRENTLY` (with a unique index), pg_repack instead of VACUUM FULL and CLUSTER; no of them in a migration.",
    references: &[
        "https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
        "https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |_, change| match change.what {
        What::Locks(says) if repo.engine != Some(Engine::Sqlite) => Some(says.to_owned()),
        _ => None,
    })
}
