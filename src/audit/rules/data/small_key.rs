//! A key that runs out.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.small-key",
    area: Area::Data,
    level: Level::Low,
    title: "A new table counts its rows in 32 bits",
    why: "At 2,147,483,647 every insert fails, and changing the type of a key on a table of that size takes hours.",
    fix: "`bigint generated always as identity`, or a UUID.",
    references: &["https://squawkhq.com/docs/prefer-bigint-over-int"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if !super::has_server(repo) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for migration in &repo.migrations {
        for change in &migration.changes {
            let What::MakesTable { columns } = &change.what else { continue };
            let counts = |kind: &str| kind == "serial" || kind == "int";
            let small =
                columns.iter().find(|one| (one.primary || one.name == "id") && counts(&one.kind.name) && one.counts);
            all.extend(small.map(|_| {
                Evidence::at(
                    &migration.path,
                    change.line,
                    format!("the key of `{}` ends at 2,147,483,647", change.table),
                )
            }));
        }
    }
    all
}
