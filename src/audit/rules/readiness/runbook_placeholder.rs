//! A runbook that is not finished.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.runbook-placeholder",
    area: Area::Readiness,
    level: Level::Medium,
    title: "A runbook still has holes in it",
    why: "The line that says TODO is the one that is needed.",
    fix: "Fill it in while nothing is on fire, and rehearse it.",
    references: &["https://sre.google/workbook/incident-response/"],
    check,
};

static HOLE: Pattern = Pattern::new(r"\b(TODO|TBD|FIXME|XXX)\b");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for file in super::runbooks(repo) {
        let hole = file.lines().find(|(_, line)| HOLE.is_match(line));
        all.extend(hole.map(|(line, _)| Evidence::at(file.path, line, "somebody meant to finish this")));
    }
    all
}
