//! An image in production without a version.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::dockerfile::floats;
use crate::audit::read::versions::keeps_data;
use crate::audit::read::yaml::items;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.unpinned-service-image",
    area: Area::Parity,
    level: Level::Medium,
    title: "Production runs an image without a fixed version",
    why: "A restart on another host pulls whatever is newest there: an upgrade nobody chose, in the middle of an outage, and no way to name the old one.",
    fix: "Name the version that runs now, and raise it on purpose.",
    references: &["https://kubernetes.io/docs/concepts/configuration/overview/#container-images"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // A database that changes under its data is worse, and a finding of its own.
    let open = |image: &str| floats(image) && !keeps_data(image);
    let compose =
        repo.production().filter(|one| one.value.get("build").is_none() && !one.image.is_empty() && open(&one.image));
    let mut all: Vec<Evidence> =
        compose.map(|one| Evidence::at(&one.path, one.line, format!("`{}` runs `{}`", one.name, one.image))).collect();
    for (document, pod) in repo.pods() {
        for image in items(&pod["containers"]).filter_map(|one| one["image"].as_str()).filter(|image| open(image)) {
            let line = document.line_with(&["spec", "template", "spec", "containers"], image);
            all.push(Evidence::at(&document.path, line, format!("a pod runs `{image}`")));
        }
    }
    all
}
