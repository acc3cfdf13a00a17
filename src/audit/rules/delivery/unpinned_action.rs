//! Actions of third parties at a branch or a tag, in a job that holds secrets.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.unpinned-action",
    area: Area::Delivery,
    level: Level::Low,
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
    let mut found: Vec<(&str, &str, usize, usize)> = Vec::new();
    for pipeline in repo.pipelines.iter().filter(|one| one.github) {
        for (job, step) in pipeline.steps() {
            let Some(uses) = step.uses.as_deref() else { continue };
            let secrets = job.value.to_string().contains("secrets.");
            // A branch is a finding of its own.
            if !secrets || FIXED.is_match(uses) || OURS.is_match(uses) || super::action_at_branch::is_branch(uses) {
                continue;
            }
            match found.iter_mut().find(|(known, ..)| *known == uses) {
                Some((.., places)) => *places += 1,
                None => found.push((uses, &pipeline.path, step.line, 1)),
            }
        }
    }
    let evidence = found.into_iter().map(|(uses, path, line, places)| {
        let more = if places > 1 { format!(" ({places} places)") } else { String::new() };
        Evidence::at(path, line, format!("`{uses}` can change under its name, and this job holds secrets{more}"))
    });
    evidence.collect()
}
