//! One replica of a web server.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::yaml::items;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.single-instance",
    area: Area::Config,
    level: Level::Medium,
    title: "One replica serves all requests",
    why: "Every deploy, every move to another node and every crash is an outage, however short.",
    fix: "`replicas: 2` or more, with a readiness probe and a PodDisruptionBudget.",
    references: &["https://kubernetes.io/docs/tasks/run-application/configure-pdb/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let one = repo.pods().filter(|(document, pod)| {
        let serves = items(&pod["containers"]).any(|one| !one["ports"].is_null());
        let scaled = repo.manifests.iter().any(|other| other.value["kind"] == "HorizontalPodAutoscaler");
        // A database is not made two by a number.
        let store = items(&pod["containers"]).filter_map(|one| one["image"].as_str()).any(|image| {
            crate::audit::read::versions::of_image(image).is_some()
                || ["mysql", "postgres", "redis", "mongo", "mariadb"].iter().any(|name| image.contains(name))
        });
        let moves = store
            || document.value["spec"]["strategy"]["type"] == "Recreate"
            || pod["volumes"].to_string().contains("persistentVolumeClaim");
        document.value["kind"] == "Deployment" && document.value["spec"]["replicas"] == 1 && serves && !scaled && !moves
    });
    one.map(|(document, _)| {
        Evidence::at(&document.path, document.line(&["spec", "replicas"]), "there is no second one when it goes")
    })
    .collect()
}
