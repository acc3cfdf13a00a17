//! Many variables, and nothing that looks at them first.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.not-checked-at-start",
    area: Area::Config,
    level: Level::Low,
    title: "Nothing checks the configuration at start",
    why: "A missing variable is found by the first request that needs it, hours after the deploy that forgot it.",
    fix: "Read all of them in one place when the program starts, and refuse to start without one: zod, envalid, pydantic-settings.",
    references: &["https://12factor.net/config"],
    check,
};

static CHECKS: Pattern = Pattern::new(
    r#"(?m)["' ](envalid|@t3-oss/env-\w+|zod|joi|env-var|znv|pydantic-settings|pydantic_settings|environs|django-environ|dry-configurable|kelseyhightower/envconfig|caarlos0/env\S*|envy|figment|valibot|convict|@nestjs/config)["' @=~>\n/]"#,
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let needed = repo.used.len();
    if needed < 10 || repo.service().is_none() || repo.depends_on(&CHECKS) {
        return Vec::new();
    }
    let first = repo.used.values().next();
    first
        .map(|(path, line)| Evidence::at(path, *line, format!("{needed} variables are read, each where it is needed")))
        .into_iter()
        .collect()
}
