//! A secret as a build argument or variable of an image.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.secret-in-image",
    area: Area::Config,
    level: Level::High,
    title: "A secret becomes part of the image",
    why: "Everybody who can pull the image reads it from its history, and changing it takes a new build of every version.",
    fix: "`RUN --mount=type=secret`, and variables that the platform sets at run time.",
    references: &[
        "https://docs.docker.com/build/building/secrets/",
        "https://docs.docker.com/reference/build-checks/secrets-used-in-arg-or-env/",
    ],
    check,
};

static SECRET: Pattern =
    Pattern::new(r"(?i)^([A-Z0-9_]*(?:SECRET|TOKEN|PASSWORD|PRIVATE_KEY|ACCESS_KEY|API_KEY)[A-Z0-9_]*)\b");
static PUBLIC: Pattern =
    Pattern::new(r"(?i)PUBLIC|VITE_|_FILE\b|TOKEN_(EXPIR|TTL|LIFE)|SITE_?KEY|DUMMY|SECRET_KEY_BASE_DUMMY");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        for one in docker.last_stage().filter(|one| matches!(one.word.as_str(), "ENV" | "ARG")) {
            let Some(name) = SECRET.first(&one.rest).filter(|_| !PUBLIC.is_match(&one.rest)) else { continue };
            let value = one.rest[name.len()..].trim_start_matches(['=', ' ']).trim_matches(['"', '\'']);
            // An argument keeps what is given to it; a variable only what stands here.
            if one.word == "ARG"
                || (value.len() > 3 && !value.starts_with('$') && !value.to_ascii_lowercase().contains("dummy"))
            {
                all.push(Evidence::hidden(&docker.path, one.line, format!("`{name}` can be read from the image")));
            }
        }
    }
    all
}
