//! Dependencies without a lock file.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::audit::tree::{folder, is_aside, name};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.no-lock-file",
    area: Area::Parity,
    level: Level::High,
    title: "Dependencies are not locked",
    why: "Every build may install other versions, so a deploy without a change can break, and a rebuild of the old release is not the old release.",
    fix: "Commit the lock file, and install from it only.",
    references: &["https://docs.npmjs.com/cli/configuring-npm/package-lock-json", "https://12factor.net/dependencies"],
    check,
};

const LOCKS: &[(&str, &[&str])] = &[
    (
        "package.json",
        &[
            "package-lock.json",
            "yarn.lock",
            "pnpm-lock.yaml",
            "bun.lock",
            "bun.lockb",
            "npm-shrinkwrap.json",
            "deno.lock",
        ],
    ),
    ("Gemfile", &["Gemfile.lock"]),
    ("Pipfile", &["Pipfile.lock"]),
    ("composer.json", &["composer.lock"]),
    ("mix.exs", &["mix.lock"]),
];

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.service().is_none() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for path in repo.tree.paths().filter(|path| !is_aside(path)) {
        let Some((manifest, locks)) = LOCKS.iter().find(|(manifest, _)| name(path) == *manifest) else { continue };
        if *manifest == "package.json" {
            let package = repo.packages.iter().find(|package| package.path == path);
            let has_some =
                package.is_some_and(|one| one.value["dependencies"].as_object().is_some_and(|map| !map.is_empty()));
            if !has_some {
                continue;
            }
        }
        // A workspace has one lock file for all its packages, in its root.
        let mut place = folder(path);
        let locked = loop {
            let at = |lock: &str| if place.is_empty() { lock.to_owned() } else { format!("{place}/{lock}") };
            if locks.iter().any(|lock| repo.tree.has(&at(lock))) {
                break true;
            }
            if place.is_empty() {
                break false;
            }
            place = folder(place);
        };
        if !locked {
            all.push(Evidence::at(path, 1, format!("there is no {} for it", locks[0])));
        }
    }
    all
}
