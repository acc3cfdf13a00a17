//! A database of our own that nothing backs up.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::versions::keeps_data;
use crate::audit::read::yaml::{items, scalar};
use crate::audit::repo::{Container, Engine, Repo};

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

static DATA: Pattern = Pattern::new(r"(?i)^[\w./-]+:[\w./-]*/(data|db|database|storage|sqlite)(/|:|$)");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // A file of SQLite's in a volume is a database as well; a proxy's volume is none.
    let file = |one: &&Container| {
        repo.engine == Some(Engine::Sqlite)
            && items(&one.value["volumes"]).filter_map(scalar).any(|volume| DATA.is_match(&volume))
    };
    let own = repo.production().find(|one| keeps_data(&one.image)).or_else(|| repo.production().find(file));
    let Some(own) = own.filter(|_| !repo.mentions(&BACKS_UP)) else { return Vec::new() };
    vec![Evidence::at(
        &own.path,
        own.line,
        format!("`{}` keeps data, and no file of the repository names a backup", own.name),
    )]
}
