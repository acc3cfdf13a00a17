//! The screen at four sizes, with its styles, as snapshots.
//!
//! With `CRASHCART_SHOTS=DIR` each screen is also written there as text with colours, to be looked at.

mod support;

use crashcart::action::keymap;
use crashcart::app::App;
use crashcart::app::event::{Event, EventKind, Input};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use support::demo::{self, Scene};
use support::demo_sources;

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
