//! A key that runs out.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Engine;
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

static SMALL: Pattern = Pattern::new(
    r#"(?i)^create table\b.*["`]?\bid["`]? (serial|int(eger)?( generated| auto_increment)?)\b[^,]*\bprimary key"#,
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if !matches!(repo.engine, Some(Engine::Postgres | Engine::MySql)) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for migration in &repo.migrations {
        let small = migration.statements.iter().find(|one| SMALL.is_match(&one.text));
        all.extend(small.map(|one| Evidence::at(&migration.path, one.line, "the key ends at 2,147,483,647")));
    }
    all
}
