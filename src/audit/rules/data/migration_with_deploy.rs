//! Migration and code in one step.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.migration-with-deploy",
    area: Area::Data,
    level: Level::Low,
    title: "One step migrates and deploys",
    why: "When it fails between the two nobody knows which half is live, and a rollback of the code meets the new schema.",
    fix: "Make the migration a step of its own that the old release survives, and deploy behind it.",
    references: &["https://docs.gitlab.com/development/database/avoiding_downtime_in_migrations/"],
    check,
};

static MIGRATES: Pattern = Pattern::new(
    r"(?i)prisma migrate deploy|alembic upgrade|manage\.py migrate|rails db:migrate|rake db:migrate|knex migrate|typeorm migration:run|artisan migrate|flask db upgrade|drizzle-kit (migrate|push)",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let both = repo
        .deploys()
        .filter(|(_, _, step)| MIGRATES.is_match(&step.run) || MIGRATES.is_match(&step.value["with"].to_string()));
    both.map(|(pipeline, _, step)| {
        Evidence::at(&pipeline.path, step.line, "the same script migrates and starts the new release")
    })
    .collect()
}
