//! Following a runbook in the console: which key shows what, what is handed over, and what is never done.

mod support;

use crashcart::app::App;
use crashcart::app::effect::{Effect, TerminalRequest};
use crashcart::app::event::{Event, EventKind};
use crashcart::model::run::{Purpose, RunCommand, RunEvent, StepVerdict};
use crashcart::model::text::Line;
use support::console::{SIZE, press, screen};
use support::demo_operations::{asked, night, shown, wait};
use support::demo_runs::{ends, grant, prints, tell, wanted};

#[track_caller]
fn shows(app: &App, parts: &[&str]) {
    let screen = screen(app);
    for part in parts {
        assert!(screen.contains(part), "{part:?} is not on\n{screen}");
    }
}

/// The first command of the night's runbook, read and allowed.
fn running() -> (App, Vec<RunCommand>) {
    let mut app = night(SIZE);
    press(&mut app, "j b enter");
    shown(&mut app);
    wait(&mut app, 500);
    let commands = wanted(&press(&mut app, "y"));
    grant(&mut app, &commands, true);
    (app, commands)
}

#[test]
fn a_command_is_shown_whole_before_one_key_runs_it() {
    let mut app = night(SIZE);
    assert!(wanted(&press(&mut app, "j b enter")).is_empty());
    shows(&app, &["Run: step 1", "fly releases --app checkout | head -n 5", "on this machine", "at most 15m"]);
    assert!(wanted(&press(&mut app, "y")).is_empty(), "nobody can have read it yet");
    shown(&mut app);
    wait(&mut app, 399);
    assert!(wanted(&press(&mut app, "y enter")).is_empty(), "a glance takes longer, and enter never means yes");
    wait(&mut app, 1);
    let commands = wanted(&press(&mut app, "y"));
    let [
        RunCommand::Begin { run, beginning },
        RunCommand::Ask { run: of, step: 0, command: 0, purpose, script, edited: false, secrets },
    ] = &commands[..]
    else {
        panic!("{commands:?}");
    };
    assert_eq!((run, *purpose), (of, Purpose::Do));
    assert_eq!(beginning.service.as_ref().unwrap().as_str(), "checkout");
    assert_eq!(beginning.why.as_ref().unwrap().as_str(), "HighErrorRate fires");
    assert!(script.text.contains("fly releases") && secrets.is_empty());
    // The id says when, as a UUID of version 7 does.
    assert_eq!(uuid::Uuid::parse_str(run.as_str()).unwrap().get_version_num(), 7);
}

#[test]
fn what_runs_is_seen_stopped_and_gone_on_from() {
    let (mut app, commands) = running();
    let run = commands[0].run().clone();
    tell(&mut app, &run, &prints(0, "v42 \u{1b}[32mlive\u{1b}[0m\n"), true);
    shows(&app, &["[~] 1. Did it begin", "v42 live", "running for"]);
    assert!(wanted(&press(&mut app, "m s enter")).is_empty(), "while something runs nothing else is done");
    assert!(matches!(wanted(&press(&mut app, "S"))[..], [RunCommand::Stop { .. }]));
    tell(&mut app, &run, &ends(0, 0), false);
    shows(&app, &["[x] 1. Did it begin", "ended well", "[>] 2. Is Stripe well?", "1/4"]);
    // The next step has nothing that a machine could do.
    press(&mut app, "enter");
    shows(&app, &["only you can do this one"]);
    let marked = wanted(&press(&mut app, "m"));
    assert!(matches!(marked[..], [RunCommand::Mark { step: 1, .. }]), "{marked:?}");
    grant(&mut app, &marked, false);
    shows(&app, &["marked done (kim"]);
}

#[test]
fn a_skip_wants_a_reason() {
    let (mut app, commands) = running();
    let run = commands[0].run().clone();
    tell(&mut app, &run, &[prints(0, "no\n"), ends(0, 1)].concat(), false);
    shows(&app, &["[!] 1.", "failed: ended with exit status 1"]);
    assert!(wanted(&press(&mut app, "s enter")).is_empty());
    shows(&app, &["skipped with a reason"]);
    let skipped = wanted(&press(&mut app, "s n o space f l y enter"));
    let [RunCommand::Skip { step: 0, why, .. }] = &skipped[..] else { panic!("{skipped:?}") };
    assert_eq!(why.as_str(), "no fly");
}

#[test]
fn the_rollback_link_opens_the_guarded_plan_and_its_verdict_turns_the_step() {
    let (mut app, commands) = running();
    let run = commands[0].run().clone();
    tell(&mut app, &run, &[prints(0, ""), ends(0, 0)].concat(), false);
    let request = asked(&press(&mut app, "2"));
    assert_eq!((request.intent.action.as_str(), request.choose), ("roll_back", true));
    assert_eq!(request.intent.step, Some((run.clone(), 2)));
    press(&mut app, "esc");
    // Enter on the step itself does the same.
    let request = asked(&press(&mut app, "tab enter"));
    assert_eq!(request.intent.step, Some((run.clone(), 2)));
    let operation = crashcart::model::id::OperationId::new("0199");
    let by = app.world().by.clone();
    tell(&mut app, &run, &[RunEvent::Operated { step: 2, operation: operation.clone(), by }], false);
    press(&mut app, "esc");
    shows(&app, &["[~] roll back [2]"]);
    let said = Line::from_text("recovered: everything that was red is green");
    tell(&mut app, &run, &[RunEvent::OperationEnded { step: 2, operation, good: true, said }], false);
    shows(&app, &["[x] roll back [2]", "recovered: everything", "[>] tell the shop"]);
}

#[test]
fn a_step_whose_process_has_gone_is_said_to_be_so_and_can_be_found_out_about() {
    let (mut app, commands) = running();
    let run = commands[0].run().clone();
    tell(&mut app, &run, &prints(0, "half\n"), false);
    wait(&mut app, 20_000);
    shows(&app, &["interrupted", "C finds out"]);
    assert!(matches!(wanted(&press(&mut app, "C"))[..], [RunCommand::FindOut { .. }]));
    let said = Line::from_text("the process that watched it ended; nobody saw how it ended, and it has no check");
    let settled = RunEvent::Settled { execution: 0, verdict: StepVerdict::Unknown, said, captured: None, next: None };
    tell(&mut app, &run, &[settled], false);
    shows(&app, &["[?] 1.", "unknown: the process"]);
}

#[test]
fn a_command_can_be_written_anew_and_is_read_again() {
    let mut app = night(SIZE);
    press(&mut app, "j b enter");
    shown(&mut app);
    wait(&mut app, 500);
    press(&mut app, "e backspace 3 enter t r u e esc");
    shows(&app, &["head -n 3", "as you have written it"]);
    assert!(wanted(&press(&mut app, "y")).is_empty(), "it has to be read once more");
    shown(&mut app);
    wait(&mut app, 500);
    let commands = wanted(&press(&mut app, "y"));
    let Some(RunCommand::Ask { script, edited: true, .. }) = commands.last() else { panic!("{commands:?}") };
    assert!(script.text.ends_with("head -n 3\ntrue"), "{}", script.text);
}

#[test]
fn it_is_searched_and_links_are_followed_by_their_numbers() {
    let mut app = night(SIZE);
    press(&mut app, "j b / s h o p enter");
    shows(&app, &["tell the shop"]);
    let copied = press(&mut app, "1");
    assert!(copied.contains(&Effect::Copy("https://grafana.acme.com/d/1".to_owned())), "{copied:?}");
    press(&mut app, "9");
    shows(&app, &["there is no link 9"]);
}

#[test]
fn a_terminal_gets_the_keys_and_three_escapes_leave_it() {
    let (mut app, commands) = running();
    let run = commands[0].run().clone();
    // As if the document had said interactive=true.
    let Some(RunCommand::Ask { script, .. }) = commands.last() else { panic!() };
    tell(&mut app, &run, &[prints(0, ""), ends(0, 0)].concat(), false);
    let mut script = script.clone();
    script.interactive = true;
    let by = app.world().by.clone();
    let again = RunEvent::Asked { execution: 1, step: 0, command: 0, purpose: Purpose::Do, script, edited: false, by };
    tell(&mut app, &run, &[vec![again], prints(1, "")].concat(), true);
    let effects = press(&mut app, "t");
    assert!(matches!(effects[..], [Effect::Terminal(TerminalRequest::Open { execution: 1, .. })]), "{effects:?}");
    let at = app.world().now;
    let bytes = b"password? \x1b[31mred\x1b[0m".to_vec();
    app.update(Event { at, kind: EventKind::Terminal { run, execution: 1, bytes } });
    shows(&app, &["password? red"]);
    assert!(app.types_a_secret(), "what is typed there is written down nowhere");
    let typed = |effects: Vec<Effect>| match &effects[..] {
        [Effect::Terminal(TerminalRequest::Type(bytes))] => bytes.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(typed(press(&mut app, "q")), b"q");
    assert_eq!(typed(press(&mut app, "up")), b"\x1b[A");
    assert_eq!(typed(press(&mut app, "ctrl-c")), [3]);
    press(&mut app, "esc esc");
    assert!(press(&mut app, "esc").contains(&Effect::Terminal(TerminalRequest::Leave)));
    shows(&app, &["t goes back to it"]);
}

#[test]
fn read_only_runs_nothing() {
    let mut app = support::demo_operations::night_read_only(SIZE);
    press(&mut app, ": a n s w e r s enter");
    for keys in ["enter", "m", "s", "2", "S", "X"] {
        let effects = press(&mut app, keys);
        assert!(
            wanted(&effects).is_empty() && !effects.iter().any(|effect| matches!(effect, Effect::Plan(_))),
            "{keys}: {effects:?}"
        );
    }
    shows(&app, &["--read-only"]);
}
