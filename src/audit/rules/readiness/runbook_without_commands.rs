//! A runbook that is prose only.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.runbook-without-commands",
    area: Area::Readiness,
    level: Level::Low,
    title: "A runbook has no command in it",
    why: "At 2 AM prose has to be turned into commands, by somebody who is tired.",
    fix: "Put each command into a fence, with how to see that it worked; `crashcart runbooks lint` finds what has rotted.",
    references: &["https://sre.google/workbook/incident-response/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let runbooks = super::runbooks(repo).filter(|file| !file.name().eq_ignore_ascii_case("readme.md"));
    let bare = runbooks.filter(|file| {
        !file.text.contains("```") && !file.text.contains("](crashcart:") && !file.text.contains("\n    ")
    });
    bare.map(|file| Evidence::at(file.path, 1, "nothing in it can be run")).collect()
}
