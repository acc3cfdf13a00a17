//! A server for the desk, in production.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.development-server",
    area: Area::Config,
    level: Level::High,
    title: "Production runs a development server",
    why: "It watches files, serves one request at a time or leaks what it knows: it falls over under the first load.",
    fix: "Build first, and start the server that is meant for it: gunicorn, uvicorn without --reload, `next start`, `node server.js`.",
    references: &[
        "https://flask.palletsprojects.com/en/stable/deploying/",
        "https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver",
    ],
    check,
};

static DEVELOPS: Pattern = Pattern::new(
    r#"\b(npm|yarn|pnpm|bun)["',\s]+(run["',\s]+)?(dev|start:dev)\b|\bnext["',\s]+dev\b|manage\.py["',\s]+runserver|\bflask["',\s]+run\b|\bnodemon\b|artisan["',\s]+serve|--reload\b|\bvite["',\s]*(--host|"?\])|mix["',\s]+phx\.server --dev"#,
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let says = "this server is made for a desk";
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        // Compose may build it for a desk, by its folder or its file.
        let desk = repo
            .composes
            .iter()
            .any(|compose| crate::audit::repo::is_development_name(&compose.path) && !repo.production().any(|_| true));
        let command = docker.command().filter(|one| DEVELOPS.is_match(&one.rest) && !desk);
        all.extend(command.map(|one| Evidence::at(&docker.path, one.line, says)));
    }
    for file in repo.tree.files().filter(|file| file.name() == "Procfile") {
        let web = file.lines().find(|(_, line)| line.starts_with("web:") && DEVELOPS.is_match(line));
        all.extend(web.map(|(line, _)| Evidence::at(file.path, line, says)));
    }
    for file in repo.tree.files().filter(|file| matches!(file.name(), "railway.toml" | "render.yaml" | "railway.json"))
    {
        let start = file.lines().find(|(_, line)| line.contains("startCommand") && DEVELOPS.is_match(line));
        all.extend(start.map(|(line, _)| Evidence::at(file.path, line, says)));
    }
    all
}
