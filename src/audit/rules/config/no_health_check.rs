//! A platform that cannot tell whether the program works.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::versions::keeps_data;
use crate::audit::read::yaml::{items, scalar};
use crate::audit::repo::Repo;
use crate::audit::tree::name;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.no-health-check",
    area: Area::Config,
    level: Level::High,
    title: "The platform has no health check",
    why: "It sends requests to an instance that has started and does not work, and calls a broken deploy a success: no automatic stop, no restart.",
    fix: "Answer on /health (with the database asked, and nothing else), and name the address in the platform's file.",
    references: &[
        "https://fly.io/docs/reference/configuration/#services-http_checks",
        "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        "https://render.com/docs/health-checks",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for fly in repo.fly.iter().filter(|fly| fly.value["http_service"].is_object() || !fly.value["services"].is_null()) {
        let services = items(&fly.value["services"]).any(|one| {
            ["http_checks", "tcp_checks", "script_checks"].iter().any(|key| items(&one[*key]).next().is_some())
        });
        let checks = services || !fly.value["http_service"]["checks"].is_null() || fly.value.get("checks").is_some();
        let http =
            fly.value["http_service"].is_object() || items(&fly.value["services"]).any(|one| one["protocol"] == "tcp");
        if http && !checks {
            let key = if fly.value["http_service"].is_object() { "[http_service]" } else { "[[services]]" };
            all.push(Evidence::at(&fly.path, repo.line_in(&fly.path, key), "there is no check below it"));
        }
    }
    for render in &repo.render {
        for one in items(&render.value["services"]).filter(|one| {
            one["type"] == "web"
                && one["env"] != "static"
                && one["runtime"] != "static"
                && one.get("staticPublishPath").is_none()
        }) {
            if one.get("healthCheckPath").is_none() {
                let name = scalar(&one["name"]).unwrap_or_default();
                all.push(Evidence::at(
                    &render.path,
                    render.line_with(&["services"], &name),
                    format!("`{name}` has no `healthCheckPath`"),
                ));
            }
        }
    }
    // Nobody routes requests to what runs once on each node, and a database has a health of its own.
    for (document, pod) in repo.pods().filter(|(document, _)| document.value["kind"] == "Deployment") {
        for one in items(&pod["containers"]).filter(|one| {
            !one["ports"].is_null()
                && one.get("readinessProbe").is_none()
                && !one["image"].as_str().is_some_and(keeps_data)
        }) {
            let name = scalar(&one["name"]).unwrap_or_default();
            all.push(Evidence::at(
                &document.path,
                document.line_with(&["spec", "template", "spec", "containers"], &name),
                format!("`{name}` has no `readinessProbe`"),
            ));
        }
    }
    for file in repo.tree.files().filter(|file| matches!(name(file.path), "railway.toml" | "railway.json")) {
        let starts =
            file.text.contains("startCommand") || file.text.contains("[deploy]") || file.text.contains("\"deploy\"");
        if starts && !file.text.contains("healthcheckPath") {
            all.push(Evidence::at(file.path, file.line_with("deploy"), "there is no `healthcheckPath`"));
        }
    }
    all
}
