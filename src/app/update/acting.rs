//! From a key to a plan, from a plan to an approval, and what comes of it.
//!
//! Nothing here is done: a plan is asked for, and a plan that was read is handed over. What happens then, the journal tells.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::App;
use super::super::effect::Effect;
use super::super::event::Key;
use super::super::world::{Item, World};
use super::notice;
use crate::action::Action;
use crate::diagnosis::feeds::alert_is_about;
use crate::diagnosis::health::judge_check;
use crate::modal::Modal;
use crate::modal::ask::AskState;
use crate::modal::choose::{Choice, ChooseState};
use crate::modal::operation::{OperationState, Question};
use crate::modal::plan::{Answer, PlanState, Stage};
use crate::modal::things;
use crate::model::alert::AlertState;
use crate::model::history::History;
use crate::model::id::{CheckId, OperationId, RunId, ServiceId};
use crate::model::journal::{Body, News};
use crate::model::operation::{ConfirmLevel, Intent, Offer, OperationEvent, Plan, PlanRequest, Target, WatchedAlert};
use crate::model::service::Health;
use crate::model::source::{Capability, Found, Trouble};
use crate::operation::plan::ROLL_BACK;
use crate::operation::{Standing, target};
use crate::pane::PaneId;
use crate::pane::feeds::Kind;

/// Plans to roll the selected service back: to the selected release, or to the one that is best gone back to.
pub fn roll_back(app: &mut App, key: Option<Key>) -> Vec<Effect> {
    let Some(Item::Service(service)) = app.selected() else {
        notice(app, "select a service: it is what is rolled back", false);
        return Vec::new();
    };
    let Some(offer) = app.world.catalog.offers_of(&service).find(|offer| offer.action == ROLL_BACK).cloned() else {
        let text = match &app.world.inert {
            Some(_) => "nothing can be done until the configuration is trusted: run crashcart trust".to_owned(),
            None => format!("nothing says how to roll {service} back; its release = {{ source = ... }} would"),
        };
        notice(app, &text, true);
        return Vec::new();
    };
    let chosen = (app.focus == PaneId::Releases)
        .then(|| app.list(Kind::Releases).selected(&app.world, Kind::Releases, app.selected().as_ref()));
    let chosen = chosen.flatten().and_then(|key| things::release(&app.world, &key)).filter(|release| !release.live);
    match chosen.cloned() {
        Some(release) if offer.target == "release" => {
            plan_for(app, &offer, Target::Release(Box::new(release)), BTreeMap::new(), key)
        }
        _ => plan_for(app, &offer, Target::Service, BTreeMap::new(), key),
    }
}

/// Lists what can be done with what is selected.
pub fn actions(app: &mut App) -> Vec<Effect> {
    let (whose, choices) = choices(app);
    if choices.is_empty() {
        let text = format!("nothing can be done with {whose} from here; crashcart providers says what systems can do");
        notice(app, &text, false);
        return Vec::new();
    }
    app.modals.push(Modal::Choose(ChooseState::actions(&whose, choices)));
    Vec::new()
}

fn choices(app: &App) -> (String, Vec<Choice>) {
    let world = &app.world;
    let item = app.selected();
    if let Some(kind) = Kind::of(app.focus)
        && let Some(key) = app.list(kind).selected(world, kind, item.as_ref())
        && let Some(target) = things::target(world, kind, &key)
    {
        let feed = world.catalog.feed(&key.feed);
        let fits = |offer: &&Offer| {
            offer.target == target.word()
                && feed.is_some_and(|feed| feed.source == offer.source)
                && (offer.service.is_none()
                    || feed.is_some_and(|feed| feed.service.is_none() || feed.service == offer.service))
        };
        let about: Vec<Choice> = world
            .catalog
            .offers
            .iter()
            .filter(fits)
            .map(|offer| Choice { offer: offer.clone(), target: Some(target.clone()) })
            .collect();
        let name = target.name().map(ToString::to_string).unwrap_or_default();
        if !about.is_empty() || kind != Kind::Releases {
            return (name, about);
        }
    }
    match item {
        Some(Item::Service(service)) => {
            let offers = world.catalog.offers_of(&service);
            (service.to_string(), offers.map(|offer| Choice { offer: offer.clone(), target: None }).collect())
        }
        Some(Item::Vendor(vendor)) => (vendor.to_string(), Vec::new()),
        Some(Item::Host) | None => ("this machine".to_owned(), Vec::new()),
    }
}

/// Goes on with what was chosen from a list: to what it is done to, to what it is told, to the plan.
pub fn chosen(app: &mut App, choice: Choice, key: Option<Key>) -> Vec<Effect> {
    let Choice { offer, target } = choice;
    let target = match (target, offer.target.as_str()) {
        (Some(target), _) => target,
        (None, "service") => Target::Service,
        (None, _) if offer.action == ROLL_BACK => Target::Service,
        (None, word) => {
            let targets = targets(&app.world, &offer, word);
            app.modals.push(Modal::Choose(ChooseState::targets(&offer, targets, None)));
            return Vec::new();
        }
    };
    if offer.action != ROLL_BACK
        && let Some(ask) = AskState::new(offer.clone(), target.clone())
    {
        app.modals.push(Modal::Ask(ask));
        return Vec::new();
    }
    plan_for(app, &offer, target, BTreeMap::new(), key)
}

/// Lists the releases that a plan could go to instead.
pub fn other_target(app: &mut App) -> Vec<Effect> {
    let Some(Modal::Plan(state)) = app.modals.last() else { return Vec::new() };
    if !state.has_targets() {
        return Vec::new();
    }
    let intent = &state.request.intent;
    let meant = state.plan().map_or(&intent.target, |plan| &plan.intent.target).clone();
    let offer = app.world.catalog.offers.iter().find(|offer| {
        offer.action == intent.action && offer.source == intent.source && offer.service == intent.service
    });
    let Some(offer) = offer.cloned() else { return Vec::new() };
    let targets = targets(&app.world, &offer, "release");
    if targets.is_empty() {
        notice(app, "its releases are not known here yet", true);
        return Vec::new();
    }
    app.modals.push(Modal::Choose(ChooseState::targets(&offer, targets, Some(&meant))));
    Vec::new()
}

/// Returns what an action can be done to, as its source told it last.
fn targets(world: &World, offer: &Offer, word: &str) -> Vec<Target> {
    let capability = match word {
        "release" => Capability::Releases,
        "instance" => Capability::Instances,
        "alert" => Capability::Alerts,
        "issue" => Capability::Issues,
        _ => Capability::Checks,
    };
    let feeds = world.catalog.feeds.iter().filter(|feed| {
        feed.capability == capability
            && feed.source == offer.source
            && (feed.service.is_none() || offer.service.is_none() || feed.service == offer.service)
    });
    let mut targets = Vec::new();
    for feed in feeds {
        match world.snapshot.feed(&feed.id).and_then(|state| state.last.value.as_ref()) {
            Some(Found::Releases(all)) => targets.extend(all.iter().cloned().map(|one| Target::Release(Box::new(one)))),
            Some(Found::Instances(all)) => {
                targets.extend(all.iter().cloned().map(|one| Target::Instance(Box::new(one))))
            }
            Some(Found::Alerts(all)) => targets.extend(all.iter().cloned().map(|one| Target::Alert(Box::new(one)))),
            Some(Found::Issues(all)) => targets.extend(all.iter().cloned().map(|one| Target::Issue(Box::new(one)))),
            Some(Found::Checks(all)) => targets.extend(all.iter().cloned().map(|one| Target::Check(Box::new(one)))),
            _ => {}
        }
    }
    targets
}

/// Asks how it would be done.
pub fn plan_for(
    app: &mut App,
    offer: &Offer,
    target: Target,
    inputs: BTreeMap<String, Value>,
    key: Option<Key>,
) -> Vec<Effect> {
    let choose = offer.action == ROLL_BACK && target == Target::Service && offer.target == "release";
    let title = match (&offer.service, target.name()) {
        (Some(service), Some(name)) => format!("{} {service}: {name}", offer.title),
        (Some(service), None) => format!("{} {service}", offer.title),
        (None, Some(name)) => format!("{} {name}", offer.title),
        (None, None) => format!("{} {}", offer.title, offer.source),
    };
    let intent = offer.intent(target, inputs, None);
    let request = request(app, intent, choose);
    ask(app, request, title, key, offer.confirm == ConfirmLevel::None)
}

/// Asks how something would be done that a step of a runbook links to.
pub fn plan_from_step(
    app: &mut App,
    offer: &Offer,
    target: Target,
    step: (RunId, usize),
    key: Option<Key>,
) -> Vec<Effect> {
    let choose = offer.action == ROLL_BACK && offer.target == "release";
    let title =
        offer.service.as_ref().map_or_else(|| offer.title.to_string(), |service| format!("{} {service}", offer.title));
    let mut intent = offer.intent(target, BTreeMap::new(), None);
    intent.step = Some(step);
    let request = request(app, intent, choose);
    ask(app, request, title, key, false)
}

/// Plans to take back what an operation did.
pub fn undo(app: &mut App, id: &OperationId, key: Option<Key>) -> Vec<Effect> {
    let Some(operation) = app.world.operations.get(id) else { return Vec::new() };
    let standing = app.world.operations.standing(operation, app.world.now);
    if matches!(standing, Standing::Running | Standing::Starting) {
        notice(app, "it is being carried out: stop it first", false);
        return Vec::new();
    }
    let Some(intent) = crate::operation::undo::intent(operation) else {
        notice(app, "nothing that it did can be taken back", false);
        return Vec::new();
    };
    let title = format!("undo: {}", operation.plan.title);
    let request = request(app, intent, false);
    ask(app, request, title, key, false)
}

fn ask(app: &mut App, request: PlanRequest, title: String, key: Option<Key>, at_once: bool) -> Vec<Effect> {
    if app.world.inert.is_some() {
        notice(app, "nothing can be done until the configuration is trusted: run crashcart trust", true);
        return Vec::new();
    }
    let effect = Effect::Plan(Box::new(request.clone()));
    // What leads to a plan is behind it: who says no is back where they began.
    app.modals.retain(|modal| !matches!(modal, Modal::Choose(_) | Modal::Ask(_) | Modal::Plan(_)));
    let state = PlanState::new(request, title, key, app.world.now);
    if at_once {
        notice(app, &format!("{}: asking", state.title), false);
        app.at_once = Some(state);
    } else {
        app.modals.push(Modal::Plan(state));
    }
    vec![effect]
}

/// Puts together what a plan is asked with: what is red now is what has to turn green.
fn request(app: &mut App, intent: Intent, choose: bool) -> PlanRequest {
    app.requests += 1;
    let world = &app.world;
    let (mut red, mut alerts, mut health) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(service) = &intent.service {
        red = red_checks(world, service);
        alerts = firing(world, service);
        let histories: Vec<&History> = world
            .catalog
            .checks_of(service)
            .filter_map(|check| Some(&world.snapshot.check(&check.id)?.history))
            .collect();
        health = target::service_history(&histories);
    }
    PlanRequest { number: app.requests, intent, choose, health, red, alerts, watch_for: None }
}

fn red_checks(world: &World, service: &ServiceId) -> Vec<CheckId> {
    let red = |check: &&crate::model::check::CheckSpec| {
        judge_check(check, world.snapshot.check(&check.id), world.now).health == Health::Down
    };
    world.catalog.checks_of(service).filter(red).map(|check| check.id.clone()).collect()
}

fn firing(world: &World, service: &ServiceId) -> Vec<WatchedAlert> {
    let mut firing = Vec::new();
    for feed in world.catalog.feeds.iter().filter(|feed| feed.capability == Capability::Alerts) {
        let own = feed.service.as_ref() == Some(service);
        let (Some(source), Some(state)) = (world.catalog.source(&feed.source), world.snapshot.feed(&feed.id)) else {
            continue;
        };
        let Some(Found::Alerts(alerts)) = &state.last.value else { continue };
        if feed.service.is_some() && !own || !state.is_live(feed, world.now) {
            continue;
        }
        let about = alerts.iter().filter(|alert| {
            matches!(alert.state, AlertState::Firing | AlertState::Acknowledged)
                && (own || alert_is_about(alert, service))
        });
        firing.extend(about.map(|alert| WatchedAlert {
            source: source.clone(),
            feed: feed.id.clone(),
            params: feed.params.clone(),
            id: alert.id.clone(),
            title: alert.title.clone(),
        }));
    }
    firing
}

/// Takes in a plan. One that needs no question goes on at once, unless something speaks against it.
pub fn planned(app: &mut App, number: u64, plan: Result<Box<Plan>, Trouble>) -> Vec<Effect> {
    let (now, generation) = (app.world.now, app.generation);
    if app.at_once.as_ref().is_some_and(|state| state.request.number == number)
        && let Some(mut state) = app.at_once.take()
    {
        return match plan {
            Ok(plan) if plan.stops.is_empty() && plan.confirm == ConfirmLevel::None => {
                notice(app, &format!("{}: handed over", plan.title), false);
                vec![Effect::Approve(plan)]
            }
            Err(trouble) => {
                notice(app, &format!("{}: {}; {}", state.title, trouble.message, trouble.hint), true);
                Vec::new()
            }
            plan => {
                state.planned(plan, now, generation);
                app.modals.push(Modal::Plan(state));
                Vec::new()
            }
        };
    }
    for modal in &mut app.modals {
        if let Modal::Plan(state) = modal
            && state.request.number == number
            && state.stage == Stage::Asking
        {
            state.planned(plan, now, generation);
            break;
        }
    }
    Vec::new()
}

/// Notes what the terminal shows.
pub fn seen(app: &mut App, generation: u64) {
    let now = app.world.now;
    // Only what lies on top is before one's eyes.
    if let Some(modal) = app.modals.last_mut() {
        modal.seen(generation, now);
    }
}

/// Somebody says yes to the plan on top.
pub fn confirm(app: &mut App, key: Option<Key>) -> Vec<Effect> {
    let now = app.world.now;
    let Some(Modal::Plan(state)) = app.modals.last() else { return Vec::new() };
    match state.answer(key, now) {
        Answer::No(why) => {
            notice(app, why, false);
            Vec::new()
        }
        Answer::Anew => {
            let (intent, choose, title) = (state.request.intent.clone(), state.request.choose, state.title.clone());
            let opened_by = state.opened_by;
            let request = request(app, intent, choose);
            ask(app, request, title, opened_by, false)
        }
        Answer::Yes => {
            let Some(plan) = state.plan().cloned() else { return Vec::new() };
            app.modals.pop();
            app.operations.select(plan.id.clone());
            app.modals.push(Modal::Operation(OperationState::new(plan.id.clone(), plan.title.clone())));
            vec![Effect::Approve(Box::new(plan))]
        }
    }
}

/// Says that the journal did not take something, or that no worker could be started.
pub fn not_operated(app: &mut App, operation: &OperationId, why: &Trouble) {
    for modal in &mut app.modals {
        if let Modal::Operation(state) = modal
            && &state.id == operation
        {
            state.trouble = Some(why.clone());
            return;
        }
    }
    notice(app, &format!("{}; {}", why.message, why.hint), true);
}

/// Takes in what is new in the journal. The first of it may tell what ended while nobody looked.
pub fn journal(app: &mut App, news: &News) -> Vec<Effect> {
    app.world.operations.learn(news);
    app.world.runs.learn(news);
    app.world.incidents.learn(news);
    app.world.remember(news);
    if std::mem::replace(&mut app.journal_read, true) {
        return changed_by(&app.world, news);
    }
    welcome_back(app);
    Vec::new()
}

/// What an operation has changed is asked for now: a release that is not live any more must not stand there as if it were.
fn changed_by(world: &World, news: &News) -> Vec<Effect> {
    let mut feeds = Vec::new();
    for entry in &news.entries {
        let (Some(id), Body::Operation(OperationEvent::PlatformDone { .. } | OperationEvent::Ended { .. })) =
            (&entry.operation, &entry.body)
        else {
            continue;
        };
        let Some(operation) = world.operations.get(id) else { continue };
        let intent = &operation.plan.intent;
        let about =
            world.catalog.feeds.iter().filter(|feed| {
                feed.source == intent.source && (feed.service.is_none() || feed.service == intent.service)
            });
        feeds.extend(about.map(|feed| feed.id.clone()));
    }
    feeds.sort_unstable();
    feeds.dedup();
    if feeds.is_empty() { Vec::new() } else { vec![Effect::ReadFeeds(feeds)] }
}

/// Says what ended, or stopped, since somebody last looked.
fn welcome_back(app: &mut App) {
    let Some(away_since) = app.world.snapshot.saved_at else { return };
    let world = &app.world;
    let missed: Vec<(OperationId, crate::model::text::Line)> = world
        .operations
        .latest_first()
        .filter(|operation| match world.operations.standing(operation, world.now) {
            Standing::Ended(_) => operation.ended.as_ref().is_some_and(|ended| ended.at > away_since),
            Standing::Interrupted | Standing::Undecided => operation.last_at > away_since,
            // Whoever comes back in the middle wants to see it at once.
            Standing::Running | Standing::Starting => true,
        })
        .map(|operation| (operation.id().clone(), operation.plan.title.clone()))
        .collect();
    match missed.as_slice() {
        [] => {}
        [(id, title)] => {
            app.operations.select(id.clone());
            let ended = world.operations.get(id).is_some_and(|operation| operation.ended.is_some());
            let state = OperationState { while_away: ended, ..OperationState::new(id.clone(), title.clone()) };
            app.modals.push(Modal::Operation(state));
        }
        [(id, _), ..] => {
            app.operations.select(id.clone());
            app.focus = PaneId::Operations;
            let text = format!("{} went on while you were away", crate::ui::format::count(missed.len(), "operation"));
            notice(app, &text, false);
        }
    }
}

/// What somebody wants of the operation that is shown or selected.
pub fn operate(app: &mut App, action: Action, key: Option<Key>) -> Vec<Effect> {
    let shown = match app.modals.last() {
        Some(Modal::Operation(state)) => Some(state.id.clone()),
        _ => app.operations.selected(&app.world),
    };
    let Some(id) = shown else {
        notice(app, "there is no operation", false);
        return Vec::new();
    };
    if app.world.read_only {
        notice(app, "--read-only: nothing can be done from here", true);
        return Vec::new();
    }
    if action == Action::Undo {
        return undo(app, &id, key);
    }
    let Some(operation) = app.world.operations.get(&id) else { return Vec::new() };
    let standing = app.world.operations.standing(operation, app.world.now);
    match Question::of(action, operation, standing) {
        Err(why) => notice(app, why, false),
        Ok(question) => {
            let title = operation.plan.title.clone();
            if !matches!(app.modals.last(), Some(Modal::Operation(_))) {
                app.modals.push(Modal::Operation(OperationState::new(id, title)));
            }
            if let Some(Modal::Operation(state)) = app.modals.last_mut() {
                state.asking = Some(question);
                state.trouble = None;
            }
        }
    }
    Vec::new()
}

/// The answer to what was asked about an operation.
pub fn answered(app: &mut App, yes: bool) -> Vec<Effect> {
    let Some(Modal::Operation(state)) = app.modals.last_mut() else { return Vec::new() };
    let Some(question) = state.asking.take().filter(|_| yes) else { return Vec::new() };
    vec![Effect::Operate(question.command(state.id.clone()))]
}
