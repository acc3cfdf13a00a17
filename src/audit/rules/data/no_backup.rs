//! A database of our own that nothing backs up.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::versions::of_image;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.no-backup",
    area: Area::Data,
    level: Level::High,
    title: "A database is run here, and nothing backs it up",
    why: "One deleted volume, one wrong statement, and there is nothing to restore.",
    fix: "Dump it on a schedule to another place (pg_dump, WAL archiving, Litestream), and restore it once a month to see that it works.",
    references: &["https://www.postgresql.org/docs/current/backup.html", "https://litestream.io/"],
    check,
};

static BACKS_UP: Pattern = Pattern::new(
    r"(?i)backup|pg_dump|mysqldump|mongodump|litestream|wal-g|pgbackrest|barman|restic|borg|velero|snapshot_retention",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let own = repo.production().find(|one| {
        of_image(&one.image).is_some_and(|(what, _)| matches!(what, "postgres" | "mysql" | "mariadb" | "mongo"))
    });
    let Some(own) = own.filter(|_| !repo.mentions(&BACKS_UP)) else { return Vec::new() };
    vec![Evidence::at(
        &own.path,
        own.line,
        format!("`{}` keeps data, and no file of the repository names a backup", own.name),
    )]
}
