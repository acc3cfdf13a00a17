//! Platforms that have a file of their own: App Engine, Lambda, Nomad, Kamal, Capistrano.

use std::collections::BTreeMap;

use super::text::{at, is_public_host, lines, name, yaml};
use super::{Findings, Tree, TreeFile, What};

pub(super) fn wants(path: &str) -> bool {
    matches!(
        name(path),
        "app.yaml"
            | "serverless.yml"
            | "serverless.yaml"
            | "template.yaml"
            | "template.yml"
            | "samconfig.toml"
            | "Capfile"
    ) || path.ends_with(".nomad")
        || path.ends_with(".nomad.hcl")
        || path == "config/deploy.yml"
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
        // DigitalOcean and Cloud Foundry use other names; App Engine's file names a runtime.
        "app.yaml" if at(&document(), "/runtime").is_some() => {
            findings.at(file, "runtime", What::Vendor { name: "google-cloud".to_owned() });
        }
        "app.yaml" => {}
        "Capfile" => {
            // It has no way to ask what runs: releases are folders on the servers.
            let what = What::Platform {
                provider: "releases-over-ssh",
                service: Some(tree.name.clone()),
                params: BTreeMap::new(),
            };
            findings.add(file, 1, what);
        }
        "deploy.yml" => kamal(file, findings),
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

fn kamal(file: &TreeFile, findings: &mut Findings) {
    // What is a template in Ruby is not YAML yet.
    let document = yaml(&file.text).into_iter().next().unwrap_or_default();
    let service = at(&document, "/service");
    if service.is_none() && !file.text.contains("image:") {
        return;
    }
    let params = service.iter().map(|service| ("service", service.clone())).collect();
    findings.at(file, "service", What::Platform { provider: "kamal", service: service.clone(), params });
    let host = at(&document, "/proxy/host").or_else(|| at(&document, "/proxy/hosts/0"));
    if let Some(host) = host.filter(|host| is_public_host(host)) {
        let what = What::Url { url: format!("https://{host}"), service: service.clone(), guess: false };
        findings.at(file, &host, what);
    }
    let path = at(&document, "/proxy/healthcheck/path").unwrap_or_else(|| "/up".to_owned());
    findings.at(file, &path, What::Health { route: path.clone(), service });
}
