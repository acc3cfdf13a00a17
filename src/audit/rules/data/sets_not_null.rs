//! A column that is set to not null.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.sets-not-null",
    area: Area::Data,
    level: Level::High,
    title: "A migration sets a column to not null",
    why: "The whole table is read under an exclusive lock to check it, and the release before may still write nulls.",
    fix: "Add `CHECK (x IS NOT NULL) NOT VALID`, validate it in a second migration, then set not null, which trusts it.",
    references: &[
        "https://squawkhq.com/docs/adding-not-nullable-field",
        "https://github.com/ankane/strong_migrations#setting-not-null-on-an-existing-column",
    ],
    check,
};

static SETS: Pattern = Pattern::new(
    r"(?i)^alter table\b.*\balter (column )?\S+ set not null\b|\bchange_column_null\b.*\bfalse\b|op\.alter_column\(.*nullable=False|addNotNullConstraint",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::server_only(repo, |text| {
        SETS.is_match(text).then(|| "every row is checked while nobody may write".to_owned())
    })
}
