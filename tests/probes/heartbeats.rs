//! Signs of life in every form that jobs leave them.

use super::*;
use support::fault_server::{FaultServer, Step, redirect, status};

const HOUR: u64 = 3_600;

fn beat_within(place: HeartbeatPlace, timeout: u64) -> ProbeResult {
    let within = Duration::from_secs(HOUR);
    run(ProbeSpec::Heartbeat(HeartbeatSpec { place, within }), timeout)
}

fn beat(place: HeartbeatPlace) -> ProbeResult {
    beat_within(place, 10_000)
}

fn at(server: &FaultServer) -> ProbeResult {
    beat(HeartbeatPlace::Url(server.url("/beat")))
}

fn ago(seconds: i64) -> jiff::Timestamp {
    let now = jiff::Timestamp::from_microsecond(Clock::system().now().as_micros()).unwrap();
    now.checked_sub(jiff::Span::new().seconds(seconds)).unwrap()
}

#[test]
fn a_page_tells_the_time_in_any_of_the_usual_forms() {
    let forms = |time: jiff::Timestamp| {
        let seconds = time.as_second();
        let header = format!("Last-Modified: {}\r\n", time.strftime("%a, %d %b %Y %H:%M:%S GMT"));
        vec![
            status(200, "", &time.to_string()),
            status(200, "", &format!("{seconds}\n")),
            status(200, "", &format!("{}", time.as_millisecond())),
            status(200, "", &format!("{{\"last_beat\":\"{time}\"}}")),
            status(200, "", &format!("{{\"ok\":true,\"timestamp\":{seconds}.25}}")),
            status(200, &header, ""),
            status(200, &header, "OK"),
        ]
    };
    for script in forms(ago(60)) {
        let result = at(&FaultServer::start(script.clone()));
        assert_eq!(result.outcome, Outcome::Pass, "{script:?}");
        assert!(matches!(&result.facts, Facts::Heartbeat(facts) if facts.last_beat.is_some()));
    }
    for script in forms(ago(2 * 86_400 + 60)) {
        let result = at(&FaultServer::start(script));
        fails(&result, Cause::HeartbeatLate, "the last beat was 2d");
        fails(&result, Cause::HeartbeatLate, "ago, expected every 1h");
    }
}

#[test]
fn a_page_that_cannot_be_had_is_its_own_trouble() {
    fails(&at(&FaultServer::start(status(404, "", ""))), Cause::Status, "answered 404 Not Found");
    let hangs = FaultServer::start(vec![Step::Hang]);
    fails(&beat_within(HeartbeatPlace::Url(hangs.url("/")), 300), Cause::Timeout, "no answer within 300ms");
    fails(&at(&FaultServer::start(redirect(302, "/beat"))), Cause::Redirects, "redirects in a circle");
    let closed = support::fault_server::closed_port();
    fails(&beat(HeartbeatPlace::Url(format!("http://{closed}/"))), Cause::Refused, "connection refused by");
    let silent = at(&FaultServer::start(status(200, "", "{\"ok\":true}")));
    fails(&silent, Cause::HeartbeatMissing, "the page states no time: neither Last-Modified nor a time in its body");
}

#[test]
fn a_beat_from_the_future_is_not_simply_fresh() {
    // It would stay fresh for ever, also when the job is dead.
    let result = at(&FaultServer::start(status(200, "", &ago(-86_400 - 60).to_string())));
    assert!(
        matches!(&result.outcome, Outcome::Warn(it) if it.message.as_str().starts_with("the last beat is 1d")
            && it.message.as_str().ends_with("in the future, so it cannot be told when the beats stop")),
        "{result:#?}"
    );
    // Clocks differ a little.
    assert_eq!(at(&FaultServer::start(status(200, "", &ago(-60).to_string()))).outcome, Outcome::Pass);
}

#[test]
fn a_file_that_cannot_be_looked_at_says_nothing_about_the_job() {
    let directory = tempfile::tempdir().unwrap();
    let circle = directory.path().join("circle");
    std::os::unix::fs::symlink(&circle, &circle).unwrap();
    let result = beat(HeartbeatPlace::File(circle.clone()));
    assert!(
        matches!(&result.outcome, Outcome::Unknown(it) if it.cause == Cause::CannotRun
            && it.message.as_str().starts_with(&format!("cannot look at {}: ", circle.display()))),
        "{result:#?}"
    );
}
