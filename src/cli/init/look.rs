//! What can be seen without asking a person: logins of vendors' tools, whose they are, and which addresses answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use serde::Serialize;
use serde_json::Value;

use crate::clock::Clock;
use crate::config::from_arguments;
use crate::model::check::{Outcome, ProbeResult};
use crate::model::id::SourceId;
use crate::model::identity::App;
use crate::model::secret::SecretRef;
use crate::model::source::{Capability, FailureKind, Found, Source};
use crate::model::surroundings::Surroundings;
use crate::model::text::Line;
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
    /// It is accepted, and theirs, as the platform names them. Empty where it does not say.
    Welcome(String),
    /// It answers, and wants no credential.
    Answers(String),
    /// It was not asked: it has no request that tells whose a credential is, or there is no credential.
    NotAsked,
    Refused(Failure),
    /// It is accepted, and does not see what is there: it is another account's, most often.
    Elsewhere {
        name: Option<String>,
        service: String,
        failure: Failure,
    },
}

/// Asks each platform whose the credential is.
pub(super) async fn identities(
    draft: &Draft,
    kept: &BTreeMap<(String, String), SecretRef>,
    engine: &Engine,
) -> Vec<(String, Said)> {
    // What was typed has been asked already.
    let open = draft.sources.iter().filter(|source| !kept.keys().any(|(provider, _)| *provider == source.provider));
    join_all(open.map(async |source| (source.title.clone(), identity(source, &draft.services, kept, engine).await)))
        .await
}

/// Asks a platform whose its credential is, and whether it sees what runs there.
pub(super) async fn identity(
    drafted: &DraftSource,
    services: &[DraftService],
    kept: &BTreeMap<(String, String), SecretRef>,
    engine: &Engine,
) -> Said {
    let source = source(drafted, kept);
    let definition = engine.definition(&source);
    let able = |capability| definition.as_ref().is_ok_and(|it| it.readings.contains_key(&capability));
    let is_kept = |slot: &String| kept.contains_key(&(drafted.provider.clone(), slot.clone()));
    let open = drafted.secrets.iter().any(|(slot, _)| !drafted.places.contains_key(slot) && !is_kept(slot));
    if open || (drafted.needs_url && drafted.url.is_none()) {
        return Said::NotAsked;
    }
    let mut name = None;
    if able(Capability::Identity) {
        match read(engine, &source, Capability::Identity, &BTreeMap::new()).await {
            Ok(Found::Identity(identity)) => name = Some(identity.name.to_string()),
            Ok(_) => {}
            Err(failure) => return Said::Refused(failure),
        }
    }
    // A right credential of the wrong account is accepted everywhere but at what one came for.
    let known = services.iter().find(|service| {
        service.provider.as_deref() == Some(&drafted.provider) && service.missing.is_empty() && !service.is_store
    });
    let known = known.filter(|_| !drafted.secrets.is_empty() && able(Capability::Releases));
    if let Some(service) = known {
        let params = service.params.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
        if let Err(failure) = read(engine, &source, Capability::Releases, &params).await {
            let unseen =
                matches!(failure.kind, FailureKind::NotFound | FailureKind::Forbidden | FailureKind::Unauthorised);
            match name {
                None if failure.kind != FailureKind::NotFound => return Said::Refused(failure),
                name if unseen => return Said::Elsewhere { name, service: service.name.clone(), failure },
                Some(_) | None => {}
            }
        }
        return Said::Welcome(name.unwrap_or_default());
    }
    match name {
        Some(name) if drafted.secrets.is_empty() => Said::Answers(name),
        Some(name) => Said::Welcome(name),
        None => Said::NotAsked,
    }
}

async fn read(
    engine: &Engine,
    source: &Source,
    capability: Capability,
    params: &BTreeMap<String, Value>,
) -> Result<Found, Failure> {
    let none = BTreeMap::new();
    let ask = Ask { source, capability, params, input: &none, now: true };
    match tokio::time::timeout(PATIENCE, engine.read(&ask)).await {
        Ok(answer) => answer.map(|mapped| mapped.found),
        Err(_) => Err(Failure {
            kind: FailureKind::TimedOut,
            request: String::new(),
            message: Line::from_text(&format!("not within {} s", PATIENCE.as_secs())),
        }),
    }
}

/// Asks a platform what the credential sees there; nothing when it cannot tell, or there is no credential.
pub(super) async fn apps(
    drafted: &DraftSource,
    kept: &BTreeMap<(String, String), SecretRef>,
    engine: &Engine,
) -> Option<Result<Vec<App>, Failure>> {
    let source = source(drafted, kept);
    let able = engine.definition(&source).is_ok_and(|it| it.readings.contains_key(&Capability::Apps));
    let open = drafted.secrets.iter().any(|(slot, _)| !drafted.places.contains_key(slot));
    if !able || open {
        return None;
    }
    Some(read(engine, &source, Capability::Apps, &BTreeMap::new()).await.map(|found| match found {
        Found::Apps(apps) => apps,
        _ => Vec::new(),
    }))
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
pub(super) async fn addresses(draft: &mut Draft, asked: &mut BTreeSet<String>, clock: &Clock) -> Vec<String> {
    let prober = Prober::new(clock.clone(), ProberOptions::default());
    // What was asked a moment ago would say the same.
    let open = draft
        .services
        .iter_mut()
        .filter(|service| service.address.as_ref().is_some_and(|address| asked.insert(address.url.clone())));
    let told = join_all(open.map(|service| answers(service, &prober))).await;
    told.into_iter().flatten().collect()
}

async fn answers(service: &mut DraftService, prober: &Prober) -> Option<String> {
    // What is written down is asked as well: a console that is red at once should be so for a reason.
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
