//! The hosting and monitoring systems that services need, and the vendors that they depend on.

use std::collections::BTreeMap;

use super::super::{Recognised, What};
use super::{DraftService, DraftSource, Evidence, Missing, evidence};
use crate::model::source::Capability;
use crate::provider::definition::{Definition, Kind, Scheme, Target};
use crate::provider::vendors::{self, KnownVendor};

pub(super) fn sources<'d>(
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

pub(super) fn source(definition: &Definition, evidence: Evidence, params: BTreeMap<String, String>) -> DraftSource {
    let needs_url = definition.base_url.is_none() && !definition.secrets.iter().any(|slot| slot.is_url);
    let by_command = definition
        .readings
        .values()
        .flat_map(|reading| &reading.requests)
        .all(|request| matches!(request.target, Target::Run(_)) || request.base.is_some());
    let kubeconfig = matches!(definition.auth.scheme, Some(Scheme::Kubeconfig));
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

pub(super) fn missing(definition: &Definition, known: &BTreeMap<String, String>) -> Vec<Missing> {
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

pub(super) fn vendors(found: &[Recognised], sources: &[DraftSource]) -> Vec<(KnownVendor, Evidence)> {
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
