//! Platforms that build from the repository: Vercel, Netlify, Render, Railway, Heroku.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fly::list;
use super::text::{at, folder, json, lines, name, plain, route, toml, yaml};
use super::{Findings, Tree, TreeFile, What};

pub(super) fn wants(path: &str) -> bool {
    let is_link = path.ends_with(".vercel/project.json") || path.ends_with(".netlify/state.json");
    is_link
        || matches!(
            name(path),
            "vercel.json"
                | "netlify.toml"
                | "render.yaml"
                | "render.yml"
                | "railway.json"
                | "railway.toml"
                | "Procfile"
                | "app.json"
        )
}

pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let service = Some(folder(&file.path).filter(|name| !name.starts_with('.')).unwrap_or(&tree.name).to_owned());
    let platform = |provider, params| What::Platform { provider, service: service.clone(), params };
    if is_about_a_folder(tree, file) {
        return;
    }
    match name(&file.path) {
        // What the vendors' own tools write beside the project when it is linked.
        "project.json" => {
            let linked = json(&file.text);
            let mut params = BTreeMap::new();
            params.extend(at(&linked, "/projectId").map(|id| ("project", id)));
            params.extend(at(&linked, "/orgId").filter(|id| id.starts_with("team_")).map(|id| ("team", id)));
            findings.at(file, "projectId", platform("vercel", params));
        }
        "state.json" => {
            let params = at(&json(&file.text), "/siteId").map(|id| ("site", id)).into_iter().collect();
            findings.at(file, "siteId", platform("netlify", params));
        }
        "vercel.json" => findings.add(file, 1, platform("vercel", BTreeMap::new())),
        "netlify.toml" => findings.add(file, 1, platform("netlify", BTreeMap::new())),
        "railway.json" | "railway.toml" => {
            let document = if file.path.ends_with("json") { json(&file.text) } else { toml(&file.text) };
            findings.add(file, 1, platform("railway", BTreeMap::new()));
            if let Some(path) = at(&document, "/deploy/healthcheckPath").as_deref().and_then(route) {
                findings.at(file, "healthcheckPath", What::Health { route: path, service });
            }
            let before = document.pointer("/deploy/preDeployCommand").map(Value::to_string).unwrap_or_default();
            if before.contains("migrate") {
                let tool = super::database::tool_of(&before);
                findings.at(file, "preDeployCommand", What::Migrations { tool });
            }
        }
        "render.yaml" | "render.yml" => render(file, findings),
        "Procfile" => {
            let mut processes = lines(&file.text).filter(|(_, text)| text.contains(':'));
            if let Some((line, _)) = processes.clone().next() {
                findings.add(file, line, platform("heroku", BTreeMap::new()));
            }
            let releases = |text: &str| text.starts_with("release:") && text.contains("migrate");
            if let Some((line, text)) = processes.find(|(_, text)| releases(text)) {
                findings.add(file, line, What::Migrations { tool: super::database::tool_of(text) });
            }
        }
        // Expo's app.json is about something else.
        _ => {
            let document = json(&file.text);
            let heroku = ["addons", "buildpacks", "formation", "success_url", "stack"];
            if document.get("expo").is_none() && heroku.iter().any(|key| document.get(key).is_some()) {
                findings.at(file, "addons", platform("heroku", BTreeMap::new()));
                for addon in list_of_texts(&document, "/addons") {
                    if let Some(name) = super::database::of_image(addon.trim_start_matches("heroku-")) {
                        findings.at(file, &addon, What::Database { name });
                    }
                }
            }
        }
    }
}

/// Returns whether a file at the top is about a folder that has such a file itself: that one says it.
fn is_about_a_folder(tree: &Tree, file: &TreeFile) -> bool {
    let mut others = tree.files.iter().filter(|other| name(&other.path) == file.path && other.path != file.path);
    others.any(|other| {
        let folder = &other.path[..other.path.len() - file.path.len() - 1];
        !folder.starts_with('.') && file.text.contains(folder)
    })
}

fn render(file: &TreeFile, findings: &mut Findings) {
    let documents = yaml(&file.text);
    let document = documents.first().cloned().unwrap_or_default();
    let services = list(&document, "/services");
    if services.is_empty() {
        let what = What::Platform { provider: "render", service: None, params: BTreeMap::new() };
        findings.add(file, 1, what);
    }
    for service in services {
        let kind = service.get("type").and_then(Value::as_str).unwrap_or_default();
        let Some(name) = at(service, "/name") else { continue };
        if matches!(kind, "redis" | "keyvalue") {
            findings.at(file, &name, What::Database { name: "redis" });
            continue;
        }
        // A job is nothing that can be down between its runs.
        if kind == "cron" {
            continue;
        }
        let named = Some(name.clone());
        let what = What::Platform { provider: "render", service: named.clone(), params: BTreeMap::new() };
        findings.at(file, &format!("name: {name}"), what);
        if matches!(kind, "web" | "static") {
            let domain = list_of_texts(service, "/domains").into_iter().find(|domain| plain(domain));
            let guess = domain.is_none();
            let url = format!("https://{}", domain.unwrap_or_else(|| format!("{name}.onrender.com")));
            findings.at(file, &format!("name: {name}"), What::Url { url, service: named.clone(), guess });
        }
        if let Some(path) = at(service, "/healthCheckPath").as_deref().and_then(route) {
            findings.at(file, &path, What::Health { route: path.clone(), service: named });
        }
    }
    if !list(&document, "/databases").is_empty() {
        findings.at(file, "databases:", What::Database { name: "postgres" });
    }
}

/// Returns the texts of a list; of tables, their `plan`.
fn list_of_texts(value: &Value, pointer: &str) -> Vec<String> {
    let items = value.pointer(pointer).and_then(Value::as_array);
    let text = |item: &Value| item.as_str().or_else(|| item.get("plan")?.as_str()).map(str::to_owned);
    items.into_iter().flatten().filter_map(text).collect()
}
