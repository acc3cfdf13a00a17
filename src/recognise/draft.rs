//! From what was recognised to what a configuration should say: which services, from which sources, with which checks.
//!
//! What is not known stays open and says what it is: the writer leaves a line to fill in, a person at a terminal is asked.

mod platforms;
mod runbooks;
mod services;
mod sources;

use std::collections::BTreeMap;

use super::environment::PRODUCTION;
use super::{Recognised, What, apps};
use crate::model::source::Capability;
use crate::model::text::Line;
use crate::provider::definition::{Definition, Kind};
use crate::provider::vendors::KnownVendor;

pub use platforms::{likely, platforms};

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
    pub environment: String,
    pub provider: Option<String>,
    /// It runs on a platform that there is no provider for.
    pub elsewhere: Option<&'static str>,
    pub evidence: Evidence,
    pub params: BTreeMap<String, String>,
    pub missing: Vec<Missing>,
    pub address: Option<Address>,
    /// Paths that tell whether it is well, the best first.
    pub routes: Vec<(String, Evidence)>,
    pub has_logs: bool,
    /// It is a database that the project runs itself.
    pub is_store: bool,
    /// Services of the same project that it waits for.
    pub needs: Vec<String>,
    /// Nobody reaches it from outside: there is no address to ask.
    pub is_private: bool,
    /// The unit of systemd that runs it on this machine.
    pub unit: Option<String>,
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
        .map(|(provider, evidence)| (title(provider, &find), evidence))
        .collect();
    draft.services = services::services(folder, &draft.project, found, chosen, &find);
    draft.sources = sources::sources(found, &draft.services, &find);
    draft.vendors = sources::vendors(found, &draft.sources);
    let stored: Vec<&'static str> = found
        .iter()
        .filter_map(|it| match &it.what {
            What::Store { database, service, .. }
                if draft.services.iter().any(|known| known.is_store && known.name == *service) =>
            {
                Some(*database)
            }
            _ => None,
        })
        .collect();
    for it in found {
        if let What::Database { name } = it.what
            && !stored.contains(&name)
        {
            draft.databases.push((name, evidence(it)));
        }
    }
    let runbooks = runbooks::runbooks(found, &draft);
    for service in &mut draft.services {
        service.runbooks = runbooks.iter().copied().filter(|name| runbooks::fits(name, service)).collect();
    }
    draft
}

/// Returns what a platform is called, whether or not there is a provider for it.
pub fn title<'d>(platform: &str, find: impl Fn(&str) -> Option<&'d Definition>) -> String {
    let known = find(platform).map(|definition| definition.title.clone());
    known.or_else(|| apps::title(platform).map(str::to_owned)).unwrap_or_else(|| platform.to_owned())
}

/// Adds a platform that somebody named and that left no trace.
pub fn add_platform(draft: &mut Draft, definition: &Definition, evidence: &str) {
    let name = draft.project.clone();
    let placeholder = draft.services.iter().position(DraftService::is_placeholder);
    let mut service = match placeholder {
        Some(index) => draft.services.remove(index),
        None => DraftService::named(name),
    };
    service.provider = Some(definition.name.clone());
    service.evidence = evidence.to_owned();
    service.missing = sources::missing(definition, &service.params);
    service.has_logs = has_logs(definition);
    service.runbooks.insert(0, "bad-deploy");
    draft.services.push(service);
    draft.sources.insert(0, sources::source(definition, evidence.to_owned(), BTreeMap::new()));
}

/// Adds what a unit of systemd runs on this machine.
pub fn add_unit(draft: &mut Draft, unit: &str, evidence: &str) {
    let name = unit.trim_end_matches(".service").to_owned();
    let placeholder = draft.services.iter().position(DraftService::is_placeholder);
    let mut service = match placeholder {
        Some(index) => draft.services.remove(index),
        None => DraftService::named(name.clone()),
    };
    if draft.services.iter().any(|known| known.name == service.name) {
        service.name = name;
    }
    service.unit = Some(unit.to_owned());
    service.evidence = evidence.to_owned();
    service.runbooks.extend(
        ["out-of-memory", "disk-full"].iter().filter(|it| !service.runbooks.contains(it)).copied().collect::<Vec<_>>(),
    );
    draft.services.push(service);
}

/// Adds a container that runs here and that no file of the repository starts.
pub fn add_container(draft: &mut Draft, definition: &Definition, container: &str) {
    if draft.services.iter().any(|known| known.name == container) {
        return;
    }
    draft.services.retain(|service| !service.is_placeholder());
    let mut service = DraftService {
        provider: Some(definition.name.clone()),
        evidence: "what runs here".to_owned(),
        params: [("container".to_owned(), container.to_owned())].into(),
        has_logs: has_logs(definition),
        is_private: true,
        ..DraftService::named(container.to_owned())
    };
    service.runbooks = vec!["bad-deploy", "out-of-memory", "disk-full"];
    draft.services.push(service);
    if !draft.sources.iter().any(|source| source.provider == definition.name) {
        draft.sources.insert(0, sources::source(definition, "what runs here".to_owned(), BTreeMap::new()));
    }
}

fn has_logs(definition: &Definition) -> bool {
    definition.stream.is_some() || definition.readings.contains_key(&Capability::Logs)
}

impl DraftService {
    /// Returns whether it stands for a project of which nobody knows where it runs.
    fn is_placeholder(&self) -> bool {
        self.provider.is_none() && self.unit.is_none() && self.elsewhere.is_none()
    }

    fn named(name: String) -> Self {
        Self {
            name,
            environment: PRODUCTION.to_owned(),
            provider: None,
            elsewhere: None,
            evidence: String::new(),
            params: BTreeMap::new(),
            missing: Vec::new(),
            address: None,
            routes: Vec::new(),
            has_logs: false,
            is_store: false,
            needs: Vec::new(),
            is_private: false,
            unit: None,
            runbooks: Vec::new(),
        }
    }
}

fn evidence(found: &Recognised) -> Evidence {
    let Recognised { path, line, .. } = found;
    Line::from_text(&format!("{path}:{line}")).to_string()
}
