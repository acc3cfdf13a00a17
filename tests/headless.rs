//! The commands without a screen, against real servers on loopback.

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crashcart::app::App;
use crashcart::runtime::recorder;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use rustix::process::WaitIdOptions;
use support::pty::{Start, Terminal};
use support::web::Web;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(CRASHCART)
            .args(arguments)
            .current_dir(self.0.path())
            .env("CRASHCART_STATE_DIR", self.0.path().join("state"))
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env_remove("CRASHCART_CONFIG")
            .output()
            .expect("crashcart runs")
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn check(output: &Output, code: i32, parts: &[&str]) {
    let text = text(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

/// A port on which nobody listens.
fn closed_port() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a_healthy_site_is_exit_code_0_unless_this_machine_itself_is_ill() {
    let (place, web) = (Place::new(), Web::start());
    let output = place.run(&["status", "--json", &web.url("/")]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["services"][0]["health"], "healthy");
    assert_eq!(document["checks"][0]["last"]["facts"]["http"]["status"], 200);
    let expected = if document["host"]["health"] == "healthy" { 0 } else { 1 };
    assert_eq!(output.status.code(), Some(expected), "{document:#}");
}

#[test]
fn an_error_and_a_closed_port_are_down_with_their_reasons_and_exit_code_1() {
    let (place, web) = (Place::new(), Web::start());
    web.answer(500, "no");
    check(
        &place.run(&["status", &web.url("/")]),
        1,
        &["✗ 127.0.0.1", "DOWN", "answered 500 Internal Server Error, expected 200-399"],
    );
    let port = closed_port();
    check(&place.run(&["status", &format!("tcp://{port}")]), 1, &["DOWN", &format!("connection refused by {port}")]);
}

#[test]
fn since_when_survives_between_two_runs() {
    let (place, web) = (Place::new(), Web::start());
    web.answer(500, "no");
    let since = || {
        let output = place.run(&["status", "--json", &web.url("/")]);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        document["services"][0]["since"].as_str().unwrap().to_owned()
    };
    assert_eq!(since(), since());
}

#[test]
fn a_server_that_hangs_is_not_waited_for_longer_than_said_and_is_never_green() {
    let (place, web) = (Place::new(), Web::start());
    web.hang();
    let output = place.run(&["status", "--timeout", "1s", "--json", &web.url("/")]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["services"][0]["health"], "unknown", "{document:#}");
    assert_ne!(output.status.code(), Some(0));
    check(
        &place.run(&["check", "--timeout", "300ms", &web.url("/")]),
        1,
        &["no answer within 300ms, waiting for the first byte"],
    );
}

#[test]
fn a_server_that_hangs_is_not_green_because_it_answered_in_the_run_before() {
    let (place, web) = (Place::new(), Web::start());
    let health = |arguments: &[&str]| {
        let output = place.run(&[&["status", "--json", &web.url("/")], arguments].concat());
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (document["services"][0]["health"].clone(), output.status.code())
    };
    assert_eq!(health(&[]).0, "healthy");
    web.hang();
    let (hung, code) = health(&["--timeout", "1s"]);
    assert_eq!(hung, "unknown");
    assert!(matches!(code, Some(1 | 3)), "{code:?}");
}

#[test]
fn a_certificate_that_is_looked_at_every_few_minutes_is_called_down_within_seconds() {
    let port = closed_port();
    let begun = Instant::now();
    check(&Place::new().run(&["status", &format!("tls://{port}")]), 1, &["DOWN", "connection refused"]);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

/// Watches a service that is asked every second, and returns the program with what it prints.
fn watch(place: &Place, web: &Web) -> (Watching, impl Iterator<Item = serde_json::Value> + use<>) {
    let config = format!(
        "[[services]]\nname = \"shop\"\nchecks = [{{ http = \"{}\", every = \"1s\", timeout = \"1s\" }}]\n",
        web.url("/")
    );
    std::fs::write(place.0.path().join("watch.toml"), config).unwrap();
    let mut child = Command::new(CRASHCART)
        .args(["status", "--watch", "--json", "--config", "watch.toml"])
        .current_dir(place.0.path())
        .env("CRASHCART_STATE_DIR", place.0.path().join("state"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("crashcart runs");
    let (to, from) = mpsc::channel();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Reads on a thread of its own, so that waiting for a line has a deadline.
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    let lines = std::iter::from_fn(move || {
        let line = from.recv_timeout(PATIENCE).expect("a line in time");
        Some(serde_json::from_str(&line).expect("one JSON document a line"))
    });
    (Watching(child), lines)
}

/// Longer than a change takes to be probed and confirmed on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that does not outlive its test.
struct Watching(Child);

impl Watching {
    /// Waits for its end and returns its exit code.
    fn ended(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.0);
        let (to, from) = mpsc::channel();
        let wait = move || to.send(rustix::process::waitid(rustix::process::WaitId::Pid(pid), EXITED)).unwrap_or(());
        std::thread::spawn(wait);
        from.recv_timeout(PATIENCE).expect("it ends in time").expect("it is our child");
        self.0.wait().unwrap().code()
    }
}

/// Waits and leaves the exit code for somebody else to take.
const EXITED: WaitIdOptions = WaitIdOptions::EXITED.union(WaitIdOptions::NOWAIT);

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn watching_prints_an_object_for_each_change_and_ends_with_130_when_interrupted() {
    let (place, web) = (Place::new(), Web::start());
    let (watching, mut lines) = watch(&place, &web);
    let first = lines.next().unwrap();
    assert_eq!(first["services"][0]["health"], "healthy", "{first:#}");
    web.answer(500, "no");
    let mut shop = lines.filter(|line| line["service"] == "shop");
    let down = shop.find(|line| line["to"] == "down").unwrap();
    assert_eq!(down["what"], "service");
    assert!(down["text"].as_str().unwrap().contains("500"), "{down}");
    web.answer(200, "ok");
    assert!(shop.any(|line| line["to"] == "healthy"));
    let pid = rustix::process::Pid::from_child(&watching.0);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(watching.ended(), Some(130));
}

#[test]
fn watching_ends_when_nobody_reads_any_more() {
    let (place, web) = (Place::new(), Web::start());
    let (watching, mut lines) = watch(&place, &web);
    lines.next().unwrap();
    drop(lines);
    // The thread that reads lets go with the next line; the one after that has no reader.
    web.answer(500, "no");
    assert!(matches!(watching.ended(), Some(0 | 1)));
}

#[test]
fn check_explains_one_probe() {
    let (place, web) = (Place::new(), Web::start());
    check(&place.run(&["check", &web.url("/")]), 0, &["verdict      ok", "first byte", "HTTP/1.1 200"]);
    let wrong = place.run(&["check", "--expect-body", "ready", &web.url("/")]);
    check(&wrong, 1, &["failed: the body does not contain \"ready\"", "body         ok"]);
    let tls = format!("https://{}/", web.address);
    check(&place.run(&["check", &tls]), 1, &["the server does not speak TLS on this port", "try "]);
    check(&place.run(&["check", "tcp://no-such-name.invalid:1", "--timeout", "3s"]), 1, &["no-such-name.invalid"]);
}

#[test]
fn without_anything_to_watch_or_a_terminal_one_sentence_says_what_to_do() {
    let place = Place::new();
    check(&place.run(&["status"]), 2, &["nothing to watch", "hint: name an address"]);
    check(&place.run(&[]), 2, &["the console needs a terminal", "crashcart status"]);
}

#[test]
fn a_configuration_that_is_not_trusted_is_never_green() {
    let (place, web) = (Place::new(), Web::start());
    std::fs::create_dir(place.0.path().join(".git")).unwrap();
    let config = format!("[[services]]\nname = \"shop\"\nchecks = [{{ http = \"{}\" }}]\n", web.url("/"));
    std::fs::write(place.0.path().join("crashcart.toml"), config).unwrap();
    let before = place.run(&["status"]);
    assert!(matches!(before.status.code(), Some(1 | 3)), "{}", text(&before));
    assert!(text(&before).contains("crashcart trust"), "{}", text(&before));
    check(&place.run(&["trust", "--yes"]), 0, &["Trusted"]);
    let after = place.run(&["status", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&after.stdout).unwrap();
    assert_eq!(document["services"][0]["health"], "healthy", "{document:#}");
}

#[test]
fn a_recorded_night_is_shown_again_as_the_screen_was() {
    let (place, web) = (Place::new(), Web::start());
    web.answer(503, "no");
    let file = place.0.path().join("night.rec");
    let environment = vec![("CRASHCART_STATE_DIR", place.0.path().join("state").display().to_string())];
    let start = Start { environment, ..Start::default() };
    let arguments = [web.url("/"), "--record".to_owned(), file.display().to_string()];
    let mut terminal = Terminal::spawn(CRASHCART, arguments, &start);
    terminal.wait_for("DOWN");
    terminal.type_text("?");
    let screen = terminal.wait_for("Everywhere");
    terminal.type_text("\x03\x03\x03");
    terminal.wait_exit();
    let file = file.display().to_string();
    check(
        &place.run(&["replay", &file, "--print"]),
        0,
        &["answered 503 Service Unavailable, expected 200-399", "DOWN"],
    );
    // The same as an `App` that is driven with the recorded events directly, cell for cell.
    let (setup, events) = recorder::read(Path::new(&file)).unwrap();
    let (width, height) = setup.size;
    let (mut app, _) = App::new(setup);
    events.into_iter().for_each(|event| drop(app.update(event)));
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    app.view(area, &mut buffer);
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned() + "\n";
    let direct: String = (0..height).map(row).collect();
    assert_eq!(String::from_utf8(place.run(&["replay", &file, "--print"]).stdout).unwrap(), direct);
    let small = place.run(&["replay", &file, "--print", "--size", "40x20"]);
    check(&small, 0, &["✗ 1"]);
    assert!(text(&small).lines().all(|line| line.chars().count() <= 40));
    // The help that was open is shown at the moment at which it was open.
    assert!(screen.contains("probe everything now"));
    let broken = place.0.path().join("broken.rec");
    std::fs::write(&broken, "{}\n").unwrap();
    check(&place.run(&["replay", &broken.display().to_string(), "--print"]), 3, &["is not a recording of crashcart"]);
}

#[test]
fn a_recording_on_a_terminal_plays_pauses_jumps_and_gives_the_terminal_back() {
    let (place, web) = (Place::new(), Web::start());
    web.answer(503, "no");
    let file = place.0.path().join("night.rec").display().to_string();
    let state = vec![("CRASHCART_STATE_DIR", place.0.path().join("state").display().to_string())];
    let start = Start { environment: state, ..Start::default() };
    let mut terminal = Terminal::spawn(CRASHCART, [web.url("/"), "--record".to_owned(), file.clone()], &start);
    terminal.wait_for("DOWN");
    terminal.type_text("\x03\x03\x03");
    terminal.wait_exit();

    let replay = || Terminal::spawn(CRASHCART, ["replay".to_owned(), file.clone()], &start);
    let mut terminal = replay();
    terminal.wait_for("playing x1");
    terminal.type_text(" ");
    terminal.wait_for("paused");
    terminal.type_text("+");
    terminal.wait_for("x2");
    terminal.type_text("G");
    terminal.wait_for("at its end");
    terminal.wait_for("DOWN");
    terminal.type_text("g");
    terminal.wait_for("replay 0:00:00");
    terminal.wait_gone("DOWN");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();

    let mut terminal = replay();
    terminal.wait_for("replay 0:00:00");
    terminal.signal(rustix::process::Signal::TERM);
    assert_eq!(terminal.exit_code(), 143);
    terminal.assert_given_back();
}
