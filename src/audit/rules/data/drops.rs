//! A table, column or type that is taken away.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.drops",
    area: Area::Data,
    level: Level::High,
    title: "A migration takes something away",
    why: "The release that is live, and the one you would roll back to, still read it: both fail from the moment the migration has run, and the data is gone.",
    fix: "First deploy code that no longer uses it; drop it in a later release, when nobody would go back that far, after a backup.",
    references: &[
        "https://github.com/ankane/strong_migrations#removing-a-column",
        "https://squawkhq.com/docs/ban-drop-column",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |migration, change| match &change.what {
        What::DropsTable => Some(format!("table `{}`: the release before this one may still need it", change.table)),
        // What comes back under the same name is worse, and a finding of its own.
        What::DropsColumn(column) if migration.adds(&change.table, column) => None,
        What::DropsColumn(column) if is_ignored(repo, column) => None,
        What::DropsColumn(column) => {
            Some(format!("`{}`: the release before this one may still need it", super::named(change, column)))
        }
        What::Drops(what) => Some(format!("{what}: the release before this one may still need it")),
        _ => None,
    })
}

/// Returns whether Rails has been told to forget a column before it goes.
fn is_ignored(repo: &Repo<'_>, column: &str) -> bool {
    let models =
        repo.tree.files().filter(|file| file.path.contains("app/models/") && file.text.contains("ignored_columns"));
    let mut lines = models.flat_map(|file| file.lines().filter(|(_, line)| line.contains("ignored_columns")));
    !column.is_empty()
        && lines.any(|(_, line)| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == column))
}
