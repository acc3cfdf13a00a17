//! Nobody is named.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.no-contacts",
    area: Area::Readiness,
    level: Level::Low,
    title: "Nobody is named who could be called",
    why: "The one who knows the database is asleep, and the support contract's number is in somebody's mail.",
    fix: "`crashcart contacts add`, or `[[contacts]]` in crashcart.toml: people, vendors, account numbers.",
    references: &["https://sre.google/sre-book/managing-incidents/"],
    check,
};

static NAMED: Pattern = Pattern::new(
    r"(?i)(^|/)(CODEOWNERS|OWNERS|MAINTAINERS(\.md)?|CONTACTS?(\.md|\.toml)?|SECURITY\.md|SUPPORT\.md|crashcart\.toml|catalog-info\.ya?ml)$",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(place) = repo.deployed() else { return Vec::new() };
    if repo.has_path(&NAMED) {
        return Vec::new();
    }
    vec![Evidence::at(&place, 0, "there is no CODEOWNERS, SECURITY.md, contacts or crashcart.toml")]
}
