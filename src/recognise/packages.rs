//! Dependencies: databases, vendors and monitoring, by the packages that talk to them.

use serde_json::Value;

use super::text::{json, line_of, name, toml};
use super::{Findings, Tree, TreeFile, What, monitoring, vendor};

/// The packages that talk to a database.
const DATABASES: &[(&str, &str)] = &[
    ("pg", "postgres"),
    ("postgres", "postgres"),
    ("psycopg", "postgres"),
    ("psycopg2", "postgres"),
    ("psycopg2-binary", "postgres"),
    ("asyncpg", "postgres"),
    ("postgrex", "postgres"),
    ("@neondatabase/serverless", "postgres"),
    ("@vercel/postgres", "postgres"),
    ("github.com/lib/pq", "postgres"),
    ("github.com/jackc/pgx", "postgres"),
    ("gorm.io/driver/postgres", "postgres"),
    ("tokio-postgres", "postgres"),
    ("mysql", "mysql"),
    ("mysql2", "mysql"),
    ("mysqlclient", "mysql"),
    ("pymysql", "mysql"),
    ("github.com/go-sql-driver/mysql", "mysql"),
    ("mariadb", "mysql"),
    ("redis", "redis"),
    ("ioredis", "redis"),
    ("@upstash/redis", "redis"),
    ("github.com/redis/go-redis", "redis"),
    ("github.com/go-redis/redis", "redis"),
    ("sidekiq", "redis"),
    ("bullmq", "redis"),
    ("mongodb", "mongodb"),
    ("mongoose", "mongodb"),
    ("pymongo", "mongodb"),
    ("go.mongodb.org/mongo-driver", "mongodb"),
    ("better-sqlite3", "sqlite"),
    ("sqlite3", "sqlite"),
    ("aiosqlite", "sqlite"),
    ("ecto_sqlite3", "sqlite"),
    ("exqlite", "sqlite"),
    ("@libsql/client", "sqlite"),
    ("github.com/mattn/go-sqlite3", "sqlite"),
    ("modernc.org/sqlite", "sqlite"),
    ("@clickhouse/client", "clickhouse"),
    ("clickhouse-connect", "clickhouse"),
    ("amqplib", "rabbitmq"),
    ("pika", "rabbitmq"),
    ("kafkajs", "kafka"),
];

pub(super) fn wants(path: &str) -> bool {
    let name = name(path);
    matches!(name, "package.json" | "go.mod" | "Gemfile" | "pyproject.toml" | "composer.json" | "mix.lock" | "mix.exs")
        || name == "Cargo.toml"
        || name == "requirements.txt"
        || path.contains("requirements/") && name.ends_with(".txt")
}

pub(super) fn read(_: &Tree, file: &TreeFile, findings: &mut Findings) {
    let known = vendor::list();
    for (line, package) in packages(file, findings) {
        // Go and Composer name a path; the version of a Go module is its end.
        let bare = package.split("/v").next().filter(|_| package.contains('.')).unwrap_or(&package).to_owned();
        if let Some((_, database)) = DATABASES.iter().find(|(word, _)| *word == package || *word == bare) {
            findings.add(file, line, What::Database { name: database });
        }
        if let Some(provider) = monitoring::of_package(&package) {
            findings.add(file, line, What::Monitoring { provider, params: Default::default() });
        } else if let Some(name) = vendor::of_package(&known, &package) {
            findings.add(file, line, What::Vendor { name });
        }
    }
}

/// Returns what a file says that the program needs when it runs. Tools to build and test it are left out.
fn packages(file: &TreeFile, findings: &mut Findings) -> Vec<(usize, String)> {
    let text = &file.text;
    match name(&file.path) {
        "package.json" => {
            let document = json(text);
            if !file.path.contains('/')
                && let Some(name) = super::text::at(&document, "/name")
            {
                findings.at(file, "\"name\"", What::Name { name });
            }
            keys(text, &document, &["/dependencies", "/optionalDependencies"])
        }
        "composer.json" => keys(text, &json(text), &["/require"]),
        "Cargo.toml" => keys(text, &toml(text), &["/dependencies", "/workspace/dependencies"]),
        "pyproject.toml" => {
            let document = toml(text);
            let listed = document.pointer("/project/dependencies").and_then(Value::as_array);
            let listed = listed.into_iter().flatten().filter_map(Value::as_str);
            let mut found: Vec<(usize, String)> =
                listed.filter_map(|item| Some((line_of(text, item), python(item)?))).collect();
            found.extend(keys(text, &document, &["/tool/poetry/dependencies"]));
            found
        }
        "go.mod" => numbered(text)
            .filter(|(_, line)| !line.contains("// indirect"))
            .filter_map(|(number, line)| {
                let module = line.trim_start_matches("require").split_whitespace().next()?;
                module.contains('.').then(|| (number, module.to_owned()))
            })
            .collect(),
        "Gemfile" => numbered(text)
            .filter_map(|(number, line)| {
                let gem = line.strip_prefix("gem ").or_else(|| line.strip_prefix("gem("))?;
                Some((number, gem.split(['"', '\'']).nth(1)?.to_owned()))
            })
            .collect(),
        "mix.lock" => {
            let package = |line: &str| Some(line.strip_prefix('"')?.split('"').next()?.to_owned());
            numbered(text).filter_map(|(number, line)| Some((number, package(line)?))).collect()
        }
        "mix.exs" => numbered(text)
            .filter_map(|(number, line)| Some((number, line.strip_prefix("{:")?.split(',').next()?.to_owned())))
            .collect(),
        _ => numbered(text).filter_map(|(number, line)| Some((number, python(line)?))).collect(),
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()))
}

fn keys(text: &str, document: &Value, pointers: &[&str]) -> Vec<(usize, String)> {
    let tables = pointers.iter().filter_map(|pointer| document.pointer(pointer)?.as_object());
    tables.flat_map(|table| table.keys()).map(|key| (line_of(text, &format!("\"{key}\"")), key.clone())).collect()
}

/// Returns the package of a Python requirement: `psycopg[binary]>=3` is `psycopg`.
fn python(requirement: &str) -> Option<String> {
    let end = requirement
        .find(|end: char| !(end.is_ascii_alphanumeric() || "-_.".contains(end)))
        .unwrap_or(requirement.len());
    let name = requirement[..end].to_lowercase();
    (!name.is_empty() && !name.starts_with('-')).then_some(name)
}
