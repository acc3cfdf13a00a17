//! A foreign key or check that is proven on the spot.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.constraint-not-valid",
    area: Area::Data,
    level: Level::Medium,
    title: "A constraint is checked against every row on the spot",
    why: "A foreign key holds both tables against writes while it reads all rows, a check holds its table against everybody. How long that is depends on the rows.",
    fix: "Add it `NOT VALID`, and `VALIDATE CONSTRAINT` in a later migration: that one lets reads and writes pass.",
    references: &[
        "https://squawkhq.com/docs/constraint-missing-not-valid",
        "https://www.postgresql.org/docs/current/sql-altertable.html",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    super::on_old_tables(repo, |migration, change| match &change.what {
        // A column that is new holds nothing that could point anywhere.
        What::AddsForeignKey { columns, later: false }
            if columns.is_empty() || !columns.iter().all(|column| migration.adds(&change.table, column)) =>
        {
            Some(format!("a foreign key of `{}` reads all rows while writes to both tables wait", change.table))
        }
        What::AddsCheck { later: false, .. } => {
            Some(format!("a check of `{}` reads all rows while nobody reads or writes", change.table))
        }
        _ => None,
    })
}
