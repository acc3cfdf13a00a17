//! Platforms that have a file of their own: Lambda, Nomad, Capistrano.

use std::collections::BTreeMap;

use super::text::{at, lines, name, yaml};
use super::{Findings, Tree, TreeFile, What};

pub(super) fn wants(path: &str) -> bool {
    matches!(
        name(path),
        "serverless.yml" | "serverless.yaml" | "template.yaml" | "template.yml" | "samconfig.toml" | "Capfile"
    ) || path.ends_with(".nomad")
        || path.ends_with(".nomad.hcl")
}

pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let document = || yaml(&file.text).into_iter().next().unwrap_or_default();
    match name(&file.path) {
        "serverless.yml" | "serverless.yaml" => {
            let document = document();
            let region = at(&document, "/provider/region").map(|region| ("region", region));
            let is_aws = at(&document, "/provider/name").is_none_or(|name| name == "aws");
            if is_aws {
                let service = at(&document, "/service");
                let params = region.into_iter().collect();
                findings.at(file, "provider", What::Platform { provider: "aws-lambda", service, params });
            }
        }
        "template.yaml" | "template.yml" if file.text.contains("AWS::Serverless") => {
            let what =
                What::Platform { provider: "aws-lambda", service: Some(tree.name.clone()), params: BTreeMap::new() };
            findings.at(file, "AWS::Serverless", what);
        }
        // What else calls itself a template.
        "template.yaml" | "template.yml" => {}
        "samconfig.toml" => {
            let what =
                What::Platform { provider: "aws-lambda", service: Some(tree.name.clone()), params: BTreeMap::new() };
            findings.add(file, 1, what);
        }
        "Capfile" => {
            // It has no way to ask what runs: releases are folders on the servers.
            let what = What::Platform {
                provider: "releases-over-ssh",
                service: Some(tree.name.clone()),
                params: BTreeMap::new(),
            };
            findings.add(file, 1, what);
        }
        _ => {
            let job = lines(&file.text).find_map(|(line, text)| {
                Some((line, text.strip_prefix("job")?.trim().strip_prefix('"')?.split('"').next()?.to_owned()))
            });
            let (line, job) = job.map_or((1, None), |(line, job)| (line, Some(job)));
            let params = job.iter().map(|job| ("job", job.clone())).collect();
            findings.add(file, line, What::Platform { provider: "nomad", service: job, params });
        }
    }
}
