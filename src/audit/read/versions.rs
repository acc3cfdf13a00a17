//! Which versions of runtimes and databases a repository names, and where.

use serde_json::Value;

use super::Pattern;
use super::dockerfile::image_parts;
use crate::audit::repo::Repo;
use crate::audit::tree::name;

/// A version that a file names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// `node`, `python`, `postgres`, ...
    pub what: &'static str,
    /// As compatible versions are told apart: `20`, `3.12`, `16`.
    pub version: String,
    pub path: String,
    pub line: usize,
}

const IMAGES: &[(&str, &str)] = &[
    ("node", "node"),
    ("python", "python"),
    ("ruby", "ruby"),
    ("golang", "go"),
    ("php", "php"),
    ("postgres", "postgres"),
    ("postgis", "postgres"),
    ("pgvector", "postgres"),
    ("mysql", "mysql"),
    ("mariadb", "mariadb"),
    ("redis", "redis"),
    ("mongo", "mongo"),
];
static NUMBER: Pattern = Pattern::new(r"(\d+(?:\.\d+)?)");
static PG: Pattern = Pattern::new(r"^(?:pg|v)?(\d+(?:\.\d+)?)");

/// Returns the version as far as it matters: Node, PostgreSQL and Redis by the first number, the others by two.
pub fn significant(what: &str, text: &str) -> Option<String> {
    let number = NUMBER.first(text)?;
    let major = number.split('.').next()?;
    match what {
        "node" | "postgres" | "redis" | "mongo" => Some(major.to_owned()),
        _ => number.contains('.').then(|| number.to_owned()),
    }
}

/// Returns what an image is, and its version.
pub fn of_image(image: &str) -> Option<(&'static str, String)> {
    let (path, tag) = image_parts(image);
    let what = IMAGES.iter().find(|(known, _)| name(path) == *known)?.1;
    Some((what, significant(what, PG.first(tag?)?)?))
}

/// Returns whether an image is a database's, whose files belong to its major version.
pub fn keeps_data(image: &str) -> bool {
    const STORES: &[&str] = &[
        "postgres",
        "postgis",
        "pgvector",
        "timescaledb",
        "mysql",
        "mariadb",
        "mongo",
        "elasticsearch",
        "clickhouse-server",
    ];
    STORES.contains(&name(image_parts(image).0))
}

/// Returns every version that is named for production, development or CI.
pub fn named(repo: &Repo<'_>) -> Vec<Named> {
    let mut all = Vec::new();
    let mut add = |what: &'static str, text: &str, path: &str, line: usize| {
        // A range or a matrix is no statement of one version.
        let exact = !text.contains(['>', '<', '|', '*', 'x', '$', '{', ',']) && !text.contains("lts");
        if let (true, Some(version)) = (exact, significant(what, text)) {
            all.push(Named { what, version, path: path.to_owned(), line });
        }
    };
    for docker in &repo.dockerfiles {
        for (from, image) in docker.images() {
            if let Some((what, version)) = of_image(image) {
                add(what, &version, &docker.path, from.line);
            }
        }
    }
    for (file, what) in
        [(".nvmrc", "node"), (".node-version", "node"), (".python-version", "python"), (".ruby-version", "ruby")]
    {
        for found in repo.tree.files().filter(|found| found.name() == file) {
            add(what, found.text.trim(), found.path, 1);
        }
    }
    for found in repo.tree.files().filter(|found| matches!(found.name(), ".tool-versions" | "runtime.txt")) {
        for (number, line) in found.lines() {
            for (word, what) in [
                ("nodejs ", "node"),
                ("python ", "python"),
                ("python-", "python"),
                ("ruby ", "ruby"),
                ("golang ", "go"),
            ] {
                if let Some(version) = line.strip_prefix(word) {
                    add(what, version, found.path, number);
                }
            }
        }
    }
    for package in &repo.packages {
        let engine = package.value["engines"]["node"].as_str().unwrap_or_default();
        if !engine.is_empty() {
            add("node", engine, &package.path, repo.line_in(&package.path, "\"node\""));
        }
    }
    for pipeline in &repo.pipelines {
        for (_, step) in pipeline.steps() {
            let with = &step.value["with"];
            for (key, what) in
                [("node-version", "node"), ("python-version", "python"), ("ruby-version", "ruby"), ("go-version", "go")]
            {
                let version = match &with[key] {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    _ => continue,
                };
                let line = pipeline.document.lines_behind(step.line, key).unwrap_or(step.line);
                add(what, &version, &pipeline.path, line);
            }
        }
    }
    for service in repo.containers() {
        if let Some((what, version)) = of_image(&service.image) {
            add(what, &version, &service.path, service.line);
        }
    }
    all
}
