//! A column whose type changes.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::migration::change::What;
use crate::audit::read::migration::types::{Cost, Type};
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.changes-type",
    area: Area::Data,
    level: Level::High,
    title: "A migration changes a column's type",
    why: "PostgreSQL and MySQL write the whole table anew for most changes of type. In PostgreSQL nobody reads or writes it meanwhile, in MySQL nobody writes.",
    fix: "Add a column of the new type, fill it in batches, and switch over in a later release. A longer varchar, or varchar to text, is free.",
    references: &[
        "https://squawkhq.com/docs/changing-column-type",
        "https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::on_old_tables(repo, |_, change| {
        let What::ChangesType { column, from, to, using } = &change.what else { return None };
        let cost = match repo.engine? {
            Engine::Postgres => Type::cost_in_postgres(from.as_ref(), to, *using),
            Engine::MySql => Type::cost_in_mysql(from.as_ref(), to),
            Engine::Sqlite => Cost::Free,
        };
        let before = from.as_ref().map_or_else(String::new, |from| format!("{} -> ", from.sql()));
        let who = if repo.engine == Some(Engine::MySql) { "nobody writes" } else { "nobody reads or writes" };
        (cost == Cost::Rewrite).then(|| {
            format!(
                "`{}` {before}{}: the table is written anew, and {who} meanwhile",
                super::named(change, column),
                to.sql()
            )
        })
    })
}
