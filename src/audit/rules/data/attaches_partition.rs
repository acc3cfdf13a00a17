//! A partition whose rows are all read when it is attached.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.attaches-partition",
    area: Area::Data,
    level: Level::Medium,
    title: "A partition is attached without a check that fits it",
    why: "PostgreSQL reads the whole partition under a lock to see that all its rows belong there; with a valid CHECK of the same bounds it trusts that.",
    fix: "Add the CHECK to the table before (`NOT VALID`, then `VALIDATE`), attach it, and drop the CHECK.",
    references: &[
        "https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |migration, change| {
        let partition =
            migration.changes.iter().any(|one| matches!(one.what, What::AddsCheck { .. } | What::MakesTable { .. }));
        (change.what == What::AttachesPartition && !partition)
            .then(|| format!("all rows of the new partition of `{}` are read first", change.table))
    })
}
