//! Strangers' code with the repository's secrets.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::yaml::scalar;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.pull-request-target",
    area: Area::Delivery,
    level: Level::Critical,
    title: "A stranger's pull request runs with the repository's secrets",
    why: "`pull_request_target` has the secrets and a token that may write; with the pull request's code checked out, anybody can take them.",
    fix: "Use `pull_request` for what runs the code, and do what needs secrets in a second workflow that does not check it out.",
    references: &["https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for pipeline in
        repo.pipelines.iter().filter(|one| one.triggers.iter().any(|trigger| trigger == "pull_request_target"))
    {
        for (_, step) in pipeline.steps() {
            let checkout = step.uses.as_deref().is_some_and(|uses| uses.starts_with("actions/checkout@"));
            let of_head = scalar(&step.value["with"]["ref"])
                .is_some_and(|of| of.contains("head.sha") || of.contains("head.ref") || of.contains("refs/pull"));
            if checkout && of_head {
                all.push(Evidence::at(&pipeline.path, step.line, "the pull request's code is checked out here"));
            }
        }
    }
    all
}
