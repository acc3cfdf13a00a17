//! A password that everybody can read.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::versions::keeps_data;
use crate::audit::read::yaml::{entries, items, scalar};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.database-password-written",
    area: Area::Config,
    level: Level::Medium,
    title: "A database's password stands in the file that starts it",
    why: "Everybody who reads the repository has it, it is the same in every copy, and changing it means a commit and a deploy.",
    fix: "Take it from the environment (`${POSTGRES_PASSWORD:?}`), or from a secret (`POSTGRES_PASSWORD_FILE`).",
    references: &["https://docs.docker.com/compose/how-tos/use-secrets/"],
    check,
};

static PASSWORD: Pattern =
    Pattern::new(r"^((?:POSTGRES|MYSQL|MYSQL_ROOT|MARIADB|MARIADB_ROOT|MONGO_INITDB_ROOT)_PASSWORD)$");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for one in repo.production().filter(|one| keeps_data(&one.image)) {
        let environment = &one.value["environment"];
        let listed = items(environment).filter_map(scalar).filter_map(|line| {
            line.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        });
        let mapped = entries(environment).filter_map(|(name, value)| Some((name.to_owned(), scalar(value)?)));
        let written = listed
            .chain(mapped)
            .find(|(name, value)| PASSWORD.is_match(name) && !value.is_empty() && !value.contains(['$', '<', '{']));
        all.extend(written.map(|(name, _)| {
            Evidence::hidden(
                &one.path,
                repo.line_in(&one.path, &name),
                format!("`{name}` of `{}` has its value here", one.name),
            )
        }));
    }
    for (document, pod) in repo.pods() {
        for one in items(&pod["containers"]).filter(|one| one["image"].as_str().is_some_and(keeps_data)) {
            let written = items(&one["env"]).find(|set| {
                set["name"].as_str().is_some_and(|name| PASSWORD.is_match(name))
                    && scalar(&set["value"]).is_some_and(|value| !value.is_empty())
            });
            all.extend(written.and_then(|set| set["name"].as_str()).map(|name| {
                let line = document.line_with(&["spec", "template", "spec", "containers"], name);
                Evidence::hidden(&document.path, line, format!("`{name}` has its value here"))
            }));
        }
    }
    all
}
