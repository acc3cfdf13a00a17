//! Each service: whether one could go back, with what, and whether its checks answer.

use std::collections::BTreeMap;
use std::path::Path;

use futures_util::FutureExt as _;
use serde_json::Value;

use super::{Look, Ward};
use crate::cli::{acting, outside};
use crate::desk::planning::{Known, Planner};
use crate::model::check::Outcome;
use crate::model::id::ServiceId;
use crate::model::operation::{Offer, Plan, PlanRequest, StopKind, Target};
use crate::model::readiness::{Area, Proof, Verdict};
use crate::model::source::{Capability, EffectKind, FailureKind, Found, Source};
use crate::operation::plan::ROLL_BACK;
use crate::provider::definition::template::Encoding;
use crate::provider::definition::{self, Definition, Step};
use crate::provider::engine::Ask;
use crate::recognise::database::of_image as database_of_image;

/// Returns a look at how each service would be rolled back: a plan is made, as for R, and thrown away.
pub(super) fn rollbacks<'a>(ward: &'a Ward<'_>) -> Vec<Look<'a>> {
    let catalog = &ward.project.catalog;
    if ward.project.withheld.is_some() {
        return Vec::new();
    }
    catalog
        .services
        .iter()
        .map(|service| Look {
            area: Area::Rollback,
            subject: service.id.to_string(),
            work: async move { rollback(ward, &service.id).await }.boxed(),
        })
        .collect()
}

async fn rollback(ward: &Ward<'_>, service: &ServiceId) -> Vec<Proof> {
    let name = service.as_str();
    let catalog = &ward.project.catalog;
    let Some(offer) = catalog.offers_of(service).find(|offer| offer.action == ROLL_BACK) else {
        // What is not released by anybody cannot be rolled back, and need not be.
        let hosted = catalog
            .uses
            .iter()
            .any(|used| used.service == *service && matches!(used.purpose, crate::model::source::Purpose::Release));
        let line = if hosted {
            Proof::new(Area::Rollback, name, Verdict::Warning, "its platform has no way to go back")
                .fix("write one: [[services.actions]] name = \"roll_back\"")
        } else {
            Proof::new(Area::Rollback, name, Verdict::Warning, "nothing says where it is released")
                .fix("add release = { source = ... } to the service; crashcart init finds out")
        };
        return vec![line];
    };
    let planner =
        Planner { read_only: false, ..acting::planner(ward.cli, &ward.project, &ward.engine, ward.environment) };
    let request = PlanRequest {
        number: 0,
        intent: offer.intent(Target::Service, BTreeMap::new(), None),
        choose: true,
        health: Vec::new(),
        red: Vec::new(),
        alerts: Vec::new(),
        watch_for: None,
    };
    match planner.plan(&request, Known::default(), ward.clock.now()).await {
        Err(trouble) if trouble.kind == FailureKind::NoCredential => {
            let source = offer.source.as_str();
            let evidence = format!("no plan can be made without the credential of {source}");
            vec![
                Proof::new(Area::Rollback, name, Verdict::Failure, &evidence)
                    .fix(&format!("crashcart secret set {source}")),
            ]
        }
        Err(trouble) => {
            let evidence = format!("no plan can be made: {}", trouble.message);
            let mut lines =
                vec![Proof::new(Area::Rollback, name, Verdict::Failure, &evidence).fix(trouble.hint.as_str())];
            // Which permission is missing may be known, where that is what stands in the way.
            if let Some(source) = catalog.source(&offer.source).filter(|source| asks_permission(ward, source)) {
                lines.push(permission(ward, offer, name, source).await);
            }
            lines
        }
        Ok(plan) => {
            let mut lines = vec![target(name, &plan)];
            // Of a plan that cannot be carried out nobody knows what it would take, unless the definition says it.
            if lines[0].verdict == Verdict::Ok || asks_permission(ward, &plan.source) {
                lines.push(permission(ward, offer, name, &plan.source).await);
            }
            lines
        }
    }
}

/// Returns whether the definition says how one asks for the permission.
fn asks_permission(ward: &Ward<'_>, source: &Source) -> bool {
    let definition = ward.engine.definition(source).ok();
    let action = definition.as_ref().and_then(|definition| definition.actions.get(ROLL_BACK));
    action.is_some_and(|action| action.permission.is_some())
}

fn target(name: &str, plan: &Plan) -> Proof {
    let stop = plan.stops.iter().find(|stop| !matches!(stop.kind, StopKind::ReadOnly | StopKind::Busy));
    let image = plan.current.as_ref().and_then(|current| current.image.as_ref()).map(ToString::to_string);
    match stop {
        // What is lost with a database is its data: an older image of it brings nothing back.
        Some(_) if image.as_deref().is_some_and(|image| database_of_image(image).is_some()) => {
            Proof::new(Area::Rollback, name, Verdict::Unproven, "it is a database: its data is restored, not its image")
                .fix("rehearse it: crashcart run corrupted-data")
        }
        Some(stop) => Proof::new(Area::Rollback, name, Verdict::Failure, stop.message.as_str())
            .fix(&format!("crashcart rollback {name} --dry-run")),
        None => Proof::new(Area::Rollback, name, Verdict::Ok, &format!("{} could begin now", plan.title)),
    }
}

/// What the plan's steps need: programs that are here, and a credential that may do more than look.
async fn permission(ward: &Ward<'_>, offer: &Offer, name: &str, source: &Source) -> Proof {
    let path = ward.environment.surroundings.variable("PATH").unwrap_or_default();
    let known = ward.engine.definition(source);
    // What runs on another host needs to be there and not here.
    let is_far = source.url.as_ref().is_some_and(|url| url.starts_with("ssh://"));
    let action = known.as_ref().ok().and_then(|definition| definition.actions.get(ROLL_BACK));
    let steps = action.filter(|_| !is_far).map(|action| action.steps.as_slice()).unwrap_or_default();
    let first = |step: &Step| match &step.request.target {
        definition::Target::Run(argv) => argv.first()?.render(Encoding::Plain, |_| Value::Null).ok(),
        definition::Target::Http { .. } | definition::Target::Mail(_) => None,
    };
    let programs: std::collections::BTreeSet<String> = steps.iter().filter_map(first).collect();
    let is_here = |program: &str| {
        Path::new(program).is_absolute() && Path::new(program).is_file()
            || std::env::split_paths(path).any(|folder| folder.join(program).is_file())
    };
    // One's own command goes through a shell, which may know words that are no programs.
    if let Some(own) = &source.own {
        let runs = own.does.iter().filter(|(kind, _)| *kind == EffectKind::Run);
        let mut words = runs.filter_map(|(_, text)| text.split_whitespace().next());
        let plain = |word: &&str| word.chars().all(|it| it.is_ascii_alphanumeric() || "-_.".contains(it));
        return match words.find(|word| plain(word) && !is_here(word)) {
            Some(absent) => {
                let evidence = format!("rolling back runs `{absent}`, which is not in PATH here");
                Proof::new(Area::Permission, name, Verdict::Warning, &evidence)
                    .fix(&format!("install {absent} on this machine, unless the shell knows it"))
            }
            None => Proof::new(Area::Permission, name, Verdict::Unproven, "it is your own: only doing it proves it")
                .fix(&format!("rehearse it: crashcart rollback {name} --dry-run")),
        };
    }
    if let Some(absent) = programs.iter().find(|program| !is_here(program)) {
        let evidence = format!("rolling back runs `{absent}`, which is not in PATH here");
        return Proof::new(Area::Permission, name, Verdict::Failure, &evidence)
            .fix(&format!("install {absent} on this machine"));
    }
    let programs: Vec<String> = programs.into_iter().collect();
    let with = if programs.is_empty() { String::new() } else { format!("{} is here; ", programs.join(", ")) };
    let told = |verdict, evidence: &str| Proof::new(Area::Permission, name, verdict, &format!("{with}{evidence}"));
    let unproven = |evidence: &str| {
        told(Verdict::Unproven, evidence).fix(&format!("rehearse it: crashcart rollback {name} --dry-run"))
    };
    let permitted = match ward.engine.permitted(source, &offer.params, ROLL_BACK).await {
        Ok(Some(permitted)) => permitted,
        Ok(None) => return unproven(&told_by_itself(ward, offer, source, known.ok().as_deref()).await),
        Err(failure) => return unproven(&format!("what the credential may do could not be asked: {failure}")),
    };
    let said = permitted.message.map(|message| message.to_string());
    match permitted.allowed {
        Some(true) => told(Verdict::Ok, &said.unwrap_or_else(|| "the credential may do it".to_owned())),
        Some(false) => told(Verdict::Failure, &said.unwrap_or_else(|| "the credential may not do it".to_owned()))
            .fix(&format!("give what {} uses this permission, or another credential", source.id)),
        None => unproven(&said.unwrap_or_else(|| "nobody can tell what the credential may do".to_owned())),
    }
}

/// Returns what a system says by itself of what its credential may do. Words prove nothing: what they mean only it knows.
async fn told_by_itself(ward: &Ward<'_>, offer: &Offer, source: &Source, definition: Option<&Definition>) -> String {
    let title = definition.map_or(source.provider.as_str(), |definition| definition.title.as_str());
    let able = definition.is_some_and(|definition| definition.readings.contains_key(&Capability::Identity));
    let input = BTreeMap::new();
    let ask = Ask { source, capability: Capability::Identity, params: &offer.params, input: &input, now: true };
    let read = if able { ward.engine.read(&ask).await.ok() } else { None };
    let scopes = match read.map(|mapped| mapped.found) {
        Some(Found::Identity(identity)) => identity.scopes,
        _ => Vec::new(),
    };
    if scopes.is_empty() {
        return format!("{title} does not tell what the credential may do");
    }
    let list: Vec<&str> = scopes.iter().take(6).map(|scope| scope.as_str()).collect();
    format!("the credential may {}; {title} does not tell whether that is enough", list.join(", "))
}

/// Returns a look at every check.
pub(super) fn checks<'a>(ward: &'a Ward<'_>) -> Vec<Look<'a>> {
    let catalog = &ward.project.catalog;
    let prober = std::sync::Arc::new(outside::prober(&ward.project, &ward.clock));
    catalog
        .checks
        .iter()
        .map(|check| {
            let prober = std::sync::Arc::clone(&prober);
            let subject = format!("{}: {}", check.service, check.title);
            let shown = subject.clone();
            let work = async move {
                use crate::runtime::poll::Outside as _;
                let result = prober.probe(check).await;
                let took = crate::ui::format::latency(result.took);
                let told = |verdict, evidence: &str| Proof::new(Area::Check, &shown, verdict, evidence);
                let line = match &result.outcome {
                    Outcome::Pass => told(Verdict::Ok, &format!("it answers in {took}")),
                    Outcome::Warn(finding) => told(Verdict::Warning, finding.message.as_str()),
                    Outcome::Fail(finding) | Outcome::Unknown(finding) => {
                        let line = told(Verdict::Failure, finding.message.as_str());
                        match &finding.hint {
                            Some(hint) => line.fix(hint.as_str()),
                            None => line.fix("crashcart status"),
                        }
                    }
                };
                vec![line]
            };
            Look { area: Area::Check, subject, work: work.boxed() }
        })
        .collect()
}
