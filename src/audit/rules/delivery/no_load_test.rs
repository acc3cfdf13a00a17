//! A service that nobody has ever loaded.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.no-load-test",
    area: Area::Delivery,
    level: Level::Low,
    title: "Nobody knows how much it carries",
    why: "The first load test is the day it is linked from a page with many readers, and there is no number to compare with.",
    fix: "Keep a small load test (k6, Locust, Artillery, vegeta) in the repository, and run it against staging.",
    references: &["https://grafana.com/docs/k6/latest/testing-guides/test-types/"],
    check,
};

static LOADS: Pattern = Pattern::new(
    r"(?i)\b(k6|locust|artillery|vegeta|gatling|jmeter|autocannon|wrk|oha|load[-_ ]?test|stress[-_ ]?test|chaos|toxiproxy)\b",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // Only where somebody deploys by machine and tests: a project that is young has other worries.
    let Some((pipeline, _, step)) = repo.deploys().next() else { return Vec::new() };
    if repo.mentions(&LOADS)
        || !repo.pipelines.iter().any(|one| one.jobs.iter().any(crate::audit::read::pipeline::Job::tests))
    {
        return Vec::new();
    }
    vec![Evidence::at(&pipeline.path, step.line, "this deploys, and no file names a load or failure test")]
}
