//! What can be seen without asking a person: logins of vendors' tools, whose they are, and which addresses answer.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;

use crate::clock::Clock;
use crate::config::from_arguments;
use crate::model::check::{Outcome, ProbeResult};
use crate::model::id::SourceId;
use crate::model::secret::SecretRef;
use crate::model::source::{Capability, Found, Source};
use crate::model::surroundings::Surroundings;
use crate::probe::{Prober, ProberOptions};
use crate::provider::auth::login;
use crate::provider::definition::login::LoginPlace;
use crate::provider::definition::{Definition, Kind};
use crate::provider::engine::{Ask, Engine};
use crate::provider::registry::Registry;
use crate::provider::run::Failure;
use crate::recognise::draft::{Address, Draft, DraftService, DraftSource, Place};

/// A platform that does not answer within this time is not waited for.
const PATIENCE: Duration = Duration::from_secs(12);
/// Paths that frameworks and people use to say that all is well.
const USUAL: &[&str] = &["/health", "/healthz", "/up", "/api/health", "/healthcheck", ""];

/// Returns where a secret of a source lies already: a variable, or a login of the vendor's tool. Nothing is run.
pub(super) async fn login(definition: &Definition, slot: &str, surroundings: &Surroundings) -> Option<String> {
    let slot = definition.secrets.iter().find(|known| known.name == slot)?;
    let quiet: Vec<LoginPlace> =
        slot.login.iter().filter(|place| !matches!(place, LoginPlace::Command(_))).cloned().collect();
    login::find(&quiet, surroundings).await.ok().flatten().map(|found| found.place)
}

/// The platforms and forges whose tools people are logged in with.
pub(super) const TOOLS: &[&str] = &[
    "fly",
    "vercel",
    "netlify",
    "render",
    "railway",
    "heroku",
    "cloudflare-workers",
    "digitalocean",
    "scalingo",
    "koyeb",
    "github",
    "gitlab",
];

/// A tool of a vendor that is logged in on this machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct LoggedIn {
    pub provider: String,
    pub title: String,
    pub is_hosting: bool,
    /// The variable or the file: what is in it is nobody's business here.
    pub place: String,
}

/// Returns which tools of vendors are logged in here.
pub(super) async fn tools(registry: &Registry, surroundings: &Surroundings) -> Vec<LoggedIn> {
    let definitions = TOOLS.iter().filter_map(|name| registry.find(name).ok());
    let mut logged_in = Vec::new();
    for definition in definitions {
        for slot in &definition.secrets {
            if let Some(place) = login(&definition, &slot.name, surroundings).await {
                logged_in.push(LoggedIn {
                    provider: definition.name.clone(),
                    title: definition.title.clone(),
                    is_hosting: definition.kind == Kind::Hosting
                        && !matches!(definition.name.as_str(), "github" | "gitlab"),
                    place,
                });
                break;
            }
        }
    }
    logged_in
}

/// Returns the containers that run on this machine, when Docker answers; nothing when there is no Docker.
pub(super) async fn containers(engine: &Engine) -> Option<Result<Vec<String>, Failure>> {
    const SOCKET: &str = "/var/run/docker.sock";
    if !Path::new(SOCKET).exists() {
        return None;
    }
    let source = Source {
        id: SourceId::new("docker"),
        provider: "docker".to_owned(),
        url: None,
        params: BTreeMap::new(),
        secrets: BTreeMap::new(),
        ca: None,
        insecure: false,
        every: None,
        own: None,
    };
    let none = BTreeMap::new();
    let ask = Ask { source: &source, capability: Capability::Instances, params: &none, input: &none, now: true };
    let read = tokio::time::timeout(PATIENCE, engine.read(&ask)).await.ok()?;
    Some(read.map(|mapped| match mapped.found {
        Found::Instances(instances) => instances.iter().map(|instance| instance.name.to_string()).collect(),
        _ => Vec::new(),
    }))
}

/// Finds the logins for all secrets of the drafted sources.
pub(super) async fn logins<'d>(
    draft: &mut Draft,
    find: impl Fn(&str) -> Option<&'d Definition>,
    surroundings: &Surroundings,
) {
    for source in &mut draft.sources {
        let Some(definition) = find(&source.provider) else { continue };
        for (slot, _) in &source.secrets {
            if let Some(place) = login(definition, slot, surroundings).await {
                source.places.insert(slot.clone(), Place::Login(place));
            }
        }
    }
}

/// What a platform said to a credential.
#[derive(Debug)]
pub(super) enum Said {
    /// It is theirs, as the platform names them.
    Welcome(String),
    /// It was not asked: it has no request that tells whose a credential is, or there is no credential.
    NotAsked,
    Refused(Failure),
}

/// Asks each platform whose the credential is.
pub(super) async fn identities(
    draft: &Draft,
    kept: &BTreeMap<(String, String), SecretRef>,
    engine: &Engine,
) -> Vec<(String, Said)> {
    join_all(draft.sources.iter().map(async |source| (source.title.clone(), identity(source, kept, engine).await)))
        .await
}

/// Asks a platform whose its credential is.
pub(super) async fn identity(
    drafted: &DraftSource,
    kept: &BTreeMap<(String, String), SecretRef>,
    engine: &Engine,
) -> Said {
    let source = source(drafted, kept);
    let able =
        engine.definition(&source).is_ok_and(|definition| definition.readings.contains_key(&Capability::Identity));
    let open = drafted.secrets.iter().any(|(slot, _)| !drafted.places.contains_key(slot));
    if !able || open || (drafted.needs_url && drafted.url.is_none()) {
        return Said::NotAsked;
    }
    let none = BTreeMap::new();
    let ask = Ask { source: &source, capability: Capability::Identity, params: &none, input: &none, now: true };
    match tokio::time::timeout(PATIENCE, engine.read(&ask)).await {
        Ok(Ok(mapped)) => match mapped.found {
            Found::Identity(identity) => Said::Welcome(identity.name.to_string()),
            _ => Said::NotAsked,
        },
        Ok(Err(failure)) => Said::Refused(failure),
        Err(_) => Said::Refused(Failure {
            kind: crate::model::source::FailureKind::TimedOut,
            request: String::new(),
            message: crate::model::text::Line::from_text(&format!("not within {} s", PATIENCE.as_secs())),
        }),
    }
}

fn source(drafted: &DraftSource, kept: &BTreeMap<(String, String), SecretRef>) -> Source {
    let mine = kept.iter().filter(|((provider, _), _)| *provider == drafted.provider);
    Source {
        id: SourceId::new(&drafted.provider),
        provider: drafted.provider.clone(),
        url: drafted.url.clone(),
        params: drafted.params.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect(),
        secrets: mine.map(|((_, slot), place)| (slot.clone(), place.clone())).collect(),
        ca: None,
        insecure: false,
        every: None,
        own: None,
    }
}

/// Asks the addresses of the services which of them answer, and keeps what was seen. Returns a line for each.
pub(super) async fn addresses(draft: &mut Draft, clock: &Clock) -> Vec<String> {
    let prober = Prober::new(clock.clone(), ProberOptions::default());
    let told = join_all(draft.services.iter_mut().map(|service| answers(service, &prober))).await;
    told.into_iter().flatten().collect()
}

async fn answers(service: &mut DraftService, prober: &Prober) -> Option<String> {
    let address = service.address.clone()?;
    let base = address.url.trim_end_matches('/').to_owned();
    let known: Vec<String> = service.routes.iter().map(|(route, _)| route.clone()).collect();
    let routes = if known.is_empty() { USUAL.iter().map(|route| (*route).to_owned()).collect() } else { known };
    let asked =
        join_all(routes.iter().map(async |route| (route, probe(&format!("{base}{route}"), prober).await))).await;
    let well = |result: &Option<ProbeResult>| {
        result.as_ref().is_some_and(|result| matches!(result.outcome, Outcome::Pass | Outcome::Warn(_)))
    };
    let good: Vec<&String> = asked.iter().filter(|(_, result)| well(result)).map(|(route, _)| *route).collect();
    if let Some(first) = good.first() {
        if service.routes.is_empty() && !first.is_empty() {
            service.routes.push(((*first).clone(), "it answers".to_owned()));
        }
        service.address = Some(Address { guess: false, ..address });
        return Some(format!("{base}{first} answers"));
    }
    let why = asked.iter().find_map(|(_, result)| Some(result.as_ref()?.outcome.finding()?.message.to_string()));
    Some(format!("{base} does not answer as it should: {}", why.unwrap_or_else(|| "no answer".to_owned())))
}

async fn probe(url: &str, prober: &Prober) -> Option<ProbeResult> {
    let catalog = from_arguments(&[url.to_owned()], Vec::new()).ok()?;
    let check = catalog.checks.first()?;
    tokio::time::timeout(PATIENCE, prober.probe(check)).await.ok()
}
