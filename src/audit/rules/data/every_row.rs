//! DELETE or TRUNCATE of everything.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.every-row",
    area: Area::Data,
    level: Level::Critical,
    title: "A migration deletes every row of a table",
    why: "It runs in production by itself, with nobody to ask, and no way down brings the rows back.",
    fix: "Say which rows, take a backup first, and do it by hand or in a job that can be stopped.",
    references: &["https://squawkhq.com/docs/ban-truncate-cascade"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |_, change| {
        let table = if change.table.is_empty() { "a table".to_owned() } else { format!("`{}`", change.table) };
        (change.what == What::DeletesAllRows).then(|| format!("all rows of {table} are gone when this has run"))
    })
}
