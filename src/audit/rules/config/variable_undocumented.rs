//! A variable that the program reads and no example names.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::variables::{is_env_file, is_example};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.variable-undocumented",
    area: Area::Config,
    level: Level::Medium,
    title: "A variable is read and documented nowhere",
    why: "A new environment, or the one that is rebuilt during an outage, lacks it, and the first request that needs it tells.",
    fix: "Add its name to .env.example, with a sentence on what it is.",
    references: &["https://12factor.net/config"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // Without an example there is no promise that it would break.
    if !repo.tree.files().any(|file| is_example(file.path)) || repo.service().is_none() {
        return Vec::new();
    }
    let documents: Vec<&str> = repo
        .tree
        .files()
        .filter(|file| {
            let name = file.name();
            is_example(file.path)
                || is_env_file(file.path)
                || name.ends_with(".md")
                || name.ends_with(".yml")
                || name.ends_with(".yaml")
                || name.ends_with(".toml")
                || name == "app.json"
                || name.starts_with("Dockerfile")
        })
        .map(|file| file.text)
        .collect();
    let mut all: Vec<Evidence> = repo
        .used
        .iter()
        .filter(|(name, _)| !documents.iter().any(|text| text.contains(name.as_str())))
        .map(|(name, (path, line))| {
            Evidence::at(path, *line, format!("`{name}` stands in no example, document or configuration"))
        })
        .collect();
    all.truncate(12);
    all
}
