//! Keys in, state out: the console driven by events, as a user would.

mod support;

use crashcart::action::keymap;
use crashcart::app::App;
use crashcart::app::effect::{Effect, ProbeWhich};
use crashcart::app::event::{Event, EventKind, Input, Mouse, MouseKind};
use crashcart::model::check::{Facts, Outcome, ProbeResult};
use crashcart::model::id::CheckId;
use crashcart::model::snapshot::Update;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use support::demo::{self, Scene};

const SIZE: (u16, u16) = (100, 30);

fn input(app: &mut App, input: Input) -> Vec<Effect> {
    app.update(Event { at: demo::at(0), kind: EventKind::Input(input) })
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    keys.split(' ').flat_map(|key| input(app, Input::Key(keymap::parse(key).expect("a key")))).collect()
}

fn type_text(app: &mut App, text: &str) {
    for c in text.chars() {
        press(app, &if c == ' ' { "space".to_owned() } else { c.to_string() });
    }
}

fn screen(app: &App) -> String {
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let mut buf = Buffer::empty(area);
    app.view(area, &mut buf);
    let row = |y| (0..SIZE.0).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>();
    (0..SIZE.1).map(row).collect::<Vec<_>>().join("\n")
}

fn recover(app: &mut App, check: &str) {
    let took = std::time::Duration::from_millis(5);
    let result = ProbeResult { at: demo::at(0), took, outcome: Outcome::Pass, facts: Facts::None };
    let kind = EventKind::Update(Update::Probe { check: CheckId::new(check), result });
    app.update(Event { at: demo::at(0), kind });
}

/// The service whose detail is shown: what is selected.
fn shown(app: &App) -> String {
    let text = screen(app);
    let title = text.lines().nth(1).expect("a row of titles");
    title
        .split('│')
        .nth(1)
        .expect("a second pane")
        .trim_matches(['─', ' '])
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn the_selection_is_on_the_worst_service_until_the_user_moves_it() {
    let mut app = demo::play(Scene::Down, SIZE);
    assert_eq!(shown(&app), "postgres");
    recover(&mut app, "postgres/10.0.0.5:5432");
    assert_eq!(shown(&app), "checkout");
}

#[test]
fn a_selection_that_the_user_chose_stays_on_its_service_when_the_rows_move() {
    let mut app = demo::play(Scene::Down, SIZE);
    press(&mut app, "j");
    assert_eq!(shown(&app), "checkout");
    recover(&mut app, "postgres/10.0.0.5:5432");
    assert_eq!(shown(&app), "checkout");
    recover(&mut app, "checkout/https://acme.com/checkout/health");
    assert_eq!(shown(&app), "checkout");
    press(&mut app, "esc");
    assert_eq!(shown(&app), "web", "escape lets it follow the worst again");
}

#[test]
fn selecting_a_service_asks_for_its_checks_to_be_probed_faster() {
    let mut app = demo::play(Scene::Down, SIZE);
    let effects = press(&mut app, "j");
    assert_eq!(
        effects,
        [Effect::Focus { checks: vec![CheckId::new("checkout/https://acme.com/checkout/health")], feeds: Vec::new() }]
    );
}

#[test]
fn r_checks_now_and_does_nothing_else() {
    let mut app = demo::play(Scene::Down, SIZE);
    assert_eq!(press(&mut app, "r"), [Effect::Probe(ProbeWhich::All)]);
}

#[test]
fn q_goes_back_step_by_step_and_quits_only_from_the_services() {
    let mut app = demo::play(Scene::Down, SIZE);
    press(&mut app, "enter enter");
    assert!(screen(&app).contains("verdict"));
    assert_eq!(press(&mut app, "q q"), []);
    assert_eq!(press(&mut app, "q"), [Effect::Quit]);
}

#[test]
fn filtering_services_shows_only_those_and_escape_shows_all() {
    let mut app = demo::play(Scene::Down, SIZE);
    press(&mut app, "/");
    type_text(&mut app, "bil");
    press(&mut app, "enter");
    assert_eq!(shown(&app), "billing");
    assert!(!screen(&app).contains("checkout  "));
    press(&mut app, "esc");
    assert!(screen(&app).contains("checkout  "));
}

#[test]
fn the_palette_leads_to_a_service_and_to_an_action() {
    let mut app = demo::play(Scene::Down, SIZE);
    press(&mut app, ":");
    type_text(&mut app, "billing");
    press(&mut app, "enter");
    assert_eq!(shown(&app), "billing");
    press(&mut app, ":");
    type_text(&mut app, "probe everything");
    assert_eq!(press(&mut app, "enter"), [Effect::Probe(ProbeWhich::All)]);
}

#[test]
fn pasted_text_is_never_read_as_keys() {
    let mut app = demo::play(Scene::Down, SIZE);
    let effects = input(&mut app, Input::Paste("q\nrq".to_owned()));
    assert_eq!(effects, []);
    assert!(screen(&app).contains("pasted text was ignored"));
}

#[test]
fn a_tap_selects_what_is_under_it() {
    let mut app = demo::play(Scene::Down, SIZE);
    let row = screen(&app).lines().position(|line| line.contains("billing")).expect("a row");
    let mouse = Mouse { column: 4, row: u16::try_from(row).unwrap(), kind: MouseKind::Press };
    input(&mut app, Input::Mouse(mouse));
    assert_eq!(shown(&app), "billing");
}

#[test]
fn every_size_down_to_one_cell_is_drawn_without_a_panic() {
    for scene in [Scene::Down, Scene::NoNetwork] {
        let mut app = demo::play(scene, SIZE);
        for keys in ["1", "2", "3", "?", "esc", ":", "esc", "z"] {
            press(&mut app, keys);
            for (width, height) in [(1, 1), (2, 3), (5, 2), (12, 4), (39, 7), (70, 20), (300, 3), (3, 100)] {
                input(&mut app, Input::Resize { width, height });
                let area = Rect::new(0, 0, width, height);
                app.view(area, &mut Buffer::empty(area));
            }
        }
    }
}

#[test]
fn a_green_light_goes_out_by_itself_when_nobody_looks_any_more() {
    let mut app = demo::play(Scene::Live, SIZE);
    assert!(screen(&app).contains("all 4 services ok"));
    app.update(Event { at: demo::at(-300), kind: EventKind::Tick });
    let text = screen(&app);
    assert!(!text.contains("services ok"), "{text}");
    assert!(text.contains("no data"), "{text}");
}
