//! Compose files: what runs in containers, which of them are databases, and how each tells that it is well.

use std::collections::BTreeMap;

use serde_json::Value;

use super::database::of_image;
use super::environment::is_for_the_desk;
use super::monitoring;
use super::text::{folder, line_of, local_route, name, yaml};
use super::{Findings, Tree, TreeFile, What};

/// What stands in front of an app, or beside it, and is none.
const PROXIES: &[&str] = &["nginx", "traefik", "caddy", "haproxy", "envoy", "certbot", "duckdns", "watchtower", "mc"];

pub(super) fn wants(path: &str) -> bool {
    let name = name(path);
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    yaml && (name.starts_with("docker-compose") || name.starts_with("compose."))
}

pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let documents = yaml(&file.text);
    let Some(document) = documents.first() else { return };
    let Some(services) = document.get("services").and_then(Value::as_object) else { return };
    let project = project(tree, file, document);
    // What is started only on one's own desk, or for tests, says what it stands on and not what runs.
    let desk = is_for_the_desk(&file.path);
    // Where nothing of one's own starts by itself, a profile is named whenever it is started.
    let by_profile = !services.values().any(|service| is_ours(service) && starts_by_itself(service));
    for (key, service) in services {
        let line = line_of(&file.text, &format!("{key}:"));
        let params: BTreeMap<&'static str, String> = [("project", project.clone()), ("service", key.clone())].into();
        if let Some(image) = service.get("image").and_then(Value::as_str) {
            let line = line_of(&file.text, image);
            if let Some(name) = of_image(image) {
                findings.add(file, line, What::Database { name });
                if is_default(&file.path) && starts_by_itself(service) {
                    let what = What::Store { database: name, service: key.clone(), params: params.clone() };
                    findings.add(file, line, what);
                }
            }
            if let Some(provider) = monitoring::of_image(image) {
                let params = Default::default();
                findings.add(file, line, What::Monitoring { provider, params });
            }
        }
        if desk || !is_ours(service) || !(by_profile || starts_by_itself(service)) {
            continue;
        }
        findings.add(file, line, What::Platform { provider: "docker", service: Some(key.clone()), params });
        for on in needs(service) {
            findings.add(file, line, What::Needs { service: key.clone(), on });
        }
        // Where it is published on this machine: whoever has started it can ask it there.
        if let Some(port) = published(service) {
            let url = format!("http://localhost:{port}");
            let needle = format!("{port}:");
            findings.add(
                file,
                line_after(&file.text, line, &needle),
                What::Url { url, service: Some(key.clone()), guess: true },
            );
        }
        let test = service.pointer("/healthcheck/test").map(Value::to_string).unwrap_or_default();
        if let Some(route) = local_route(&test) {
            let needle = if route == "/" { "healthcheck" } else { route.as_str() };
            findings.add(
                file,
                line_after(&file.text, line, needle),
                What::Health { route: route.clone(), service: Some(key.clone()) },
            );
        }
    }
}

/// Returns the first line from a service's own on that contains a text: others' look alike.
fn line_after(text: &str, begun: usize, needle: &str) -> usize {
    let mut lines = text.lines().enumerate().skip(begun.saturating_sub(1));
    lines.find(|(_, line)| line.contains(needle)).map_or(begun, |(index, _)| index + 1)
}

/// Returns whether it is the project's own: built here, or an image that is no database, no monitoring and nothing in front.
fn is_ours(service: &Value) -> bool {
    match (service.get("build"), service.get("image").and_then(Value::as_str)) {
        (Some(_), _) => true,
        (None, Some(image)) => of_image(image).is_none() && monitoring::of_image(image).is_none() && !is_proxy(image),
        // A part of a service that another file begins.
        (None, None) => false,
    }
}

/// Returns whether it is the file that is used unless somebody names another, or the one for production.
fn is_default(path: &str) -> bool {
    let stem = name(path).rsplit_once('.').map_or("", |(stem, _)| stem);
    let (_, more) = stem.split_once(['.', '_']).unwrap_or((stem, ""));
    !is_for_the_desk(path) && (more.is_empty() || matches!(more, "prod" | "production"))
}

/// Returns whether `docker compose up` starts a service that nobody names.
fn starts_by_itself(service: &Value) -> bool {
    service.get("profiles").and_then(Value::as_array).is_none_or(Vec::is_empty)
}

/// Returns the services that one waits for.
fn needs(service: &Value) -> Vec<String> {
    match service.get("depends_on") {
        Some(Value::Array(names)) => names.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect(),
        Some(Value::Object(names)) => names.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

/// Returns the port of this machine under which a service is published, where it is written as a number.
fn published(service: &Value) -> Option<u16> {
    let first = service.get("ports")?.as_array()?.first()?;
    if let Some(port) = first.get("published") {
        return port.as_u64().and_then(|port| u16::try_from(port).ok()).or_else(|| number(port.as_str()?));
    }
    let text = first.as_str()?.strip_suffix("/tcp").unwrap_or(first.as_str()?);
    // The host's part may be a variable with a default, which has a colon of its own.
    let (host, _) = text.rsplit_once(':')?;
    // Behind an address of its own it is for that one only.
    let host = host.strip_prefix("127.0.0.1:").or_else(|| host.strip_prefix("0.0.0.0:")).unwrap_or(host);
    number(host)
}

/// Returns a number, or the default of a variable: `${PORT:-3000}`.
fn number(text: &str) -> Option<u16> {
    let default = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')?.split_once(":-"));
    default.map_or(text, |(_, default)| default).parse().ok()
}

/// Returns what Compose calls the project: by its own word, or by the folder that the file lies in.
fn project(tree: &Tree, file: &TreeFile, document: &Value) -> String {
    let legal = |character: &char| character.is_ascii_alphanumeric() || "-_".contains(*character);
    let named = document.get("name").and_then(Value::as_str).filter(|name| super::text::plain(name));
    let name = named.or_else(|| folder(&file.path)).unwrap_or(&tree.name);
    name.to_lowercase().chars().filter(legal).collect()
}

fn is_proxy(image: &str) -> bool {
    let name = image.split(['@', ':']).next().unwrap_or(image);
    let name = name.rsplit('/').next().unwrap_or(name);
    PROXIES.iter().any(|proxy| name == *proxy || name.starts_with(&format!("{proxy}_")))
}
