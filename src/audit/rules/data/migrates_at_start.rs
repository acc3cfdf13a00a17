//! Migrations that every instance runs when it starts.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.migrates-at-start",
    area: Area::Data,
    level: Level::High,
    title: "Every instance migrates when it starts",
    why: "With two instances both migrate at once, a slow migration fails the health check and is killed halfway, and a restart at night runs what nobody looked at.",
    fix: "Run migrations once, before the release: Fly's release_command, Render's preDeployCommand, a Job, a step of the pipeline.",
    references: &[
        "https://fly.io/docs/reference/configuration/#run-one-off-commands-before-releasing-a-deployment",
        "https://12factor.net/admin-processes",
    ],
    check,
};

static MIGRATES: Pattern = Pattern::new(
    r"(?i)prisma migrate deploy|prisma db push|alembic upgrade|manage\.py migrate|rails db:(migrate|prepare)|rake db:migrate|knex migrate|typeorm migration:run|sequelize db:migrate|drizzle-kit (migrate|push)|artisan migrate|flask db upgrade|goose .*up|migrate .*-database|sqlx migrate run|diesel migration run",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.service().is_none() {
        return Vec::new();
    }
    let says = "every instance does this when it starts";
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let command = docker.command().filter(|command| MIGRATES.is_match(&command.rest));
        all.extend(command.map(|command| Evidence::at(&docker.path, command.line, says)));
    }
    for file in repo.tree.files() {
        let starts = file.name() == "Procfile"
            || matches!(file.name(), "entrypoint.sh" | "docker-entrypoint.sh" | "start.sh" | "docker-start.sh");
        let release = |line: &str| line.starts_with("release:") || line.trim_start().starts_with('#');
        let found = file.lines().find(|(_, line)| starts && MIGRATES.is_match(line) && !release(line));
        all.extend(found.map(|(line, _)| Evidence::at(file.path, line, says)));
        let railway = file.name() == "railway.toml" || file.name() == "railway.json" || file.name() == "render.yaml";
        let found = file
            .lines()
            .find(|(_, line)| railway && line.to_ascii_lowercase().contains("startcommand") && MIGRATES.is_match(line));
        all.extend(found.map(|(line, _)| Evidence::at(file.path, line, says)));
    }
    for package in &repo.packages {
        let start = ["start", "start:prod"]
            .iter()
            .find(|name| package.value["scripts"][**name].as_str().is_some_and(|script| MIGRATES.is_match(script)));
        all.extend(
            start.map(|name| Evidence::at(&package.path, repo.line_in(&package.path, &format!("\"{name}\":")), says)),
        );
    }
    all
}
