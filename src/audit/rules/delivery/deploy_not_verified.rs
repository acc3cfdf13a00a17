//! A deploy after which nobody looks.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.deploy-not-verified",
    area: Area::Delivery,
    level: Level::Medium,
    title: "Nothing looks whether a deploy works",
    why: "The pipeline is green when the upload ends. Whether the new release answers is found out by its users.",
    fix: "Ask the health address after the deploy step, and fail, or roll back, when it does not answer.",
    references: &["https://sre.google/sre-book/release-engineering/"],
    check,
};

static LOOKS: Pattern = Pattern::new(
    r"(?i)\b(curl|wget|httpie|smoke|health|rollout status|wait-for|wait_for|playwright|newman|crashcart)\b|--wait\b|--atomic\b|healthcheck",
);
/// What waits for its own health checks.
static WAITS: Pattern = Pattern::new(
    r"\b(flyctl|fly) deploy|kamal|gcloud run deploy|ecs-deploy|heroku|wrangler|railway|vercel|netlify|koyeb",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let blind = repo.deploys().filter(|(pipeline, _, step)| {
        let waits = WAITS.is_match(&step.run) || step.uses.as_deref().is_some_and(|uses| WAITS.is_match(uses));
        let looks = pipeline.jobs.iter().any(|job| job.steps.iter().any(|other| LOOKS.is_match(&other.run)));
        !waits && !looks && step.value["with"].to_string().find("health").is_none()
    });
    blind
        .map(|(pipeline, job, step)| {
            Evidence::at(
                &pipeline.path,
                step.line,
                format!("no step of job `{}` or behind it asks the new release", job.name),
            )
        })
        .collect()
}
