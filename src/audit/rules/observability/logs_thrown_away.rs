//! Output that goes nowhere.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::yaml::scalar;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.logs-thrown-away",
    area: Area::Observability,
    level: Level::High,
    title: "A program's output is thrown away",
    why: "After a crash there is nothing to read: not the error, not the last request.",
    fix: "Let it write to standard output, and let the platform keep it.",
    references: &["https://12factor.net/logs"],
    check,
};

static AWAY: Pattern = Pattern::new(r"(>|&>|1>|2>)\s*/dev/null\s*(2>&1)?\s*(&)?\s*$");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let command = docker.command().filter(|one| AWAY.is_match(one.rest.trim_end_matches(['"', ']'])));
        all.extend(command.map(|one| Evidence::at(&docker.path, one.line, "what it writes goes to /dev/null")));
    }
    for file in repo.tree.files().filter(|file| file.name() == "Procfile") {
        let found = file.lines().find(|(_, line)| AWAY.is_match(line));
        all.extend(found.map(|(line, _)| Evidence::at(file.path, line, "what it writes goes to /dev/null")));
    }
    let none =
        repo.production().filter(|one| scalar(&one.value["logging"]["driver"]).is_some_and(|driver| driver == "none"));
    all.extend(none.map(|one| Evidence::at(&one.path, one.line, format!("`{}` has the log driver `none`", one.name))));
    all
}
