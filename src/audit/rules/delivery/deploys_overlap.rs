//! Two deploys at once.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.deploys-overlap",
    area: Area::Delivery,
    level: Level::Medium,
    title: "Two deploys can run at the same time",
    why: "Two pushes in a row race: the older one may finish last and stay live, and two migrations may meet.",
    fix: "Add `concurrency: { group: deploy-production, cancel-in-progress: false }`.",
    references: &["https://docs.github.com/en/actions/using-jobs/using-concurrency"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let open = repo.deploys().filter(|(pipeline, job, _)| {
        pipeline.github
            && pipeline.document.value.get("concurrency").is_none()
            && job.value.get("concurrency").is_none()
    });
    open.map(|(pipeline, job, step)| {
        Evidence::at(&pipeline.path, step.line, format!("job `{}` deploys and has no `concurrency:`", job.name))
    })
    .collect()
}
