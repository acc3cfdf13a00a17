//! An image that is built on one C library and run on another.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.stages-differ",
    area: Area::Parity,
    level: Level::Medium,
    title: "A program is built on another system than it runs on",
    why: "Native modules and binaries that link against the build stage's C library fail when they start: musl and glibc do not mix.",
    fix: "Build and run on the same base: both Alpine, or both the same release of Debian.",
    references: &["https://wiki.musl-libc.org/functional-differences-from-glibc.html"],
    check,
};

static NATIVE: Pattern = Pattern::new(r"COPY|--from");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let images = docker.images();
        let (Some((_, first)), Some((last, run))) = (images.first(), images.last()) else { continue };
        let interpreted =
            ["node", "python", "ruby", "php"].iter().any(|name| first.contains(name) && run.contains(name));
        let copies = docker.last_stage().any(|one| NATIVE.is_match(&one.word) && one.rest.contains("--from"));
        if images.len() > 1 && interpreted && copies && first.contains("alpine") != run.contains("alpine") {
            all.push(Evidence::at(&docker.path, last.line, format!("built on `{first}`, run on `{run}`")));
        }
    }
    all
}
