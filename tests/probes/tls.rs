//! What else can be between a TLS client and a server: versions, chains, names, and servers that hang or want more.

use super::*;
use std::sync::Arc;

use rcgen::SanType;
use support::fault_server::{FaultServer, Step, redirect, status};
use support::tls::Identity;

const DAY: Duration = Duration::from_secs(86_400);

fn look(roots: &[&Authority], address: SocketAddr, server_name: &str, timeout: u64) -> ProbeResult {
    let server_name = server_name.to_owned();
    let (warn, critical) = (DAY * 14, DAY * 2);
    let spec = TlsSpec { host: "127.0.0.1".into(), port: address.port(), server_name, warn, critical };
    run_with(roots.iter().map(|authority| authority.root()).collect(), ProbeSpec::Tls(spec), timeout)
}

fn get(roots: &[&Authority], spec: HttpSpec) -> ProbeResult {
    run_with(roots.iter().map(|authority| authority.root()).collect(), ProbeSpec::Http(spec), 10_000)
}

#[track_caller]
fn facts(result: &ProbeResult) -> &TlsFacts {
    let Facts::Tls(facts) = &result.facts else { panic!("{result:#?}") };
    facts
}

fn ok(config: Arc<rustls::ServerConfig>) -> FaultServer {
    FaultServer::start_tls(config, status(200, "", "ok"))
}

#[test]
fn the_facts_of_a_certificate_are_there_whether_it_is_valid_or_not() {
    let authority = Authority::named("Test Authority");
    let names = ["good.test", "*.good.test"];
    let wrong = authority.serve(&names, |params| {
        params.subject_alt_names.push(SanType::IpAddress("192.0.2.7".parse().unwrap()));
        params.subject_alt_names.push(SanType::IpAddress("2001:db8::7".parse().unwrap()));
    });
    let result = look(&[&authority], wrong, "bad.test", 10_000);
    fails(
        &result,
        Cause::CertificateWrongName,
        "the certificate is for good.test, *.good.test, 192.0.2.7, 2001:db8::7, not for bad.test",
    );
    let facts = facts(&result);
    assert!(facts.handshake.is_some() && facts.remote == Some(wrong));
    let certificate = facts.certificate.as_ref().unwrap();
    assert_eq!(certificate.subject.as_str(), "Test Server");
    assert_eq!(certificate.issuer.as_str(), "Test Authority");
    assert_eq!(certificate.names.len(), 4);
    assert_eq!(certificate.not_before.to_string().get(..10), Some("2024-01-01"));
    assert_eq!(certificate.not_after.to_string().get(..10), Some("2099-01-01"));
    assert_eq!((certificate.fingerprint.len(), certificate.chain_length), (64, 1));
    assert_eq!(certificate.problem.as_ref(), result.outcome.finding().map(|finding| &finding.message));
}

#[test]
fn a_name_an_address_and_an_international_name_are_looked_for_in_the_certificate() {
    let authority = Authority::named("Test Authority");
    let address = authority.serve(&["127.0.0.1"], |_| {});
    assert_eq!(look(&[&authority], address, "127.0.0.1", 10_000).outcome, Outcome::Pass);
    fails(
        &look(&[&authority], address, "127.0.0.2", 10_000),
        Cause::CertificateWrongName,
        "the certificate is for 127.0.0.1, not for 127.0.0.2",
    );
    let international = authority.serve(&["xn--mnchen-3ya.test"], |_| {});
    assert_eq!(look(&[&authority], international, "münchen.test", 10_000).outcome, Outcome::Pass);
    let result = look(&[&authority], international, "no name", 10_000);
    assert!(matches!(&result.outcome, Outcome::Unknown(it) if it.cause == Cause::CannotRun), "{result:#?}");
}

#[test]
fn a_missing_intermediate_is_guessed_and_a_sent_one_is_used() {
    let root = Authority::named("Test Root");
    let intermediate = root.intermediate("Test Intermediate");
    let missing = ok(intermediate.issue(&["good.test"], |_| {}).config());
    let result = look(&[&root], missing.address, "good.test", 10_000);
    fails(
        &result,
        Cause::CertificateUntrusted,
        "the certificate of good.test is issued by Test Intermediate, which is not trusted here",
    );
    let hint = result.outcome.finding().and_then(|finding| finding.hint.as_ref()).unwrap();
    assert!(hint.as_str().contains("is the intermediate one missing?"), "{hint}");
    let sent = ok(intermediate.issue(&["good.test"], |_| {}).with(&intermediate).config());
    let result = look(&[&root], sent.address, "good.test", 10_000);
    assert_eq!(result.outcome, Outcome::Pass);
    assert_eq!(facts(&result).certificate.as_ref().unwrap().chain_length, 2);
}

#[test]
fn an_authority_that_shows_its_own_certificate_is_told_so() {
    let authority = Authority::named("Test Authority");
    let ca = authority.serve(&["good.test"], |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    fails(
        &look(&[&authority], ca, "good.test", 10_000),
        Cause::CertificateUntrusted,
        "the certificate of good.test is an authority's own certificate (CA:TRUE), which no server may use",
    );
}

#[test]
fn a_certificate_near_its_end_warns_and_then_fails() {
    let authority = Authority::named("Test Authority");
    let days_left = |days: i64| {
        let now = Clock::system().now().as_micros() / 1_000_000;
        let server = authority.serve(&["good.test"], |params| {
            params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs((now + days * 86_400 + 3_600) as u64);
        });
        look(&[&authority], server, "good.test", 10_000)
    };
    assert_eq!(days_left(30).outcome, Outcome::Pass);
    let soon = days_left(10);
    assert!(
        matches!(&soon.outcome, Outcome::Warn(it) if it.cause == Cause::CertificateExpiring
            && it.message.as_str() == "the certificate expires in 10 days, less than 14d"),
        "{soon:#?}"
    );
    fails(&days_left(1), Cause::CertificateExpiring, "the certificate expires in 24 hours, less than 2d");
}

#[test]
fn an_old_version_of_tls_is_spoken_and_told() {
    let authority = Authority::named("Test Authority");
    let server = ok(authority.issue(&["localhost"], |_| {}).config_1_2());
    let result = look(&[&authority], server.address, "localhost", 10_000);
    assert_eq!(result.outcome, Outcome::Pass);
    assert_eq!(facts(&result).protocol.as_ref().map(Line::as_str), Some("TLS 1.2"));
    assert_eq!(get(&[&authority], http(&server.url_at("localhost", "/"))).outcome, Outcome::Pass);
}

#[test]
fn a_server_that_hangs_closes_or_talks_something_else_before_tls_is_told() {
    let check = |script: Vec<Step>, cause, message: &str| {
        let server = FaultServer::start(script);
        let timeout = if cause == Cause::Timeout { 300 } else { 10_000 };
        fails(&look(&[], server.address, "good.test", timeout), cause, message);
        let spec = http(&format!("https://{}/", server.address));
        fails(&run(ProbeSpec::Http(spec), timeout), cause, message);
    };
    check(vec![Step::Hang], Cause::Timeout, "no answer within 300ms, in the TLS handshake");
    check(vec![], Cause::Handshake, "the server closed the connection during the TLS handshake");
    let talks = vec![support::fault_server::say("SSH-2.0-OpenSSH_9.2\r\n"), Step::Hang];
    check(talks, Cause::Handshake, "the server does not speak TLS on this port");
    let refuses = vec![support::fault_server::say([21, 3, 3, 0, 2, 2, 40]), Step::Hang];
    check(refuses, Cause::Handshake, "the server refused the TLS handshake");
    let resets = vec![Step::Pause(Duration::from_millis(20)), Step::Reset];
    check(resets, Cause::Reset, "connection reset during the TLS handshake");
}

#[test]
fn a_server_that_wants_a_client_certificate_is_told_as_such() {
    let authority = Authority::named("Test Authority");
    let server = ok(authority.issue(&["localhost"], |_| {}).config_for_clients_of(&authority));
    let result = get(&[&authority], http(&server.url_at("localhost", "/")));
    fails(&result, Cause::Handshake, "the server ended the TLS connection: CertificateRequired");
    let hint = result.outcome.finding().and_then(|finding| finding.hint.as_ref()).map(Line::as_str);
    assert_eq!(hint, Some("does it want a client certificate?"));
}

#[test]
fn plain_http_on_a_tls_port_and_tls_on_a_plain_port_are_told() {
    let authority = Authority::named("Test Authority");
    // A web server answers the handshake like any other nonsense, without waiting for an end of headers.
    let bad_request = support::fault_server::say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let plain = FaultServer::start(vec![Step::Pause(Duration::from_millis(20)), bad_request]);
    let spec = http(&format!("https://localhost:{}/", plain.address.port()));
    let result = run(ProbeSpec::Http(spec), 10_000);
    fails(&result, Cause::Handshake, "the server does not speak TLS on this port");
    let hint = result.outcome.finding().and_then(|finding| finding.hint.as_ref()).map(Line::as_str);
    assert_eq!(hint, Some("is it plain HTTP, or another protocol?"));
    let tls = ok(authority.issue(&["localhost"], |_| {}).config());
    let spec = http(&format!("http://localhost:{}/", tls.address.port()));
    let result = run(ProbeSpec::Http(spec), 10_000);
    fails(&result, Cause::Protocol, "the answer is not HTTP");
    let hint = result.outcome.finding().and_then(|finding| finding.hint.as_ref()).map(Line::as_str);
    assert_eq!(hint, Some("is it another protocol, or HTTPS on this port?"));
}

#[test]
fn a_redirect_from_https_to_plain_http_passes_with_a_warning() {
    let authority = Authority::named("Test Authority");
    let plain = FaultServer::start(status(200, "", "ok"));
    let config = authority.issue(&["localhost"], |_| {}).config();
    let server = FaultServer::start_tls(config, redirect(301, &plain.url("/plain")));
    let headers = vec![("Authorization".to_owned(), "hunter2".to_owned())];
    let result = get(&[&authority], HttpSpec { headers, ..http(&server.url_at("localhost", "/")) });
    let message = format!("redirects from HTTPS to plain HTTP at {}", plain.url("/plain"));
    assert!(
        matches!(&result.outcome, Outcome::Warn(it) if it.cause == Cause::Redirects && it.message.as_str() == message),
        "{result:#?}"
    );
    assert!(!plain.requests()[0].contains("hunter2"));
    let Facts::Http(facts) = &result.facts else { panic!("{result:#?}") };
    assert!(facts.certificate.is_some(), "the certificate of the first server is still watched");
}

#[test]
fn a_bad_certificate_stops_before_anything_is_sent_unless_it_is_accepted() {
    let server = ok(Identity::self_signed(&["localhost"], |_| {}).config());
    let headers = vec![("Authorization".to_owned(), "hunter2".to_owned())];
    let spec = HttpSpec { headers, ..http(&server.url_at("localhost", "/")) };
    let result = get(&[], spec.clone());
    fails(&result, Cause::CertificateUntrusted, "the certificate of localhost is self-signed");
    assert_eq!(server.requests(), Vec::<String>::new());
    let result = get(&[], HttpSpec { insecure: true, ..spec });
    assert_eq!(result.outcome, Outcome::Pass);
    let Facts::Http(facts) = &result.facts else { panic!("{result:#?}") };
    assert!(facts.certificate.as_ref().is_some_and(|it| it.problem.is_some()), "what is wrong is still shown");
    assert!(facts.timing.tls.is_some());
}
