//! A container that may do everything on its host.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::yaml::{items, scalar};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.container-owns-host",
    area: Area::Config,
    level: Level::High,
    title: "A container has the whole host in its hands",
    why: "A hole in its program is root on the machine, with every other container on it.",
    fix: "Take `privileged` and the Docker socket away; put a proxy that only reads in front of the socket where it is needed.",
    references: &["https://docs.docker.com/engine/security/#docker-daemon-attack-surface"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for one in repo.production() {
        if one.value["privileged"] == true {
            all.push(Evidence::at(&one.path, one.line, format!("`{}` is privileged", one.name)));
        }
        // A proxy of the socket and what updates containers live from it; a read-only mount protects nothing, and is the custom.
        let socket = items(&one.value["volumes"])
            .filter_map(scalar)
            .any(|volume| volume.starts_with("/var/run/docker.sock") && !volume.ends_with(":ro"));
        if socket && one.value.get("build").is_some() {
            all.push(Evidence::at(&one.path, one.line, format!("`{}` has the Docker socket", one.name)));
        }
    }
    for (document, pod) in repo.pods() {
        if items(&pod["containers"]).any(|one| one["securityContext"]["privileged"] == true) {
            all.push(Evidence::at(
                &document.path,
                document.line_with(&["spec"], "privileged"),
                "this container is privileged",
            ));
        }
    }
    all
}
