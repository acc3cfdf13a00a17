//! CI deploys to production, and to nothing before it.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.no-staging",
    area: Area::Parity,
    level: Level::Medium,
    title: "There is no place between a desk and production",
    why: "The first place with production's data sizes, secrets and network that meets a change is production.",
    fix: "Deploy to a staging app or a preview first, check it, and promote the same build.",
    references: &["https://12factor.net/dev-prod-parity"],
    check,
};

static BEFORE: Pattern = Pattern::new(
    r"(?i)\b(staging|stage|preview|pre-?prod|uat|canary|review[-_ ]app|qa)\b|[-_.](staging|stage|preview)\b|\b(staging|preview)[-_.]",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // Platforms with previews of their own need nothing in the repository.
    let previews = repo.tree.paths().any(|path| path.ends_with("vercel.json") || path.ends_with("netlify.toml"));
    let Some((pipeline, _, step)) = repo.deploys().next() else { return Vec::new() };
    let named = repo.tree.paths().any(|path| BEFORE.is_match(path))
        || repo.tree.files().any(|file| {
            (file.path.ends_with(".yml") || file.path.ends_with(".yaml") || file.path.ends_with(".toml"))
                && BEFORE.is_match(file.text)
        });
    if previews || named || repo.service().is_none() {
        return Vec::new();
    }
    vec![Evidence::at(&pipeline.path, step.line, "this deploys, and no file names a staging or preview environment")]
}
