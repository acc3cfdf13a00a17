//! A service of the configuration without a way back.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::about;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.service-without-rollback",
    area: Area::Delivery,
    level: Level::Medium,
    title: "Nothing says how a service is rolled back",
    why: "Going back is the first thing to try and the worst one to work out at night.",
    fix: "Add `release = { source = ... }` to it in crashcart.toml, or write your own: `[[services.actions]] name = \"roll_back\"`.",
    references: &["https://sre.google/workbook/canarying-releases/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(catalog) = &repo.live.catalog else { return Vec::new() };
    let own = catalog.services.iter().filter(|service| repo.live.is_own(service));
    let stuck = own.filter(|service| !catalog.offers_of(&service.id).any(|offer| offer.action == "roll_back"));
    stuck.map(|service| about(repo, service, &format!("`{}` has no way back", service.id))).collect()
}
