//! `crashcart rollback`, `restart`, `scale`, `act`: plan, show, ask, write, start, and wait for the verdict.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::{Value, json};

use super::args::{ActArgs, ActingArgs, Cli, RestartArgs, RollbackArgs, ScaleArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use super::operations::{self, text};
use super::{Exit, actor, output, outside};
use crate::clock::Clock;
use crate::config::nearest::nearest;
use crate::desk::known;
use crate::desk::planning::Planner;
use crate::desk::start::{Starter, approve, not_written};
use crate::diagnosis::feeds::alert_is_about;
use crate::journal::Journal;
use crate::model::alert::AlertState;
use crate::model::check::Outcome;
use crate::model::history::{History, Segment};
use crate::model::id::{CheckId, ServiceId};
use crate::model::operation::{ConfirmLevel, Offer, Plan, PlanRequest, Target, WatchedAlert};
use crate::model::source::{Capability, Found, Source, Trouble};
use crate::model::text::Line;
use crate::operation::plan::ROLL_BACK;
use crate::operation::target;
use crate::provider::engine::{Ask, Engine};
use crate::runtime::poll::Outside as _;
use crate::runtime::redaction::redact;
use crate::runtime::store::Store;

/// Everything that acting needs.
pub(super) struct Desk {
    pub project: Project,
    pub engine: Arc<Engine>,
    pub clock: Clock,
    pub planner: Planner,
    pub state_dir: PathBuf,
    pub starter: Starter,
    pub is_interactive: bool,
    pub runtime: tokio::runtime::Runtime,
}

impl Desk {
    pub fn open(cli: &Cli, environment: &Environment) -> Result<Self, Failure> {
        let project = config_file::open(&cli.global, &[], &[], environment)?;
        for notice in &project.notices {
            output::tell(&format!("{notice}\n"));
        }
        if let Some(withheld) = &project.withheld {
            return Err(Failure::usage(anyhow!("{withheld}")));
        }
        let state_dir = state_dir(cli, environment)?;
        let clock = Clock::system();
        let engine = outside::engine(environment, &clock, &project.definitions);
        let planner = planner(cli, &project, &engine, environment);
        let starter = Starter { state_dir: state_dir.clone(), config: project.used() };
        let is_interactive = environment.stdin_is_terminal && environment.stderr_is_terminal;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { project, engine, clock, planner, state_dir, starter, is_interactive, runtime })
    }

    pub fn journal(&self) -> Result<Journal, Failure> {
        open_journal(&self.state_dir, &self.clock)
    }

    /// Makes the plan of a request, shows it, asks, and has it done.
    pub fn act(self, request: &PlanRequest, args: &ActingArgs) -> Result<Exit, Failure> {
        let mut journal = self.journal()?;
        let ledger = operations::ledger(&journal)?;
        let known = known(&ledger, request.intent.undoes.as_ref()).map_err(failed)?;
        let plan = self.runtime.block_on(self.planner.plan(request, known, self.clock.now())).map_err(failed)?;
        if args.dry_run {
            let text = if args.json {
                format!("{:#}\n", serde_json::to_value(&plan).unwrap_or_default())
            } else {
                text::plan(&plan, self.clock.now())
            };
            output::print(redact(&text).as_ref())?;
            return Ok(if plan.stops.is_empty() { Exit::Healthy } else { Exit::Wrong });
        }
        output::tell(&redact(&text::plan(&plan, self.clock.now())));
        if let Some(stop) = plan.stops.first() {
            let mut failure = Failure::usage(anyhow!("{}", stop.message));
            failure.exit = Exit::Wrong;
            return Err(failure);
        }
        if !args.yes && plan.confirm != ConfirmLevel::None && !self.confirmed(&plan)? {
            output::tell("Nothing was done.\n");
            return Ok(Exit::Wrong);
        }
        approve(&mut journal, &plan, &plan.by, self.clock.now()).map_err(failed)?;
        let started = self.starter.start(&plan.id, None);
        if !args.wait {
            started.map_err(failed)?;
            output::tell(&format!("crashcart operations show {} --wait tells how it ends\n", plan.id.short()));
            let text = if args.json { json!({ "operation": plan.id }).to_string() } else { plan.id.to_string() };
            output::print(format!("{text}\n"))?;
            return Ok(Exit::Healthy);
        }
        started.map_err(failed)?;
        operations::wait(&journal, &plan.id, &self.clock, &self.project.time_zone, args.json, None)
    }

    /// Asks on the terminal. Whatever is not exactly what is asked for means no.
    fn confirmed(&self, plan: &Plan) -> Result<bool, Failure> {
        if !self.is_interactive {
            return Err(Failure::usage(anyhow!("there is no terminal to ask on"))
                .hint("--yes does it without a question; --dry-run only shows it"));
        }
        let wanted = match (plan.confirm, &plan.intent.service) {
            (ConfirmLevel::Name, Some(service)) => service.to_string(),
            _ => "yes".to_owned(),
        };
        // What was typed before the question was not an answer to it.
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
        output::tell(&text::question(plan));
        std::io::stderr().flush()?;
        let mut typed = String::new();
        std::io::stdin().read_line(&mut typed)?;
        Ok(typed.trim() == wanted)
    }

    /// Returns a request for what an offer offers.
    pub fn request(
        &self,
        offer: &Offer,
        target: Target,
        choose: bool,
        args: &ActingArgs,
    ) -> Result<PlanRequest, Failure> {
        let mut inputs = BTreeMap::new();
        for (name, value) in &args.set {
            if !offer.inputs.iter().any(|input| &input.name == name) {
                let names: Vec<&str> = offer.inputs.iter().map(|input| input.name.as_str()).collect();
                let failure = Failure::usage(anyhow!("{} is not told `{name}`", offer.title));
                return Err(match nearest(name, &names) {
                    Some(near) => failure.hint(format!("did you mean `{near}`?")),
                    None if names.is_empty() => failure.hint("it is told nothing"),
                    None => failure.hint(format!("it is told {}", names.join(", "))),
                });
            }
            // true, 3 and null are what they look like; everything else is a text.
            let value = serde_json::from_str::<Value>(value).unwrap_or_else(|_| Value::String(value.clone()));
            inputs.insert(name.clone(), value);
        }
        let intent = offer.intent(target, inputs, args.reason.as_deref().map(Line::from_text));
        let (red, alerts, health) = match &offer.service {
            Some(service) => self.runtime.block_on(self.trouble_of(service)),
            None => Default::default(),
        };
        Ok(PlanRequest { number: 0, intent, choose, health, red, alerts, watch_for: args.watch_for })
    }

    /// Looks what is red now, and how it was.
    async fn trouble_of(&self, service: &ServiceId) -> (Vec<CheckId>, Vec<WatchedAlert>, Vec<Segment>) {
        let catalog = &self.project.catalog;
        let outside = outside::prober(&self.project, &self.clock);
        let checks: Vec<_> = catalog.checks_of(service).collect();
        let probes = futures_util::future::join_all(checks.iter().map(|check| outside.probe(check)));
        let alerts = self.alerts_of(service);
        let (results, alerts) = tokio::join!(probes, alerts);
        let red = checks.iter().zip(results).filter(|(_, result)| matches!(result.outcome, Outcome::Fail(_)));
        let red = red.map(|(check, _)| check.id.clone()).collect();
        let (snapshot, _) = Store::new(&self.state_dir, catalog).load(self.clock.now());
        let snapshot = snapshot.unwrap_or_default();
        let histories: Vec<&History> =
            checks.iter().filter_map(|check| Some(&snapshot.check(&check.id)?.history)).collect();
        (red, alerts, target::service_history(&histories))
    }

    async fn alerts_of(&self, service: &ServiceId) -> Vec<WatchedAlert> {
        let catalog = &self.project.catalog;
        let mut watched = Vec::new();
        for feed in catalog.feeds.iter().filter(|feed| feed.capability == Capability::Alerts) {
            if feed.service.as_ref().is_some_and(|other| other != service) {
                continue;
            }
            let Some(source) = catalog.source(&feed.source) else { continue };
            let ask =
                Ask { source, capability: Capability::Alerts, params: &feed.params, input: &feed.input, now: true };
            let Ok(mapped) = self.engine.read(&ask).await else { continue };
            let Found::Alerts(alerts) = mapped.found else { continue };
            let fires = |state| matches!(state, AlertState::Firing | AlertState::Acknowledged);
            let about = alerts.into_iter().filter(|alert| {
                fires(alert.state) && (feed.service.as_ref() == Some(service) || alert_is_about(alert, service))
            });
            watched.extend(about.map(|alert| WatchedAlert {
                source: source.clone(),
                feed: feed.id.clone(),
                params: feed.params.clone(),
                id: alert.id,
                title: alert.title,
            }));
        }
        watched
    }

    /// Returns the service's offer of an action.
    pub fn offer(&self, service: &str, action: &str) -> Result<Offer, Failure> {
        let catalog = &self.project.catalog;
        let names: Vec<&str> = catalog.services.iter().map(|service| service.id.as_str()).collect();
        let id = ServiceId::new(service);
        if catalog.service(&id).is_none() {
            let failure = Failure::usage(anyhow!("there is no service `{service}`"));
            return Err(match nearest(service, &names) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("there are: {}", names.join(", "))),
            });
        }
        catalog.offers_of(&id).find(|offer| offer.action == action).cloned().ok_or_else(|| {
            Failure::usage(anyhow!("nothing says how to {} {service}", action.replace('_', " ")))
                .hint("crashcart act SERVICE lists what can be done; a service's `release = { source = ... }` says where it runs")
        })
    }

    /// Reads what an action's target may be, and finds the one that is meant.
    pub fn target(&self, offer: &Offer, wanted: Option<&str>) -> Result<(Target, bool), Failure> {
        if capability(offer).is_none() {
            return Ok((Target::Service, false));
        }
        if wanted.is_none() && offer.action == ROLL_BACK {
            return Ok((Target::Service, true));
        }
        choose(self.runtime.block_on(self.things(offer))?, wanted, offer).map(|target| (target, false))
    }

    /// Reads everything that an action can act on.
    pub async fn things(&self, offer: &Offer) -> Result<Vec<Thing>, Failure> {
        let Some(capability) = capability(offer) else { return Ok(Vec::new()) };
        let source: &Source =
            self.project.catalog.source(&offer.source).ok_or_else(|| anyhow!("there is no source {}", offer.source))?;
        let input = BTreeMap::new();
        let ask = Ask { source, capability, params: &offer.params, input: &input, now: true };
        let read = self.engine.read(&ask).await;
        let found = read.map_err(|failure| failed(crate::runtime::feeds::trouble(&failure)))?.found;
        Ok(match found {
            Found::Releases(all) => all
                .into_iter()
                .map(|one| {
                    let commit = one.commit.as_ref().map(ToString::to_string).unwrap_or_default();
                    Thing {
                        id: one.id.to_string(),
                        names: vec![one.name().to_string(), commit],
                        target: Target::Release(Box::new(one)),
                    }
                })
                .collect(),
            Found::Instances(all) => all
                .into_iter()
                .map(|one| Thing::new(&one.id, &one.name, Target::Instance(Box::new(one.clone()))))
                .collect(),
            Found::Alerts(all) => all
                .into_iter()
                .map(|one| Thing::new(&one.id, &one.title, Target::Alert(Box::new(one.clone()))))
                .collect(),
            Found::Issues(all) => all
                .into_iter()
                .map(|one| Thing::new(&one.id, &one.title, Target::Issue(Box::new(one.clone()))))
                .collect(),
            Found::Checks(all) => all
                .into_iter()
                .map(|one| Thing::new(&one.id, &one.name, Target::Check(Box::new(one.clone()))))
                .collect(),
            _ => Vec::new(),
        })
    }
}

/// Something that an action can act on.
#[derive(Clone)]
pub(super) struct Thing {
    pub id: String,
    /// What people call it, the usual name first.
    pub names: Vec<String>,
    pub target: Target,
}

impl Thing {
    fn new(id: &impl ToString, name: &impl ToString, target: Target) -> Self {
        Self { id: id.to_string(), names: vec![name.to_string()], target }
    }

    /// Returns its usual name.
    pub fn name(&self) -> &str {
        self.names.first().map_or(&self.id, String::as_str)
    }

    /// Whether these words are its id, or one of its names.
    pub fn is(&self, wanted: &str) -> bool {
        self.id == wanted || self.names.iter().any(|name| name == wanted)
    }

    /// Whether its id, or one of its names, begins with these words, and they are not too few to mean it.
    pub fn begins_with(&self, wanted: &str) -> bool {
        wanted.len() >= 4 && (self.id.starts_with(wanted) || self.names.iter().any(|name| name.starts_with(wanted)))
    }
}

/// What has to be read to know what an action can act on.
fn capability(offer: &Offer) -> Option<Capability> {
    Some(match offer.target.as_str() {
        "release" => Capability::Releases,
        "instance" => Capability::Instances,
        "alert" => Capability::Alerts,
        "issue" => Capability::Issues,
        "check" => Capability::Checks,
        _ => return None,
    })
}

/// Finds the thing that is meant: by id, by name, or by the beginning of an id or a commit that only one has.
fn choose(mut things: Vec<Thing>, wanted: Option<&str>, offer: &Offer) -> Result<Target, Failure> {
    let list = || match things.iter().map(Thing::name).collect::<Vec<_>>() {
        names if names.is_empty() => "there is none now".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    };
    let Some(wanted) = wanted else {
        return Err(Failure::usage(anyhow!("{} needs a target: which {}?", offer.title, offer.target)).hint(list()));
    };
    let mut begin = things.iter().enumerate().filter(|(_, thing)| thing.begins_with(wanted)).map(|(place, _)| place);
    let place = match (things.iter().position(|thing| thing.is(wanted)), begin.next(), begin.next()) {
        (Some(place), ..) | (None, Some(place), None) => place,
        (None, Some(_), Some(_)) => {
            return Err(Failure::usage(anyhow!("several begin with `{wanted}`")).hint(list()));
        }
        (None, None, _) => {
            return Err(Failure::usage(anyhow!("there is no {} `{wanted}`", offer.target)).hint(list()));
        }
    };
    drop(begin);
    Ok(things.swap_remove(place).target)
}

/// Returns what makes plans for a project.
pub(super) fn planner(cli: &Cli, project: &Project, engine: &Arc<Engine>, environment: &Environment) -> Planner {
    let beside = project.file.as_ref().and_then(|file| Some(file.parent()?.to_path_buf()));
    Planner {
        engine: Arc::clone(engine),
        catalog: Arc::new(project.catalog.clone()),
        places: beside.into_iter().chain(environment.current_dir.clone()).collect(),
        read_only: cli.global.read_only,
        by: actor::actor(environment),
    }
}

/// Returns the state directory, in which the journal lies.
pub(super) fn state_dir(cli: &Cli, environment: &Environment) -> Result<PathBuf, Failure> {
    config_file::state_dir(&cli.global, environment)
        .ok_or_else(|| Failure::usage(anyhow!("there is no place for the journal")).hint("name one with --state-dir"))
}

pub(super) fn open_journal(state_dir: &std::path::Path, clock: &Clock) -> Result<Journal, Failure> {
    let opened = Journal::open(state_dir, clock.now()).map_err(|error| failed(not_written(&error)))?;
    if let Some(told) = &opened.set_aside {
        output::tell(&format!("{told}\n"));
    }
    Ok(opened.journal)
}

/// Turns trouble into what is printed: nothing was done.
pub(super) fn failed(trouble: Trouble) -> Failure {
    let mut failure = Failure::usage(anyhow!("{}", trouble.message)).hint(trouble.hint.to_string());
    failure.exit = Exit::CouldNotTell;
    failure
}

pub(super) fn rollback(cli: &Cli, args: &RollbackArgs, environment: &Environment) -> Result<Exit, Failure> {
    let desk = Desk::open(cli, environment)?;
    let offer = desk.offer(&args.service, ROLL_BACK)?;
    let (target, choose) = desk.target(&offer, args.to.as_deref())?;
    let request = desk.request(&offer, target, choose, &args.acting)?;
    desk.act(&request, &args.acting)
}

pub(super) fn restart(cli: &Cli, args: &RestartArgs, environment: &Environment) -> Result<Exit, Failure> {
    let desk = Desk::open(cli, environment)?;
    let offer = desk.offer(&args.service, "restart")?;
    let (target, choose) = desk.target(&offer, None)?;
    let request = desk.request(&offer, target, choose, &args.acting)?;
    desk.act(&request, &args.acting)
}

pub(super) fn scale(cli: &Cli, args: &ScaleArgs, environment: &Environment) -> Result<Exit, Failure> {
    let desk = Desk::open(cli, environment)?;
    let offer = desk.offer(&args.service, "scale")?;
    let mut acting = args.acting.clone();
    let name = offer.inputs.iter().map(|input| input.name.as_str()).find(|name| *name == "count");
    let name = name.or_else(|| Some(offer.inputs.first()?.name.as_str())).unwrap_or("count").to_owned();
    acting.set.push((name, args.count.to_string()));
    let request = desk.request(&offer, Target::Service, false, &acting)?;
    desk.act(&request, &acting)
}

pub(super) fn act(cli: &Cli, args: &ActArgs, environment: &Environment) -> Result<Exit, Failure> {
    let desk = Desk::open(cli, environment)?;
    let offers: Vec<&Offer> = desk
        .project
        .catalog
        .offers
        .iter()
        .filter(|offer| args.whose.as_deref().is_none_or(|whose| belongs(offer, whose)))
        .collect();
    let Some(action) = &args.action else {
        return list(&offers, args);
    };
    let whose = args.whose.as_deref().unwrap_or_default();
    let Some(offer) = offers.iter().find(|offer| &offer.action == action).map(|offer| (*offer).clone()) else {
        let names: Vec<&str> = offers.iter().map(|offer| offer.action.as_str()).collect();
        let failure = Failure::usage(anyhow!("`{whose}` has no action `{action}`"));
        return Err(match nearest(action, &names) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint(format!("there are: {}", names.join(", "))),
        });
    };
    let (target, choose) = desk.target(&offer, args.target.as_deref())?;
    let request = desk.request(&offer, target, choose, &args.acting)?;
    desk.act(&request, &args.acting)
}

fn belongs(offer: &Offer, whose: &str) -> bool {
    offer.service.as_ref().is_some_and(|service| service.as_str() == whose) || offer.source.as_str() == whose
}

fn list(offers: &[&Offer], args: &ActArgs) -> Result<Exit, Failure> {
    if args.acting.json {
        let text = serde_json::to_value(offers).unwrap_or_default();
        output::print(format!("{text:#}\n"))?;
        return Ok(Exit::Healthy);
    }
    if offers.is_empty() {
        return Err(Failure::usage(anyhow!("nothing can be done{}", args.whose.as_ref().map(|whose| format!(" to {whose}")).unwrap_or_default()))
            .hint("crashcart providers show NAME says what a system can do; a service's `release = { source = ... }` says where it runs"));
    }
    let mut text = String::new();
    for offer in offers {
        let whose = offer.service.as_ref().map_or_else(|| offer.source.to_string(), ToString::to_string);
        let target =
            if offer.target == "service" { String::new() } else { format!(" {}", offer.target.to_uppercase()) };
        let inputs: Vec<String> = offer
            .inputs
            .iter()
            .map(|input| {
                let optional = input.optional || !input.default.is_null();
                if optional { format!("[--set {}=...]", input.name) } else { format!("--set {}=...", input.name) }
            })
            .collect();
        text.push_str(&format!("{whose} {}{target} {}\n", offer.action, inputs.join(" ")).replace(" \n", "\n"));
    }
    output::print(text)?;
    Ok(Exit::Healthy)
}
