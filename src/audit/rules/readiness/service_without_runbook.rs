//! A service of the configuration without a runbook.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::about;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.service-without-runbook",
    area: Area::Readiness,
    level: Level::Medium,
    title: "No runbook is named for a service",
    why: "Whoever is awake begins from nothing: where the logs are, how to go back, whom to call.",
    fix: "`crashcart runbooks new SERVICE-down`, and `runbooks = [\"SERVICE-down\"]` for it in crashcart.toml.",
    references: &["https://sre.google/workbook/on-call/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let own = repo.live.services().iter().filter(|service| repo.live.is_own(service) && service.runbooks.is_empty());
    // A runbook may name the service instead of being named by it.
    let written = |name: &str| {
        let runbooks = repo
            .tree
            .files()
            .filter(|file| file.path.ends_with(".md") && file.path.to_ascii_lowercase().contains("runbook"));
        runbooks.into_iter().any(|file| file.text.contains(name))
    };
    let bare = own.filter(|service| !written(service.id.as_str()));
    bare.map(|service| about(repo, service, &format!("`{}` has no runbook", service.id))).collect()
}
