//! A platform that says that it has no health check.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::model::platform::HealthCheck;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.live-no-health-check",
    area: Area::Config,
    level: Level::High,
    title: "The live platform does not ask the service how it is",
    why: "It sends requests to an instance that has started and does not work, and calls a broken deploy a success: no automatic stop, no restart.",
    fix: "Answer on /health (with the database asked, and nothing else), and name the address on the platform.",
    references: &[
        "https://docs.docker.com/reference/dockerfile/#healthcheck",
        "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        "https://render.com/docs/health-checks",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let bad = repo.live.programs().filter(|seen| seen.settings.health_check == Some(HealthCheck::Missing));
    bad.map(|seen| Evidence::live(seen.place(), "there is no health check")).collect()
}
