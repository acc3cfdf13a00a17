//! Backups that nobody has restored.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.restore-untested",
    area: Area::Data,
    level: Level::Medium,
    title: "There are backups, and no word on restoring them",
    why: "A backup that was never restored is a hope. Keys, versions and the time it takes are found out during the outage.",
    fix: "Write the restore down as a runbook, run it against a scratch database on a schedule, and note how long it took.",
    references: &["https://sre.google/sre-book/data-integrity/"],
    check,
};

static BACKS_UP: Pattern = Pattern::new(r"\b(pg_dump|mysqldump|mongodump|pgbackrest|wal-g)\b");
static RESTORES: Pattern = Pattern::new(r"(?i)\brestor(e|ing)|pg_restore|mongorestore");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.mentions(&RESTORES) {
        return Vec::new();
    }
    let scripts = repo.tree.files().filter(|file| !is_aside(file.path) && !file.path.ends_with(".md"));
    let found =
        scripts.filter_map(|file| Some((file, file.lines().find(|(_, line)| BACKS_UP.is_match(line))?.0))).next();
    found
        .map(|(file, line)| Evidence::at(file.path, line, "this backs up, and nothing says how it comes back"))
        .into_iter()
        .collect()
}
