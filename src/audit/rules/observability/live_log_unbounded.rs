//! A container whose log is bounded by nothing.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.live-log-unbounded",
    area: Area::Observability,
    level: Level::Medium,
    title: "A live container's log grows until the disk is full",
    why: "Docker's default log driver keeps everything: after months the disk is full, and the database stops with it.",
    fix: "`log-driver: local` in /etc/docker/daemon.json, or `json-file` with `max-size` and `max-file`; containers take it when they are made anew.",
    references: &["https://docs.docker.com/engine/logging/configure/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let bad = repo.live.seen().filter(|seen| seen.is_production() && seen.settings.log_bounded == Some(false));
    bad.map(|seen| Evidence::live(seen.place(), "its log has no largest size")).collect()
}
