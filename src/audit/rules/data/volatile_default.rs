//! A default that is computed for each row.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Engine;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.volatile-default",
    area: Area::Data,
    level: Level::High,
    title: "A new column's default is computed for every row",
    why: "A default that differs by row makes PostgreSQL write the whole table anew under an exclusive lock; a constant one is free.",
    fix: "Add the column without a default, set the default for new rows, and fill the old ones in batches.",
    references: &[
        "https://squawkhq.com/docs/adding-field-with-default",
        "https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES",
    ],
    check,
};

static VOLATILE: Pattern = Pattern::new(
    r"(?i)^alter table\b.*\badd (column )?[^,]*default \(?(gen_random_uuid|uuid_generate_v4|random|clock_timestamp|nextval)\b|^alter table\b.*\badd column [^,]*\b(big)?serial\b",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    super::statements(repo, |text| VOLATILE.is_match(text).then(|| "the whole table is written anew".to_owned()))
}
