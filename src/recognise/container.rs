//! Dockerfiles: how the container tells that it is well.

use super::text::{local_route, name};
use super::{Findings, Tree, TreeFile, What};

pub(super) fn wants(path: &str) -> bool {
    let name = name(path);
    name == "Dockerfile" || name == "Containerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile")
}

pub(super) fn read(_: &Tree, file: &TreeFile, findings: &mut Findings) {
    let mut inside = None;
    for (index, line) in file.text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("HEALTHCHECK") && !line.contains("HEALTHCHECK NONE") {
            inside = Some(index + 1);
        }
        let Some(begun) = inside else { continue };
        if let Some(route) = local_route(line) {
            findings.add(file, begun, What::Health { route, service: None });
        }
        if !line.ends_with('\\') {
            inside = None;
        }
    }
}
