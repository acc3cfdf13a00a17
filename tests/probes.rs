//! Every kind of probe against servers that behave badly in every way: what class of trouble it is, and what is said.

mod support;

#[path = "probes/commands.rs"]
mod commands;
#[path = "probes/dns.rs"]
mod dns;
#[path = "probes/heartbeats.rs"]
mod heartbeats;
#[path = "probes/http.rs"]
mod http_servers;
#[path = "probes/limits.rs"]
mod limits;
#[path = "probes/tls.rs"]
mod tls;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crashcart::clock::Clock;
use crashcart::model::check::*;
use crashcart::model::id::{CheckId, ServiceId};
use crashcart::model::observed::Cadence;
use crashcart::model::text::Line;
use crashcart::probe::{Prober, ProberOptions};
use rcgen::{BasicConstraints, IsCa, date_time_ymd};
use support::dns::{NameServer, Says};
use support::tls::{Authority, serve_self_signed};
use support::web::Web;

fn spec(probe: ProbeSpec, timeout: u64) -> CheckSpec {
    CheckSpec {
        id: CheckId::new("test"),
        service: ServiceId::new("test"),
        title: Line::default(),
        probe,
        cadence: Cadence { every: Duration::from_secs(15), timeout: Duration::from_millis(timeout) },
        failures_to_down: 1,
        passes_to_up: 1,
    }
}

fn http(url: &str) -> HttpSpec {
    HttpSpec {
        url: url.to_owned(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        body: None,
        redirects: 5,
        slow: None,
        expect: HttpExpectation::default(),
        certificate_warn: None,
        insecure: false,
    }
}

fn run_with(roots: Vec<rustls::pki_types::CertificateDer<'static>>, probe: ProbeSpec, timeout: u64) -> ProbeResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let prober = Prober::new(Clock::system(), ProberOptions { extra_roots: roots, ..ProberOptions::default() });
    let begun = Instant::now();
    let result = runtime.block_on(prober.probe(&spec(probe, timeout)));
    assert!(begun.elapsed() < Duration::from_millis(timeout) + Duration::from_secs(5), "it took {:?}", begun.elapsed());
    result
}

fn run(probe: ProbeSpec, timeout: u64) -> ProbeResult {
    run_with(Vec::new(), probe, timeout)
}

/// A failure with this cause, whose message contains this.
#[track_caller]
fn fails(result: &ProbeResult, cause: Cause, message: &str) {
    let Outcome::Fail(finding) = &result.outcome else { panic!("it did not fail: {result:#?}") };
    assert!(finding.cause == cause && finding.message.as_str().contains(message), "{finding:#?}");
}

/// A server that does this with each connection.
fn server(each: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let each = each.clone();
            std::thread::spawn(move || each(stream));
        }
    });
    address
}

/// A server that reads a request and answers with these bytes.
fn says(answer: impl Into<Vec<u8>>) -> String {
    let answer = answer.into();
    let address = server(move |mut stream| {
        let _ = stream.read(&mut [0; 4_096]);
        let _ = stream.write_all(&answer);
    });
    format!("http://{address}/")
}

#[test]
fn an_http_answer_brings_its_phases_and_what_it_said() {
    let web = Web::start();
    let result = run(ProbeSpec::Http(http(&web.url("/health"))), 5_000);
    assert_eq!(result.outcome, Outcome::Pass);
    let Facts::Http(facts) = &result.facts else { panic!("{result:#?}") };
    assert_eq!((facts.status, facts.body_bytes, facts.remote), (Some(200), 3, Some(web.address)));
    let t = facts.timing;
    assert!(t.dns.is_some() && t.connect.is_some() && t.first_byte.is_some() && t.body.is_some() && t.tls.is_none());
}

#[test]
fn what_an_answer_must_be_is_said_when_it_is_not() {
    let web = Web::start();
    web.answer(200, "{\"status\":\"degraded\",\"checks\":{\"db\":true}}");
    let with = |change: &dyn Fn(&mut HttpExpectation)| {
        let mut spec = http(&web.url("/"));
        change(&mut spec.expect);
        run(ProbeSpec::Http(spec), 5_000)
    };
    fails(&with(&|e| e.status = vec![(201, 201), (204, 204)]), Cause::Status, "answered 200 OK, expected 201, 204");
    fails(&with(&|e| e.body_contains = Some("ready".into())), Cause::Body, "does not contain \"ready\"");
    fails(&with(&|e| e.body_matches = Some("^ok".into())), Cause::Body, "does not match \"^ok\"");
    fails(
        &with(&|e| e.json = vec![("/status".into(), "ok".into())]),
        Cause::Body,
        "/status is \"degraded\", expected \"ok\"",
    );
    fails(
        &with(&|e| e.json = vec![("/nope".into(), 1.into())]),
        Cause::Body,
        "there is no /nope in the answer, expected 1",
    );
    assert_eq!(with(&|e| e.json = vec![("/checks/db".into(), true.into())]).outcome, Outcome::Pass);
    web.answer(200, "<html>oops");
    fails(&with(&|e| e.json = vec![("/status".into(), "ok".into())]), Cause::Body, "the body is not JSON (text/plain)");
}

#[test]
fn servers_that_hang_close_reset_or_talk_nonsense_are_told_apart() {
    let get = |url: &str| run(ProbeSpec::Http(http(url)), 400);
    let silent = server(|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new());
    });
    fails(&get(&format!("http://{silent}/")), Cause::Timeout, "no answer within 400ms, waiting for the first byte");
    let drip = server(|mut stream| {
        let _ = stream.read(&mut [0; 4_096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
        let _ = stream.read_to_end(&mut Vec::new());
    });
    fails(&get(&format!("http://{drip}/")), Cause::Timeout, "reading the body");
    fails(&get(&says("")), Cause::Reset, "closed the connection without a complete answer");
    fails(&get(&says("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")), Cause::Reset, "");
    fails(&get(&says("SSH-2.0-OpenSSH_9.2\r\n\r\n")), Cause::Protocol, "the answer is not HTTP");
    fails(&get(&says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")), Cause::Protocol, "");
    let endless = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream
            .write_all(b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n")
            .is_ok()
        {}
    });
    fails(&get(&format!("http://{endless}/")), Cause::Protocol, "");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fails(&get(&format!("http://{closed}/")), Cause::Refused, &format!("connection refused by {closed}"));
}

#[test]
fn an_endless_body_is_read_to_a_limit() {
    let flood = server(|mut stream| {
        let _ = stream.read(&mut [0; 4_096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 64 * 1024]).is_ok() {}
    });
    let result = run(ProbeSpec::Http(http(&format!("http://{flood}/"))), 5_000);
    let Facts::Http(facts) = &result.facts else { panic!("{result:#?}") };
    assert_eq!((result.outcome.clone(), facts.body_bytes), (Outcome::Pass, 1024 * 1024));
}

#[test]
fn redirects_are_followed_listed_and_stopped() {
    let web = Web::start();
    let to = |target: &str| says(format!("HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"));
    let good = run(ProbeSpec::Http(http(&to(&web.url("/there")))), 5_000);
    let Facts::Http(facts) = &good.facts else { panic!("{good:#?}") };
    assert_eq!(good.outcome, Outcome::Pass);
    assert_eq!(facts.redirects[0].as_str(), format!("302 {}", web.url("/there")));
    fails(&run(ProbeSpec::Http(http(&to("/"))), 5_000), Cause::Redirects, "redirects in a circle");
    fails(&run(ProbeSpec::Http(http(&to("ftp://x/"))), 5_000), Cause::Redirects, "which is not HTTP");
    let counter = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let chain = server(move |mut stream| {
        let _ = stream.read(&mut [0; 4_096]);
        let next = counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let _ = stream
            .write_all(format!("HTTP/1.1 301 Moved\r\nLocation: /{next}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    });
    fails(
        &run(ProbeSpec::Http(http(&format!("http://{chain}/start"))), 5_000),
        Cause::Redirects,
        "more than 5 redirects",
    );
    let taken = HttpSpec { redirects: 0, ..http(&to("/")) };
    assert_eq!(run(ProbeSpec::Http(taken), 5_000).outcome, Outcome::Pass, "302 is within 200-399");
}

#[test]
fn a_slow_answer_is_a_warning_with_its_time() {
    let slow = server(|mut stream| {
        let _ = stream.read(&mut [0; 4_096]);
        let until = Instant::now() + Duration::from_millis(120);
        while Instant::now() < until {
            std::thread::yield_now();
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let spec = HttpSpec { slow: Some(Duration::from_millis(100)), ..http(&format!("http://{slow}/")) };
    let result = run(ProbeSpec::Http(spec), 5_000);
    assert!(
        matches!(&result.outcome, Outcome::Warn(finding) if finding.cause == Cause::Slow && finding.message.as_str().ends_with("slower than 100ms")),
        "{result:#?}"
    );
}

#[test]
fn each_thing_that_can_be_wrong_with_a_certificate_is_named_and_its_facts_are_there() {
    let authority = Authority::named("Test Authority");
    let tls = |address: SocketAddr| {
        let day = Duration::from_secs(86_400);
        let probe = TlsSpec {
            host: "127.0.0.1".into(),
            port: address.port(),
            server_name: "good.test".into(),
            warn: day * 14,
            critical: day * 2,
        };
        run_with(vec![authority.root()], ProbeSpec::Tls(probe), 5_000)
    };
    let good = tls(authority.serve(&["good.test"], |_| {}));
    assert_eq!(good.outcome, Outcome::Pass, "{good:#?}");
    let Facts::Tls(facts) = &good.facts else { panic!("{good:#?}") };
    let certificate = facts.certificate.as_ref().unwrap();
    assert_eq!((certificate.issuer.as_str(), certificate.names[0].as_str()), ("Test Authority", "good.test"));
    assert_eq!(facts.protocol.as_ref().unwrap().as_str(), "TLS 1.3");

    let expired = tls(authority.serve(&["good.test"], |params| params.not_after = date_time_ymd(2025, 1, 1)));
    fails(&expired, Cause::CertificateExpired, "the certificate of good.test expired ");
    assert!(
        matches!(&expired.facts, Facts::Tls(facts) if facts.certificate.as_ref().is_some_and(|it| it.problem.is_some()))
    );
    fails(
        &tls(authority.serve(&["good.test"], |params| params.not_before = date_time_ymd(2098, 1, 1))),
        Cause::CertificateNotYetValid,
        "is not valid before 2098-01-01",
    );
    fails(
        &tls(authority.serve(&["other.test"], |_| {})),
        Cause::CertificateWrongName,
        "the certificate is for other.test, not for good.test",
    );
    fails(&tls(serve_self_signed(&["good.test"], |_| {})), Cause::CertificateUntrusted, "is self-signed");
    let ca = serve_self_signed(&["good.test"], |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    fails(&tls(ca), Cause::CertificateUntrusted, "self-signed");
    fails(
        &tls(Authority::named("Other Authority").serve(&["good.test"], |_| {})),
        Cause::CertificateUntrusted,
        "is issued by Other Authority, which is not trusted here",
    );
    fails(&tls(Web::start().address), Cause::Handshake, "the server does not speak TLS on this port");
}

#[test]
fn an_https_check_fails_on_a_bad_certificate_unless_it_is_told_not_to() {
    let expired = serve_self_signed(&["localhost"], |params| params.not_after = date_time_ymd(2025, 1, 1));
    let spec = http(&format!("https://localhost:{}/", expired.port()));
    let result = run(ProbeSpec::Http(spec.clone()), 5_000);
    assert!(
        matches!(&result.outcome, Outcome::Fail(finding) if finding.message.as_str().contains("certificate")),
        "{result:#?}"
    );
    assert_eq!(run(ProbeSpec::Http(HttpSpec { insecure: true, ..spec }), 5_000).outcome, Outcome::Pass);
}

#[test]
fn what_a_name_server_says_or_does_not_say_is_told_apart() {
    let server = NameServer::start(Says::Addresses(vec![Ipv4Addr::new(192, 0, 2, 7), Ipv4Addr::new(192, 0, 2, 5)]));
    let ask = |record, expect: &[&str]| {
        let expect = expect.iter().map(|text| (*text).to_owned()).collect();
        run(ProbeSpec::Dns(DnsSpec { name: "shop.test".into(), record, resolver: Some(server.address), expect }), 8_000)
    };
    let good = ask(RecordType::Address, &["192.0.2.5"]);
    assert_eq!(good.outcome, Outcome::Pass, "{good:#?}");
    let Facts::Dns(facts) = &good.facts else { panic!("{good:#?}") };
    assert_eq!(facts.answers, [Line::from_text("192.0.2.5"), Line::from_text("192.0.2.7")]);
    assert_eq!(
        (facts.ttl_secs, facts.resolver.as_ref().unwrap().as_str()),
        (Some(300), server.address.to_string().as_str())
    );
    fails(
        &ask(RecordType::A, &["192.0.2.99"]),
        Cause::AnswerChanged,
        "shop.test resolves to 192.0.2.5, 192.0.2.7, expected 192.0.2.99",
    );
    fails(&ask(RecordType::Aaaa, &[]), Cause::NameNotFound, "shop.test has no AAAA record");
    server.say(Says::Code(3));
    fails(&ask(RecordType::A, &[]), Cause::NameNotFound, "shop.test does not exist (NXDOMAIN");
    server.say(Says::Code(2));
    fails(&ask(RecordType::A, &[]), Cause::ResolverFailed, "answered SERVFAIL for shop.test");
    server.say(Says::Silence);
    let silent = ask(RecordType::A, &[]);
    assert!(
        matches!(&silent.outcome, Outcome::Fail(finding) if matches!(finding.cause, Cause::ResolverFailed | Cause::Timeout)),
        "{silent:#?}"
    );
}

fn command(script: &str, nagios: bool, timeout: u64) -> ProbeResult {
    let argv = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
    run(ProbeSpec::Command(CommandSpec { argv, nagios, directory: None }), timeout)
}

#[test]
fn a_command_tells_by_its_exit_status_and_its_first_line() {
    assert_eq!(command("echo fine", false, 5_000).outcome, Outcome::Pass);
    fails(&command("echo disk full >&2; exit 7", false, 5_000), Cause::ExitStatus, "exit status 7: disk full");
    fails(&command("kill -9 $$", false, 5_000), Cause::ExitStatus, "ended by signal 9");
    fails(
        &command("echo 'CRITICAL - load 9 | load1=9'; exit 2", true, 5_000),
        Cause::ExitStatus,
        "critical: CRITICAL - load 9",
    );
    assert!(matches!(command("exit 1", true, 5_000).outcome, Outcome::Warn(_)));
    assert!(matches!(command("exit 3", true, 5_000).outcome, Outcome::Unknown(_)));
    let absent = run(
        ProbeSpec::Command(CommandSpec { argv: vec!["no-such-program-here".into()], nagios: false, directory: None }),
        1_000,
    );
    assert!(
        matches!(&absent.outcome, Outcome::Unknown(finding) if finding.message.as_str() == "cannot run no-such-program-here: there is no such program"),
        "{absent:#?}"
    );
    let big = command("head -c 100000000 /dev/zero; echo; exit 1", false, 20_000);
    fails(&big, Cause::ExitStatus, "exit status 1");
}

#[test]
fn a_command_that_does_not_end_is_ended_with_everything_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let pids = directory.path().join("pids");
    let script = format!("trap '' TERM; sleep 1000 & echo $! > {0}; echo $$ >> {0}; wait", pids.display());
    fails(&command(&script, false, 400), Cause::Timeout, "did not end within 400ms");
    for pid in std::fs::read_to_string(&pids).unwrap().lines() {
        let end = Instant::now() + Duration::from_secs(5);
        while std::path::Path::new(&format!("/proc/{pid}/exe")).exists() {
            assert!(Instant::now() < end, "process {pid} is still there");
            std::thread::yield_now();
        }
    }
    // A grandchild that keeps the pipe open does not keep the probe.
    let begun = Instant::now();
    assert_eq!(command("sleep 1000 & exit 0", false, 5_000).outcome, Outcome::Pass);
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_heartbeat_is_fresh_late_or_missing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("backup.done");
    let beat =
        |place, secs| run(ProbeSpec::Heartbeat(HeartbeatSpec { place, within: Duration::from_secs(secs) }), 5_000);
    fails(
        &beat(HeartbeatPlace::File(file.clone()), 60),
        Cause::HeartbeatMissing,
        "does not exist: there was no beat yet",
    );
    std::fs::write(&file, "").unwrap();
    assert_eq!(beat(HeartbeatPlace::File(file.clone()), 60).outcome, Outcome::Pass);
    let old = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
    fails(&beat(HeartbeatPlace::File(file), 60), Cause::HeartbeatLate, "expected every 1m");
    let web = Web::start();
    web.answer(200, "2020-01-01T00:00:00Z");
    fails(&beat(HeartbeatPlace::Url(web.url("/")), 60), Cause::HeartbeatLate, "the last beat was ");
    web.answer(200, "hello");
    fails(&beat(HeartbeatPlace::Url(web.url("/")), 60), Cause::HeartbeatMissing, "states no time");
}
