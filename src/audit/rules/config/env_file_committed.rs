//! A filled .env file in the repository.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::variables::{is_env_file, is_example};
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.env-file-committed",
    area: Area::Config,
    level: Level::High,
    title: "A file of environment variables with secrets is in the repository",
    why: "It is a secret in every clone, and it overrides or replaces what the platform sets: production may run with the values of a desk.",
    fix: "Take it out of git, add it to .gitignore, change the secrets in it, and keep an .env.example with names only.",
    references: &["https://12factor.net/config"],
    check,
};

static SECRET: Pattern = Pattern::new(
    r#"^\s*(?:export )?([A-Z0-9_]*(?:SECRET|TOKEN|PASSWORD|API_KEY|PRIVATE_KEY|ACCESS_KEY)[A-Z0-9_]*)\s*=\s*["']?[^\s"'#$<]{12,}"#,
);
static HARMLESS: Pattern = Pattern::new(
    r"(?i)example|change|your|placeholder|xxx|dummy|localhost|test|dev|secret|password|replace|insert|todo|=.*\$\{",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    let wanted = |path: &str| {
        is_env_file(path) && !is_example(path) && !is_aside(path) && !path.contains("test") && !path.ends_with(".vault")
    };
    for file in repo.tree.files().filter(|file| wanted(file.path)) {
        let found = file.lines().find(|(_, line)| {
            let value = line.split_once('=').map_or("", |(_, value)| value);
            let public = line.trim_start().starts_with("NEXT_PUBLIC_")
                || line.trim_start().starts_with("VITE_")
                || line.trim_start().starts_with("PUBLIC_");
            SECRET.is_match(line) && !HARMLESS.is_match(value) && !public
        });
        all.extend(found.map(|(number, line)| {
            Evidence::hidden(
                file.path,
                number,
                format!("`{}` has a value here", SECRET.first(line).unwrap_or_default()),
            )
        }));
    }
    all
}
