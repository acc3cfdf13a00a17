//! What cannot run in a transaction, in one.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::operation::migrations::Framework;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.concurrently-in-transaction",
    area: Area::Data,
    level: Level::High,
    title: "CONCURRENTLY stands in a transaction",
    why: "PostgreSQL refuses it there: the migration fails, on the night of the deploy, and CI without this engine never sees it.",
    fix: "Give it a migration of its own without a transaction (`disable_ddl_transaction!`, `-- no transaction`, `atomic = False`).",
    references: &["https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for migration in &repo.migrations {
        let small = migration.text.to_ascii_lowercase();
        let outside = [
            "disable_ddl_transaction",
            "atomic = false",
            "no-transaction",
            "no transaction",
            "transaction:false",
            "autocommit_block",
            "withintransaction = false",
            "@disable_ddl_transaction true",
        ]
        .iter()
        .any(|word| small.contains(word));
        let begins = migration.statements.iter().any(|one| {
            matches!(one.text.to_ascii_lowercase().as_str(), "begin" | "start transaction" | "begin transaction")
        });
        let wraps =
            matches!(migration.framework, Framework::Rails | Framework::Django | Framework::Alembic | Framework::Ecto);
        if outside || !(begins || wraps) {
            continue;
        }
        let sql = migration
            .statements
            .iter()
            .find(|one| one.text.to_ascii_lowercase().contains("index concurrently"))
            .map(|one| one.line);
        let call = migration
            .says
            .iter()
            .find(|(_, _, text)| text.contains(":concurrently") || text.contains("concurrently: true"))
            .map(|(_, line, _)| *line);
        all.extend(sql.or(call).map(|line| Evidence::at(&migration.path, line, "this fails inside a transaction")));
    }
    all
}
