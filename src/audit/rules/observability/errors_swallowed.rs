//! An error that is caught and forgotten.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.errors-swallowed",
    area: Area::Observability,
    level: Level::Medium,
    title: "An error is caught, and nobody is told",
    why: "The payment was not booked, the mail not sent, and no log says so.",
    fix: "Log it with what was being done, or let it go up.",
    references: &["https://docs.python.org/3/howto/logging.html#logging-exceptions"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for file in repo.tree.files().filter(|file| file.path.ends_with(".py") && !is_aside(file.path)) {
        let lines: Vec<&str> = file.text.lines().collect();
        let bare = |line: &str| matches!(line.trim(), "except:" | "except Exception:" | "except BaseException:");
        let silent = lines.windows(2).position(|pair| bare(pair[0]) && pair[1].trim() == "pass");
        all.extend(
            silent.map(|index| Evidence::at(file.path, index + 1, "everything that goes wrong here is forgotten")),
        );
    }
    all.truncate(5);
    all
}
