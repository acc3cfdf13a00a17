//! A database whose data goes with its container.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::versions::keeps_data;
use crate::audit::read::yaml::items;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.database-without-volume",
    area: Area::Data,
    level: Level::Critical,
    title: "A database keeps its data in the container",
    why: "After the next `docker compose down`, or when the pod moves to another node, it begins with an empty database.",
    fix: "Mount a named volume, or a PersistentVolumeClaim, where the engine keeps its data.",
    references: &["https://hub.docker.com/_/postgres", "https://docs.docker.com/engine/storage/volumes/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    // The old way: another container's volumes.
    let borrowed =
        |path: &str| repo.containers().any(|one| one.path == path && one.value.get("volumes_from").is_some());
    let bare = repo.production().filter(|one| {
        keeps_data(&one.image)
            && !borrowed(&one.path)
            && items(&one.value["volumes"]).next().is_none()
            && one.value.get("extends").is_none()
    });
    let mut all: Vec<Evidence> =
        bare.map(|one| Evidence::at(&one.path, one.line, format!("`{}` has no volume", one.name))).collect();
    for (document, pod) in repo.pods().filter(|(document, _)| document.value["kind"] == "Deployment") {
        let image = items(&pod["containers"]).filter_map(|one| one["image"].as_str()).find(|image| keeps_data(image));
        let lasting = pod["volumes"].to_string().contains("persistentVolumeClaim");
        if let (Some(image), false) = (image, lasting) {
            all.push(Evidence::at(
                &document.path,
                document.line_with(&["spec"], image),
                "no claim keeps its data when the pod moves",
            ));
        }
    }
    all
}
