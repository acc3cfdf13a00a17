//! Locks that are waited for without an end.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.no-lock-timeout",
    area: Area::Data,
    level: Level::Medium,
    title: "A locking migration has no lock timeout",
    why: "It waits behind one long query, and everything else waits behind it: the site is down although the migration has not begun.",
    fix: "`SET lock_timeout = '5s'` (MySQL: `lock_wait_timeout`) before it, and try again when it gives up.",
    references: &[
        "https://squawkhq.com/docs/require-timeout-settings",
        "https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT",
    ],
    check,
};

static SETS: Pattern = Pattern::new(
    r"(?i)lock_timeout|lock_wait_timeout|statement_timeout|strong_migrations|safe-pg-migrations|safe_pg_migrations|django-pg-zero-downtime|with_lock_retries|pg-osc|gh-ost|pt-online-schema-change",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if !super::has_server(repo) || repo.mentions(&SETS) {
        return Vec::new();
    }
    let found = repo.migrations.iter().find_map(|migration| {
        migration.on_old_tables().find(|one| super::locks_for_all(&one.what)).map(|one| (migration, one))
    });
    found
        .map(|(migration, one)| {
            let says = format!("it waits for `{}` without an end, and no file sets `lock_timeout`", one.table);
            Evidence::at(&migration.path, one.line, says)
        })
        .into_iter()
        .collect()
}
