//! `fly.toml`: the app, where it answers, and the paths that Fly asks.

use super::text::{at, folder, is_public_host, name, plain, route, toml};
use super::{Findings, Tree, TreeFile, What};
use serde_json::Value;

pub(super) fn wants(path: &str) -> bool {
    let name = name(path);
    name == "fly.toml" || (name.starts_with("fly.") && name.ends_with(".toml"))
}

pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let document = toml(&file.text);
    let app = at(&document, "/app");
    let service = app.clone().or_else(|| folder(&file.path).map(str::to_owned)).unwrap_or_else(|| tree.name.clone());
    let params = app.iter().map(|app| ("app", app.clone())).collect();
    findings.at(file, "app", What::Platform { provider: "fly", service: Some(service.clone()), params });
    let own = document.pointer("/env").and_then(Value::as_object).and_then(|env| {
        env.iter().find_map(|(key, value)| {
            let host = value.as_str()?.trim_start_matches("https://").trim_end_matches('/');
            (key.ends_with("HOST") && is_public_host(host)).then(|| host.to_owned())
        })
    });
    let env = document.pointer("/env").and_then(Value::as_object).into_iter().flatten();
    for (key, value) in env.filter(|(key, _)| key.contains("DATABASE") || key.contains("DB")) {
        if [".db", ".sqlite", ".sqlite3"].iter().any(|end| value.as_str().is_some_and(|path| path.ends_with(end))) {
            findings.at(file, key, What::Database { name: "sqlite" });
        }
    }
    let public = document.get("http_service").is_some()
        || list(&document, "/services")
            .iter()
            .any(|service| list(service, "/ports").iter().any(|port| port.get("handlers").is_some()));
    let (host, guess) = match (own, &app) {
        (Some(host), _) => (Some(host), false),
        (None, Some(app)) if public => (Some(format!("{app}.fly.dev")), true),
        (None, _) => (None, true),
    };
    if let Some(host) = host.filter(|host| plain(host)) {
        let needle = if guess { "app" } else { host.as_str() };
        let url = format!("https://{host}");
        findings.at(file, needle, What::Url { url, service: Some(service.clone()), guess });
    }
    let mut checks: Vec<&Value> = list(&document, "/http_service/checks");
    for service in list(&document, "/services") {
        checks.extend(list(service, "/http_checks"));
    }
    if let Some(named) = document.pointer("/checks").and_then(Value::as_object) {
        checks.extend(named.values());
    }
    for path in checks.iter().filter_map(|check| check.get("path")?.as_str()).filter_map(route) {
        let needle = format!("\"{path}\"");
        let needle = if file.text.contains(&needle) { needle } else { path.clone() };
        findings.at(file, &needle, What::Health { route: path, service: Some(service.clone()) });
    }
    if let Some(command) = at_text(&document, "/deploy/release_command").filter(|it| it.contains("migrate")) {
        findings.at(file, "release_command", What::Migrations { tool: super::database::tool_of(&command) });
    }
}

/// Returns the items of a list, or the one item where the list is none.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> Vec<&'a Value> {
    match value.pointer(pointer) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
}

fn at_text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}
