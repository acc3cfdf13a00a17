//! Promises of past postmortems.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.action-item-open",
    area: Area::Readiness,
    level: Level::Low,
    title: "What a postmortem asked for is not done",
    why: "The same outage comes again, and everybody knows what would have helped.",
    fix: "Do it, or move it to where work is planned and tick it off here with the link.",
    references: &["https://sre.google/sre-book/postmortem-culture/"],
    check,
};

static POSTMORTEM: Pattern =
    Pattern::new(r"(?i)(^|/)(post-?mortems?|incidents?|retros?)/[^/]+\.md$|(^|/)[^/]*post-?mortem[^/]*\.md$");
static OPEN: Pattern = Pattern::new(r"^\s*[-*] \[ \] \S");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    let files = repo
        .tree
        .files()
        .filter(|file| POSTMORTEM.is_match(file.path) && !file.path.to_ascii_lowercase().contains("template"));
    for file in files {
        let open: Vec<usize> = file.lines().filter(|(_, line)| OPEN.is_match(line)).map(|(line, _)| line).collect();
        if let Some(first) = open.first() {
            all.push(Evidence::at(
                file.path,
                *first,
                format!("{} still open in it", crate::audit::report::count(open.len(), "item")),
            ));
        }
    }
    all
}
