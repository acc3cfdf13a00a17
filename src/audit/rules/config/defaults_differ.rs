//! Two defaults for one variable.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use std::collections::BTreeMap;

use crate::audit::read::variables;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.defaults-differ",
    area: Area::Config,
    level: Level::Medium,
    title: "One variable has two defaults",
    why: "When it is not set, one part of the program works with the one value and another part with the other.",
    fix: "Read it in one place, and let the rest of the program ask that.",
    references: &["https://12factor.net/config"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.service().is_none() {
        return Vec::new();
    }
    let mut seen: BTreeMap<(String, String), variables::Default> = BTreeMap::new();
    let mut all = Vec::new();
    for found in variables::defaults(repo.tree) {
        // Two programs of one repository may differ.
        let program = found.path.split('/').take(2).collect::<Vec<_>>().join("/");
        let program = if found.path.matches('/').count() > 1
            && ["apps", "packages", "services"].iter().any(|word| found.path.starts_with(word))
        {
            program
        } else {
            String::new()
        };
        match seen.get(&(program.clone(), found.name.clone())) {
            Some(first)
                if first.value != found.value
                    && !all.iter().any(|one: &Evidence| one.says.contains(&format!("`{}`", found.name))) =>
            {
                let says =
                    format!("`{}` falls back to another value here than in {}:{}", found.name, first.path, first.line);
                all.push(Evidence::hidden(&found.path, found.line, says));
            }
            Some(_) => {}
            None => {
                seen.insert((program, found.name.clone()), found);
            }
        }
    }
    all
}
