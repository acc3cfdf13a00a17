//! A foreign key or check that is proven on the spot.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Engine;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.constraint-not-valid",
    area: Area::Data,
    level: Level::High,
    title: "A constraint is checked against every row on the spot",
    why: "A foreign key or a check holds locks on both tables while it reads all rows.",
    fix: "Add it `NOT VALID`, and `VALIDATE CONSTRAINT` in a later migration: that one lets reads and writes pass.",
    references: &[
        "https://squawkhq.com/docs/constraint-missing-not-valid",
        "https://www.postgresql.org/docs/current/sql-altertable.html",
    ],
    check,
};

static ADDS: Pattern = Pattern::new(r"(?i)^alter table\b.*\badd (constraint \S+ )?(check|foreign key)\b");
static CALL: Pattern = Pattern::new(r"\badd_(foreign_key|check_constraint)\b");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    super::statements_or_calls(repo, |text| {
        let small = text.to_ascii_lowercase();
        let later = small.contains("not valid") || small.contains("validate: false");
        ((ADDS.is_match(text) || CALL.is_match(text)) && !later)
            .then(|| "all rows are read while writes wait".to_owned())
    })
}
