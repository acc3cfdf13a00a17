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

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
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
