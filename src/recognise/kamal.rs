//! Kamal: `config/deploy.yml`, and a file for each destination beside it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::environment::{self, PRODUCTION};
use super::text::{at, is_address, is_public_host, name, yaml};
use super::{Findings, Tree, TreeFile, What};

pub(super) fn wants(path: &str) -> bool {
    let inside = path.strip_prefix("config/").or_else(|| path.split_once("/config/").map(|(_, rest)| rest));
    inside.is_some_and(|inside| destination(inside).is_some())
}

/// Returns the destination that a file is for: nothing for the one that all share.
fn destination(path: &str) -> Option<Option<&str>> {
    let middle = path.strip_prefix("deploy")?.strip_suffix(".yml")?;
    match middle.strip_prefix('.') {
        Some(named) if !named.is_empty() && !named.contains(['/', '.']) => Some(Some(named)),
        None if middle.is_empty() => Some(None),
        _ => None,
    }
}

pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let Some(destination) = destination(name(&file.path)) else { return };
    let shared_path = format!("{}deploy.yml", &file.path[..file.path.len() - name(&file.path).len()]);
    let shared = tree.files.iter().find(|other| other.path == shared_path);
    // What is a template in Ruby is not YAML yet.
    let document = first(file);
    let below = shared.map(first).unwrap_or_default();
    let said = |pointer: &str| at(&document, pointer).or_else(|| at(&below, pointer));
    let service = said("/service");
    let is_kamal = service.is_some() || shared.unwrap_or(file).text.contains("image:");
    if !is_kamal {
        return;
    }
    let siblings = tree.files.iter().filter(|other| {
        other.path != shared_path && other.path.starts_with(shared_path.trim_end_matches("yml")) && wants(&other.path)
    });
    // A file with a service of its own is no destination: it is named whole, with -c.
    let is_whole = destination.is_some() && at(&document, "/service").is_some();
    if destination.is_none() && siblings.filter(|other| at(&first(other), "/service").is_none()).count() > 0 {
        return;
    }
    let mut params: BTreeMap<&'static str, String> = BTreeMap::new();
    params.extend(service.iter().map(|service| ("service", service.clone())));
    if let Some(destination) = destination.filter(|_| !is_whole) {
        params.insert("destination", destination.to_owned());
    }
    let config = if is_whole { &file.path } else { &shared_path };
    if config != "config/deploy.yml" {
        params.insert("config", config.clone());
    }
    let title = service.clone().map(|service| match destination {
        // Production has the plain name.
        Some(destination) if !is_whole && environment::of_name(&format!("x-{destination}")) != Some(PRODUCTION) => {
            format!("{service}-{destination}")
        }
        _ => service,
    });
    let needle = if file.text.contains("service:") { "service:" } else { "servers:" };
    findings.at(file, needle, What::Platform { provider: "kamal", service: title.clone(), params });
    let host = said("/proxy/host").or_else(|| said("/proxy/hosts/0"));
    let is_plain = |value: &Value| value.pointer("/proxy/ssl") == Some(&Value::Bool(false));
    let scheme = if is_plain(&document) { "http" } else { "https" };
    if let Some(host) = host.filter(|host| is_public_host(host) || is_address(host)) {
        let what = What::Url { url: format!("{scheme}://{host}"), service: title.clone(), guess: false };
        findings.at(file, &host, what);
    }
    let path = said("/proxy/healthcheck/path").unwrap_or_else(|| "/up".to_owned());
    findings.at(file, &path, What::Health { route: path.clone(), service: title });
}

fn first(file: &TreeFile) -> Value {
    yaml(&file.text).into_iter().next().unwrap_or_default()
}
