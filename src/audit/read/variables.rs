//! Environment variables: which a program reads, which a file sets. Names only; a value never leaves this module.

use std::collections::BTreeMap;

use super::Pattern;
use crate::audit::tree::{File, Tree, is_aside, name};

static USED: Pattern = Pattern::new(
    r#"process\.env\.([A-Z][A-Z0-9_]+)|process\.env\[["']([A-Z][A-Z0-9_]+)|import\.meta\.env\.([A-Z][A-Z0-9_]+)|os\.environ(?:\.get\(|\[)\s*["']([A-Z][A-Z0-9_]+)|os\.getenv\(\s*["']([A-Z][A-Z0-9_]+)|ENV(?:\.fetch\(|\[)\s*["']([A-Z][A-Z0-9_]+)|os\.(?:Getenv|LookupEnv)\("([A-Z][A-Z0-9_]+)|env::var(?:_os)?\("([A-Z][A-Z0-9_]+)|System\.(?:get_env|fetch_env!)\("([A-Z][A-Z0-9_]+)|\benv\(["']([A-Z][A-Z0-9_]+)|Deno\.env\.get\("([A-Z][A-Z0-9_]+)"#,
);
/// What platforms, shells and tools set by themselves.
const GIVEN: &[&str] = &[
    "NODE_ENV",
    "PORT",
    "HOST",
    "HOSTNAME",
    "HOME",
    "PATH",
    "CI",
    "TZ",
    "USER",
    "PWD",
    "SHELL",
    "TMPDIR",
    "TMP",
    "TEMP",
    "LANG",
    "DEV",
    "PROD",
    "MODE",
    "SSR",
    "BASE_URL",
    "DEBUG",
    "NO_COLOR",
    "FORCE_COLOR",
    "TERM",
    "EDITOR",
    "RAILS_ENV",
    "RACK_ENV",
    "GITHUB_TOKEN",
    "GITHUB_SHA",
    "LOG_LEVEL",
    "RAILS_MAX_THREADS",
    "WEB_CONCURRENCY",
    "PIDFILE",
    "RAILS_LOG_LEVEL",
    "BUNDLE_GEMFILE",
    "APPDATA",
    "LOCALAPPDATA",
];
const GIVEN_PREFIXES: &[&str] = &[
    "VERCEL",
    "NEXT_RUNTIME",
    "NETLIFY",
    "RENDER",
    "FLY_",
    "RAILWAY_",
    "HEROKU_",
    "DYNO",
    "GITHUB_",
    "CI_",
    "npm_",
    "XDG_",
    "CF_PAGES",
    "AWS_LAMBDA",
    "KUBERNETES_",
    "COOLIFY_",
    "ANALYZE",
    "STORYBOOK",
    "PLAYWRIGHT",
    "VITEST",
    "JEST",
    "CARGO_",
    "COMMIT_",
    "TEST_",
];

/// Returns the variables that the program reads, each with the first place.
pub fn used(tree: &Tree) -> BTreeMap<String, (String, usize)> {
    let mut used = BTreeMap::new();
    for file in tree.files().filter(|file| is_source(file.path) && !is_aside(file.path)) {
        let quick = ["env", "ENV"].iter().any(|word| file.text.contains(word));
        for (number, line) in file.lines().filter(|_| quick) {
            if line.len() > 500 || line.trim_start().starts_with(['#', '*']) || line.trim_start().starts_with("//") {
                continue;
            }
            for name in USED.all(line) {
                if !is_given(name) {
                    used.entry(name.to_owned()).or_insert_with(|| (file.path.to_owned(), number));
                }
            }
        }
    }
    used
}

/// Returns whether a variable is one that platforms, images, shells and tools set by themselves.
pub fn is_given(name: &str) -> bool {
    GIVEN.contains(&name) || GIVEN_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Returns whether a variable is what official images say about themselves: NODE_VERSION, PG_MAJOR, PYTHON_SHA256.
pub fn is_of_image(name: &str) -> bool {
    ["_VERSION", "_MAJOR", "_SHA256", "GPG_KEY", "PGDATA"].iter().any(|end| name.ends_with(end))
}

/// A value that a program takes when a variable is not set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Default {
    pub name: String,
    /// It may be a secret: it is compared, and never shown.
    pub value: String,
    pub path: String,
    pub line: usize,
}

/// Returns the defaults that stand in the program's text.
pub fn defaults(tree: &Tree) -> Vec<Default> {
    static NAMED: Pattern = Pattern::new(
        r#"(?:process\.env\.|os\.environ\.get\(["']|os\.getenv\(["']|ENV\.fetch\(["']|\benv\(["'])([A-Z][A-Z0-9_]+)["']?\]?\s*(?:\|\||\?\?|,)\s*["'`][^"'`$]*["'`]"#,
    );
    static VALUE: Pattern = Pattern::new(r#"(?:\|\||\?\?|,)\s*["'`]([^"'`$]*)["'`]"#);
    let mut all = Vec::new();
    for file in tree.files().filter(|file| is_source(file.path) && !is_aside(file.path)) {
        for (line, text) in
            file.lines().filter(|(_, text)| text.len() < 400 && (text.contains("env") || text.contains("ENV")))
        {
            let Some(name) = NAMED.first(text).filter(|_| NAMED.is_match(text)) else { continue };
            let behind = text.find(name).map_or("", |at| &text[at + name.len()..]);
            let Some(value) = VALUE.first(behind).filter(|_| VALUE.is_match(behind)) else { continue };
            if !GIVEN.contains(&name) {
                let (name, value) = (name.to_owned(), value.to_owned());
                all.push(Default { name, value, path: file.path.to_owned(), line });
            }
        }
    }
    all
}

/// Returns whether a file is a program's text.
pub fn is_source(path: &str) -> bool {
    let extension = name(path).rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(
        extension,
        "js" | "ts"
            | "mjs"
            | "cjs"
            | "jsx"
            | "tsx"
            | "mts"
            | "cts"
            | "py"
            | "rb"
            | "go"
            | "rs"
            | "ex"
            | "exs"
            | "php"
            | "java"
            | "kt"
            | "cs"
            | "svelte"
            | "vue"
            | "astro"
    ) && !name(path).contains(".min.")
        && !name(path).contains(".config.")
}

/// Returns the names that a file of the form NAME=value sets, with their lines and whether a value stands there.
pub fn assigned(file: File<'_>) -> Vec<(String, usize, bool)> {
    file.lines()
        .filter_map(|(number, line)| {
            let line = line.trim().trim_start_matches("export ");
            // A variable that is there to be filled in may be commented out in an example.
            let line = line.strip_prefix("# ").or_else(|| line.strip_prefix('#')).unwrap_or(line);
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            let plain =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            plain.then(|| (name.to_owned(), number, !value.trim().trim_matches(['"', '\'']).is_empty()))
        })
        .collect()
}

/// Returns whether a file is there to be copied and filled in.
pub fn is_example(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    name.contains("env") && ["example", "sample", "template", "dist", "defaults"].iter().any(|word| name.contains(word))
}

/// Returns whether a file sets variables.
pub fn is_env_file(path: &str) -> bool {
    let name = name(path);
    name == ".env" || name.starts_with(".env.") || name.ends_with(".env")
}
