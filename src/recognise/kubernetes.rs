//! Kubernetes manifests, Helm charts and Kustomize: workloads, where they answer, and their probes.

use std::collections::BTreeMap;

use serde_json::Value;

mod kustomize;

use super::database::of_image;
use super::fly::list;
use super::monitoring;
use super::text::{at, is_public_host, line_of, name, route, yaml};
use super::{Findings, Tree, TreeFile, What};

fn is_kustomization(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml")
}

pub(super) fn wants(path: &str) -> bool {
    (path.ends_with(".yaml") || path.ends_with(".yml")) && !path.contains(".github/")
}

pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let named = name(&file.path);
    if is_kustomization(named) {
        // What another one builds upon is not deployed by itself.
        if !kustomize::is_base(tree, &file.path) {
            kustomize::read(tree, file, findings);
        }
        return;
    }
    if named == "Chart.yaml" {
        let document = yaml(&file.text).into_iter().next().unwrap_or_default();
        // A chart of something else is a package, not this service.
        let service = at(&document, "/name");
        findings.add(file, 1, What::Platform { provider: "kubernetes", service, params: BTreeMap::new() });
        return;
    }
    if !file.text.contains("apiVersion:") || !file.text.contains("kind:") {
        return;
    }
    for document in yaml(&file.text) {
        let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "Deployment" | "StatefulSet" => {
                let is_built_upon = kustomize::is_base(tree, &file.path);
                workload(file, &document, kind, is_built_upon, findings);
            }
            "Ingress" | "HTTPRoute" => {
                let rules = list(&document, "/spec/rules").into_iter().filter_map(|rule| rule.get("host")?.as_str());
                let names = document.pointer("/spec/hostnames").and_then(Value::as_array);
                let names = names.into_iter().flatten().filter_map(Value::as_str);
                for host in rules.chain(names).filter(|host| is_public_host(host)) {
                    let what = What::Url { url: format!("https://{host}"), service: None, guess: false };
                    findings.at(file, host, what);
                }
            }
            _ => {}
        }
    }
}

/// Where a kind of workload is found there: the provider, and its parameter for the name.
fn place(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "StatefulSet" => ("kubernetes-statefulset", "statefulset"),
        _ => ("kubernetes", "deployment"),
    }
}

/// Returns the name of a workload that is the project's own: no database, nothing that watches, nothing in front.
fn own(document: &Value) -> Option<String> {
    let containers = list(document, "/spec/template/spec/containers");
    let images: Vec<&str> = containers.iter().filter_map(|container| container.get("image")?.as_str()).collect();
    let strangers = |image: &&str| of_image(image).is_some() || monitoring::of_image(image).is_some();
    let is_ours = !images.iter().all(strangers) && !images.iter().any(|image| image.starts_with("traefik"));
    is_ours.then(|| at(document, "/metadata/name")).flatten()
}

fn workload(file: &TreeFile, document: &Value, kind: &str, is_built_upon: bool, findings: &mut Findings) {
    let containers = list(document, "/spec/template/spec/containers");
    let images: Vec<&str> = containers.iter().filter_map(|container| container.get("image")?.as_str()).collect();
    for image in &images {
        if let Some(name) = of_image(image) {
            findings.at(file, image, What::Database { name });
        }
        if let Some(provider) = monitoring::of_image(image) {
            findings.at(file, image, What::Monitoring { provider, params: BTreeMap::new() });
        }
        if image.starts_with("registry.digitalocean.com/") {
            findings.at(file, image, What::Vendor { name: "digitalocean".to_owned() });
        }
    }
    let Some(name) = own(document) else { return };
    let (provider, key) = place(kind);
    let mut params: BTreeMap<&'static str, String> = [(key, name.clone())].into();
    params.extend(at(document, "/metadata/namespace").map(|namespace| ("namespace", namespace)));
    let line = line_of(&file.text, &format!("name: {name}"));
    if !is_built_upon {
        findings.add(file, line, What::Platform { provider, service: Some(name.clone()), params });
    }
    for container in containers {
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
            let path = container.get(probe).and_then(|probe| probe.pointer("/httpGet/path")?.as_str());
            if let Some(path) = path.and_then(route) {
                findings.at(file, &format!("path: {path}"), What::Health { route: path, service: Some(name.clone()) });
            }
        }
    }
}
