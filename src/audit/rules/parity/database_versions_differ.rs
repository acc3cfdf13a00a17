//! Two versions of one database engine.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::versions::named;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.database-versions-differ",
    area: Area::Parity,
    level: Level::High,
    title: "The database engine's version is not the same everywhere",
    why: "Plans, locks, types and syntax change between major versions: a migration that passed on one may lock or fail on the other.",
    fix: "Use production's major version in compose files and CI services.",
    references: &["https://www.postgresql.org/support/versioning/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::differing(&named(repo), &["postgres", "mysql", "mariadb", "redis", "mongo"])
}
