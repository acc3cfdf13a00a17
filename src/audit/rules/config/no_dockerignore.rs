//! A whole folder that is copied into an image.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::audit::tree::{folder, name};

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.no-dockerignore",
    area: Area::Config,
    level: Level::Medium,
    title: "Everything in the folder is copied into the image",
    why: "`COPY . .` without a .dockerignore takes .env files, .git and node_modules of the desk along: secrets in the image, and modules of another system.",
    fix: "Write a .dockerignore with `.git`, `.env*`, `node_modules` and what else is not needed.",
    references: &["https://docs.docker.com/build/concepts/context/#dockerignore-files"],
    check,
};

static ALL: Pattern = Pattern::new(r"^(--\S+ )*(\.|\./) \S+$");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let place = folder(&docker.path);
        let beside = repo
            .tree
            .paths()
            .any(|path| (folder(path) == place || folder(path).is_empty()) && name(path).ends_with(".dockerignore"));
        let copy = docker.instructions.iter().find(|one| {
            matches!(one.word.as_str(), "COPY" | "ADD") && ALL.is_match(&one.rest) && !one.rest.contains("--from")
        });
        all.extend(
            copy.filter(|_| !beside).map(|copy| Evidence::at(&docker.path, copy.line, "there is no .dockerignore")),
        );
    }
    all
}
