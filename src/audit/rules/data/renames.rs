//! Names that change under a running release.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.renames",
    area: Area::Data,
    level: Level::High,
    title: "A migration renames a table or a column",
    why: "While the old release still answers requests, and after a rollback, the old name is asked for and not there.",
    fix: "Add the new one, write both, move the rows, read the new one, and take the old one away releases later; or keep a view under the old name.",
    references: &[
        "https://github.com/ankane/strong_migrations#renaming-a-column",
        "https://squawkhq.com/docs/renaming-column",
    ],
    check,
};

static RENAMES: Pattern = Pattern::new(
    r"(?i)\balter table\b.*\brename (column|to)\b|^alter table \S+ rename \S+ to|^rename table\b|\brename_(table|column)\b|migrations\.Rename(Model|Field)|\brename(Column|Table)\(|\.Rename(Table|Column)\b|^\s*rename (table|\()",
);
/// SQLite changes a column by building the table anew under another name.
static REBUILDS: Pattern = Pattern::new(r#"(?i)rename to ["`]?(new_)?\w+["`]?$"#);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let sqlite = repo.engine == Some(crate::audit::repo::Engine::Sqlite);
    super::says(repo, |_, text| {
        let rebuilt = text.to_ascii_lowercase().contains("\"new_") || (sqlite && REBUILDS.is_match(text));
        (RENAMES.is_match(text) && !rebuilt).then(|| "the release before this one asks for the old name".to_owned())
    })
}
