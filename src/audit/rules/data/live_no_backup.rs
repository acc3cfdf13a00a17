//! A database of the platform for which backups are switched off.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.live-no-backup",
    area: Area::Data,
    level: Level::High,
    title: "A live database has no backups",
    why: "One deleted volume, one wrong statement, and there is nothing to restore.",
    fix: "Switch them on at the platform (or dump it on a schedule to another place), and restore one once to see that it works.",
    references: &["https://www.postgresql.org/docs/current/backup.html"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let bad = repo.live.databases().filter(|seen| seen.settings.backups == Some(false));
    bad.map(|seen| Evidence::live(seen.place(), "backups are off")).collect()
}
