//! Tests in CI without the database that production needs.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Engine;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.no-database-in-ci",
    area: Area::Parity,
    level: Level::Medium,
    title: "CI tests without the database that production uses",
    why: "Queries, constraints and migrations meet the real engine for the first time on the night of the deploy.",
    fix: "Start the engine as a service of the job (`services: postgres:`) or with testcontainers, and run the migrations there.",
    references: &[
        "https://docs.github.com/en/actions/use-cases-and-examples/using-containerized-services/creating-postgresql-service-containers",
    ],
    check,
};

static STARTED: Pattern =
    Pattern::new(r"(?i)docker[ -]compose|testcontainers|postgres|mysql|mariadb|pg_|supabase start|make |just ");
static CONTAINERS: Pattern =
    Pattern::new(r"testcontainers|pglite|embedded-postgres|pytest-postgresql|dockertest|embedded_postgres");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if !matches!(repo.engine, Some(Engine::Postgres | Engine::MySql))
        || repo.migrations.is_empty()
        || repo.depends_on(&CONTAINERS)
    {
        return Vec::new();
    }
    let started = repo.containers().any(|one| one.ci)
        || repo.pipelines.iter().any(|pipeline| {
            pipeline.steps().any(|(_, step)| {
                STARTED.is_match(&step.run) || step.uses.as_deref().is_some_and(|uses| STARTED.is_match(uses))
            })
        });
    if started {
        return Vec::new();
    }
    let tests = repo
        .pipelines
        .iter()
        .find_map(|pipeline| pipeline.steps().find(|(_, step)| step.tests()).map(|(_, step)| (pipeline, step)));
    tests
        .map(|(pipeline, step)| Evidence::at(&pipeline.path, step.line, "no database is started for these tests"))
        .into_iter()
        .collect()
}
