//! Two Dockerfiles on two systems.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::dockerfile;
use crate::audit::repo::Repo;
use crate::audit::tree::{folder, name};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.development-image-differs",
    area: Area::Parity,
    level: Level::Low,
    title: "The image for a desk is built on another system",
    why: "A module that builds on the one base lacks a library on the other, and what was tried at the desk is not what runs.",
    fix: "One Dockerfile with a stage for each; both on the same base.",
    references: &["https://12factor.net/dev-prod-parity"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let desk = repo.tree.files().filter(|file| {
        let name = name(file.path).to_ascii_lowercase();
        name.starts_with("dockerfile")
            && ["dev", "local"].iter().any(|word| name.contains(word))
            && !crate::audit::tree::is_aside(file.path)
    });
    let mut all = Vec::new();
    for file in desk {
        let Some(real) = repo.dockerfiles.iter().find(|one| folder(&one.path) == folder(file.path)) else { continue };
        let here = dockerfile::read(file.path, file.text);
        let (mine, theirs) = (here.images(), real.images());
        let (Some((from, image)), Some((_, other))) = (mine.last(), theirs.last()) else { continue };
        let base = |image: &str| dockerfile::image_parts(image).0.to_owned();
        if base(image) == base(other) && image.contains("alpine") != other.contains("alpine") {
            all.push(Evidence::at(file.path, from.line, format!("`{image}` here, `{other}` in {}", real.path)));
        }
    }
    all
}
