//! A database without a version.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::dockerfile::floats;
use crate::audit::read::versions::keeps_data;
use crate::audit::read::yaml::items;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.unpinned-database-image",
    area: Area::Data,
    level: Level::High,
    title: "A database runs in whatever version is newest",
    why: "The next pull may bring a major version that does not start on the files of the old one, and the way back is a dump that nobody made.",
    fix: "Name the major version at least (`postgres:16`), and raise it with a dump and a restore.",
    references: &["https://www.postgresql.org/docs/current/upgrading.html", "https://hub.docker.com/_/mysql"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let open = |image: &str| floats(image) && keeps_data(image);
    let compose = repo.production().filter(|one| open(&one.image));
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
