//! A job that deploys and waits for no test.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.deploy-without-tests",
    area: Area::Delivery,
    level: Level::High,
    title: "CI deploys without running the tests",
    why: "A change that every test would have refused goes to production by itself.",
    fix: "Give the deploy job `needs: [test]`, or run the tests in it before the deploy step.",
    references: &["https://docs.github.com/en/actions/using-jobs/using-jobs-in-a-workflow"],
    check,
};

static WAITS: Pattern = Pattern::new("workflow_run|release|workflow_call");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let deploys = repo.deploys().filter(|(pipeline, job, _)| {
        // What runs after another workflow was gated there.
        !pipeline.is_tested(job, 0) && !pipeline.triggers.iter().any(|trigger| WAITS.is_match(trigger))
    });
    deploys
        .map(|(pipeline, job, step)| {
            Evidence::at(
                &pipeline.path,
                step.line,
                format!("job `{}` deploys and neither tests nor waits for a job that does", job.name),
            )
        })
        .collect()
}
