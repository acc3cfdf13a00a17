//! Platforms whose own file describes an app: DigitalOcean, App Engine, CapRover, Scalingo, Clever Cloud, Upsun, Deno, and
//! some that there is no provider for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fly::list;
use super::text::{at, is_public_host, json, name, route, yaml};
use super::{Findings, Tree, TreeFile, What};

/// Files that name a platform and nothing that must be known of it. Those without a provider are said to be so.
const NAMED: &[(&str, &str)] = &[
    ("captain-definition", "caprover"),
    ("scalingo.json", "scalingo"),
    ("heroku.yml", "heroku"),
    (".platform.app.yaml", "upsun"),
    (".upsun/config.yaml", "upsun"),
    ("Dockerrun.aws.json", "elastic-beanstalk"),
    (".elasticbeanstalk/config.yml", "elastic-beanstalk"),
    ("apprunner.yaml", "app-runner"),
    ("amplify.yml", "amplify"),
    ("firebase.json", "firebase"),
];

/// Returns what a platform without a provider is called.
pub fn title(platform: &str) -> Option<&'static str> {
    const TITLES: &[(&str, &str)] = &[
        ("app-engine", "Google App Engine"),
        ("elastic-beanstalk", "AWS Elastic Beanstalk"),
        ("app-runner", "AWS App Runner"),
        ("amplify", "AWS Amplify"),
        ("firebase", "Firebase"),
    ];
    TITLES.iter().find(|(name, _)| *name == platform).map(|(_, title)| *title)
}

fn named(path: &str) -> Option<&'static str> {
    let is = |word: &str| path == word || path.ends_with(&format!("/{word}"));
    NAMED.iter().find(|(word, _)| is(word)).map(|(_, platform)| *platform)
}

/// `app.yaml`, `app.staging.yaml`.
fn is_app(path: &str) -> bool {
    let name = name(path);
    name.starts_with("app.") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

fn is_digitalocean(path: &str) -> bool {
    let yaml = path.ends_with(".yaml") || path.ends_with(".yml");
    yaml && (path.starts_with(".do/") || path.contains("/.do/"))
}

pub(super) fn wants(path: &str) -> bool {
    is_app(path) || is_digitalocean(path) || named(path).is_some()
}

pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    if is_digitalocean(&file.path) {
        digitalocean(file, findings);
    } else if is_app(&file.path) {
        app_engine(tree, file, findings);
    } else if let Some(platform) = named(&file.path) {
        // Everything in it may be a comment.
        let Some((line, _)) = super::text::lines(&file.text).next() else { return };
        let service = Some(tree.name.clone());
        if platform == "firebase" && json(&file.text).get("hosting").is_none() {
            return;
        }
        match title(platform) {
            Some(_) => findings.add(file, line, What::Elsewhere { platform, service, there: None }),
            None => {
                let what = What::Platform { provider: platform, service, params: BTreeMap::new() };
                findings.add(file, line, what);
            }
        }
    }
}

/// An app of DigitalOcean's: several components that are deployed together.
fn digitalocean(file: &TreeFile, findings: &mut Findings) {
    let document = yaml(&file.text).into_iter().next().unwrap_or_default();
    // A template for a button has all of it one level down.
    let spec = document.get("spec").unwrap_or(&document);
    let kinds = ["services", "static_sites", "workers", "functions"];
    if !kinds.iter().any(|kind| spec.get(kind).is_some()) {
        return;
    }
    let service = at(spec, "/name");
    let what = What::Platform { provider: "digitalocean", service: service.clone(), params: BTreeMap::new() };
    findings.at(file, "name:", what);
    let domains = list(spec, "/domains").into_iter().filter(|it| it.get("type").is_none_or(|kind| kind != "ALIAS"));
    if let Some(host) = domains.filter_map(|it| it.get("domain")?.as_str()).find(|host| is_public_host(host)) {
        let what = What::Url { url: format!("https://{host}"), service: service.clone(), guess: false };
        findings.at(file, host, what);
    }
    let health = list(spec, "/services").into_iter().filter_map(|it| it.pointer("/health_check/http_path")?.as_str());
    for path in health.filter_map(route) {
        findings.at(file, "http_path", What::Health { route: path, service: service.clone() });
    }
    for engine in list(spec, "/databases").into_iter().filter_map(|it| it.get("engine")?.as_str()) {
        let name = match engine {
            "PG" => "postgres",
            "MYSQL" => "mysql",
            "REDIS" | "VALKEY" => "redis",
            "MONGODB" => "mongodb",
            _ => continue,
        };
        findings.at(file, &format!("engine: {engine}"), What::Database { name });
    }
}

/// App Engine's file names a runtime; others of the same name do not.
fn app_engine(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let document = yaml(&file.text).into_iter().next().unwrap_or_default();
    if document.get("runtime").and_then(Value::as_str).is_none() || document.get("kind").is_some() {
        return;
    }
    let service = at(&document, "/service").or_else(|| at(&document, "/module"));
    let application = at(&document, "/application");
    let name = service.clone().or_else(|| application.clone()).unwrap_or_else(|| tree.name.clone());
    let there = service.clone().unwrap_or_else(|| "default".to_owned());
    let what = What::Elsewhere { platform: "app-engine", service: Some(name.clone()), there: Some(there) };
    findings.at(file, "runtime", what);
    findings.at(file, "runtime", What::Vendor { name: "google-cloud".to_owned() });
    // Only the first generation named its project here.
    if let Some(application) = application.filter(|_| service.as_deref().is_none_or(|it| it == "default")) {
        let what =
            What::Url { url: format!("https://{application}.appspot.com"), service: Some(name.clone()), guess: true };
        findings.at(file, "application", what);
    }
    for check in ["/readiness_check/path", "/liveness_check/path"] {
        if let Some(path) = at(&document, check).as_deref().and_then(route) {
            findings.at(file, &path, What::Health { route: path.clone(), service: Some(name.clone()) });
        }
    }
}
