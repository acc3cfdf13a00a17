//! Compose files: what runs in containers, which of them are databases, and how each tells that it is well.

use serde_json::Value;

use super::database::of_image;
use super::monitoring;
use super::text::{line_of, local_route, name, yaml};
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
    let Some(services) = documents.first().and_then(|it| it.get("services")).and_then(Value::as_object) else { return };
    for (key, service) in services {
        let image = service.get("image").and_then(Value::as_str);
        let line = line_of(&file.text, &format!("{key}:"));
        if let Some(image) = image {
            let line = line_of(&file.text, image);
            if let Some(name) = of_image(image) {
                findings.add(file, line, What::Database { name });
            }
            if let Some(provider) = monitoring::of_image(image) {
                let params = Default::default();
                findings.add(file, line, What::Monitoring { provider, params });
            }
        }
        let is_ours = match (service.get("build"), image) {
            (Some(_), _) => true,
            (None, Some(image)) => {
                of_image(image).is_none() && monitoring::of_image(image).is_none() && !is_proxy(image)
            }
            // A part of a service that another file begins.
            (None, None) => false,
        };
        if !is_ours {
            continue;
        }
        let params = [("project", project(tree)), ("service", key.clone())].into();
        findings.add(file, line, What::Platform { provider: "docker", service: Some(key.clone()), params });
        // Where it is published on this machine: whoever has started it can ask it there.
        if let Some(port) = published(service) {
            let url = format!("http://localhost:{port}");
            let needle = format!("{port}:");
            findings.at(file, &needle, What::Url { url, service: Some(key.clone()), guess: true });
        }
        let test = service.pointer("/healthcheck/test").map(Value::to_string).unwrap_or_default();
        if let Some(route) = local_route(&test) {
            let needle = if route == "/" { "healthcheck" } else { route.as_str() };
            findings.at(file, needle, What::Health { route: route.clone(), service: Some(key.clone()) });
        }
    }
}

/// Returns the port of this machine under which a service is published, where it is written as a number.
fn published(service: &Value) -> Option<u16> {
    let first = service.get("ports")?.as_array()?.first()?;
    if let Some(port) = first.get("published") {
        return port.as_u64().and_then(|port| u16::try_from(port).ok()).or_else(|| port.as_str()?.parse().ok());
    }
    let text = first.as_str()?.strip_suffix("/tcp").unwrap_or(first.as_str()?);
    let parts: Vec<&str> = text.split(':').collect();
    // Behind an address of its own it is for that one only.
    match parts.as_slice() {
        [host, _] | ["127.0.0.1" | "0.0.0.0", host, _] => host.parse().ok(),
        _ => None,
    }
}

/// Returns what Compose calls the project of a folder.
fn project(tree: &Tree) -> String {
    let legal = |character: &char| character.is_ascii_alphanumeric() || "-_".contains(*character);
    tree.name.to_lowercase().chars().filter(legal).collect()
}

fn is_proxy(image: &str) -> bool {
    let name = image.split(['@', ':']).next().unwrap_or(image);
    let name = name.rsplit('/').next().unwrap_or(name);
    PROXIES.iter().any(|proxy| name == *proxy || name.starts_with(&format!("{proxy}_")))
}
