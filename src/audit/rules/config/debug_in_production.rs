//! A debug mode that is on where production starts.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.debug-in-production",
    area: Area::Config,
    level: Level::High,
    title: "A debug mode is on in production",
    why: "Error pages show code, settings and secrets to anybody; memory grows with every query that is kept.",
    fix: "Read it from the environment, with off as the default.",
    references: &["https://docs.djangoproject.com/en/stable/howto/deployment/checklist/#debug"],
    check,
};

static ON: Pattern =
    Pattern::new(r#"(?i)^\s*-?\s*(DJANGO_DEBUG|FLASK_DEBUG|APP_DEBUG|DEBUG)["']?\s*[:=]\s*["']?(true|1|on)["']?\s*$"#);
static DJANGO: Pattern = Pattern::new(r"^DEBUG\s*=\s*True\b");
static NODE: Pattern = Pattern::new(
    r#"(?i)^\s*(NODE_ENV|RAILS_ENV|FLASK_ENV|APP_ENV)["']?\s*[:=]\s*["']?(development|dev|local)["']?\s*$"#,
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let on =
            docker.last_stage().filter(|one| one.word == "ENV" && (ON.is_match(&one.rest) || NODE.is_match(&one.rest)));
        all.extend(on.map(|one| Evidence::at(&docker.path, one.line, "the image starts in this mode")));
    }
    for file in repo.tree.files().filter(|file| !is_aside(file.path)) {
        let name = file.name();
        let production = matches!(name, "fly.toml" | "render.yaml" | "railway.toml" | "app.yaml")
            || name.starts_with(".env.prod")
            || (name.contains("compose") && repo.production().any(|one| one.path == file.path));
        let settings = name == "settings.py"
            || name.starts_with("prod") && file.path.ends_with(".py") && file.path.contains("settings");
        let split = settings
            && repo.tree.paths().any(|path| {
                path.ends_with("settings/production.py")
                    || path.ends_with("settings/prod.py")
                    || path.ends_with("settings_prod.py")
            })
            && name == "settings.py";
        let found = file.lines().find(|(_, line)| {
            (production && (ON.is_match(line) || NODE.is_match(line))) || (settings && !split && DJANGO.is_match(line))
        });
        // What reads the environment further down decides there.
        let decided = settings
            && (file.text.contains("DEBUG = os.environ")
                || file.text.contains("DEBUG = env")
                || file.text.contains("    DEBUG = False"));
        all.extend(
            found.filter(|_| !decided).map(|(line, _)| Evidence::at(file.path, line, "production starts in this mode")),
        );
    }
    all
}
