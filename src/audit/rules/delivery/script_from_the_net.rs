//! A script that is run as it comes from the network.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.script-from-the-net",
    area: Area::Delivery,
    level: Level::Medium,
    title: "A build runs a script straight from the network",
    why: "When that server is down no deploy is possible, and when it is taken over, it owns the build.",
    fix: "Fix a version and check its hash, or use the image or action that its maker publishes.",
    references: &["https://docs.docker.com/build/building/best-practices/"],
    check,
};

static PIPED: Pattern = Pattern::new(r"\b(curl|wget)\b[^|\n]*\|\s*(sudo\s+)?(-E\s+)?(sh|bash|zsh|python3?|node)\b");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let runs = docker.all("RUN").filter(|run| PIPED.is_match(&run.rest));
        all.extend(runs.map(|run| Evidence::at(&docker.path, run.line, "what that address answers is run as it is")));
    }
    for pipeline in &repo.pipelines {
        let steps = pipeline.steps().filter(|(_, step)| PIPED.is_match(&step.run));
        all.extend(
            steps.map(|(_, step)| Evidence::at(&pipeline.path, step.line, "what that address answers is run as it is")),
        );
    }
    all
}
