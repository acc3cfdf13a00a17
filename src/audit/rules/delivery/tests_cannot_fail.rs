//! Tests whose failure is thrown away.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.tests-cannot-fail",
    area: Area::Delivery,
    level: Level::High,
    title: "A failing test does not stop the pipeline",
    why: "The gate is drawn on the wall: everybody believes that the tests hold bad changes back, and they hold none.",
    fix: "Take `continue-on-error` and `|| true` away; leave out the tests that are broken by name.",
    references: &[
        "https://docs.github.com/en/actions/writing-workflows/workflow-syntax-for-github-actions#jobsjob_idstepscontinue-on-error",
    ],
    check,
};

static IGNORED: Pattern = Pattern::new(r"(?m)\b(test|pytest|vitest|jest|rspec)\b[^\n|]*\|\|\s*(true|exit 0|echo)");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for pipeline in &repo.pipelines {
        for (_, step) in pipeline.steps().filter(|(_, step)| step.tests()) {
            if step.value["continue-on-error"] == true || IGNORED.is_match(&step.run) {
                all.push(Evidence::at(&pipeline.path, step.line, "these tests may fail and the job goes on"));
            }
        }
    }
    all
}
