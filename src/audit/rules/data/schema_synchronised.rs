//! A library that changes the schema by itself.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::variables::is_source;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.schema-synchronised",
    area: Area::Data,
    level: Level::High,
    title: "The schema is changed by itself when the program starts",
    why: "A renamed field becomes a dropped column and a new, empty one, without a file that anybody could review or take back.",
    fix: "Switch it off outside of development, and write migrations.",
    references: &[
        "https://typeorm.io/docs/advanced-topics/migrations/",
        "https://sequelize.org/docs/v6/core-concepts/model-basics/#model-synchronization",
    ],
    check,
};

static SYNCS: Pattern = Pattern::new(
    r"\bsynchronize:\s*true\b|\.sync\(\s*\{\s*(force|alter):\s*true|ddl-auto\s*[:=]\s*(update|create|create-drop)\b",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for file in repo.tree.files().filter(|file| !is_aside(file.path)) {
        let settings =
            file.name().starts_with("application") && !file.name().contains("dev") && !file.name().contains("local");
        if !(is_source(file.path) || settings) {
            continue;
        }
        let found = file.lines().find(|(_, line)| SYNCS.is_match(line) && !line.trim_start().starts_with("//"));
        all.extend(found.map(|(line, _)| Evidence::at(file.path, line, "tables follow the code, whatever is in them")));
    }
    all
}
