//! A database file on a disk that does not last.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Engine;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.ephemeral-sqlite",
    area: Area::Data,
    level: Level::High,
    title: "A database file lies on a disk that does not last",
    why: "Each deploy, and each restart on another host, begins with an empty disk.",
    fix: "Mount a volume where the file lies (`[mounts]` in fly.toml, `disk:` in render.yaml), and replicate it with Litestream; or use a database server.",
    references: &["https://fly.io/docs/reference/configuration/#the-mounts-section", "https://render.com/docs/disks"],
    check,
};

static FILE: Pattern = Pattern::new(
    r#"(?i)(DATABASE_URL|DB_PATH|DATABASE_PATH|SQLITE\w*)["']?\s*[:=]\s*["']?[^\s]*(sqlite|file:|\.db|\.sqlite3?)"#,
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for fly in repo.fly.iter().filter(|fly| fly.value.get("mounts").is_none()) {
        let Some(file) = repo.tree.files().find(|file| file.path == fly.path) else { continue };
        let named = file.lines().find(|(_, line)| FILE.is_match(line));
        all.extend(
            named.map(|(line, _)| Evidence::hidden(file.path, line, "a database file, and this app has no `[mounts]`")),
        );
    }
    if repo.engine == Some(Engine::Sqlite) && all.is_empty() {
        let heroku = repo.tree.files().find(|file| file.path == "app.json" && file.text.contains("heroku"));
        all.extend(
            heroku.map(|file| Evidence::at(file.path, 1, "Heroku's disks do not last, and the database is SQLite")),
        );
    }
    all
}
