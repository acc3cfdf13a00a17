//! The live database's engine or version, beside those that the files name.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::versions::{named, significant};
use crate::audit::repo::{Engine, Repo};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.live-database-differs",
    area: Area::Parity,
    level: Level::High,
    title: "Production runs another database than compose and CI",
    why: "Plans, locks, types and syntax change between engines and major versions: a migration that passed in CI may lock or fail in production.",
    fix: "Use production's engine and major version in compose files and CI services.",
    references: &["https://www.postgresql.org/support/versioning/", "https://12factor.net/dev-prod-parity"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let named = named(repo);
    let mut all = Vec::new();
    for seen in repo.live.databases() {
        let Some(what) = seen.settings.engine.as_ref().and_then(|word| engine(word.as_str())) else { continue };
        let other = match repo.engine {
            Some(Engine::Postgres) if matches!(what, "mysql" | "mariadb") => Some("PostgreSQL"),
            Some(Engine::MySql) if what == "postgres" => Some("MySQL"),
            _ => None,
        };
        if let Some(other) = other {
            all.push(Evidence::live(seen.place(), format!("{what} here, and the program is written for {other}")));
            continue;
        }
        let version = seen.settings.version.as_ref().and_then(|version| significant(what, version.as_str()));
        let Some(version) = version else { continue };
        let differs = named.iter().filter(|one| one.what == what && !same(&one.version, &version));
        all.extend(differs.take(3).map(|one| {
            Evidence::live(
                seen.place(),
                format!("{what} {version} here, {what} {} in {}:{}", one.version, one.path, one.line),
            )
        }));
    }
    all
}

/// Returns whether two versions are the same as far as both are told: 8 and 8.0 are.
fn same(a: &str, b: &str) -> bool {
    a == b
        || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'))
        || b.strip_prefix(a).is_some_and(|rest| rest.starts_with('.'))
}

/// Returns the engine by the name that images have.
fn engine(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let known: &[(&str, &str)] = &[
        ("postgres", "postgres"),
        ("pg", "postgres"),
        ("mysql", "mysql"),
        ("maria", "mariadb"),
        ("redis", "redis"),
        ("mongo", "mongo"),
    ];
    known.iter().find(|(start, _)| word.starts_with(start)).map(|(_, name)| *name)
}
