//! Two files that name two versions of one runtime.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::versions::named;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.runtime-versions-differ",
    area: Area::Parity,
    level: Level::Medium,
    title: "The runtime's version is not the same everywhere",
    why: "What passes in CI or on a desk runs on another interpreter in production, and fails there only.",
    fix: "Keep the version in one file (.nvmrc, .python-version, .tool-versions) and let CI and the Dockerfile follow it.",
    references: &["https://12factor.net/dev-prod-parity"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::differing(&named(repo), &["node", "python", "ruby", "go", "php"])
}
