//! Installing past a lock file that is there.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::audit::tree::name;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.lock-file-not-used",
    area: Area::Parity,
    level: Level::Medium,
    title: "A build installs past its lock file",
    why: "`npm install` writes new versions where the lock file does not fit, silently: what is deployed is not what was tested.",
    fix: "Use `npm ci`, `yarn install --immutable`, `pnpm install --frozen-lockfile` or `bun install --frozen-lockfile`.",
    references: &["https://docs.npmjs.com/cli/commands/npm-ci"],
    check,
};

static INSTALL: Pattern = Pattern::new(r"(?m)(?:^|&&|;|\s)(npm (?:install|i)(?:\s+(?:--\S+))*)\s*(?:$|&&|;|\|\|)");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if !repo.tree.paths().any(|path| name(path) == "package-lock.json") {
        return Vec::new();
    }
    let says = "`npm install` may change what the lock file says";
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let runs = docker.all("RUN").filter(|run| INSTALL.is_match(&run.rest) && !run.rest.contains("-g"));
        all.extend(runs.map(|run| Evidence::at(&docker.path, run.line, says)));
    }
    // What only makes a page or a list has nothing to be brought back to.
    for pipeline in repo.pipelines.iter().filter(|_| repo.service().is_some()) {
        let steps = pipeline.steps().filter(|(_, step)| INSTALL.is_match(&step.run) && !step.run.contains("-g"));
        all.extend(steps.map(|(_, step)| Evidence::at(&pipeline.path, step.line, says)));
    }
    all
}
