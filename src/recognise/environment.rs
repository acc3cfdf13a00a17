//! Which environment a file or a name is about: `fly.staging.toml`, `overlays/staging/`, `shop-staging`.

use super::text::name;

/// The words that people use, and what the environment is called.
const WORDS: &[(&str, &str)] = &[
    ("production", "production"),
    ("prod", "production"),
    ("prd", "production"),
    ("live", "production"),
    ("staging", "staging"),
    ("stage", "staging"),
    ("stg", "staging"),
    ("preprod", "staging"),
    ("uat", "staging"),
    ("qa", "staging"),
    ("preview", "preview"),
    ("review", "preview"),
    ("development", "development"),
    ("dev", "development"),
    ("sandbox", "development"),
];

/// Files and folders that are for one's own desk, or for tests: what they start is not in production.
const DESK: &[&str] = &[
    "test",
    "tests",
    "e2e",
    "ci",
    "local",
    "dev",
    "development",
    "override",
    "example",
    "examples",
    "devcontainer",
    "dockerdev",
    "debug",
];

/// Where no environment is named, it is this one.
pub const PRODUCTION: &str = "production";

fn word(text: &str) -> Option<&'static str> {
    WORDS.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, environment)| *environment)
}

/// Returns the environment that a path is about: by a part of the file's name, or by a folder.
pub fn of_path(path: &str) -> Option<&'static str> {
    let stem = name(path).split('.').skip(1).find_map(word);
    let folders = || path.rsplit('/').skip(1).find_map(|folder| folder.split(['-', '_']).find_map(word));
    stem.or_else(folders)
}

/// Returns the environment that a name is about: `shop-staging`, `stg-shop`.
pub fn of_name(name: &str) -> Option<&'static str> {
    let parts: Vec<&str> = name.split(['-', '_', '.']).collect();
    let ends = [parts.last()?, parts.first()?];
    // A service that is only called `live` or `review` is one that does that.
    if parts.len() == 1 { None } else { ends.into_iter().find_map(|part| word(part)) }
}

/// Returns whether what a file starts is for one's own desk.
pub fn is_for_the_desk(path: &str) -> bool {
    let parts = path.split('/').flat_map(|part| part.trim_start_matches('.').split(['.', '-', '_']));
    parts.into_iter().any(|part| DESK.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_names_tell_their_environment() {
        for (path, expected) in [
            ("fly.toml", None),
            ("fly.staging.toml", Some("staging")),
            ("config/deploy.prod.yml", Some("production")),
            ("k8s/overlays/stg/kustomization.yaml", Some("staging")),
            ("deploy/shop-dev/app.yaml", Some("development")),
            ("production-notes/live-view/fly.toml", Some("production")),
            ("delivery/api.yaml", None),
        ] {
            assert_eq!(of_path(path), expected, "{path}");
        }
        for (name, expected) in [
            ("shop", None),
            ("shop-staging", Some("staging")),
            ("prod-shop", Some("production")),
            ("live", None),
            ("shop-review-api", None),
        ] {
            assert_eq!(of_name(name), expected, "{name}");
        }
        assert!(is_for_the_desk("compose.override.yaml") && is_for_the_desk("tests/e2e/compose.yaml"));
        assert!(!is_for_the_desk("docker-compose.prod.yml") && !is_for_the_desk("latest/compose.yml"));
    }
}
