//! The demo outage as it is acted on: what can be done, the plan to roll checkout back, and what the journal tells of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crashcart::app::App;
use crashcart::app::effect::Effect;
use crashcart::app::event::{Event, EventKind};
use crashcart::model::catalog::Catalog;
use crashcart::model::id::{EntryId, OperationId, ServiceId, SourceId};
use crashcart::model::journal::{Body, Entry, News};
use crashcart::model::operation::{
    Actor, AutomaticDeploys, Between, ConfirmLevel, Lease, Migration, MigrationKind, Offer, OfferInput, OperationEvent,
    Plan, PlanRequest, PlannedStep, PlatformEnd, StepOutcome, Target, Verdict, Verification, Worker,
};
use crashcart::model::release::{Changes, Commit, FileChange, Release};
use crashcart::model::source::Found;
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;

use super::demo::{NOW, Scene, play_with, setup};
use super::demo_sources::{self, sourced};

pub const ID: &str = "01993c1e-0000-7000-8000-0000000a42f1";

fn line(text: &str) -> Line {
    Line::from_text(text)
}

fn offer(source: &str, service: Option<&str>, action: &str, title: &str, target: &str, confirm: ConfirmLevel) -> Offer {
    Offer {
        service: service.map(ServiceId::new),
        source: SourceId::new(source),
        action: action.to_owned(),
        title: line(title),
        target: target.to_owned(),
        params: BTreeMap::new(),
        inputs: Vec::new(),
        confirm,
    }
}

/// The demo's catalog with sources and with what can be done.
pub fn armed() -> Catalog {
    use ConfirmLevel::{Key, Name, None as AtOnce};
    let mut catalog = sourced();
    let mut scale = offer("fly", Some("checkout"), "scale", "scale", "service", Key);
    scale.inputs = vec![OfferInput {
        name: "count".to_owned(),
        help: line("how many machines run"),
        default: serde_json::Value::Null,
        optional: false,
        one_of: Vec::new(),
    }];
    let mut silence = offer("alertmanager", None, "silence", "silence", "alert", Key);
    silence.inputs = vec![OfferInput {
        name: "duration".to_owned(),
        help: line("for how long, in seconds"),
        default: 3_600.into(),
        optional: false,
        one_of: Vec::new(),
    }];
    catalog.offers = vec![
        offer("fly", Some("checkout"), "roll_back", "roll back", "release", Key),
        offer("fly", Some("checkout"), "restart", "restart", "service", Key),
        scale,
        offer("fly", Some("checkout"), "restart_instance", "restart one machine", "instance", Key),
        offer("fly", Some("billing"), "roll_back", "roll back", "release", Name),
        silence,
        offer("alertmanager", None, "acknowledge", "acknowledge", "alert", AtOnce),
    ];
    catalog
}

/// The night, with hands.
pub fn night(size: (u16, u16)) -> App {
    demo_sources::night_with(armed(), size)
}

/// The same, and nothing may be done.
pub fn night_read_only(size: (u16, u16)) -> App {
    let mut setup = setup(armed(), size);
    setup.read_only = true;
    App::new(setup).0
}

/// A console on the night's catalog that knows nothing yet, and was last open so many seconds ago.
pub fn reopened(size: (u16, u16), away: i64) -> App {
    let mut setup = setup(armed(), size);
    setup.snapshot = play_with(armed(), Scene::Down, size).snapshot().clone();
    setup.snapshot.saved_at = Some(Timestamp::from_secs(NOW - away));
    setup.now = Timestamp::from_secs(NOW);
    App::new(setup).0
}

pub fn actor(user: &str) -> Actor {
    Actor { user: line(user), host: line("web1") }
}

fn releases(app: &App) -> Vec<Release> {
    let feed = app.world().catalog.feeds.iter().find(|feed| feed.id.as_str() == "releases").expect("the feed");
    match &app.world().snapshot.feed(&feed.id).expect("it was read").last.value {
        Some(Found::Releases(releases)) => releases.clone(),
        other => panic!("{other:?}"),
    }
}

/// The plan that a request gets from Fly: v42 goes back to the target, or to v41.
pub fn plan(app: &App, request: &PlanRequest) -> Plan {
    let releases = releases(app);
    let named = |name: &str| releases.iter().find(|release| release.name().as_str() == name).expect("it is there");
    let target = match &request.intent.target {
        Target::Release(release) => (**release).clone(),
        _ => named("v41").clone(),
    };
    let rolls_back = request.intent.action == "roll_back";
    let service = request.intent.service.clone();
    let title = match &service {
        Some(service) if rolls_back => format!("roll back {service} to {}", target.name()),
        Some(service) => format!("{} {service}", request.intent.action.replace('_', " ")),
        None => format!("{} {}", request.intent.action, request.intent.target.name().expect("a name")),
    };
    let confirm = app
        .world()
        .catalog
        .offers
        .iter()
        .find(|offer| offer.action == request.intent.action && offer.service == service)
        .map_or(ConfirmLevel::Key, |offer| offer.confirm);
    let step = |name: &str, number: usize, preview: &str, undone_by: Option<&str>| PlannedStep {
        name: line(name),
        number,
        undo: false,
        preview: preview.lines().map(line).collect(),
        undone_by: undone_by.map(line),
        reads: false,
        repeatable: number == 0,
    };
    let mut intent = request.intent.clone();
    if rolls_back {
        intent.target = Target::Release(Box::new(target.clone()));
    }
    let checks: Vec<_> = service.iter().flat_map(|service| app.world().catalog.checks_of(service)).cloned().collect();
    Plan {
        id: OperationId::new(ID),
        title: line(&title),
        system: line("Fly.io"),
        source: app.world().catalog.source(&request.intent.source).expect("a source").clone(),
        environment: None,
        by: actor("kim"),
        planned_at: app.world().now,
        current: rolls_back.then(|| Box::new(named("v42").clone())),
        values: BTreeMap::new(),
        steps: vec![
            step(
                "stop automatic deploys",
                0,
                "PATCH https://api.machines.dev/v1/apps/checkout\nauthorization: [redacted]\n{\"auto_deploy\":\"no\"}",
                Some("resume automatic deploys"),
            ),
            step(
                "redeploy the old image",
                1,
                "POST https://api.machines.dev/v1/apps/checkout/releases\nauthorization: [redacted]\n{\"image\":\"registry.fly.io/checkout:v41\"}",
                None,
            ),
        ],
        means: Some("restart".to_owned()),
        between: between(rolls_back),
        caveats: vec![
            line("Environment variables and secrets stay as they are now."),
            line("Volumes keep what is on them."),
        ],
        automatic_deploys: AutomaticDeploys::StoppedByPlan,
        restarts: Some(3),
        verification: Verification {
            red: request.red.clone(),
            checks,
            alerts: request.alerts.clone(),
            within: Duration::from_secs(300),
        },
        confirm,
        stops: Vec::new(),
        warnings: Vec::new(),
        chosen_because: request.choose.then(|| line("v41 was healthy for the 25 h that it was live and watched")),
        tells_when_done: true,
        intent,
    }
}

fn between(rolls_back: bool) -> Between {
    if !rolls_back {
        return Between::default();
    }
    let commit = |id: &str, message: &str, author: &str, ago: i64| Commit {
        id: line(id),
        message: Some(line(message)),
        author: Some(line(author)),
        at: Some(Timestamp::from_secs(NOW - ago)),
        url: None,
    };
    let migration = |path: &str, kinds: &[MigrationKind], evidence: &[&str]| Migration {
        path: line(path),
        framework: line("Rails"),
        change: FileChange::Added,
        kinds: kinds.to_vec(),
        evidence: evidence.iter().map(|text| line(text)).collect(),
    };
    let changes = Changes {
        commits: vec![
            commit("a1b2c3d42", "Retry logic for charges", "kim", 900),
            commit("b7d1ff042", "Drop the old intents table", "kim", 4_000),
        ],
        files: Vec::new(),
        truncated: false,
        url: None,
    };
    Between {
        changes: Some(changes),
        told_by: line("GitHub"),
        migrations: vec![
            migration("db/migrate/20261125_drop_intents.rb", &[MigrationKind::Drops], &["line 3: drop_table :intents"]),
            migration(
                "db/migrate/20261125_add_retries.rb",
                &[MigrationKind::Adds],
                &["line 4: add_column :charges, :retries"],
            ),
        ],
    }
}

/// Returns the request among some effects.
#[track_caller]
pub fn asked(effects: &[Effect]) -> PlanRequest {
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::Plan(request) => Some((**request).clone()),
        _ => None,
    });
    asked.unwrap_or_else(|| panic!("no plan was asked for: {effects:?}"))
}

/// Answers a request with its plan.
pub fn answer(app: &mut App, request: &PlanRequest, change: impl FnOnce(&mut Plan)) -> Vec<Effect> {
    let mut plan = plan(app, request);
    change(&mut plan);
    let at = app.world().now;
    app.update(Event { at, kind: EventKind::Planned { number: request.number, plan: Ok(Box::new(plan)) } })
}

/// The terminal answers the frame that is drawn now.
pub fn shown(app: &mut App) {
    let (at, generation) = (app.world().now, app.generation());
    app.update(Event { at, kind: EventKind::Seen { generation } });
}

/// Lets time go on.
pub fn wait(app: &mut App, millis: u64) {
    let at = app.world().now + Duration::from_millis(millis);
    app.update(Event { at, kind: EventKind::Tick });
}

fn worker() -> Worker {
    Worker { by: actor("kim"), pid: 4_711, holder: line("h1"), version: line("0.1.0") }
}

/// What the journal tells of one operation, each event so many seconds before now.
pub fn tell(app: &mut App, events: &[(i64, OperationEvent)], alive: bool) {
    let entry = |seq: usize, before: i64, event: &OperationEvent| Entry {
        seq: seq as u64 + 1,
        id: EntryId::new(format!("e{seq}")),
        at: Timestamp::from_secs(NOW - before),
        by: actor("kim"),
        service: Some(ServiceId::new("checkout")),
        operation: Some(OperationId::new(ID)),
        body: Body::Operation(event.clone()),
    };
    let entries = events.iter().enumerate().map(|(seq, (before, event))| entry(seq, *before, event)).collect();
    let now = app.world().now;
    let lease = Lease {
        key: "fly/checkout".to_owned(),
        operation: OperationId::new(ID),
        worker: worker(),
        taken_at: now,
        beat_at: now,
    };
    let leases = if alive { vec![lease] } else { Vec::new() };
    app.update(Event { at: now, kind: EventKind::Journal(News { entries, leases }) });
}

/// An operation that rolls checkout back, from its approval `before` seconds ago to the first `steps` of its story.
pub fn story(app: &App, before: i64, steps: usize) -> Vec<(i64, OperationEvent)> {
    let request = request(app);
    let plan = Box::new(plan(app, &request));
    let finished = |step, text: &str| OperationEvent::StepFinished {
        step,
        outcome: StepOutcome::Done,
        bound: BTreeMap::new(),
        said: (!text.is_empty()).then(|| line(text)),
    };
    let all = [
        (0, OperationEvent::Approved { plan, by: actor("kim") }),
        (0, OperationEvent::Claimed { worker: worker(), took_over: None }),
        (1, OperationEvent::StepStarted { step: 0 }),
        (2, finished(0, "")),
        (2, OperationEvent::StepStarted { step: 1 }),
        (5, finished(1, "release v44 of image checkout:v41")),
        (9, OperationEvent::PlatformSaid { said: line("2 of 3 machines updated") }),
        (30, OperationEvent::PlatformDone { ended: PlatformEnd::Succeeded, said: None }),
        (30, OperationEvent::VerifyStarted),
        (40, OperationEvent::VerifySaw { said: line("https://acme.com/checkout/health is up") }),
        (
            74,
            OperationEvent::Ended {
                verdict: Verdict::Recovered { after: Duration::from_secs(74) },
                said: line("everything that was red is green"),
            },
        ),
    ];
    all.into_iter().take(steps).map(|(after, event)| (before - after, event)).collect()
}

/// The request that `R` on checkout makes.
pub fn request(app: &App) -> PlanRequest {
    let offer = &app.world().catalog.offers[0];
    let red: Vec<_> =
        app.world().catalog.checks_of(&ServiceId::new("checkout")).map(|check| check.id.clone()).take(1).collect();
    PlanRequest {
        number: 0,
        intent: crashcart::model::operation::Intent {
            service: offer.service.clone(),
            source: offer.source.clone(),
            action: offer.action.clone(),
            params: BTreeMap::new(),
            target: Target::Service,
            inputs: BTreeMap::new(),
            reason: None,
            undoes: None,
            step: None,
        },
        choose: true,
        health: Vec::new(),
        red,
        alerts: Vec::new(),
        watch_for: None,
    }
}
