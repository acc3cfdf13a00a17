//! A secret that has a value when nobody sets it.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::variables::is_source;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.default-secret",
    area: Area::Config,
    level: Level::High,
    title: "A secret falls back to a value that is in the code",
    why: "When the variable is missing in production nothing fails: sessions and tokens are signed with a key that everybody can read.",
    fix: "Refuse to start without it.",
    references: &["https://owasp.org/Top10/A02_2021-Cryptographic_Failures/"],
    check,
};

static FALLBACK: Pattern = Pattern::new(
    r#"(?:process\.env\.|os\.environ\.get\(["']|os\.getenv\(["']|ENV\.fetch\(["']|env\(["'])((?:[A-Z0-9_]*_)?(?:SECRET|SECRET_KEY|JWT_SECRET|SESSION_SECRET|ENCRYPTION_KEY|SIGNING_KEY)[A-Z0-9_]*)["']?\]?\s*(?:\|\||\?\?|,)\s*["'`][^"'`]{3,}["'`]"#,
);

static COMPOSE: Pattern = Pattern::new(
    r"\$\{((?:[A-Z0-9_]*_)?(?:SECRET|SECRET_KEY|JWT_SECRET|SESSION_SECRET|ENCRYPTION_KEY|SIGNING_KEY)[A-Z0-9_]*):?-[^}\s]{3,}\}",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for file in repo.tree.files().filter(|file| is_source(file.path) && !is_aside(file.path)) {
        let found = file.lines().filter(|(_, line)| line.len() < 400 && FALLBACK.is_match(line));
        all.extend(found.map(|(number, line)| {
            Evidence::hidden(
                file.path,
                number,
                format!("`{}` has a fallback", FALLBACK.first(line).unwrap_or_default()),
            )
        }));
    }
    for compose in &repo.composes {
        if !repo.production().any(|one| one.path == compose.path) {
            continue;
        }
        let Some(text) = repo.tree.text(&compose.path) else { continue };
        let mut told: Vec<&str> = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
            let Some(name) = COMPOSE.first(line).filter(|name| COMPOSE.is_match(line) && !told.contains(name)) else {
                continue;
            };
            told.push(name);
            all.push(Evidence::hidden(&compose.path, index + 1, format!("`{name}` has a fallback")));
        }
    }
    all
}
