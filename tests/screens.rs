//! The screen at four sizes, with its styles, as snapshots.
//!
//! With `CRASHCART_SHOTS=DIR` each screen is also written there as text with colours, to be looked at.

mod support;

use crashcart::action::keymap;
use crashcart::app::App;
use crashcart::app::event::{Event, EventKind, Input};
use crashcart::model::operation::{ConfirmLevel, Plan, Stop, StopKind};
use crashcart::model::text::Line;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use support::demo::{self, Scene};
use support::{demo_incidents, demo_operations, demo_runs, demo_sources};

const SIZES: [(u16, u16); 4] = [(40, 20), (80, 24), (120, 40), (200, 60)];

fn press(app: &mut App, keys: &str) {
    for key in keys.split(' ') {
        let key = keymap::parse(key).expect("a key");
        app.update(Event { at: demo::at(0), kind: EventKind::Input(Input::Key(key)) });
    }
}

fn draw(app: &App, (width, height): (u16, u16)) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    app.view(area, &mut buf);
    let mut again = Buffer::empty(area);
    app.view(area, &mut again);
    assert_eq!(buf, again, "drawing twice gives the same cells");
    buf
}

fn check(name: &str, app: &App, size: (u16, u16)) {
    let buf = draw(app, size);
    let name = format!("{name}-{}x{}", size.0, size.1);
    if let Some(dir) = support::environment("CRASHCART_SHOTS") {
        std::fs::write(format!("{dir}/{name}.ansi"), ansi(&buf)).expect("the shot can be written");
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "screens" }, {
        insta::assert_debug_snapshot!(name, buf);
    });
}

#[test]
fn each_scene_at_each_size() {
    let scenes = [
        ("live", Scene::Live),
        ("degraded", Scene::Degraded),
        ("down", Scene::Down),
        ("stale", Scene::Stale),
        ("no-network", Scene::NoNetwork),
    ];
    for (name, scene) in scenes {
        for size in SIZES {
            check(name, &demo::play(scene, size), size);
        }
    }
}

#[test]
fn what_sources_say_at_each_size() {
    let screens = [
        ("night", "j enter"),
        ("night-metric", "j 2 j"),
        ("night-chart", "j 2 j enter"),
        ("night-end", "j 2 G"),
        ("night-releases", "j 4"),
        ("night-errors", "j 5"),
        ("night-alerts", "j 6"),
        ("night-stack", "j 5 enter"),
        ("night-release", "j 4 enter"),
        ("night-alert", "j 6 enter"),
        ("night-vendor", "G k enter"),
        ("night-trouble", "j j j enter 4"),
    ];
    for size in [(40, 20), (80, 24), (120, 40)] {
        for (name, keys) in screens {
            let mut app = demo_sources::night(size);
            press(&mut app, keys);
            demo_sources::answer(&mut app);
            check(name, &app, size);
        }
    }
}

/// Presses keys on the armed night, and brings the plan that they ask for onto the screen.
fn planned(size: (u16, u16), keys: &str, change: impl FnOnce(&mut Plan)) -> App {
    let mut app = demo_operations::night(size);
    let effects: Vec<_> = keys
        .split(' ')
        .flat_map(|key| {
            let key = keymap::parse(key).expect("a key");
            app.update(Event { at: demo::at(0), kind: EventKind::Input(Input::Key(key)) })
        })
        .collect();
    let request = demo_operations::asked(&effects);
    demo_operations::answer(&mut app, &request, change);
    app
}

#[test]
fn plans_at_each_size() {
    let stop = |plan: &mut Plan| {
        let message =
            Line::from_text("sam@web2 is busy: restart checkout (operation 9b1c2d); wait for it, or cancel it");
        plan.stops.push(Stop { kind: StopKind::Busy, message });
    };
    for size in [(40, 20), (80, 24), (120, 40)] {
        let mut app = demo_operations::night(size);
        press(&mut app, "j R");
        check("plan-asking", &app, size);
        let mut app = planned(size, "j R", |_| {});
        check("plan-early", &app, size);
        demo_operations::shown(&mut app);
        demo_operations::wait(&mut app, 400);
        check("plan", &app, size);
        press_later(&mut app, "f f");
        check("plan-scrolled", &app, size);
        let app = planned(size, "j R", stop);
        check("plan-stopped", &app, size);
        let mut app = planned(size, "j R", |plan| plan.confirm = ConfirmLevel::Name);
        demo_operations::shown(&mut app);
        demo_operations::wait(&mut app, 400);
        press_later(&mut app, "c h e");
        check("plan-name", &app, size);
        let mut app = planned(size, "j R", |_| {});
        press_later(&mut app, "t j");
        check("plan-targets", &app, size);
        let mut app = demo_operations::night(size);
        press(&mut app, "j a");
        check("actions", &app, size);
        press(&mut app, "j j enter 3");
        check("actions-ask", &app, size);
        let mut app = demo_operations::night(size);
        press(&mut app, "j a j j j enter");
        check("actions-instances", &app, size);
    }
}

/// Keys at the time that the console has reached.
fn press_later(app: &mut App, keys: &str) {
    for key in keys.split(' ') {
        let (at, key) = (app.world().now, keymap::parse(key).expect("a key"));
        app.update(Event { at, kind: EventKind::Input(Input::Key(key)) });
    }
}

#[test]
fn runbooks_at_each_size() {
    for size in [(40, 20), (80, 24), (120, 40)] {
        let mut app = demo_operations::night(size);
        press(&mut app, "j b");
        check("runbook", &app, size);
        press(&mut app, "tab tab");
        check("runbook-step", &app, size);
    }
}

#[test]
fn a_followed_runbook_at_each_size() {
    for size in [(40, 20), (80, 24), (120, 40)] {
        let mut app = demo_operations::night(size);
        press(&mut app, "j b enter");
        demo_operations::shown(&mut app);
        demo_operations::wait(&mut app, 500);
        check("step", &app, size);
        let at = app.world().now;
        let effects = app.update(Event { at, kind: EventKind::Input(Input::Key(keymap::parse("y").expect("a key"))) });
        let commands = demo_runs::wanted(&effects);
        demo_runs::grant(&mut app, &commands, true);
        let run = commands[0].run().clone();
        let printed = "VERSION  STATUS    DATE\nv42      \u{1b}[32mcomplete\u{1b}[0m  29s before the errors rose\nv41      complete  yesterday\n";
        demo_runs::tell(&mut app, &run, &demo_runs::prints(0, printed), true);
        check("run-running", &app, size);
        demo_runs::tell(&mut app, &run, &demo_runs::ends(0, 0), false);
        check("run-next", &app, size);
    }
}

#[test]
fn operations_at_each_size() {
    for size in [(40, 20), (80, 24), (120, 40)] {
        let night = |before: i64, steps: usize, alive: bool| {
            let mut app = demo_operations::night(size);
            let story = demo_operations::story(&app, before, steps);
            demo_operations::tell(&mut app, &story, alive);
            app
        };
        let mut app = night(10, 7, true);
        check("operation-services", &app, size);
        press(&mut app, "j 2");
        check("operation-service", &app, size);
        press(&mut app, "o");
        check("operation-list", &app, size);
        press(&mut app, "enter");
        check("operation", &app, size);
        let mut app = night(4, 5, true);
        press(&mut app, "o enter S");
        check("operation-stop", &app, size);
        let mut app = night(60, 5, false);
        press(&mut app, "o enter C");
        check("operation-interrupted", &app, size);
        let mut app = night(100, 11, false);
        check("operation-after", &app, size);
        press(&mut app, "j 2");
        check("operation-after-service", &app, size);
        let mut app = demo_operations::reopened(size, 600);
        let story = demo_operations::story(&demo_operations::night(size), 300, 11);
        demo_operations::tell(&mut app, &story, false);
        check("operation-away", &app, size);
    }
}

#[test]
fn incidents_and_contacts_at_each_size() {
    for size in [(40, 20), (80, 24), (120, 40)] {
        let mut app = demo_incidents::night(size);
        press(&mut app, "!");
        check("incident-opening", &app, size);
        let effects = demo_incidents::keys(&mut app, "enter");
        demo_incidents::grant(&mut app, &effects);
        demo_incidents::story(&mut app);
        check("incident-timeline", &app, size);
        press(&mut app, "z g");
        check("incident-timeline-whole", &app, size);
        press(&mut app, "z 1");
        check("incident", &app, size);
        press(&mut app, "!");
        check("incident-menu", &app, size);
        press(&mut app, "esc n");
        check("incident-note", &app, size);
        press(&mut app, "esc p");
        check("page", &app, size);
        press(&mut app, "esc c");
        check("contacts", &app, size);
        press(&mut app, "enter");
        check("contact", &app, size);
        press(&mut app, "l");
        check("contact-call", &app, size);
        press(&mut app, "esc s");
        check("contact-scan", &app, size);
    }
}

#[test]
fn what_was_proven_at_each_size() {
    use crashcart::model::readiness::{Area, Proof, Readiness, Verdict};
    let lines = vec![
        Proof::new(Area::Source, "fly", Verdict::Ok, "answered in 120 ms"),
        Proof::new(Area::Credential, "sentry", Verdict::Failure, "401: the token is not valid any more")
            .fix("crashcart secret set sentry"),
        Proof::new(Area::Rollback, "checkout", Verdict::Ok, "would go back to v41"),
        Proof::new(Area::Contacts, "Sam", Verdict::Warning, "last made sure of 400 days ago")
            .fix("crashcart contacts edit"),
        Proof::new(Area::Permission, "fly", Verdict::Unproven, "its answers do not say what the token may do"),
    ];
    for size in [(40, 20), (80, 24), (120, 40)] {
        let mut setup = demo::setup(demo::catalog(), size);
        setup.readiness = Some(Readiness { at: demo::at(7_300), lines: lines.clone() });
        let mut app = App::new(setup).0;
        press(&mut app, "0");
        check("readiness", &app, size);
    }
}

/// The audits of a project in its second month: one blind spot gets better, one worse.
fn audits() -> crashcart::model::audit::Audited {
    use crashcart::model::audit::{Area, Audited, LastRun, Level, Run, Worst};
    let scores =
        [[60, 72, 40, 52, 72, 91], [60, 72, 52, 44, 72, 91], [72, 72, 60, 44, 72, 91], [80, 72, 72, 32, 72, 91]];
    let runs = scores.iter().zip([2_500_000, 1_200_000, 260_000, 3_600]).map(|(points, at)| {
        let score = |(area, points): (Area, &u8)| (area, (area != Area::Delivery).then_some(*points));
        Run { at: demo::at(at), scores: Area::ALL.into_iter().zip(points).map(score).collect() }
    });
    let worst = |level, rule: &str, title: &str, place: &str, says: &str, fix: &str, others| Worst {
        level,
        rule: Line::from_text(rule),
        title: Line::from_text(title),
        place: Line::from_text(place),
        says: Line::from_text(says),
        fix: Line::from_text(fix),
        others,
    };
    Audited {
        runs: runs.collect(),
        last: Some(LastRun {
            at: demo::at(3_600),
            counts: [3, 5, 2, 1],
            worst: vec![
                worst(
                    Level::Critical,
                    "observability.live-alerts-go-nowhere",
                    "Alerts of the live monitoring reach nobody",
                    "Prometheus on prom",
                    "its alerts are sent to nobody",
                    "Name Alertmanager in prometheus.yml; send a test alert.",
                    0,
                ),
                worst(
                    Level::High,
                    "parity.live-variable-missing",
                    "A variable that the program needs is not set in production",
                    "checkout on fly (production)",
                    "`STRIPE_KEY` is read in src/pay.js:3, and is not set",
                    "Set it on the platform before the next deploy.",
                    2,
                ),
            ],
            skipped: vec![Line::from_text("sentry, issues of checkout: no credential")],
        }),
    }
}

#[test]
fn what_audits_found_at_each_size() {
    use crashcart::model::readiness::{Area, Proof, Readiness, Verdict};
    let lines = vec![
        Proof::new(Area::Credential, "sentry", Verdict::Failure, "401: the token is not valid any more")
            .fix("crashcart secret set sentry"),
        Proof::new(Area::Source, "fly", Verdict::Ok, "answered in 120 ms"),
    ];
    for size in [(40, 20), (80, 24), (120, 40)] {
        let mut setup = demo::setup(demo::catalog(), size);
        setup.readiness = Some(Readiness { at: demo::at(7_300), lines: lines.clone() });
        setup.audited = Some(audits());
        let mut app = App::new(setup).0;
        press(&mut app, "0");
        check("audited", &app, size);
        press(&mut app, "G");
        check("audited-end", &app, size);
    }
}

#[test]
fn an_empty_console_says_what_to_do() {
    for size in SIZES {
        let (app, _) = App::new(demo::setup(Default::default(), size));
        check("empty", &app, size);
    }
}

#[test]
fn every_part_has_a_phone_view() {
    for (name, keys) in
        [("service", "enter"), ("logs", "3"), ("help", "?"), ("palette", ": l o g"), ("detail", "enter enter")]
    {
        let mut app = demo::play(Scene::Down, (40, 20));
        press(&mut app, keys);
        check(&format!("down-{name}"), &app, (40, 20));
    }
}

#[test]
fn modals_and_this_machine_on_a_standard_screen() {
    for (name, keys) in [("help", "?"), ("palette", ": c h e"), ("detail", "enter enter"), ("host", "G")] {
        for size in [(80, 24), (120, 40)] {
            let mut app = demo::play(Scene::Down, size);
            press(&mut app, keys);
            check(&format!("down-{name}"), &app, size);
        }
    }
}

#[test]
fn other_looks() {
    for (name, theme, ascii) in [
        ("mono-ascii", "mono", true),
        ("light", "light", false),
        ("colour-blind", "colour-blind", false),
        ("16", "16", false),
        ("high-contrast", "high-contrast", false),
    ] {
        let mut app = demo::play(Scene::Down, (80, 24));
        app.dress(theme, ascii);
        check(&format!("down-{name}"), &app, (80, 24));
    }
}

/// The text of a buffer with SGR colours, for a picture.
fn ansi(buf: &Buffer) -> String {
    let mut text = String::new();
    let color = |color: Color, base: u8| match color {
        Color::Rgb(r, g, b) => format!(";{};2;{r};{g};{b}", base + 8),
        Color::Reset => String::new(),
        Color::Indexed(i) => format!(";{};5;{i}", base + 8),
        other => {
            let order = [
                Color::Black,
                Color::Red,
                Color::Green,
                Color::Yellow,
                Color::Blue,
                Color::Magenta,
                Color::Cyan,
                Color::Gray,
                Color::DarkGray,
                Color::LightRed,
                Color::LightGreen,
                Color::LightYellow,
                Color::LightBlue,
                Color::LightMagenta,
                Color::LightCyan,
                Color::White,
            ];
            format!(";{};5;{}", base + 8, order.iter().position(|c| *c == other).unwrap_or(7))
        }
    };
    for y in 0..buf.area.height {
        if y > 0 {
            text.push_str("\r\n");
        }
        for x in 0..buf.area.width {
            let cell = &buf[(x, y)];
            let mut sgr = String::from("0");
            for (modifier, code) in [
                (Modifier::BOLD, ";1"),
                (Modifier::DIM, ";2"),
                (Modifier::UNDERLINED, ";4"),
                (Modifier::REVERSED, ";7"),
            ] {
                if cell.modifier.contains(modifier) {
                    sgr.push_str(code);
                }
            }
            text.push_str(&format!("\x1b[{sgr}{}{}m{}", color(cell.fg, 30), color(cell.bg, 40), cell.symbol()));
        }
    }
    text.push_str("\x1b[0m");
    text
}
