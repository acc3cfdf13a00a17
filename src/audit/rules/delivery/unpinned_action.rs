//! Actions of third parties at a branch or a tag, in a job that holds secrets.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.unpinned-action",
    area: Area::Delivery,
    level: Level::Medium,
    title: "An action of a third party is not fixed to a commit",
    why: "A tag can be moved. Whoever takes over the action's repository gets the secrets of the next run: it has happened to actions with many users.",
    fix: "Write the commit's full hash, with the version behind it as a comment; let a bot raise it.",
    references: &[
        "https://docs.github.com/en/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions#using-third-party-actions",
    ],
    check,
};

static FIXED: Pattern = Pattern::new(r"@[0-9a-f]{40}$|^docker://.*@sha256:|^\./");
static OURS: Pattern = Pattern::new(r"^(actions|github)/");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for pipeline in repo.pipelines.iter().filter(|one| one.github) {
        for (job, step) in pipeline.steps() {
            let Some(uses) = step.uses.as_deref() else { continue };
            let secrets = job.value.to_string().contains("secrets.");
            if secrets && !FIXED.is_match(uses) && !OURS.is_match(uses) {
                all.push(Evidence::at(
                    &pipeline.path,
                    step.line,
                    format!("`{uses}` can change under its name, and this job holds secrets"),
                ));
            }
        }
    }
    all
}
