//! A vendor of the configuration whom nobody could call.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::{CONFIG, LivePlace, line_of};
use crate::audit::repo::Repo;
use crate::model::contact::{Contact, ContactKind};

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.vendor-without-contact",
    area: Area::Readiness,
    level: Level::Low,
    title: "A vendor has no contact",
    why: "During the vendor's outage the support contract's number, and the account number that they ask for, have to be found first.",
    fix: "`crashcart contacts add`, with `services = [\"VENDOR\"]`, the phone and the account number.",
    references: &["https://sre.google/sre-book/managing-incidents/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(catalog) = &repo.live.catalog else { return Vec::new() };
    let known = |vendor: &str, contact: &Contact| {
        contact.services.iter().any(|one| one.as_str().eq_ignore_ascii_case(vendor))
            || contact.kind == ContactKind::Vendor
                && contact.name.as_str().to_lowercase().contains(&vendor.to_lowercase())
    };
    let alone =
        catalog.vendors.iter().filter(|vendor| !catalog.contacts.iter().any(|it| known(vendor.id.as_str(), it)));
    alone
        .map(|vendor| {
            let says = format!("`{}` has no contact", vendor.id);
            match line_of(repo, vendor.id.as_str()) {
                Some(line) => Evidence::at(CONFIG, line, says),
                None => Evidence::live(LivePlace::new(CONFIG, Some(vendor.id.as_str()), None), says),
            }
        })
        .collect()
}
