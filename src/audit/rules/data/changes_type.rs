//! A column whose type changes.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.changes-type",
    area: Area::Data,
    level: Level::High,
    title: "A migration changes a column's type",
    why: "PostgreSQL and MySQL write the whole table anew for most changes of type, and nobody reads or writes it meanwhile.",
    fix: "Add a column of the new type, fill it in batches, and switch over; or make sure that it is one of the changes that are free.",
    references: &[
        "https://squawkhq.com/docs/changing-column-type",
        "https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html",
    ],
    check,
};

static CHANGES: Pattern = Pattern::new(
    r"(?i)^alter table\b.*\balter (column )?\S+ (set data )?type\b|^alter table\b.*\b(modify|change)( column)?\b|\bchange_column\b|\bmodifyDataType\b|queryRunner\.changeColumn",
);
/// Free since PostgreSQL 9.2: to text, and varchar without or with a longer limit, which cannot be told here from a shorter.
static FREE: Pattern = Pattern::new(r"(?i)\btype (text|character varying|varchar)\s*($|[;,])");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::server_only(repo, |text| {
        (CHANGES.is_match(text) && !FREE.is_match(text))
            .then(|| "the table is written anew under an exclusive lock".to_owned())
    })
}
