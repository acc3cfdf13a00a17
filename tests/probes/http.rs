//! HTTP servers that are odd, slow, broken or hostile, and what is told of each.

use super::*;
use support::fault_server::{FaultServer, Step, answer, redirect, say, status};

const MS: Duration = Duration::from_millis(1);

/// Enough for a busy machine. Only what must not come in time has little.
const PLENTY: u64 = 10_000;

fn get(server: &FaultServer) -> ProbeResult {
    get_within(server, PLENTY)
}

fn get_within(server: &FaultServer, timeout: u64) -> ProbeResult {
    run(ProbeSpec::Http(http(&server.url("/health"))), timeout)
}

#[track_caller]
fn facts(result: &ProbeResult) -> &HttpFacts {
    let Facts::Http(facts) = &result.facts else { panic!("{result:#?}") };
    facts
}

#[test]
fn a_server_that_does_not_finish_in_time_is_told_with_the_phase_that_it_hung_in() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    let text = "x".repeat(1_000);
    let check = |script: Vec<Step>, phase: &str, status: Option<u16>| {
        let begun = Instant::now();
        let server = FaultServer::start(script);
        let result = get_within(&server, 300);
        assert!(begun.elapsed() < 3_000 * MS, "{:?}", begun.elapsed());
        fails(&result, Cause::Timeout, &format!("no answer within 300ms, {phase}"));
        let facts = facts(&result);
        assert_eq!((facts.status, facts.remote), (status, Some(server.address)));
        assert!(facts.timing.connect.is_some());
        assert_eq!(facts.timing.first_byte.is_some(), status.is_some());
    };
    check(vec![Step::Hang], "waiting for the first byte", None);
    check(vec![Step::Read, Step::Hang], "waiting for the first byte", None);
    check(vec![Step::Read, say("HTTP/1.1 200 OK\r\nDate:"), Step::Hang], "waiting for the first byte", None);
    check(vec![Step::Read, Step::Drip(ok.into(), 30 * MS)], "waiting for the first byte", None);
    check(vec![Step::Read, Step::Forever(b"HTTP/1.1 100 Continue\r\n\r\n".into())], "waiting for the first byte", None);
    check(vec![Step::Read, say(ok), Step::Hang], "reading the body", Some(200));
    check(vec![Step::Read, say(ok), Step::Drip(text.into(), 30 * MS)], "reading the body", Some(200));
}

#[test]
fn what_came_of_a_body_that_broke_off_is_counted_and_shown() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf an answer";
    for (script, timeout) in [
        (vec![Step::Read, say(half), Step::Hang], 300),
        (vec![Step::Read, say(half)], PLENTY),
        (vec![Step::Read, say(half), Step::Pause(50 * MS), Step::Reset], PLENTY),
    ] {
        let result = get_within(&FaultServer::start(script), timeout);
        let facts = facts(&result);
        assert_eq!((facts.body_bytes, facts.excerpt.as_ref().map(Line::as_str)), (14, Some("half an answer")));
        assert!(matches!(result.outcome, Outcome::Fail(_)), "{result:#?}");
    }
}

#[test]
fn connections_that_end_too_early_say_how() {
    let check = |script: Vec<Step>, message: &str| fails(&get(&FaultServer::start(script)), Cause::Reset, message);
    check(vec![Step::Read], "the server closed the connection without a complete answer");
    check(vec![], "the server closed the connection without a complete answer");
    check(answer("HTTP/1.1 200 OK\r\nDate: "), "the server closed the connection without a complete answer");
    check(vec![Step::Read, Step::Reset], "the connection was reset before the answer was complete");
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    check(answer(half), "the connection was closed in the middle of the answer");
    check(vec![Step::Read, say(half), Step::Reset], "the connection was reset before the answer was complete");
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal";
    check(answer(chunk), "the connection was closed in the middle of the answer");
}

#[test]
fn answers_that_are_no_http_say_so() {
    let check = |script: Vec<Step>, message: &str| fails(&get(&FaultServer::start(script)), Cause::Protocol, message);
    check(answer("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "the answer is not HTTP");
    check(answer([0x15, 3, 1, 0, 2, 2, 22]), "the answer is not HTTP");
    check(answer(vec![b'\n'; 8 * 1024 * 1024]), "the answer");
    check(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "the answer is not HTTP: ");
    check(answer("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"), "the answer is not HTTP");
    let too_long = "the headers of the answer are too long: more than 200, or 256 KiB";
    let begun = vec![Step::Read, say("HTTP/1.1 200 OK\r\n")];
    let forever = |bytes: &[u8]| [begun.clone(), vec![Step::Forever(bytes.into())]].concat();
    check(forever(b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"), too_long);
    check(forever(b"x"), too_long);
    check(answer(format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(201))), too_long);
}

#[test]
fn what_a_server_says_instead_of_http_is_shown() {
    let result = get(&FaultServer::start(answer("SSH-2.0-OpenSSH_9.2\r\n\r\n")));
    assert_eq!(facts(&result).excerpt.as_ref().map(Line::as_str), Some("SSH-2.0-OpenSSH_9.2"));
    let hostile = get(&FaultServer::start(answer("\u{1b}]0;gotcha\u{7}\u{202e}olleh\r\n\r\n")));
    let shown = facts(&hostile).excerpt.as_ref().unwrap().to_string();
    assert!(shown.contains("olleh") && shown.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{shown:?}");
}

#[test]
fn answers_that_browsers_take_pass() {
    let passes = |text: &str, body_bytes: u64| {
        let result = get(&FaultServer::start(answer(text)));
        assert_eq!((&result.outcome, facts(&result).body_bytes), (&Outcome::Pass, body_bytes), "{text:?}");
        result
    };
    let old = passes("HTTP/1.0 200 OK\r\n\r\nuntil the end", 13);
    assert_eq!(facts(&old).version.as_ref().map(Line::as_str), Some("HTTP/1.0"));
    passes("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", 2);
    passes("HTTP/1.1 204 No Content\r\n\r\n", 0);
    passes("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nLocation: /elsewhere\r\n\r\n", 0);
    passes("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 2);
    passes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 2);
    passes("HTTP/1.1 200 OK\r\nBad Name: x\r\nSpace : y\r\nContent-Length: 2\r\n\r\nok", 2);
    passes("HTTP/1.1 200 OK\r\nFolded: a\r\n b\r\nContent-Length: 2\r\n\r\nok", 2);
    passes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than it said", 2);
    let full = vec![Step::Read, say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), Step::Reset];
    assert_eq!(get(&FaultServer::start(full)).outcome, Outcome::Pass);
}

#[test]
fn a_head_request_waits_for_no_body() {
    let server = FaultServer::start(vec![
        Step::Read,
        say("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: keep-alive\r\n\r\n"),
        Step::Hang,
    ]);
    let result = run(ProbeSpec::Http(HttpSpec { method: "HEAD".into(), ..http(&server.url("/")) }), PLENTY);
    assert_eq!((&result.outcome, facts(&result).body_bytes), (&Outcome::Pass, 0), "{result:#?}");
    assert!(server.requests()[0].starts_with("HEAD / HTTP/1.1\r\n"));
}

#[test]
fn an_answer_is_complete_while_the_connection_stays_open() {
    let server =
        FaultServer::start(vec![Step::Read, say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), Step::Hang]);
    assert_eq!(get(&server).outcome, Outcome::Pass);
}

#[test]
fn a_body_longer_than_what_is_read_is_said_to_be() {
    let long = |body: &str| FaultServer::start(answer(format!("HTTP/1.1 200 OK\r\n\r\n{body}{}", "x".repeat(2 << 20))));
    let with =
        |server: &FaultServer, expect| run(ProbeSpec::Http(HttpSpec { expect, ..http(&server.url("/")) }), 5_000);
    let contains = |text: &str| HttpExpectation { body_contains: Some(text.into()), ..HttpExpectation::default() };
    assert_eq!(with(&long("ready"), contains("ready")).outcome, Outcome::Pass);
    fails(&with(&long(""), contains("ready")), Cause::Body, "the first MiB of the body does not contain \"ready\"");
    let json = HttpExpectation { json: vec![("/a".into(), 1.into())], ..HttpExpectation::default() };
    fails(
        &with(&long("{\"a\":1,\"b\":\""), json),
        Cause::Body,
        "the body is longer than 1 MiB, too long to be read as",
    );
}

#[test]
fn an_endless_body_is_read_to_a_limit() {
    let server =
        FaultServer::start([answer("HTTP/1.1 200 OK\r\n\r\n"), vec![Step::Forever(vec![b'x'; 64 * 1024])]].concat());
    let result = get(&server);
    assert_eq!((&result.outcome, facts(&result).body_bytes), (&Outcome::Pass, 1024 * 1024));
}

#[test]
fn a_slow_answer_is_a_warning_with_its_time() {
    let slow = [vec![Step::Read, Step::Pause(120 * MS)], status(200, "", "")[1..].to_vec()].concat();
    let server = FaultServer::start(slow);
    let result = run(ProbeSpec::Http(HttpSpec { slow: Some(100 * MS), ..http(&server.url("/")) }), PLENTY);
    assert!(
        matches!(&result.outcome, Outcome::Warn(it) if it.cause == Cause::Slow
            && it.message.as_str().starts_with("answered in ") && it.message.as_str().ends_with(", slower than 100ms")),
        "{result:#?}"
    );
    assert!(facts(&result).timing.first_byte.is_some_and(|took| took >= 120 * MS));
}

#[test]
fn every_status_is_named_and_hinted_at() {
    let check = |code, said: &str, hint: Option<&str>| {
        let result = get(&FaultServer::start(status(code, "", "why")));
        fails(&result, Cause::Status, said);
        let facts = facts(&result);
        assert_eq!((facts.status, facts.excerpt.as_ref().map(Line::as_str)), (Some(code), Some("why")));
        let found = result.outcome.finding().and_then(|finding| finding.hint.as_ref()).map(Line::as_str);
        assert_eq!(found.is_some(), hint.is_some(), "{found:?}");
        assert!(found.unwrap_or_default().contains(hint.unwrap_or_default()), "{found:?}");
    };
    check(401, "answered 401 Unauthorized, expected 200-399", Some("credential"));
    check(404, "answered 404 Not Found, expected 200-399", Some("path"));
    check(429, "answered 429 Too Many Requests, expected 200-399", None);
    check(503, "answered 503 Service Unavailable, expected 200-399", Some("log"));
    check(799, "answered 799, expected 200-399", None);
}

#[test]
fn redirects_end_where_people_would_be_sent() {
    let server = FaultServer::start_each([
        redirect(301, "two?a=1#part"),
        redirect(308, "//127.0.0.1:PORT/x"),
        status(200, "", "ok"),
    ]);
    let result = get(&server);
    fails(&result, Cause::Redirects, "redirects to \"//127.0.0.1:PORT/x\", which is no URL: invalid port number");
    assert_eq!(facts(&result).redirects, [Line::from_text(&format!("301 {}", server.url("/two?a=1")))]);

    let chain = FaultServer::start_each([redirect(302, "/a"), redirect(307, "b"), status(200, "", "there")]);
    let result = get(&chain);
    assert_eq!(result.outcome, Outcome::Pass);
    let listed: Vec<_> = facts(&result).redirects.iter().map(Line::as_str).collect();
    assert_eq!(listed, [format!("302 {}", chain.url("/a")), format!("307 {}", chain.url("/b"))]);
    assert_eq!((facts(&result).status, facts(&result).body_bytes, chain.connections()), (Some(200), 5, 3));
}

#[test]
fn a_chain_longer_than_allowed_and_a_circle_are_told_apart() {
    let chain: Vec<_> = (0..9).map(|number| redirect(302, &format!("/{number}"))).collect();
    let server = FaultServer::start_each(chain.clone());
    fails(&get(&server), Cause::Redirects, &format!("more than 5 redirects, the last one to {}", server.url("/5")));
    let server = FaultServer::start_each(chain);
    let one = run(ProbeSpec::Http(HttpSpec { redirects: 1, ..http(&server.url("/")) }), PLENTY);
    fails(&one, Cause::Redirects, "more than 1 redirect, the last one to");
    let server = FaultServer::start(redirect(302, "/"));
    let taken = run(ProbeSpec::Http(HttpSpec { redirects: 0, ..http(&server.url("/")) }), PLENTY);
    assert_eq!((&taken.outcome, facts(&taken).status), (&Outcome::Pass, Some(302)));
    let server = FaultServer::start_each([redirect(302, "/a"), redirect(302, "/health#again"), redirect(302, "/a")]);
    fails(&get(&server), Cause::Redirects, &format!("redirects in a circle, back to {}", server.url("/health")));
    for elsewhere in ["ftp://example.test/", "javascript:alert(1)", "file:///etc/passwd"] {
        fails(
            &get(&FaultServer::start(redirect(302, elsewhere))),
            Cause::Redirects,
            &format!("redirects to {elsewhere}, which is not HTTP"),
        );
    }
}

#[test]
fn a_form_that_redirects_to_its_own_page_is_no_circle() {
    let server = FaultServer::start_each([redirect(303, "/"), status(200, "", "thanks")]);
    let post = HttpSpec { method: "POST".into(), body: Some("a=b".into()), ..http(&server.url("/")) };
    assert_eq!(run(ProbeSpec::Http(post), PLENTY).outcome, Outcome::Pass);
    let requests = server.requests();
    assert!(requests[0].starts_with("POST / ") && requests[0].ends_with("\r\n\r\na=b"), "{requests:?}");
    assert!(requests[1].starts_with("GET / ") && requests[1].ends_with("\r\n\r\n"), "{requests:?}");
    let server = FaultServer::start_each([redirect(307, "/there"), status(200, "", "thanks")]);
    let post = HttpSpec { method: "POST".into(), body: Some("a=b".into()), ..http(&server.url("/")) };
    assert_eq!(run(ProbeSpec::Http(post), PLENTY).outcome, Outcome::Pass);
    assert!(server.requests()[1].starts_with("POST /there ") && server.requests()[1].ends_with("a=b"));
}

#[test]
fn a_failure_behind_a_redirect_is_not_shown_with_the_redirects_own_status() {
    let closed = support::fault_server::closed_port();
    let server = FaultServer::start(redirect(302, &format!("http://{closed}/")));
    let result = get(&server);
    fails(&result, Cause::Refused, &format!("connection refused by {closed}"));
    let facts = facts(&result);
    assert_eq!((facts.status, facts.remote, facts.redirects.len()), (None, Some(closed), 1));
    assert_eq!(facts.timing.first_byte, None);
}

#[test]
fn a_credential_is_sent_to_its_own_server_only() {
    let other = FaultServer::start(status(200, "", "ok"));
    let server = FaultServer::start_each([redirect(302, "/same"), redirect(302, &other.url("/other"))]);
    let headers = vec![("Authorization".into(), "Bearer hunter2".into()), ("X-Api-Key".into(), "hunter2".into())];
    let result = run(ProbeSpec::Http(HttpSpec { headers, ..http(&server.url("/")) }), PLENTY);
    assert_eq!(result.outcome, Outcome::Pass);
    assert!(server.requests().iter().all(|request| request.matches("hunter2").count() == 2), "{:?}", server.requests());
    assert_eq!(other.requests().len(), 1);
    assert!(!other.requests()[0].contains("hunter2"), "{:?}", other.requests());
}

#[test]
fn a_password_in_a_redirect_is_never_shown() {
    let closed = support::fault_server::closed_port();
    for to in [
        format!("http://kim:hunter2@{closed}/"),
        "ftp://kim:hunter2@example.test/".to_owned(),
        "http://kim:hunter2@127.0.0.1:1/".to_owned(),
    ] {
        let result = get(&FaultServer::start(redirect(302, &to)));
        assert!(!format!("{result:?}").contains("hunter2"), "{result:#?}");
    }
    let result = run(ProbeSpec::Http(http("http://kim:hunter2@:x/")), PLENTY);
    assert!(!format!("{result:?}").contains("hunter2"), "{result:#?}");
    assert!(matches!(&result.outcome, Outcome::Unknown(finding) if finding.cause == Cause::CannotRun), "{result:#?}");
}

#[test]
fn the_request_is_what_servers_expect() {
    let server = FaultServer::start(status(200, "", "ok"));
    let headers = vec![("X-Probe".to_owned(), "yes".to_owned())];
    run(ProbeSpec::Http(HttpSpec { headers, ..http(&server.url("/a%20b?c=d&e#f")) }), PLENTY);
    let request = server.requests().remove(0);
    assert!(request.starts_with("GET /a%20b?c=d&e HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains(&format!("host: {}\r\n", server.address)), "{request}");
    assert!(request.to_lowercase().contains("user-agent: crashcart/"), "{request}");
    assert!(request.to_lowercase().contains("x-probe: yes\r\n"), "{request}");
    let named = HttpSpec { headers: vec![("Host".into(), "shop.test".into())], ..http(&server.url("/")) };
    run(ProbeSpec::Http(named), PLENTY);
    let request = server.requests().remove(1).to_lowercase();
    assert!(request.contains("host: shop.test\r\n") && request.matches("host:").count() == 1, "{request}");
    for headers in [vec![("Bad Name".into(), "x".into())], vec![("X".into(), "a\r\nY: b".into())]] {
        let result = run(ProbeSpec::Http(HttpSpec { headers, ..http(&server.url("/")) }), PLENTY);
        assert!(matches!(&result.outcome, Outcome::Unknown(it) if it.cause == Cause::CannotRun), "{result:#?}");
    }
}

#[test]
fn an_ipv6_address_is_a_host_like_any_other() {
    if TcpListener::bind("[::1]:0").is_err() {
        return support::require("ipv6", "there is no IPv6 loopback here");
    }
    let server = FaultServer::listen(std::net::Ipv6Addr::LOCALHOST.into(), None, vec![status(200, "", "ok")]);
    let result = get(&server);
    assert_eq!((&result.outcome, facts(&result).remote), (&Outcome::Pass, Some(server.address)), "{result:#?}");
    assert!(server.requests()[0].to_lowercase().contains(&format!("host: {}\r\n", server.address)));
}

#[test]
fn a_servers_clock_is_compared_and_a_caches_age_is_no_difference() {
    let now = jiff::Timestamp::from_microsecond(Clock::system().now().as_micros()).unwrap();
    let ahead = |seconds: i64, more: &str| {
        let date = now.checked_add(jiff::Span::new().seconds(seconds)).unwrap();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let server = FaultServer::start(status(200, &format!("Date: {date}\r\n{more}"), ""));
        facts(&get(&server)).clock_ahead_ms
    };
    let near = |found: Option<i64>, wanted: i64| {
        assert!(found.is_some_and(|found| (found - wanted).abs() < 3_000), "{found:?} is not about {wanted}");
    };
    near(ahead(0, ""), 0);
    near(ahead(3_600, ""), 3_600_000);
    near(ahead(-3_600, ""), -3_600_000);
    near(ahead(-3_600, "Age: 3600\r\n"), 0);
    near(ahead(0, "Age: -5\r\n"), 0);
    let none = get(&FaultServer::start(status(200, "Date: yesterday\r\n", "")));
    assert_eq!(facts(&none).clock_ahead_ms, None);
}

#[test]
fn a_refused_connection_names_the_address_and_what_to_look_at() {
    let closed = support::fault_server::closed_port();
    let result = run(ProbeSpec::Tcp { host: "127.0.0.1".into(), port: closed.port(), slow: None }, PLENTY);
    fails(&result, Cause::Refused, &format!("connection refused by {closed}"));
    let hint = result.outcome.finding().and_then(|finding| finding.hint.as_ref()).map(Line::as_str);
    assert_eq!(hint, Some("is the server running, and does it listen on this address?"));
    let silent = FaultServer::start(vec![Step::Hang]);
    let result = run(ProbeSpec::Tcp { host: "localhost".into(), port: silent.address.port(), slow: None }, 1_000);
    let Facts::Tcp(facts) = &result.facts else { panic!("{result:#?}") };
    assert_eq!((&result.outcome, facts.remote), (&Outcome::Pass, Some(silent.address)), "{result:#?}");
    assert!(facts.dns.is_some() && facts.connect.is_some());
}
