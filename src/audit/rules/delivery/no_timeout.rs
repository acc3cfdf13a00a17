//! A deploy without an end.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.no-timeout",
    area: Area::Delivery,
    level: Level::Low,
    title: "A deploy may hang for six hours",
    why: "A step that waits for ever blocks every later deploy, also the one that should repair the outage.",
    fix: "Give the job `timeout-minutes: 15`.",
    references: &[
        "https://docs.github.com/en/actions/writing-workflows/workflow-syntax-for-github-actions#jobsjob_idtimeout-minutes",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let open = repo.deploys().filter(|(pipeline, job, step)| {
        pipeline.github && job.value.get("timeout-minutes").is_none() && step.value.get("timeout-minutes").is_none()
    });
    open.map(|(pipeline, job, _)| {
        Evidence::at(&pipeline.path, job.line, format!("job `{}` has no `timeout-minutes:`", job.name))
    })
    .collect()
}
