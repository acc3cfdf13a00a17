//! A container without a limit of memory.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::model::platform::Limit;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.live-no-memory-limit",
    area: Area::Config,
    level: Level::Medium,
    title: "A live container may take all memory of its host",
    why: "One leak takes the whole host, and the kernel ends whatever it likes: often the database.",
    fix: "`docker update --memory 512m --memory-swap 512m NAME`, and `mem_limit` or `resources.limits.memory` in the file that starts it.",
    references: &[
        "https://docs.docker.com/engine/containers/resource_constraints/",
        "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let bad =
        repo.live.seen().filter(|seen| seen.is_production() && seen.settings.memory_limit == Some(Limit::Unlimited));
    bad.map(|seen| Evidence::live(seen.place(), "there is no limit to its memory")).collect()
}
