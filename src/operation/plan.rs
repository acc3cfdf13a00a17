//! From a wish and what is known to a plan: what exactly would be done, what it means, and what speaks against it.
//!
//! ```text
//!   PlanRequest --resolve(releases)--> target, current --+
//!   releases, instances, what lies between, who acts ----+--> plan --> Plan (shown, approved, carried out)
//! ```
//!
//! It asks nobody: whoever gathers the facts does, and what could not be read stands in the plan as a reason to stop or as
//! a warning.

use std::time::Duration;

use serde_json::Value;

use super::log::Operation;
use super::target;
use crate::model::catalog::Catalog;
use crate::model::id::OperationId;
use crate::model::operation::{
    Actor, AutomaticDeploys, Between, ConfirmLevel, Intent, Lease, Plan, PlanRequest, PlannedStep, Stop, StopKind,
    Target, Verification,
};
use crate::model::release::{Instance, InstanceState, Release};
use crate::model::service::Confirm;
use crate::model::source::{Source, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::provider::definition::{Action, ActionTarget, Definition, Means, Request, Step, Target as RequestTarget};
use crate::provider::run::action::{begin, step_plan};
use crate::provider::run::{RunError, Values, prepare};

/// The action that goes back to another release.
pub const ROLL_BACK: &str = "roll_back";
/// How long checks are watched afterwards. Slow starts take minutes; who waits for longer looks at the screen anyway.
const VERIFY_WITHIN: Duration = Duration::from_secs(5 * 60);
/// Lines of a request that are shown.
const PREVIEW_LINES: usize = 60;

/// Everything that a plan is made of.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    pub id: OperationId,
    pub by: Actor,
    pub now: Timestamp,
    pub read_only: bool,
    pub request: &'a PlanRequest,
    pub resolved: Resolved,
    pub catalog: &'a Catalog,
    pub source: &'a Source,
    pub definition: &'a Definition,
    /// Parameters, address, credentials. No credential gets into the plan.
    pub values: Values,
    /// Nothing where the platform does not tell of them.
    pub instances: Option<Result<Vec<Instance>, Trouble>>,
    pub between: Between,
    /// Who acts on the same thing now, and what they do.
    pub acting: Option<(Lease, Option<Line>)>,
    /// The operation that is to be taken back.
    pub undoes: Option<&'a Operation>,
}

/// What is acted on, as the platform tells it now.
#[derive(Clone, PartialEq, Debug)]
pub struct Resolved {
    pub target: Target,
    /// The release that is live now.
    pub current: Option<Box<Release>>,
    pub chosen_because: Option<Line>,
    pub stops: Vec<Stop>,
}

/// Returns what is acted on: the release that was selected, if the platform still has it, or the one that is best gone
/// back to. `releases` is what the platform says now, nothing where the action needs none.
pub fn resolve(request: &PlanRequest, releases: Option<Result<&[Release], &Trouble>>, now: Timestamp) -> Resolved {
    let intent = &request.intent;
    let mut resolved =
        Resolved { target: intent.target.clone(), current: None, chosen_because: None, stops: Vec::new() };
    let releases = match releases {
        None => return resolved,
        Some(Err(trouble)) => {
            // A restart needs no release. Going back without having seen where to is a leap.
            if intent.action == ROLL_BACK || matches!(intent.target, Target::Release(_)) {
                let message = format!("the releases could not be read: {}; {}", trouble.message, trouble.hint);
                resolved.stops.push(stop(StopKind::Unseen, &message));
            }
            return resolved;
        }
        Some(Ok(releases)) => releases,
    };
    resolved.current = releases.iter().find(|release| release.live).cloned().map(Box::new);
    if request.choose {
        match target::choose(releases, &request.health, now) {
            Some(chosen) => {
                resolved.target = Target::Release(Box::new(releases[chosen.index].clone()));
                resolved.chosen_because = Some(chosen.because);
            }
            None => {
                let message =
                    "there is no release to go back to: the platform tells of none that went out before this one";
                resolved.stops.push(stop(StopKind::Target, message));
            }
        }
    } else if let Target::Release(selected) = &intent.target {
        match releases.iter().find(|release| release.id == selected.id) {
            Some(found) => resolved.target = Target::Release(Box::new(found.clone())),
            None => {
                let name = selected.name();
                let message = format!("{name} is not among the releases that the platform has now; choose another");
                resolved.stops.push(stop(StopKind::Target, &message));
            }
        }
    }
    if let Target::Release(release) = &resolved.target
        && intent.action == ROLL_BACK
        && intent.undoes.is_none()
    {
        if release.live {
            resolved.stops.push(stop(StopKind::Already, &format!("{} is live already", release.name())));
        } else if let Err(why) = target::eligible(release) {
            resolved.stops.push(stop(StopKind::Target, &format!("{}: {why}", release.name())));
        }
    }
    resolved
}

/// Makes the plan.
pub fn plan(facts: Facts<'_>) -> Plan {
    let Facts {
        id,
        by,
        now,
        read_only,
        request,
        resolved,
        catalog,
        source,
        definition,
        mut values,
        instances,
        between,
        acting,
        undoes,
    } = facts;
    let Resolved { target, current, chosen_because, mut stops } = resolved;
    let intent = Intent { target, ..request.intent.clone() };
    let action = definition.actions.get(&intent.action);
    let mut warnings = Vec::new();
    let own = own_values(&intent, &id, &by, current.as_deref(), undoes);
    for (name, value) in &own {
        values.set(name.clone(), value.clone());
    }
    let mut steps = Vec::new();
    match (action, undoes) {
        (None, _) => {
            let known: Vec<&str> = definition.actions.keys().map(String::as_str).collect();
            let message = format!("{} cannot {}; it can {}", definition.title, intent.action, known.join(", "));
            stops.push(stop(StopKind::Refused, &message));
        }
        (Some(action), Some(operation)) => {
            steps = undo_steps(definition, action, operation, &values);
            if steps.is_empty() {
                stops.push(stop(StopKind::Already, "nothing that it has done can be taken back"));
            }
        }
        (Some(action), None) => match begin(definition, action, &mut values, now) {
            Ok(()) => steps = action_steps(definition, action, values.clone()),
            // What cannot be filled in because there is no target is said already.
            Err(_) if stops.iter().any(|stop| matches!(stop.kind, StopKind::Target | StopKind::Unseen)) => {}
            Err(error) => stops.push(stop(StopKind::Refused, &refusal(&error))),
        },
    }
    if read_only {
        stops.insert(0, stop(StopKind::ReadOnly, "--read-only: this is shown, and cannot be done"));
    }
    if let Some((lease, title)) = &acting {
        let what = title.as_ref().map_or_else(|| "acting on it".to_owned(), |title| format!("busy: {title}"));
        let message =
            format!("{} is {what} (operation {}); wait for it, or cancel it", lease.worker.by, lease.operation.short());
        stops.push(stop(StopKind::Busy, &message));
    }
    if matches!(intent.target, Target::Release(_)) && current.is_none() && undoes.is_none() {
        warnings.push(Line::from_text("the platform does not say which release is live now"));
    }
    let restarts = restarts(action, instances.as_ref(), &mut warnings);
    let automatic_deploys =
        action.map_or(AutomaticDeploys::Unknown, |action| automatic_deploys(action, &values, undoes.is_some()));
    Plan {
        title: title(&intent, action, undoes, source),
        system: Line::from_text(&definition.title),
        source: source.clone(),
        environment: environment(catalog, &intent),
        planned_at: now,
        values: own.into_iter().collect(),
        means: action.and_then(|action| action.means).map(|means| means.word().to_owned()),
        caveats: caveats(action, undoes.is_some()),
        verification: verification(catalog, request, &intent, action),
        confirm: confirm(catalog, &intent),
        tells_when_done: undoes.is_none() && action.is_some_and(|action| action.done.is_some()),
        id,
        intent,
        by,
        current,
        steps,
        between,
        automatic_deploys,
        restarts,
        stops,
        warnings,
        chosen_because,
    }
}

fn stop(kind: StopKind, message: &str) -> Stop {
    Stop { kind, message: Line::from_text(message) }
}

fn refusal(error: &RunError) -> String {
    match error {
        RunError::Failed(failure) => failure.message.to_string(),
        other => other.to_string(),
    }
}

/// Returns what definitions' programs are given beside parameters and secrets.
fn own_values(
    intent: &Intent,
    id: &OperationId,
    by: &Actor,
    current: Option<&Release>,
    undoes: Option<&Operation>,
) -> Vec<(String, Value)> {
    let mut own: Vec<(String, Value)> = Vec::new();
    if let Some(operation) = undoes {
        own.extend(operation.plan.values.iter().map(|(name, value)| (name.clone(), value.clone())));
        own.extend(operation.bound.iter().map(|(name, value)| (name.clone(), value.clone())));
    } else {
        if intent.target != Target::Service {
            own.push((intent.target.word().to_owned(), intent.target.value()));
        }
        let current = current.and_then(|release| serde_json::to_value(release).ok()).unwrap_or_default();
        own.push(("current".to_owned(), current));
        own.extend(intent.inputs.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    let reason = intent.reason.as_ref().map_or_else(|| "incident response".to_owned(), ToString::to_string);
    own.push(("reason".to_owned(), reason.into()));
    own.push(("user".to_owned(), by.user.as_str().into()));
    own.push(("operation".to_owned(), id.as_str().into()));
    own
}

fn title(intent: &Intent, action: Option<&Action>, undoes: Option<&Operation>, source: &Source) -> Line {
    if let Some(operation) = undoes {
        return Line::from_text(&format!("undo: {}", operation.plan.title));
    }
    let verb = action.map_or(intent.action.as_str(), |action| action.title.as_str());
    let service = intent.service.as_ref().map(|service| service.as_str());
    let name = intent.target.name().map(Line::as_str);
    Line::from_text(&match (&intent.target, service, name) {
        (Target::Release(_), Some(service), Some(release)) if intent.action == ROLL_BACK => {
            format!("{verb} {service} to {release}")
        }
        // What people call their own actions is no verb that a name could follow.
        (Target::Service, Some(service), _) if source.own.is_some() => format!("{service}: {verb}"),
        (Target::Service, Some(service), _) => format!("{verb} {service}"),
        (_, Some(service), Some(name)) => format!("{verb} {name} of {service}"),
        (_, None, Some(name)) => format!("{verb} {name}"),
        (_, _, None) => format!("{verb} {}", intent.source),
    })
}

/// Returns an action's steps as they are shown.
pub fn action_steps(definition: &Definition, action: &Action, mut values: Values) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    for (number, step) in action.steps.iter().enumerate() {
        let preview = match step_plan(definition, step, &values) {
            Ok(Some(plan)) => Line::lines_of(&plan.preview(), PREVIEW_LINES),
            Ok(None) => Vec::new(),
            // A program cannot work on the name of what is not there yet.
            Err(_) => vec![Line::from_text("the request depends on what the steps before bring")],
        };
        for (name, _) in &step.request.bind {
            values.set(name.clone(), format!("<{name}>"));
        }
        steps.push(PlannedStep {
            name: name_of(&step.request, &action.title),
            number,
            undo: false,
            preview,
            undone_by: step.undo.as_ref().map(|undo| name_of(undo, "undo")),
            reads: step.reads,
            repeatable: is_repeatable(step),
        });
    }
    steps
}

/// Returns what takes an operation's steps back, the last first.
fn undo_steps(definition: &Definition, action: &Action, operation: &Operation, values: &Values) -> Vec<PlannedStep> {
    let mut steps = Vec::new();
    for index in operation.undoable() {
        let number = operation.plan.steps[index].number;
        let Some(undo) = action.steps.get(number).and_then(|step| step.undo.as_ref()) else { continue };
        let preview = match prepare(definition, undo, values) {
            Ok(plan) => Line::lines_of(&plan.preview(), PREVIEW_LINES),
            Err(error) => vec![Line::from_text(&error.to_string())],
        };
        steps.push(PlannedStep {
            name: name_of(undo, "undo"),
            number,
            undo: true,
            preview,
            undone_by: None,
            reads: false,
            repeatable: sets_a_state(undo),
        });
    }
    steps
}

/// Returns whether doing a step twice is the same as doing it once.
pub fn is_repeatable(step: &Step) -> bool {
    step.repeatable.unwrap_or_else(|| {
        step.reads || !step.already.is_empty() || step.already_when.is_some() || sets_a_state(&step.request)
    })
}

/// Returns whether a request says how things are to be, and not what is to happen: HTTP's idempotent methods (RFC 9110,
/// 9.2.2), and PATCH as these systems use it.
fn sets_a_state(request: &Request) -> bool {
    matches!(request.target, RequestTarget::Http { method, .. } if method != "POST")
}

fn name_of(request: &Request, otherwise: &str) -> Line {
    Line::from_text(request.name.as_deref().unwrap_or(otherwise))
}

fn restarts(
    action: Option<&Action>,
    instances: Option<&Result<Vec<Instance>, Trouble>>,
    warnings: &mut Vec<Line>,
) -> Option<u32> {
    let restarts = matches!(action?.means?, Means::Restart | Means::Rebuild);
    match instances? {
        Ok(instances) if restarts && action?.target != ActionTarget::Instance => {
            let running = instances.iter().filter(|instance| instance.state != InstanceState::Stopped).count();
            u32::try_from(running).ok().filter(|running| *running > 0)
        }
        Ok(_) => None,
        Err(trouble) => {
            let text = format!("how many instances run could not be read: {}", trouble.message);
            warnings.push(Line::from_text(&text));
            None
        }
    }
}

/// Returns what becomes of automatic deploys.
fn automatic_deploys(action: &Action, values: &Values, undo: bool) -> AutomaticDeploys {
    if undo {
        return AutomaticDeploys::Unknown;
    }
    let freezes = values.get("freeze") == Value::Bool(true) && action.inputs.iter().any(|input| input.name == "freeze");
    match (action.automatic_deploys.as_deref(), freezes) {
        (_, true) => AutomaticDeploys::StoppedByPlan,
        (Some("on"), false) => AutomaticDeploys::GoOn,
        (Some("off"), false) => AutomaticDeploys::StoppedByPlatform,
        (Some("none"), false) => AutomaticDeploys::None,
        _ => AutomaticDeploys::Unknown,
    }
}

fn caveats(action: Option<&Action>, undo: bool) -> Vec<Line> {
    let mut caveats = Vec::new();
    if let Some(action) = action {
        // Where the definition has words of its own for it, those are better.
        let told = action.caveats.iter().any(|caveat| caveat.contains("nvironment"));
        if let Some(environment) = action.environment.as_deref().filter(|_| !undo && !told) {
            caveats.push(match environment {
                "kept" => "Environment variables and secrets stay as they are now.",
                "restored" => "Environment variables and secrets go back to what they were at that release.",
                _ => "Some environment variables and secrets go back, and some stay as they are now.",
            });
        }
        caveats.extend(action.caveats.iter().map(String::as_str));
    }
    let mut lines: Vec<Line> = Vec::new();
    for caveat in caveats {
        let line = Line::from_text(caveat);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// Returns what is looked at afterwards. What changes a record only, or an alert, changes no service.
fn verification(catalog: &Catalog, request: &PlanRequest, intent: &Intent, action: Option<&Action>) -> Verification {
    let changes_service = action.is_some_and(|action| {
        action.means != Some(Means::Record)
            && matches!(action.target, ActionTarget::Release | ActionTarget::Service | ActionTarget::Instance)
    });
    let Some(service) = intent.service.as_ref().filter(|_| changes_service) else { return Verification::default() };
    let mut checks: Vec<_> = catalog.checks_of(service).cloned().collect();
    // What is red elsewhere because of it turns green with it.
    checks.extend(
        catalog.checks.iter().filter(|check| request.red.contains(&check.id) && &check.service != service).cloned(),
    );
    Verification {
        red: request.red.iter().filter(|id| checks.iter().any(|check| &check.id == *id)).cloned().collect(),
        checks,
        alerts: request.alerts.clone(),
        within: request.watch_for.unwrap_or(VERIFY_WITHIN),
    }
}

fn environment(catalog: &Catalog, intent: &Intent) -> Option<crate::model::id::EnvironmentId> {
    catalog.service(intent.service.as_ref()?)?.environment.clone()
}

fn confirm(catalog: &Catalog, intent: &Intent) -> ConfirmLevel {
    let offer = catalog.offers.iter().find(|offer| {
        offer.source == intent.source && offer.action == intent.action && offer.service == intent.service
    });
    if let Some(offer) = offer.filter(|_| intent.undoes.is_none()) {
        return offer.confirm;
    }
    let environment = environment(catalog, intent).and_then(|id| catalog.environment(&id).cloned());
    match environment.map(|environment| environment.confirm) {
        Some(Confirm::Name) => ConfirmLevel::Name,
        Some(Confirm::Key) | None => ConfirmLevel::Key,
    }
}
