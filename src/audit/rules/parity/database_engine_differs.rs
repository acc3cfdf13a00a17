//! SQLite at the desk, a server in production.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::variables::{is_env_file, is_example};
use crate::audit::repo::Engine;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.database-engine-differs",
    area: Area::Parity,
    level: Level::High,
    title: "Development uses another database engine than production",
    why: "SQLite takes types, concurrency and constraints that PostgreSQL and MySQL refuse: the first place where it fails is production.",
    fix: "Run production's engine in development and CI, for example from a compose file.",
    references: &["https://12factor.net/backing-services"],
    check,
};

static SQLITE: Pattern =
    Pattern::new(r#"(?i)^\s*(DATABASE_URL|DB_URL|DB_CONNECTION|DB_CLIENT)\s*=\s*["']?(sqlite|file:)"#);
static FALLBACK: Pattern = Pattern::new(r#"(?i)(DATABASE_URL|default).{0,30}["']sqlite:///"#);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if !matches!(repo.engine, Some(Engine::Postgres | Engine::MySql)) || repo.service().is_none() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for file in repo.tree.files().filter(|file| !is_aside(file.path)) {
        let environment = is_env_file(file.path) || is_example(file.path);
        if !environment && !file.path.ends_with(".py") {
            continue;
        }
        let pattern = if environment { &SQLITE } else { &FALLBACK };
        let found = file.lines().find(|(_, line)| pattern.is_match(line));
        all.extend(
            found.map(|(line, _)| Evidence::hidden(file.path, line, "a SQLite file stands in for the database server")),
        );
    }
    all
}
