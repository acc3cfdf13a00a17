//! A service of the configuration that nothing asks.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::about;
use crate::audit::repo::Repo;
use crate::model::source::Purpose;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.service-without-check",
    area: Area::Observability,
    level: Level::High,
    title: "Nothing checks a service",
    why: "It can be down for hours, and the console has no opinion: what nobody asks is neither red nor green.",
    fix: "Add `checks = [{ http = \"https://.../health\" }]` to it in crashcart.toml.",
    references: &["https://sre.google/sre-book/monitoring-distributed-systems/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(catalog) = &repo.live.catalog else { return Vec::new() };
    let unchecked = catalog.services.iter().filter(|service| {
        let monitored = catalog.uses.iter().any(|used| used.service == service.id && used.purpose == Purpose::Checks);
        catalog.checks_of(&service.id).next().is_none() && !monitored
    });
    unchecked.map(|service| about(repo, service, &format!("`{}` has no check", service.id))).collect()
}
