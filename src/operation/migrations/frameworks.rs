//! Which file is whose migration, by its path. Every pattern holds below any folder: repositories have several projects.
//!
//! From the frameworks' own documentation of where their generators put files.

use std::sync::LazyLock;

use regex::Regex;

/// Whose migration it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Framework {
    Rails,
    Django,
    Alembic,
    Prisma,
    Drizzle,
    Knex,
    TypeOrm,
    Laravel,
    Flyway,
    Liquibase,
    GolangMigrate,
    Goose,
    Sqlx,
    Diesel,
    Ecto,
    EfCore,
    /// SQL in a folder of migrations, numbered: several tools do it so.
    Sql,
}

struct Pattern {
    framework: Framework,
    path: Regex,
}

/// In this order: the first that fits counts.
const PATTERNS: &[(Framework, &str)] = &[
    (Framework::Rails, r"(^|/)db/(\w+_)?migrate/\d{3,}_\w+(\.\w+)?\.rb$"),
    (Framework::Prisma, r"(^|/)migrations/\d{8,}[^/]*/migration\.sql$"),
    (Framework::Diesel, r"(^|/)migrations/[^/]+/up\.sql$"),
    (Framework::Ecto, r"(^|/)priv/(\w+/)?(\w*repo\w*|migrations)/?(migrations/)?(tenant_migrations/)?\d{8,}_\w+\.exs$"),
    (Framework::Laravel, r"(^|/)database/migrations/(.+/)?\d{4}_\d{2}_\d{2}_\d{6}_\w+\.php$"),
    (Framework::Django, r"(^|/)migrations/\d{4}_\w+\.py$"),
    (Framework::Alembic, r"(^|/)(alembic|migrations|migration)/versions/(.+/)?[0-9a-zA-Z_\-]+\.py$"),
    (Framework::Alembic, r"(^|/)alembic/(.+/)?versions/(.+/)?[0-9a-zA-Z_\-]+\.py$"),
    (Framework::Flyway, r"(^|/)[VR](\d[\d._]*)?__[^/]+\.(sql|java|kt)$"),
    (Framework::EfCore, r"(^|/)Migrations/(.+/)?\d{14}_\w+\.cs$"),
    (Framework::Liquibase, r"(?i)(^|/)(liquibase|changelog|changelogs|changesets?)/(.+/)?[^/]+\.(xml|ya?ml|json|sql)$"),
    (Framework::Liquibase, r"(?i)(^|/)(db\.)?changelog[^/]*\.(xml|ya?ml|json|sql)$"),
    (Framework::Drizzle, r"(^|/)drizzle/(.+/)?\d{4,}_[^/]+\.sql$"),
    (Framework::Drizzle, r"(^|/)drizzle/(.+/)?\d{8,}[^/]*/migration\.sql$"),
    (Framework::GolangMigrate, r"(^|/)\d+_[^/]+\.up\.sql$"),
    (Framework::TypeOrm, r"(^|/)migrations?/(.+/)?\d{13}-\w+\.(ts|js)$"),
    (Framework::Knex, r"(^|/)migrations?/(.+/)?\d{8,}[A-Z]?[_-][^/]+\.(js|ts|mjs|cjs)$"),
    (Framework::Sqlx, r"(^|/)migrations/\d{8,}_[^/]+\.sql$"),
    (Framework::Sql, r"(^|/)(migrations?|migrate)/(.+/)?\d+[_-][^/]+\.sql$"),
];

static COMPILED: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let compile =
        |(framework, path): &(Framework, &str)| Some(Pattern { framework: *framework, path: Regex::new(path).ok()? });
    PATTERNS.iter().filter_map(compile).collect()
});

/// Returns whose migration a file is, if it is one.
pub fn of_path(path: &str) -> Option<Framework> {
    // What takes a migration back is not one; what only describes the whole is neither.
    let name = path.rsplit('/').next().unwrap_or(path);
    let other = name.ends_with(".down.sql")
        || name == "down.sql"
        || name == "__init__.py"
        || name.ends_with(".Designer.cs")
        || name.ends_with("ModelSnapshot.cs")
        || name.ends_with(".d.ts")
        || name.ends_with(".spec.ts")
        || name.ends_with(".test.ts")
        || path.split('/').any(|folder| folder == "node_modules" || folder == "vendor" || folder == "site-packages");
    if other {
        return None;
    }
    COMPILED.iter().find(|pattern| pattern.path.is_match(path)).map(|pattern| pattern.framework)
}

impl Framework {
    /// Returns its name as its makers write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Rails => "Rails",
            Self::Django => "Django",
            Self::Alembic => "Alembic",
            Self::Prisma => "Prisma",
            Self::Drizzle => "Drizzle",
            Self::Knex => "Knex",
            Self::TypeOrm => "TypeORM",
            Self::Laravel => "Laravel",
            Self::Flyway => "Flyway",
            Self::Liquibase => "Liquibase",
            Self::GolangMigrate => "golang-migrate",
            Self::Goose => "goose",
            Self::Sqlx => "sqlx",
            Self::Diesel => "Diesel",
            Self::Ecto => "Ecto",
            Self::EfCore => "EF Core",
            Self::Sql => "SQL",
        }
    }

    /// Returns whether a file of it is plain SQL.
    pub fn is_sql(self, path: &str) -> bool {
        path.ends_with(".sql")
    }

    /// Returns the part of an SQL file that goes forward: goose, dbmate and sql-migrate put both ways into one.
    pub fn up_part(self, text: &str) -> &str {
        static DOWN: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"(?im)^\s*--\s*(\+goose down|\+migrate down|migrate:down|rollback\b)").ok());
        match DOWN.as_ref().and_then(|down| down.find(text)) {
            Some(found) => &text[..found.start()],
            None => text,
        }
    }
}
