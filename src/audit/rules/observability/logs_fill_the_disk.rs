//! Docker logs without a limit.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::audit::repo::is_production_name;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.logs-fill-the-disk",
    area: Area::Observability,
    level: Level::Medium,
    title: "A container's log grows until the disk is full",
    why: "Docker's default log driver keeps everything: after months the disk is full, and the database stops with it.",
    fix: "`logging: { driver: local }`, or `json-file` with `max-size` and `max-file`; for all containers in /etc/docker/daemon.json.",
    references: &["https://docs.docker.com/engine/logging/configure/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for compose in &repo.composes {
        let mine: Vec<_> = repo.production().filter(|one| one.path == compose.path).collect();
        let sure = is_production_name(&compose.path) || mine.iter().any(|one| one.value.get("restart").is_some());
        let limited = mine.iter().any(|one| one.value.get("logging").is_some());
        if sure && !limited && !mine.is_empty() {
            all.push(Evidence::at(
                &compose.path,
                compose.line(&["services"]),
                format!("none of {} services limits its log", mine.len()),
            ));
        }
    }
    all.sort_by_key(|one: &Evidence| {
        std::cmp::Reverse(repo.production().filter(|other| one.is_in(&other.path)).count())
    });
    // Several files in one repository are variants of one habit.
    all.truncate(1);
    all
}
