//! A token that may do anything.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.writes-everything",
    area: Area::Delivery,
    level: Level::Medium,
    title: "The pipeline's token may write everything",
    why: "Any action in it can push code, publish packages and change releases.",
    fix: "Set `permissions: contents: read`, and give a job more only where it needs it.",
    references: &[
        "https://docs.github.com/en/actions/security-for-github-actions/security-guides/automatic-token-authentication",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for pipeline in repo.pipelines.iter().filter(|one| one.github) {
        let wide = pipeline.document.value["permissions"] == "write-all"
            || pipeline.jobs.iter().any(|job| job.value["permissions"] == "write-all");
        if wide {
            all.push(Evidence::at(
                &pipeline.path,
                pipeline.document.line_with(&[], "write-all"),
                "`write-all` is more than any job needs",
            ));
        }
    }
    all
}
