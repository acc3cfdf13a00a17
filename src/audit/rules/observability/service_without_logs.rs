//! A service of the configuration without a log.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::about;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.service-without-logs",
    area: Area::Observability,
    level: Level::Medium,
    title: "Nobody can read the logs of a service during an incident",
    why: "The first minutes go to finding out where the log is and who may read it.",
    fix: "Add `logs = [{ source = ... }]`, a file or an `ssh` command to it in crashcart.toml.",
    references: &["https://12factor.net/logs"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(catalog) = &repo.live.catalog else { return Vec::new() };
    let own = catalog.services.iter().filter(|service| repo.live.is_own(service));
    let silent = own.filter(|service| catalog.logs_of(&service.id).next().is_none());
    silent.map(|service| about(repo, service, &format!("`{}` has no log", service.id))).collect()
}
