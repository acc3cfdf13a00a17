//! A base image without a version.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::dockerfile::floats;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.unpinned-base-image",
    area: Area::Parity,
    level: Level::Medium,
    title: "A base image has no fixed version",
    why: "The next build, perhaps the one that should repair an outage, gets another operating system or runtime than the one that was tested.",
    fix: "Name a version: `node:22.11-bookworm-slim`; for exact repetition add the digest.",
    references: &["https://docs.docker.com/build/building/best-practices/#pin-base-image-versions"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let images =
        repo.dockerfiles.iter().flat_map(|docker| docker.images().into_iter().map(move |found| (docker, found)));
    images
        .filter(|(_, (_, image))| floats(image))
        .map(|(docker, (from, image))| {
            Evidence::at(&docker.path, from.line, format!("`{image}` may be another image tomorrow"))
        })
        .collect()
}
