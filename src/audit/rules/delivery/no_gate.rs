//! A deploy that nobody and nothing can hold.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.no-gate",
    area: Area::Delivery,
    level: Level::Low,
    title: "Nothing can hold a deploy back",
    why: "Every push goes out at once, also during an incident, and over a rollback that was just made.",
    fix: "Let the deploy job use an `environment:` with required reviewers or a wait timer; freeze it while an incident is open.",
    references: &[
        "https://docs.github.com/en/actions/managing-workflow-runs-and-deployments/managing-deployments/managing-environments-for-deployment",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let open = repo.deploys().filter(|(pipeline, job, _)| {
        let automatic = pipeline.triggers.iter().any(|trigger| trigger == "push");
        pipeline.github && automatic && job.value.get("environment").is_none()
    });
    open.map(|(pipeline, job, step)| {
        Evidence::at(
            &pipeline.path,
            step.line,
            format!("job `{}` deploys on every push and has no `environment:`", job.name),
        )
    })
    .collect()
}
