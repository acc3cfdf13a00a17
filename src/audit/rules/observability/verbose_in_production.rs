//! Debug logs in production.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.verbose-in-production",
    area: Area::Observability,
    level: Level::Low,
    title: "Production logs at debug level",
    why: "The line that matters drowns, the bill for logs grows, and debug lines are where passwords and bodies of requests stand.",
    fix: "`info` in production; raise it for one service when it is needed.",
    references: &["https://12factor.net/logs"],
    check,
};

static DEBUG: Pattern = Pattern::new(
    r#"(?i)^\s*-?\s*["']?(LOG_?LEVEL|RUST_LOG|RAILS_LOG_LEVEL|LOGLEVEL)["']?\s*[:=]\s*["']?(debug|trace|silly|verbose)\b"#,
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for file in repo.tree.files() {
        let name = file.name();
        let production = matches!(name, "fly.toml" | "render.yaml" | "railway.toml")
            || name.starts_with(".env.prod")
            || (name.contains("compose") && repo.production().any(|one| one.path == file.path));
        let found = file.lines().find(|(_, line)| production && DEBUG.is_match(line));
        all.extend(found.map(|(line, _)| Evidence::at(file.path, line, "this is production's level")));
    }
    all
}
