//! A unique or primary key that builds its index under a lock.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Engine;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.unique-blocks",
    area: Area::Data,
    level: Level::High,
    title: "A unique constraint builds its index under a lock",
    why: "Nobody reads or writes the table until the index is built, and one pair of equal rows makes the migration fail halfway.",
    fix: "`CREATE UNIQUE INDEX CONCURRENTLY` first, then `ADD CONSTRAINT ... UNIQUE USING INDEX`; look for equal rows before.",
    references: &["https://squawkhq.com/docs/disallowed-unique-constraint"],
    check,
};

static ADDS: Pattern = Pattern::new(r"(?i)^alter table\b.*\badd (constraint \S+ )?(unique|primary key)\b");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    super::statements(repo, |text| {
        (ADDS.is_match(text) && !text.to_ascii_lowercase().contains("using index"))
            .then(|| "the table is locked while the index is built".to_owned())
    })
}
