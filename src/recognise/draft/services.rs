//! The things that can be down: which, where each runs, in which environment, and where each answers.

use std::collections::{BTreeMap, BTreeSet};

use super::super::environment::{self, PRODUCTION};
use super::super::{Recognised, What};
use super::sources::missing;
use super::{Address, DraftService, Evidence, evidence, has_logs};
use crate::provider::definition::Definition;

pub(super) fn services<'d>(
    folder: &str,
    project: &str,
    found: &[Recognised],
    chosen: &[&str],
    find: &impl Fn(&str) -> Option<&'d Definition>,
) -> Vec<DraftService> {
    let mut services: Vec<DraftService> = Vec::new();
    for provider in chosen {
        let mut named = of_platform(provider, folder, project, found);
        // Production has the plain name, whatever the order of the files.
        named.sort_by_key(|service| service.environment != PRODUCTION);
        for mut service in named {
            let taken = |name: &str, services: &[DraftService]| services.iter().any(|known| known.name == name);
            if taken(&service.name, &services) && service.environment != PRODUCTION {
                service.name = format!("{}-{}", service.name, service.environment);
            }
            if taken(&service.name, &services) {
                service.name = format!("{}-{provider}", service.name);
            }
            if let Some(definition) = find(provider) {
                service.missing = missing(definition, &service.params);
                service.has_logs = has_logs(definition);
            }
            if !taken(&service.name, &services) {
                services.push(service);
            }
        }
    }
    if services.is_empty() {
        services.push(DraftService::named(project.to_owned()));
    }
    place(&mut services, found);
    if chosen.contains(&"docker") {
        stores(&mut services, found, find("docker"));
    }
    needs(&mut services, found);
    for service in &mut services {
        // Their files say what is reached from outside; what they do not name is not.
        let tells = matches!(service.provider.as_deref(), Some("docker" | "fly" | "render"));
        service.is_private = tells && service.address.is_none() && service.missing.iter().all(|it| it.name != "app");
    }
    services
}

/// Returns what runs on a platform, each thing once.
fn of_platform(provider: &str, folder: &str, project: &str, found: &[Recognised]) -> Vec<DraftService> {
    let mut named: Vec<DraftService> = Vec::new();
    for it in found {
        let elsewhere;
        let (service, params, platform) = match &it.what {
            What::Platform { provider: other, service, params } if *other == provider => (service, params, None),
            What::Elsewhere { platform, service, there } if *platform == provider => {
                let there: BTreeMap<&'static str, String> =
                    there.iter().map(|name| ("service", name.clone())).collect();
                elsewhere = there;
                (service, &elsewhere, Some(*platform))
            }
            _ => continue,
        };
        let params: BTreeMap<String, String> =
            params.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        // What is only called like its folder is called like the project.
        let name = service.clone().filter(|name| name != folder).unwrap_or_else(|| project.to_owned());
        let environment = environment::of_path(it.path.as_str())
            .or_else(|| environment::of_name(&name))
            .or_else(|| environment::of_name(params.get("namespace").map_or("", String::as_str)))
            .unwrap_or(PRODUCTION);
        let known = named.iter_mut().find(|known| known.name == name && known.environment == environment);
        match known {
            Some(known) => params.into_iter().for_each(|(key, value)| {
                known.params.entry(key).or_insert(value);
            }),
            None => named.push(DraftService {
                provider: platform.is_none().then(|| provider.to_owned()),
                elsewhere: platform,
                environment: environment.to_owned(),
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
    named
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
        routes.sort_by_key(|(route, _)| {
            !(route.contains("ready") || route.contains("health") || route.contains("heart"))
        });
        service.routes = routes;
    }
}

/// Adds the databases that the same compose project runs, as something that can be seen to go down.
fn stores(services: &mut Vec<DraftService>, found: &[Recognised], docker: Option<&Definition>) {
    for it in found {
        let What::Store { service: name, params, .. } = &it.what else { continue };
        if services.iter().any(|known| known.name == *name) {
            continue;
        }
        services.push(DraftService {
            provider: Some("docker".to_owned()),
            evidence: evidence(it),
            params: params.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            has_logs: docker.is_some_and(has_logs),
            is_store: true,
            ..DraftService::named(name.clone())
        });
    }
}

/// What waits for another service is a symptom when that one is down.
fn needs(services: &mut [DraftService], found: &[Recognised]) {
    let names: BTreeSet<String> = services.iter().map(|service| service.name.clone()).collect();
    for it in found {
        let What::Needs { service, on } = &it.what else { continue };
        let waits = services.iter_mut().find(|known| known.name == *service);
        if let Some(waits) = waits.filter(|waits| names.contains(on) && waits.name != *on && !waits.needs.contains(on))
        {
            waits.needs.push(on.clone());
        }
    }
}
