//! Actions at a branch.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.action-at-branch",
    area: Area::Delivery,
    level: Level::Medium,
    title: "An action follows a branch",
    why: "Every commit somebody pushes there runs in your pipeline at once, tested by nobody; a broken one stops your deploys during your incident.",
    fix: "Use a release's tag at least, and better its commit.",
    references: &[
        "https://docs.github.com/en/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions#using-third-party-actions",
    ],
    check,
};

static BRANCH: Pattern = Pattern::new(r"@(main|master|develop|dev|HEAD|latest)$");

/// Returns whether an action is taken from a branch.
pub(super) fn is_branch(uses: &str) -> bool {
    BRANCH.is_match(uses) && !uses.starts_with("./")
}

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for pipeline in repo.pipelines.iter().filter(|one| one.github) {
        for (_, step) in pipeline.steps() {
            let uses = step.uses.as_deref().filter(|uses| is_branch(uses));
            all.extend(uses.map(|uses| Evidence::at(&pipeline.path, step.line, format!("`{uses}` is a branch"))));
        }
    }
    all
}
