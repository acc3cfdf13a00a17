//! What MySQL has no online way for.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.table-copied",
    area: Area::Data,
    level: Level::High,
    title: "MySQL copies a whole table, and nobody writes to it meanwhile",
    why: "These changes have no online way in MySQL 8: the server copies all rows under a lock that lets others only read.",
    fix: "Say `ALGORITHM=INPLACE, LOCK=NONE`, so that MySQL refuses rather than locks, and use gh-ost or pt-online-schema-change for what it refuses. A foreign key is added in place with `foreign_key_checks=0`.",
    references: &["https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::MySql) {
        return Vec::new();
    }
    super::on_old_tables(repo, |migration, change| match &change.what {
        What::Copies(says) => Some((*says).to_owned()),
        What::DropsPrimaryKey => Some(format!("`{}` is copied to take its primary key away", change.table)),
        What::AddsForeignKey { .. } if !migration.text.to_ascii_lowercase().contains("foreign_key_checks") => {
            Some(format!("`{}` is copied to add a foreign key", change.table))
        }
        _ => None,
    })
}
