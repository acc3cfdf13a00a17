//! Kustomize: an overlay says in which namespace, and so in which environment, the workloads of its base run.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::text::{at, name, yaml};
use super::super::{Findings, Tree, TreeFile, What};
use super::{is_kustomization, own, place};

/// An overlay of an overlay of an overlay is still followed; a circle is not.
const DEEPEST: usize = 5;

/// Returns whether some kustomization builds upon the folder that a file lies in.
pub(super) fn is_base(tree: &Tree, path: &str) -> bool {
    let folder = parent(path);
    tree.files.iter().filter(|file| is_kustomization(name(&file.path)) && parent(&file.path) != folder).any(|file| {
        resources(file).iter().any(|resource| join(parent(&file.path), resource).is_some_and(|place| place == folder))
    })
}

/// Finds what a kustomization that nobody builds upon deploys.
pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let document = first(file);
    let namespace = at(&document, "/namespace");
    let text = |key: &str| at(&document, key).unwrap_or_default();
    let mut found = Vec::new();
    workloads(tree, file, DEEPEST, &mut found);
    for (kind, workload) in &found {
        let full = format!("{}{workload}{}", text("/namePrefix"), text("/nameSuffix"));
        let (provider, key) = place(kind);
        let mut params: BTreeMap<&'static str, String> = [(key, full)].into();
        params.extend(namespace.iter().map(|namespace| ("namespace", namespace.clone())));
        let line = if namespace.is_some() { "namespace:" } else { "resources" };
        findings.at(file, line, What::Platform { provider, service: Some(workload.clone()), params });
    }
    // What it deploys lies elsewhere: that it is Kubernetes is known all the same.
    if found.is_empty() {
        let what = What::Platform { provider: "kubernetes", service: at(&document, "/name"), params: BTreeMap::new() };
        findings.add(file, 1, what);
    }
}

fn workloads(tree: &Tree, file: &TreeFile, depth: usize, found: &mut Vec<(String, String)>) {
    for resource in resources(file) {
        let Some(place) = join(parent(&file.path), &resource) else { continue };
        for other in &tree.files {
            if other.path == place {
                for document in yaml(&other.text) {
                    let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
                    if let ("Deployment" | "StatefulSet", Some(name)) = (kind, own(&document)) {
                        found.push((kind.to_owned(), name));
                    }
                }
            } else if depth > 0 && is_kustomization(name(&other.path)) && parent(&other.path) == place {
                workloads(tree, other, depth - 1, found);
            }
        }
    }
}

fn first(file: &TreeFile) -> Value {
    yaml(&file.text).into_iter().next().unwrap_or_default()
}

fn resources(file: &TreeFile) -> Vec<String> {
    let document = first(file);
    let lists = ["resources", "bases"].into_iter().filter_map(|key| document.get(key)?.as_array());
    lists.flatten().filter_map(|resource| Some(resource.as_str()?.trim_end_matches('/').to_owned())).collect()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns a relative place as a path of the tree; nothing when it leads out of it, or is an address.
fn join(folder: &str, relative: &str) -> Option<String> {
    if relative.contains("://") || relative.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
