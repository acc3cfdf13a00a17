//! Commands for a desk, in a deploy.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.destructive-deploy",
    area: Area::Data,
    level: Level::Critical,
    title: "A deploy or a start can throw data away",
    why: "These commands make the database fit the code by dropping what does not: once in production is enough.",
    fix: "Use the command that only applies migrations: `prisma migrate deploy`, `rails db:migrate`, `artisan migrate`.",
    references: &["https://www.prisma.io/docs/orm/prisma-migrate/workflows/development-and-production"],
    check,
};

static DESTROYS: Pattern = Pattern::new(
    r"prisma db push[^\n]*--(accept-data-loss|force-reset)|prisma migrate reset|\bdb:(reset|drop|schema:load)\b|migrate:(fresh|refresh|reset)|manage\.py (flush|reset_db)|drizzle-kit push[^\n]*--force|mix ecto\.(reset|drop)",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let says = "this drops what does not fit";
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let found = docker
            .last_stage()
            .filter(|one| matches!(one.word.as_str(), "CMD" | "ENTRYPOINT" | "RUN") && DESTROYS.is_match(&one.rest));
        all.extend(found.map(|one| Evidence::at(&docker.path, one.line, says)));
    }
    for (pipeline, job, _) in repo.deploys() {
        let steps = job.steps.iter().filter(|step| DESTROYS.is_match(&step.run) && job.value.get("services").is_none());
        all.extend(steps.map(|step| Evidence::at(&pipeline.path, step.line, says)));
    }
    for file in repo.tree.files() {
        let deploys = matches!(
            file.name(),
            "Procfile"
                | "fly.toml"
                | "render.yaml"
                | "railway.toml"
                | "railway.json"
                | "entrypoint.sh"
                | "docker-entrypoint.sh"
                | "start.sh"
                | "build.sh"
        );
        let found =
            file.lines().find(|(_, line)| deploys && DESTROYS.is_match(line) && !line.trim_start().starts_with('#'));
        all.extend(found.map(|(line, _)| Evidence::at(file.path, line, says)));
    }
    for package in &repo.packages {
        let script = ["start", "start:prod", "build", "deploy", "postinstall", "vercel-build", "heroku-postbuild"]
            .iter()
            .find(|name| package.value["scripts"][**name].as_str().is_some_and(|script| DESTROYS.is_match(script)));
        all.extend(
            script.map(|name| Evidence::at(&package.path, repo.line_in(&package.path, &format!("\"{name}\":")), says)),
        );
    }
    all
}
