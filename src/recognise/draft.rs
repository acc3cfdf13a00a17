//! From what was recognised to what a configuration should say: which services, from which sources, with which checks.
//!
//! What is not known stays open and says what it is: the writer leaves a line to fill in, a person at a terminal is asked.

use std::collections::{BTreeMap, BTreeSet};

use super::{Recognised, What};
use crate::model::source::Capability;
use crate::model::text::Line;
use crate::provider::definition::{Definition, Kind};
use crate::provider::vendors::{self, KnownVendor};

/// Where a thing was found, as it is shown: `fly.toml:3`.
pub type Evidence = String;

/// What a configuration should say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Draft {
    pub project: String,
    pub sources: Vec<DraftSource>,
    pub services: Vec<DraftService>,
    pub vendors: Vec<(KnownVendor, Evidence)>,
    /// Databases and the like: nothing says where they answer.
    pub databases: Vec<(&'static str, Evidence)>,
    /// Platforms that were recognised and are not what the services run on.
    pub left_out: Vec<(String, Evidence)>,
    pub people: Vec<Person>,
}

/// A hosting or monitoring system.
#[derive(Clone, PartialEq, Debug)]
pub struct DraftSource {
    pub provider: String,
    pub title: String,
    pub kind: Kind,
    pub evidence: Evidence,
    pub params: BTreeMap<String, String>,
    pub url: Option<String>,
    /// It has no address of its own.
    pub needs_url: bool,
    /// What must be said of it and is not known.
    pub missing: Vec<Missing>,
    /// Its secrets that must be there, and how one gets them.
    pub secrets: Vec<(String, String)>,
    /// Where each secret is, once that is known.
    pub places: BTreeMap<String, Place>,
}

/// Where a secret is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The vendor's own tool is logged in: nothing needs to be written.
    Login(String),
    /// What to write behind the key.
    Written(String),
}

/// A parameter to fill in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Missing {
    pub name: String,
    pub help: String,
    pub example: String,
}

/// A thing that can be down.
#[derive(Clone, PartialEq, Debug)]
pub struct DraftService {
    pub name: String,
    pub provider: Option<String>,
    pub evidence: Evidence,
    pub params: BTreeMap<String, String>,
    pub missing: Vec<Missing>,
    pub address: Option<Address>,
    /// Paths that tell whether it is well, the best first.
    pub routes: Vec<(String, Evidence)>,
    pub has_logs: bool,
    pub runbooks: Vec<&'static str>,
}

/// Where a service answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    pub url: String,
    pub evidence: Evidence,
    /// It follows from a name, and nobody has seen it answer.
    pub guess: bool,
}

/// Whom to call first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    pub name: String,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// Of several platforms the first of these runs it: a Procfile or a compose file is often left over, or for one's own desk.
const BY_LIKELIHOOD: &[&str] = &[
    "fly",
    "render",
    "kamal",
    "vercel",
    "netlify",
    "railway",
    "cloudflare-workers",
    "cloudflare-pages",
    "google-cloud-run",
    "kubernetes",
    "kubernetes-statefulset",
    "aws-ecs",
    "aws-lambda",
    "azure-app-service",
    "nomad",
    "releases-over-ssh",
    "heroku",
    "docker",
];

/// Returns the platforms that were recognised, the most likely first, each with its evidence.
pub fn platforms(found: &[Recognised]) -> Vec<(&'static str, Evidence)> {
    let mut platforms: Vec<(&'static str, Evidence)> = Vec::new();
    for it in found {
        if let What::Platform { provider, .. } = it.what
            && !platforms.iter().any(|(known, _)| *known == provider)
        {
            platforms.push((provider, evidence(it)));
        }
    }
    platforms.sort_by_key(|(provider, _)| BY_LIKELIHOOD.iter().position(|known| known == provider));
    platforms
}

/// Returns the platforms that count where nobody says which: all that are no leftovers of another.
pub fn likely(found: &[Recognised]) -> Vec<&'static str> {
    let all = platforms(found);
    let weak = |provider: &str| matches!(provider, "heroku" | "docker");
    let strong: Vec<&'static str> = all.iter().map(|(name, _)| *name).filter(|name| !weak(name)).collect();
    if strong.is_empty() { all.first().map(|(name, _)| *name).into_iter().collect() } else { strong }
}

/// Drafts a configuration. `chosen` are the platforms that run it; `find` gives definitions.
pub fn draft<'d>(
    folder: &str,
    found: &[Recognised],
    chosen: &[&str],
    find: impl Fn(&str) -> Option<&'d Definition>,
) -> Draft {
    let named = found.iter().find_map(|it| match &it.what {
        What::Name { name } => Some(name.trim_start_matches('@').replace('/', "-")),
        _ => None,
    });
    let mut draft = Draft { project: named.unwrap_or_else(|| folder.to_owned()), ..Draft::default() };
    draft.left_out = platforms(found)
        .into_iter()
        .filter(|(provider, _)| !chosen.contains(provider))
        .map(|(provider, evidence)| (find(provider).map_or(provider.to_owned(), |it| it.title.clone()), evidence))
        .collect();
    draft.services = services(folder, &draft.project, found, chosen, &find);
    draft.sources = sources(found, &draft.services, &find);
    draft.vendors = vendors(found, &draft.sources);
    for it in found {
        if let What::Database { name } = it.what {
            draft.databases.push((name, evidence(it)));
        }
    }
    let runbooks = runbooks(found, &draft);
    for service in &mut draft.services {
        service.runbooks = runbooks.iter().copied().filter(|name| fits(name, service)).collect();
    }
    draft
}

/// Adds a platform that somebody named and that left no trace.
pub fn add_platform(draft: &mut Draft, definition: &Definition, evidence: &str) {
    let name = draft.project.clone();
    let placeholder = draft.services.iter().position(|service| service.provider.is_none());
    let mut service = match placeholder {
        Some(index) => draft.services.remove(index),
        None => DraftService::named(name),
    };
    service.provider = Some(definition.name.clone());
    service.evidence = evidence.to_owned();
    service.missing = missing(definition, &service.params);
    service.has_logs = has_logs(definition);
    service.runbooks.insert(0, "bad-deploy");
    draft.services.push(service);
    draft.sources.insert(0, source(definition, evidence.to_owned(), BTreeMap::new()));
}

fn has_logs(definition: &Definition) -> bool {
    definition.stream.is_some() || definition.readings.contains_key(&Capability::Logs)
}

impl DraftService {
    fn named(name: String) -> Self {
        Self {
            name,
            provider: None,
            evidence: String::new(),
            params: BTreeMap::new(),
            missing: Vec::new(),
            address: None,
            routes: Vec::new(),
            has_logs: false,
            runbooks: Vec::new(),
        }
    }
}

fn services<'d>(
    folder: &str,
    project: &str,
    found: &[Recognised],
    chosen: &[&str],
    find: &impl Fn(&str) -> Option<&'d Definition>,
) -> Vec<DraftService> {
    let mut services: Vec<DraftService> = Vec::new();
    for provider in chosen {
        let of_it = |it: &&Recognised| matches!(&it.what, What::Platform { provider: other, .. } if other == provider);
        let mut named: Vec<DraftService> = Vec::new();
        for it in found.iter().filter(of_it) {
            let What::Platform { service, params, .. } = &it.what else { continue };
            let params: BTreeMap<String, String> =
                params.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            // What is only called like its folder is called like the project.
            let name = service.clone().filter(|name| name != folder).unwrap_or_else(|| project.to_owned());
            match named.iter_mut().find(|known| known.name == name) {
                Some(known) => params.into_iter().for_each(|(key, value)| {
                    known.params.entry(key).or_insert(value);
                }),
                None => named.push(DraftService {
                    provider: Some((*provider).to_owned()),
                    evidence: evidence(it),
                    params,
                    ..DraftService::named(name)
                }),
            }
        }
        // A remote or a link names the app; the Procfile beside it says nothing more.
        if named.iter().any(|service| !service.params.is_empty()) {
            named.retain(|service| !service.params.is_empty());
        }
        for mut service in named {
            if services.iter().any(|known| known.name == service.name) {
                service.name = format!("{}-{provider}", service.name);
            }
            if let Some(definition) = find(provider) {
                service.missing = missing(definition, &service.params);
                service.has_logs = has_logs(definition);
            }
            services.push(service);
        }
    }
    if services.is_empty() {
        services.push(DraftService::named(project.to_owned()));
    }
    place(&mut services, found);
    services
}

/// Gives addresses and paths to the services that they belong to; those of nobody go to the first.
fn place(services: &mut [DraftService], found: &[Recognised]) {
    let names: BTreeSet<String> = services.iter().map(|service| service.name.clone()).collect();
    for (index, service) in services.iter_mut().enumerate() {
        let mine = |owner: &Option<String>| match owner {
            Some(owner) if names.contains(owner) => *owner == service.name,
            _ => index == 0,
        };
        let mut routes: Vec<(String, Evidence)> = Vec::new();
        for it in found {
            match &it.what {
                // A guess about something else is no guess about this; what listens on this machine is what Docker runs here.
                What::Url { url, service: owner, guess }
                    if mine(owner)
                        && (!guess || owner.as_ref() == Some(&service.name))
                        && (!url.starts_with("http://localhost") || service.provider.as_deref() == Some("docker")) =>
                {
                    let better = service.address.as_ref().is_none_or(|known| known.guess && !guess);
                    if better {
                        service.address = Some(Address { url: url.clone(), evidence: evidence(it), guess: *guess });
                    }
                }
                What::Health { route, service: owner }
                    if mine(owner) && !routes.iter().any(|(known, _)| known == route) =>
                {
                    routes.push((route.clone(), evidence(it)));
                }
                _ => {}
            }
        }
        routes.sort_by_key(|(route, _)| !(route.contains("ready") || route.contains("health")));
        service.routes = routes;
    }
}

fn sources<'d>(
    found: &[Recognised],
    services: &[DraftService],
    find: &impl Fn(&str) -> Option<&'d Definition>,
) -> Vec<DraftSource> {
    let mut sources: Vec<DraftSource> = Vec::new();
    for service in services {
        let Some(definition) = service.provider.as_deref().and_then(find) else { continue };
        if !sources.iter().any(|known| known.provider == definition.name) {
            sources.push(source(definition, service.evidence.clone(), BTreeMap::new()));
        }
    }
    for it in found {
        let What::Monitoring { provider, params } = &it.what else { continue };
        let params: BTreeMap<String, String> =
            params.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        match sources.iter_mut().find(|known| known.provider == *provider) {
            Some(known) => {
                known.missing.retain(|missing| !params.contains_key(&missing.name));
                known.params.extend(params);
            }
            None => sources.extend(find(provider).map(|definition| source(definition, evidence(it), params))),
        }
    }
    sources
}

fn source(definition: &Definition, evidence: Evidence, params: BTreeMap<String, String>) -> DraftSource {
    let needs_url = definition.base_url.is_none() && !definition.secrets.iter().any(|slot| slot.is_url);
    let by_command =
        definition.readings.values().flat_map(|reading| &reading.requests).all(|request| {
            matches!(request.target, crate::provider::definition::Target::Run(_)) || request.base.is_some()
        });
    let kubeconfig = matches!(definition.auth.scheme, Some(crate::provider::definition::Scheme::Kubeconfig));
    DraftSource {
        provider: definition.name.clone(),
        title: definition.title.clone(),
        kind: definition.kind,
        evidence,
        // What a hosting platform must be told is said by each service.
        missing: if definition.kind == Kind::Hosting { Vec::new() } else { missing(definition, &params) },
        params,
        url: None,
        needs_url: needs_url && !by_command && !kubeconfig,
        secrets: needed(definition),
        places: BTreeMap::new(),
    }
}

/// What a service or a source takes from it; what only metrics or a duty roster need can wait.
const TAKEN: &[Capability] =
    &[Capability::Releases, Capability::Instances, Capability::Logs, Capability::Issues, Capability::Alerts];

fn missing(definition: &Definition, known: &BTreeMap<String, String>) -> Vec<Missing> {
    let taken = definition.readings.iter().filter(|(capability, _)| TAKEN.contains(capability));
    let requests: Vec<_> = taken.flat_map(|(_, reading)| &reading.requests).collect();
    let is_used = |name: &str| definition.auth_uses(name) || requests.iter().any(|request| request.uses(name));
    let in_address = |name: &str| definition.base_url.as_ref().is_some_and(|url| url.uses(name));
    let open = definition.params.iter().filter(|param| {
        let open = !param.optional && param.default.is_null() && !known.contains_key(&param.name);
        open && (is_used(&param.name) || in_address(&param.name))
    });
    let example = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    open.map(|param| Missing { name: param.name.clone(), help: param.help.clone(), example: example(&param.example) })
        .collect()
}

/// Returns the secrets that one must have to ask it anything.
fn needed(definition: &Definition) -> Vec<(String, String)> {
    let mut needed: Vec<_> = definition.secrets.iter().filter(|slot| !slot.optional).collect();
    // One of several will do.
    if needed.is_empty() && !definition.auth.optional && definition.auth.scheme.is_none() {
        needed.extend(definition.secrets.first());
    }
    needed.into_iter().map(|slot| (slot.name.clone(), slot.help.clone())).collect()
}

fn vendors(found: &[Recognised], sources: &[DraftSource]) -> Vec<(KnownVendor, Evidence)> {
    let known = vendors::known();
    let mut vendors: Vec<(KnownVendor, Evidence)> = Vec::new();
    let mut add = |name: &str, evidence: Evidence| {
        let is = |vendor: &&KnownVendor| {
            name == vendor.name || name.strip_prefix(&vendor.name).is_some_and(|rest| rest.starts_with('-'))
        };
        if let Some(vendor) = known.iter().find(is)
            && !vendors.iter().any(|(other, _)| other.name == vendor.name)
        {
            vendors.push((vendor.clone(), evidence));
        }
    };
    for source in sources {
        add(&source.provider, source.evidence.clone());
    }
    for it in found {
        match &it.what {
            What::Vendor { name } => add(name, evidence(it)),
            What::Ci { provider, .. } => add(provider, evidence(it)),
            _ => {}
        }
    }
    vendors
}

/// Returns the built-in runbooks for what this project can suffer from.
fn runbooks(found: &[Recognised], draft: &Draft) -> Vec<&'static str> {
    let has = |wanted: &dyn Fn(&What) -> bool| found.iter().any(|it| wanted(&it.what));
    let mut names = vec!["bad-deploy"];
    if has(&|what| matches!(what, What::Migrations { .. })) {
        names.push("failing-migration");
    }
    if has(&|what| matches!(what, What::Database { name } if !matches!(*name, "redis" | "rabbitmq" | "kafka"))) {
        names.push("database-unreachable");
    }
    if has(&|what| matches!(what, What::Database { name: "rabbitmq" | "kafka" })) {
        names.push("queue-backlog");
    }
    if !draft.vendors.is_empty() {
        names.push("vendor-outage");
    }
    names.extend(["out-of-memory", "expired-certificate", "disk-full"]);
    names
}

fn fits(runbook: &str, service: &DraftService) -> bool {
    match runbook {
        // Only where the disk is one's own.
        "disk-full" => matches!(service.provider.as_deref(), Some("docker" | "kamal" | "releases-over-ssh" | "nomad")),
        "expired-certificate" => service.address.is_some(),
        "out-of-memory" => !matches!(service.provider.as_deref(), Some("netlify" | "cloudflare-pages") | None),
        "bad-deploy" => service.provider.is_some(),
        _ => true,
    }
}

fn evidence(found: &Recognised) -> Evidence {
    let Recognised { path, line, .. } = found;
    Line::from_text(&format!("{path}:{line}")).to_string()
}
