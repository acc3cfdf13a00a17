//! Lock files of two tools in one folder.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::audit::tree::{folder, name};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.two-lock-files",
    area: Area::Parity,
    level: Level::Medium,
    title: "Two tools lock the same dependencies",
    why: "One of the two is out of date. Which one is installed from depends on who builds: a desk, CI and the platform may get different versions.",
    fix: "Delete the lock file of the tool that is not used, and name the other in `packageManager`.",
    references: &["https://nodejs.org/api/corepack.html"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    const LOCKS: &[&str] = &["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];
    let locks = repo.tree.paths().filter(|path| LOCKS.contains(&name(path)));
    let mut all = Vec::new();
    for path in locks {
        let other = LOCKS.iter().skip_while(|lock| **lock != name(path)).skip(1).find(|lock| {
            let place = folder(path);
            !(name(path) == "bun.lock" && **lock == "bun.lockb")
                && repo.tree.has(&if place.is_empty() { (**lock).to_owned() } else { format!("{place}/{lock}") })
        });
        all.extend(other.map(|other| Evidence::at(path, 0, format!("{other} lies beside it"))));
    }
    all
}
