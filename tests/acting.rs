//! Doing things from the console: which key leads to a plan, when a yes counts, what is handed over, and what is told after.

mod support;

use crashcart::app::App;
use crashcart::app::effect::Effect;
use crashcart::app::event::{Event, EventKind};
use crashcart::model::id::{FeedId, OperationId, ServiceId};
use crashcart::model::operation::{ConfirmLevel, OperationCommand, PlanRequest, Stop, StopKind, Target};
use crashcart::model::snapshot::Update;
use crashcart::model::source::{FailureKind, Found, Trouble};
use crashcart::model::text::Line;
use support::console::{SIZE, press, screen};
use support::demo_operations::{ID, answer, asked, night, reopened, shown, story, tell, wait};

fn acts(effects: &[Effect]) -> Vec<&Effect> {
    effects.iter().filter(|effect| matches!(effect, Effect::Approve(_) | Effect::Operate(_))).collect()
}

/// A plan that stands on the screen and may be confirmed.
fn ready(keys: &str) -> (App, PlanRequest) {
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, keys));
    answer(&mut app, &request, |_| {});
    shown(&mut app);
    wait(&mut app, 400);
    (app, request)
}

#[test]
fn two_keys_roll_the_worst_service_back() {
    let (mut app, request) = ready("j R");
    assert!(request.choose);
    assert_eq!(request.red.len(), 1, "what is red is what has to turn green: {:?}", request.red);
    assert_eq!(request.alerts.len(), 1);
    assert!(!request.health.is_empty());
    let effects = press(&mut app, "y");
    let [Effect::Approve(plan)] = acts(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(plan.id, OperationId::new(ID));
    assert!(screen(&app).contains("writing it into the journal"));
}

#[test]
fn nothing_but_the_one_key_confirms() {
    for keys in
        ["enter", "R", "space", "Y", "j", "n", "a", "enter enter enter", "esc", "q", "ctrl-c", "ctrl-d", "ctrl-l"]
    {
        let (mut app, _) = ready("j R");
        let effects = press(&mut app, keys);
        assert!(acts(&effects).is_empty(), "{keys}: {effects:?}");
    }
    for keys in ["esc y", "q y", "n n n"] {
        let (mut app, _) = ready("j R");
        let effects = press(&mut app, keys);
        assert!(acts(&effects).is_empty(), "{keys}: {effects:?}");
    }
}

#[test]
fn keys_from_before_the_plan_was_seen_do_not_count() {
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j R"));
    assert!(acts(&press(&mut app, "y y")).is_empty(), "there is no plan yet");
    answer(&mut app, &request, |_| {});
    assert!(acts(&press(&mut app, "y")).is_empty(), "it is not on the screen yet");
    // The terminal answers a frame from before the plan: that shows nothing.
    let (at, generation) = (app.world().now, app.generation() - 3);
    app.update(Event { at, kind: EventKind::Seen { generation } });
    wait(&mut app, 1_000);
    assert!(acts(&press(&mut app, "y")).is_empty(), "a frame from before the plan does not show it");
    shown(&mut app);
    wait(&mut app, 300);
    assert!(acts(&press(&mut app, "y")).is_empty(), "nobody reads that fast");
    assert!(screen(&app).contains("came before the plan could be read"), "{}", screen(&app));
    wait(&mut app, 100);
    assert_eq!(acts(&press(&mut app, "y")).len(), 1);
}

#[test]
fn a_terminal_that_never_answers_can_still_confirm_a_little_later() {
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j R"));
    answer(&mut app, &request, |_| {});
    assert!(app.waits_to_be_seen());
    wait(&mut app, 4_900);
    assert!(acts(&press(&mut app, "y")).is_empty());
    wait(&mut app, 100);
    assert_eq!(acts(&press(&mut app, "y")).len(), 1);
}

#[test]
fn an_old_plan_is_made_anew_instead_of_carried_out() {
    let (mut app, first) = ready("j R");
    wait(&mut app, 60_000);
    let effects = press(&mut app, "y");
    assert!(acts(&effects).is_empty());
    let second = asked(&effects);
    assert_ne!(first.number, second.number);
    assert_eq!(first.intent, second.intent);
    // The answer to the first question comes late: nobody waits for it any more.
    answer(&mut app, &first, |plan| plan.title = Line::from_text("an old answer"));
    assert!(!screen(&app).contains("an old answer"));
    answer(&mut app, &second, |_| {});
    shown(&mut app);
    wait(&mut app, 400);
    assert_eq!(acts(&press(&mut app, "y")).len(), 1);
}

#[test]
fn a_name_is_typed_where_the_environment_wants_it() {
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j R"));
    answer(&mut app, &request, |plan| plan.confirm = ConfirmLevel::Name);
    shown(&mut app);
    wait(&mut app, 400);
    assert!(acts(&press(&mut app, "y")).is_empty(), "a y is a letter now");
    press(&mut app, "backspace");
    assert!(acts(&press(&mut app, "c h e c k o u y")).is_empty());
    press(&mut app, "backspace");
    assert!(acts(&press(&mut app, "enter")).is_empty());
    assert!(acts(&press(&mut app, "t enter")).is_empty(), "a whole name is no yes");
    assert_eq!(acts(&press(&mut app, "y")).len(), 1);
}

#[test]
fn a_plan_that_is_stopped_cannot_be_confirmed() {
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j R"));
    let message = Line::from_text("--read-only: this is shown, and cannot be done");
    answer(&mut app, &request, |plan| plan.stops.push(Stop { kind: StopKind::ReadOnly, message }));
    shown(&mut app);
    wait(&mut app, 10_000);
    assert!(acts(&press(&mut app, "y")).is_empty());
    assert!(screen(&app).contains("--read-only"));
}

#[test]
fn the_plan_stays_what_was_read_whatever_becomes_of_the_list() {
    let (mut app, _) = ready("j R");
    let before = screen(&app);
    // The platform tells of no release any more, and every alert has ended.
    let at = app.world().now;
    for (feed, found) in [("releases", Found::Releases(Vec::new())), ("alerts", Found::Alerts(Vec::new()))] {
        let (feed, found) = (FeedId::new(feed), Ok(Box::new(found)));
        let kind = EventKind::Update(Update::Feed { feed, at, found, problems: Vec::new() });
        app.update(Event { at, kind });
    }
    assert_eq!(before, screen(&app));
    let effects = press(&mut app, "y");
    let [Effect::Approve(plan)] = acts(&effects)[..] else { panic!("{effects:?}") };
    assert_eq!(plan.intent.service, Some(ServiceId::new("checkout")));
}

#[test]
fn a_release_is_chosen_in_its_list_or_from_the_plan() {
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j 4 j j j R"));
    let Target::Release(release) = &request.intent.target else { panic!("{:?}", request.intent.target) };
    assert_eq!(release.name().as_str(), "v40");
    assert!(!request.choose);
    // On the live one, and on no release at all, the best one is looked for.
    assert!(asked(&press(&mut night(SIZE), "j 4 j R")).choose);
    let (mut app, _) = ready("j R");
    press(&mut app, "t");
    let told = screen(&app);
    assert!(told.contains("v39") && told.contains("it is live now"), "{told}");
    let request = asked(&press(&mut app, "j enter"));
    let Target::Release(release) = &request.intent.target else { panic!("{:?}", request.intent.target) };
    assert_eq!(release.name().as_str(), "v40", "v41 was meant, and is where the list opens");
}

#[test]
fn what_an_action_is_told_is_asked_and_nothing_is_done_before_the_plan() {
    let mut app = night(SIZE);
    let effects = press(&mut app, "j a j j enter enter");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Plan(_))), "a count is needed: {effects:?}");
    let request = asked(&press(&mut app, "4 enter"));
    assert_eq!(request.intent.action, "scale");
    assert_eq!(request.intent.inputs["count"], 4);
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j a j j j enter j enter"));
    let Target::Instance(instance) = &request.intent.target else { panic!("{:?}", request.intent.target) };
    assert_eq!((request.intent.action.as_str(), instance.name.as_str()), ("restart_instance", "web-2c91"));
}

#[test]
fn an_alert_is_acknowledged_without_a_question_unless_something_speaks_against_it() {
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j 6 a j enter"));
    assert_eq!(request.intent.action, "acknowledge");
    let Target::Alert(alert) = &request.intent.target else { panic!("{:?}", request.intent.target) };
    assert_eq!(alert.title.as_str(), "HighErrorRate");
    let effects = answer(&mut app, &request, |_| {});
    assert_eq!(acts(&effects).len(), 1, "{effects:?}");

    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j 6 a j enter"));
    let message = Line::from_text("it is acknowledged already");
    let effects = answer(&mut app, &request, |plan| plan.stops.push(Stop { kind: StopKind::Already, message }));
    assert!(acts(&effects).is_empty());
    assert!(screen(&app).contains("it is acknowledged already"));
}

#[test]
fn a_service_that_nobody_can_roll_back_says_so() {
    let mut app = night(SIZE);
    let effects = press(&mut app, "R");
    assert!(effects.iter().all(|effect| !matches!(effect, Effect::Plan(_))), "{effects:?}");
    assert!(screen(&app).contains("nothing says how to roll postgres back"), "{}", screen(&app));
}

#[test]
fn trouble_with_a_plan_or_an_approval_is_said_where_one_looks() {
    let trouble = |text: &str| Trouble {
        kind: FailureKind::Unavailable,
        message: Line::from_text(text),
        hint: Line::from_text("try again"),
    };
    let mut app = night(SIZE);
    let request = asked(&press(&mut app, "j R"));
    let (at, plan) = (app.world().now, Err(trouble("fly does not answer")));
    app.update(Event { at, kind: EventKind::Planned { number: request.number, plan } });
    assert!(screen(&app).contains("fly does not answer"));
    assert!(acts(&press(&mut app, "y")).is_empty());

    let (mut app, _) = ready("j R");
    press(&mut app, "y");
    let (at, operation) = (app.world().now, OperationId::new(ID));
    let why = trouble("nothing was done: the disk is full");
    app.update(Event { at, kind: EventKind::NotOperated { operation, why } });
    assert!(screen(&app).contains("the disk is full"));
    assert!(!screen(&app).contains("writing it into the journal"));
}

#[test]
fn what_is_under_way_is_stopped_continued_and_closed_with_a_second_key_only() {
    let told = |before, steps, alive| {
        let mut app = night(SIZE);
        let story = story(&app, before, steps);
        tell(&mut app, &story, alive);
        app
    };
    let id = OperationId::new(ID);
    let mut app = told(4, 5, true);
    assert!(acts(&press(&mut app, "o S n")).is_empty(), "any other key means no");
    let effects = press(&mut app, "S y");
    assert_eq!(acts(&effects), [&Effect::Operate(OperationCommand::Cancel { operation: id.clone(), why: None })]);
    // Enter is no yes here either.
    assert!(acts(&press(&mut told(4, 5, true), "o enter S enter")).is_empty());

    let mut app = told(60, 3, false);
    assert!(screen(&app).contains("interrupted: roll back checkout to v41"), "{}", screen(&app));
    let effects = press(&mut app, "o C y");
    assert_eq!(acts(&effects), [&Effect::Operate(OperationCommand::Resume { operation: id.clone(), repeat: None })]);
    let effects = press(&mut told(60, 3, false), "o X y");
    assert_eq!(acts(&effects), [&Effect::Operate(OperationCommand::Close { operation: id.clone() })]);

    let mut app = told(100, 11, false);
    let request = asked(&press(&mut app, "o U"));
    assert_eq!(request.intent.undoes, Some(id));
    assert!(screen(&app).contains("undo: roll back checkout to v41"));
}

#[test]
fn whoever_comes_back_is_told_what_ended_and_can_take_it_back() {
    let story = story(&night(SIZE), 300, 11);
    let mut app = reopened(SIZE, 600);
    tell(&mut app, &story, false);
    let told = screen(&app);
    assert!(told.contains("while you were away") && told.contains("RECOVERED after 1m14s"), "{told}");
    assert!(told.contains("U undo"), "{told}");
    assert!(asked(&press(&mut app, "U")).intent.undoes.is_some());
    // Somebody who saw it end is not told again.
    let mut app = reopened(SIZE, 100);
    tell(&mut app, &story, false);
    assert!(!screen(&app).contains("while you were away"));
}

#[test]
fn automatic_deploys_that_are_off_are_not_forgotten() {
    let mut app = night(SIZE);
    let told = story(&app, 100, 11);
    tell(&mut app, &told, false);
    assert!(screen(&app).contains("checkout: automatic deploys are off"), "{}", screen(&app));
}

#[test]
fn nothing_is_done_by_a_console_that_may_only_look() {
    let mut setup = support::demo::setup(support::demo_operations::armed(), SIZE);
    setup.read_only = true;
    let (mut app, _) = App::new(setup);
    let told = story(&night(SIZE), 100, 5);
    tell(&mut app, &told, true);
    assert!(acts(&press(&mut app, "o S y")).is_empty());
    assert!(screen(&app).contains("--read-only"));
}

#[test]
fn b_opens_the_runbook_that_fits_and_says_why() {
    let mut app = night(SIZE);
    press(&mut app, "j b");
    let told = screen(&app);
    assert!(
        told.contains("Checkout answers with errors") && told.contains("opened because HighErrorRate fires"),
        "{told}"
    );
    let effects = press(&mut app, "y");
    let copied = effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(copied, Some("# what went out\nfly releases --app checkout | head -n 5"));
    // The palette finds it by its words.
    let mut app = night(SIZE);
    press(&mut app, ": a n s w e r s enter");
    assert!(screen(&app).contains("Checkout answers with errors"), "{}", screen(&app));
}
