//! A service of the configuration without errors.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::about;
use crate::audit::repo::Repo;
use crate::model::source::Purpose;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.service-without-errors",
    area: Area::Observability,
    level: Level::Low,
    title: "No error tracker is named for a service",
    why: "Whether the deploy brought new errors, and how many users meet them, has to be guessed from logs.",
    fix: "Add `errors = { source = ... }` to it in crashcart.toml: Sentry, GlitchTip, Bugsink, Bugsnag, Rollbar.",
    references: &["https://docs.sentry.io/product/issues/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(catalog) = &repo.live.catalog else { return Vec::new() };
    let own = catalog.services.iter().filter(|service| repo.live.is_own(service));
    let blind = own.filter(|service| {
        !catalog.uses.iter().any(|used| used.service == service.id && used.purpose == Purpose::Errors)
    });
    blind.map(|service| about(repo, service, &format!("`{}` has no source of errors", service.id))).collect()
}
