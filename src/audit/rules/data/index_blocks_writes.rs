//! An index that is built while nobody may write.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Engine;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.index-blocks-writes",
    area: Area::Data,
    level: Level::High,
    title: "An index is built while writes wait",
    why: "`CREATE INDEX` in PostgreSQL lets nobody write the table until it is done: minutes on a large one, with every request waiting.",
    fix: "`CREATE INDEX CONCURRENTLY`, outside a transaction (Rails: `algorithm: :concurrently` and `disable_ddl_transaction!`; Django: `AddIndexConcurrently`).",
    references: &[
        "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY",
        "https://squawkhq.com/docs/require-concurrent-index-creation",
    ],
    check,
};

static BUILDS: Pattern = Pattern::new(r"(?i)^create (unique )?index\b");
static CALL: Pattern = Pattern::new(r"\badd_index\b|op\.create_index\(|migrations\.AddIndex\(");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.engine != Some(Engine::Postgres) {
        return Vec::new();
    }
    let blocks = |text: &str| {
        let small = text.to_ascii_lowercase();
        !small.contains("concurrently") && !small.contains("postgresql_concurrently")
    };
    let mut all = super::statements(repo, |text| {
        (BUILDS.is_match(text) && blocks(text))
            .then(|| "nobody can write this table until the index is built".to_owned())
    });
    for migration in repo.migrations.iter().filter(|one| one.made.is_empty()) {
        let calls = migration.says.iter().filter(|(_, _, text)| CALL.is_match(text) && blocks(text));
        all.extend(calls.map(|(_, line, _)| {
            Evidence::at(&migration.path, *line, "nobody can write this table until the index is built")
        }));
    }
    all
}
