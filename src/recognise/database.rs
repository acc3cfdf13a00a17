//! Databases, from their schema files and images; and what changes their shape.

use super::text::{lines, name};
use super::{Findings, Tree, TreeFile, What};

/// The images, by the beginning of their last part.
const IMAGES: &[(&str, &str)] = &[
    ("postgres", "postgres"),
    ("postgis", "postgres"),
    ("timescaledb", "postgres"),
    ("pgvector", "postgres"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("redis", "redis"),
    ("valkey", "redis"),
    ("mongo", "mongodb"),
    ("clickhouse", "clickhouse"),
    ("rabbitmq", "rabbitmq"),
    ("elasticsearch", "elasticsearch"),
    ("opensearch", "elasticsearch"),
    ("minio", "minio"),
    ("kafka", "kafka"),
    ("cockroach", "cockroachdb"),
];

/// Returns which database an image is.
pub fn of_image(image: &str) -> Option<&'static str> {
    let name = image.split('@').next().unwrap_or(image);
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = name.split(':').next().unwrap_or(name);
    // `postgres-exporter` and the like look at one and are none.
    if name.contains("exporter") || name.contains("backup") {
        return None;
    }
    IMAGES.iter().find(|(word, _)| name.starts_with(word)).map(|(_, database)| *database)
}

/// Returns the tool that a command of a migration uses.
pub(super) fn tool_of(command: &str) -> &'static str {
    const TOOLS: &[(&str, &str)] = &[
        ("prisma", "prisma"),
        ("manage.py", "django"),
        ("rake", "rails"),
        ("rails", "rails"),
        ("alembic", "alembic"),
        ("drizzle", "drizzle"),
        ("ecto", "ecto"),
        ("artisan", "laravel"),
        ("flyway", "flyway"),
        ("knex", "knex"),
    ];
    TOOLS.iter().find(|(word, _)| command.contains(word)).map_or("a command", |(_, tool)| *tool)
}

pub(super) fn wants(path: &str) -> bool {
    matches!(
        name(path),
        "schema.prisma" | "drizzle.config.ts" | "drizzle.config.js" | "alembic.ini" | "knexfile.js" | "knexfile.ts"
    ) || path.ends_with("supabase/config.toml")
        || path.ends_with("prisma/migrations/migration_lock.toml")
        || is_supabase_migration(path)
}

fn is_supabase_migration(path: &str) -> bool {
    path.contains("supabase/migrations/") && path.ends_with(".sql")
}

pub(super) fn read(_: &Tree, file: &TreeFile, findings: &mut Findings) {
    if is_supabase_migration(&file.path) {
        findings.add(file, 1, What::Migrations { tool: "supabase" });
        findings.add(file, 1, What::Database { name: "postgres" });
        return;
    }
    match name(&file.path) {
        "schema.prisma" | "migration_lock.toml" => {
            if name(&file.path) == "migration_lock.toml" {
                findings.add(file, 1, What::Migrations { tool: "prisma" });
            }
            quoted(file, "provider", findings);
        }
        "alembic.ini" => findings.add(file, 1, What::Migrations { tool: "alembic" }),
        "knexfile.js" | "knexfile.ts" => findings.add(file, 1, What::Migrations { tool: "knex" }),
        "config.toml" => {
            findings.add(file, 1, What::Vendor { name: "supabase".to_owned() });
            findings.add(file, 1, What::Database { name: "postgres" });
        }
        _ => {
            findings.at(file, "dialect", What::Migrations { tool: "drizzle" });
            quoted(file, "dialect", findings);
        }
    }
}

/// Finds the database that a line with this key names in quotes.
fn quoted(file: &TreeFile, key: &str, findings: &mut Findings) {
    for (line, text) in lines(&file.text).filter(|(_, text)| text.starts_with(key)) {
        let word = text.split(['"', '\'']).nth(1).unwrap_or_default();
        let name = match word {
            "postgresql" | "postgres" => "postgres",
            "mysql" => "mysql",
            "sqlite" | "turso" => "sqlite",
            "mongodb" => "mongodb",
            "cockroachdb" => "cockroachdb",
            _ => continue,
        };
        findings.add(file, line, What::Database { name });
    }
}
