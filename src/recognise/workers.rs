//! `wrangler.toml` and its JSON twins: Cloudflare's Workers and Pages.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fly::list;
use super::text::{at, is_public_host, json, name, toml};
use super::{Findings, Tree, TreeFile, What};

pub(super) fn wants(path: &str) -> bool {
    let name = name(path);
    name.starts_with("wrangler.") && [".toml", ".json", ".jsonc"].iter().any(|end| name.ends_with(end))
}

pub(super) fn read(_: &Tree, file: &TreeFile, findings: &mut Findings) {
    let document = if file.path.ends_with(".toml") { toml(&file.text) } else { json(&file.text) };
    let script = at(&document, "/name");
    let pages = document.get("pages_build_output_dir").is_some();
    let (provider, key) = if pages { ("cloudflare-pages", "project") } else { ("cloudflare-workers", "script") };
    let mut params = BTreeMap::new();
    params.extend(script.iter().map(|name| (key, name.clone())));
    params.extend(at(&document, "/account_id").map(|id| ("account", id)));
    findings.at(file, "name", What::Platform { provider, service: script.clone(), params: params.clone() });
    routes(file, &document, &script, findings);
    // Each environment is a script of its own; Pages has one project for all.
    let environments = document.get("env").and_then(Value::as_object).into_iter().flatten();
    for (environment, section) in environments.filter(|_| !pages) {
        let suffixed = script.as_ref().map(|script| format!("{script}-{environment}"));
        let named = at(section, "/name").or(suffixed);
        let mut params = params.clone();
        params.extend(named.iter().map(|name| (key, name.clone())));
        findings.at(file, &format!("env.{environment}"), What::Platform { provider, service: named.clone(), params });
        routes(file, section, &named, findings);
    }
    if !list(&document, "/d1_databases").is_empty() {
        findings.at(file, "d1_databases", What::Database { name: "d1" });
    }
    if list(&document, "/d1_databases").iter().any(|database| database.get("migrations_dir").is_some()) {
        findings.at(file, "migrations_dir", What::Migrations { tool: "wrangler" });
    }
    if !list(&document, "/hyperdrive").is_empty() {
        findings.at(file, "hyperdrive", What::Database { name: "postgres" });
    }
}

fn routes(file: &TreeFile, section: &Value, script: &Option<String>, findings: &mut Findings) {
    let mut routes: Vec<&Value> = section.get("routes").and_then(Value::as_array).into_iter().flatten().collect();
    routes.extend(section.get("route"));
    for route in routes {
        let pattern = route.as_str().or_else(|| route.get("pattern")?.as_str()).unwrap_or_default();
        let host = pattern.trim_end_matches("/*").trim_end_matches('/').trim_start_matches("*.");
        if is_public_host(host) {
            let what = What::Url { url: format!("https://{host}"), service: script.clone(), guess: false };
            findings.at(file, pattern, what);
        }
    }
}
