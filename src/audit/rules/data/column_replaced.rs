//! A column that comes back empty.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.column-replaced",
    area: Area::Data,
    level: Level::Critical,
    title: "A column is dropped and made anew under its name",
    why: "Everything that stands in it is gone when the migration has run, and no way down brings it back. Generators do this when they cannot convert a type, or when only the capitals of a name changed.",
    fix: "Change the file by hand: `ALTER COLUMN ... TYPE ... USING ...`, or `RENAME COLUMN`; or fill the new column from the old one before that goes.",
    references: &[
        "https://www.prisma.io/docs/orm/prisma-migrate/workflows/customizing-migrations",
        "https://squawkhq.com/docs/ban-drop-column",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |migration, change| {
        let What::DropsColumn(column) = &change.what else { return None };
        // What is copied before it goes is kept.
        let kept = migration.changes.iter().any(|one| one.table == change.table && one.what == What::ChangesRows);
        (migration.adds(&change.table, column) && !kept)
            .then(|| format!("`{}` comes back empty", super::named(change, column)))
    })
}
