//! Images that are pushed under one name that moves.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::yaml::scalar;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.no-rollback-tag",
    area: Area::Delivery,
    level: Level::High,
    title: "Images are pushed under `latest` only",
    why: "The image of the old release has no name any more: rolling back means rebuilding old code with new dependencies, during the outage.",
    fix: "Tag each image with its commit as well, and deploy that tag.",
    references: &["https://docs.docker.com/build/ci/github-actions/manage-tags-labels/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for pipeline in &repo.pipelines {
        for (_, step) in pipeline.steps() {
            let builds = step.uses.as_deref().is_some_and(|uses| uses.starts_with("docker/build-push-action"));
            let tags = scalar(&step.value["with"]["tags"]).unwrap_or_default();
            let pushes = scalar(&step.value["with"]["push"]).is_some_and(|push| push != "false");
            let tags: Vec<&str> = tags.split([',', '\n']).map(str::trim).filter(|tag| !tag.is_empty()).collect();
            if builds && pushes && !tags.is_empty() && tags.iter().all(|tag| tag.ends_with(":latest")) {
                let line = pipeline.document.lines_behind(step.line, "tags:").unwrap_or(step.line);
                all.push(Evidence::at(&pipeline.path, line, "every build overwrites the one before"));
            }
        }
    }
    all
}
