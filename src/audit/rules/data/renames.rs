//! Names that change under a running release.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
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

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |migration, change| {
        let from = match &change.what {
            What::RenamesColumn { from, .. } if from.is_empty() => "a column".to_owned(),
            What::RenamesColumn { from, .. } => format!("`{}`", super::named(change, from)),
            // A view under the old name keeps the old release alive.
            What::RenamesTable if migration.text.to_ascii_lowercase().contains("create view") => return None,
            What::RenamesTable => format!("table `{}`", change.table),
            _ => return None,
        };
        Some(format!("{from}: the release before this one asks for the old name"))
    })
}
