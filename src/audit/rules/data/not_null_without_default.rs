//! A column that must be filled, and nobody fills.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.not-null-without-default",
    area: Area::Data,
    level: Level::Critical,
    title: "A new column must not be null and has no default",
    why: "It fails at once on a table that has rows; on an empty one, the release that is still live cannot insert any more.",
    fix: "Add it with a default, or nullable; fill it in batches; then set it to not null.",
    references: &["https://squawkhq.com/docs/adding-required-field"],
    check,
};

static CLAUSE: Pattern =
    Pattern::new(r"(?i)\badd (?:column )?(?:if not exists )?([`\x22\[]?\w+[`\x22\]]? [^,]*\bnot null\b[^,]*)");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::statements(repo, |text| {
        let small = text.to_ascii_lowercase();
        let alters = small.starts_with("alter table");
        let demanding = CLAUSE.all(text).into_iter().any(|clause| {
            let clause = clause.to_ascii_lowercase();
            let named = ["constraint", "check", "unique", "foreign", "primary", "index", "key"]
                .iter()
                .any(|word| clause.starts_with(word));
            !named
                && ["default", "generated", "serial", "auto_increment", "identity"]
                    .iter()
                    .all(|word| !clause.contains(word))
        });
        (alters && demanding).then(|| "rows that are there have no value for it".to_owned())
    })
}
