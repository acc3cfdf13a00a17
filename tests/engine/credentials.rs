//! Credentials that expire, are refused, or must not be seen; answers that still hold; clocks that are wrong.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crashcart::clock::Clock;
use crashcart::model::source::{Capability, Source};
use crashcart::model::surroundings::Surroundings;
use crashcart::model::time::Timestamp;
use crashcart::provider::engine::Ask;
use crashcart::provider::run::{Answer, Failure, FailureKind, Plan};

use crate::harness::*;

const EVERY_HEADER: &str = r#"
auth = { bearer = "token", headers = { x-api-key = "{token}", cookie = "session={token}", private-token = "{token}" } }
[secrets.token]
help = "a token"
[alerts]
get = "/alerts"
headers = { x-own = "{token}" }
map = "[.[]? | {id}]"
"#;

#[tokio::test]
async fn a_redirect_takes_credentials_within_the_same_place_only() {
    let bench = Bench::new(&[("headers", EVERY_HEADER)]);
    let elsewhere = Replies::start(|_| reply(200, "", "[{\"id\": \"1\"}]"));
    let target = elsewhere.url("/stolen");
    let server = Replies::start(move |request| match request.split(' ').nth(1) {
        Some("/alerts") => reply(307, "Location: /moved\r\n", ""),
        _ => reply(302, &format!("Location: {target}\r\n"), ""),
    });
    assert_eq!(alerts(bench.read(&source("headers", server.url(""))).await), 1);
    let seen = server.requests();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|request| request.matches(SECRET).count() == 5), "{seen:#?}");
    let stolen = elsewhere.requests();
    assert_eq!(stolen.len(), 1);
    let lower = stolen[0].to_lowercase();
    for name in ["authorization", "x-api-key", "cookie", "private-token", "x-own", "referer", "s3cr3t"] {
        assert!(!lower.contains(name), "{stolen:#?}");
    }
}

const EXCHANGE: &str = r#"
[provider.auth]
bearer = "access_token"
[provider.auth.exchange]
post = "/token"
form = { key = "{token}" }
token = ".token"
expires_in = "3600"
[secrets.token]
help = "a key"
[alerts]
get = "/alerts"
map = "[.[]? | {id}]"
"#;

/// A system whose tokens hold until it says otherwise.
struct Tokens {
    server: Replies,
    /// The number of the token that is accepted.
    accepted: Arc<AtomicUsize>,
}

impl Tokens {
    fn start() -> Self {
        let (given, accepted) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(1)));
        let accepts = Arc::clone(&accepted);
        let server = Replies::start(move |request| {
            if request.starts_with("POST /token") {
                let number = given.fetch_add(1, Ordering::SeqCst) + 1;
                return reply(200, "", &format!("{{\"token\": \"fresh-token-{number}\"}}"));
            }
            let wanted = format!("Bearer fresh-token-{}\r\n", accepts.load(Ordering::SeqCst));
            if request.contains(&wanted) { reply(200, "", "[]") } else { reply(401, "", "{\"message\": \"expired\"}") }
        });
        Self { server, accepted }
    }

    fn count(&self, what: &str) -> usize {
        self.server.requests().iter().filter(|request| request.contains(what)).count()
    }
}

#[tokio::test]
async fn an_expired_token_is_traded_for_a_fresh_one_and_nobody_sees_it() {
    let bench = Bench::new(&[("exchange", EXCHANGE)]);
    let tokens = Tokens::start();
    let source = source("exchange", tokens.server.url(""));
    for _ in 0..3 {
        assert_eq!(alerts(bench.read(&source).await), 0);
    }
    assert_eq!((tokens.count("POST /token"), tokens.count("GET /alerts")), (1, 3));
    tokens.accepted.store(2, Ordering::SeqCst);
    assert_eq!(alerts(bench.read(&source).await), 0);
    assert_eq!((tokens.count("POST /token"), tokens.count("GET /alerts")), (2, 5));
}

#[tokio::test]
async fn a_token_that_is_never_accepted_is_not_tried_again_and_again() {
    let clock = Clock::manual(Timestamp::from_secs(1_764_036_849));
    let bench = Bench::with(&[("exchange", EXCHANGE)], clock, Surroundings::default());
    let tokens = Tokens::start();
    tokens.accepted.store(usize::MAX, Ordering::SeqCst);
    let source = source("exchange", tokens.server.url(""));
    for _ in 0..3 {
        assert_eq!(kind(bench.read(&source).await), FailureKind::Unauthorised);
    }
    let asked = tokens.count("GET /alerts");
    assert!(asked <= 4, "{asked}");
    for _ in 0..20 {
        assert_eq!(kind(bench.read(&source).await), FailureKind::Resting);
    }
    assert_eq!(tokens.count("GET /alerts"), asked);
    assert!(bench.keys.forgotten.lock().unwrap().len() >= 3, "the secret is asked for again");
    bench.clock.set(bench.clock.now() + Duration::from_secs(61));
    assert_eq!(kind(bench.read(&source).await), FailureKind::Unauthorised);
    assert_eq!(tokens.count("GET /alerts"), asked + 1);
}

#[tokio::test]
async fn a_trade_that_is_refused_does_not_repeat_what_was_offered() {
    let bench = Bench::new(&[("exchange", EXCHANGE)]);
    for (status, body, expected) in [
        (400, format!("{{\"message\": \"unknown key {SECRET}\"}}"), "unknown key [redacted] (HTTP 400)"),
        (200, "{}".to_owned(), "it gave no token"),
        (200, "<!DOCTYPE html>".to_owned(), "it is a web page, and not an answer"),
    ] {
        let server = Replies::start(move |_| reply(status, "", &body));
        let said = bench.trouble(&source("exchange", server.url(""))).await;
        assert!(said.contains("the token exchange of exchange") && said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn an_answer_that_still_holds_is_not_sent_again_and_another_credential_gets_its_own() {
    let bench = Bench::new(&[]);
    let server = Replies::start(|request| {
        if !request.contains(SECRET) {
            reply(401, "", "")
        } else if request.to_lowercase().contains("if-none-match: \"v1\"") {
            reply(304, "ETag: \"v1\"\r\n", "")
        } else {
            reply(200, "ETag: \"v1\"\r\n", "[{\"id\": \"1\"}, {\"id\": \"2\"}]")
        }
    });
    let source = source("plain", server.url(""));
    for _ in 0..3 {
        assert_eq!(alerts(bench.read(&source).await), 2);
    }
    let conditions = |requests: &[String]| requests.iter().filter(|request| request.contains("if-none-match")).count();
    assert_eq!(conditions(&server.requests()), 2);
    // Whoever asks with another token is not told what the first may see.
    bench.keys.set("TOKEN", "another-token");
    assert_eq!(kind(bench.read(&source).await), FailureKind::Unauthorised);
    assert_eq!(conditions(&server.requests()), 2);
}

#[tokio::test]
async fn wrong_clocks_silence_nobody_for_hours() {
    let now = Timestamp::from_secs(1_764_036_849);
    let bench = Bench::with(&[], Clock::manual(now), Surroundings::default());
    let server = Replies::start(|_| reply(429, "Date: Sat, 11 Jun 2022 18:55:50 GMT\r\nRetry-After: 600\r\n", ""));
    let source = source("plain", server.url(""));
    assert_eq!(kind(bench.read(&source).await), FailureKind::RateLimited { wait_ms: Some(600_000) });
    assert_eq!(kind(bench.read(&source).await), FailureKind::Resting);
    for skew in [86_400, 2 * 86_400] {
        bench.clock.set(now - Duration::from_secs(skew));
        assert_eq!(kind(bench.read(&source).await), FailureKind::RateLimited { wait_ms: Some(600_000) });
    }
    bench.clock.set(now + Duration::from_secs(86_400));
    assert_eq!(kind(bench.read(&source).await), FailureKind::RateLimited { wait_ms: Some(600_000) });
}

/// Every place where a secret goes out.
const LEAKY: &[(&str, &str)] = &[
    ("header", "auth = { headers = { x-api-key = \"{token}\" } }\n[alerts]\nget = \"/alerts\"\n"),
    ("query", "auth = { query = { api_key = \"{token}\" } }\n[alerts]\nget = \"/alerts\"\n"),
    ("path", "[alerts]\nget = \"/bot{token}/alerts\"\n"),
    ("raw-path", "[alerts]\nget = \"/bot{token|raw}/alerts\"\n"),
    ("body", "[alerts]\npost = \"/alerts\"\njson = '{key: $token, inside: \"a \\($token) b\"}'\n"),
    ("form", "[alerts]\npost = \"/alerts\"\nform = { key = \"{token}\" }\n"),
    ("basic", "auth = { basic = { user = \"me\", password = \"{token}\" } }\n[alerts]\nget = \"/alerts\"\n"),
    ("encoded", "auth = { headers = '{\"x-odd\": (\"me:\\($token)\" | @base64)}' }\n[alerts]\nget = \"/alerts\"\n"),
    ("program", "[alerts]\nrun = [\"sh\", \"-c\", 'echo \"no such user: $0\" >&2; exit 1', \"{token}\"]\n"),
    ("argument", "[alerts]\nrun = [\"/nowhere/tool\", \"--token={token}\"]\n"),
];

fn leaky() -> Vec<(&'static str, String)> {
    let whole = |rest: &str| {
        let (provider, reading) = rest.split_once("[alerts]").unwrap();
        let secret = "[secrets.token]\nhelp = \"a token\"\nlogin = [{ env = \"LEAKY_TOKEN\" }]\n";
        format!("{provider}{secret}[alerts]{reading}map = \"[.[]? | {{id}}]\"\n")
    };
    LEAKY.iter().map(|(name, rest)| (*name, whole(rest))).collect()
}

/// Says everything that it was told, as debugging pages do.
fn parrot() -> Replies {
    Replies::start(|request| {
        let body = serde_json::json!({ "message": format!("no: {}", request.replace("\r\n", " ")) }).to_string();
        reply(400, "", &body)
    })
}

#[tokio::test]
async fn no_secret_is_in_a_failure_or_a_preview_wherever_it_went_out() {
    let definitions = leaky();
    let list: Vec<(&str, &str)> = definitions.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let bench = Bench::new(&list);
    let server = parrot();
    for (name, _) in &list {
        let source = source(name, server.url(""));
        let nothing = std::collections::BTreeMap::new();
        let ask = Ask { source: &source, capability: Capability::Alerts, params: &nothing, input: &nothing, now: true };
        let mut shown = String::new();
        let mut witness = |plan: &Plan, _: Result<&Answer, &Failure>| {
            shown.push_str(&plan.preview());
            shown.push_str(&plan.summary());
        };
        let failure = bench.engine.read_seen(&ask, &mut witness).await.expect_err("it is refused");
        let said = sentence(&failure);
        assert!(said.contains("[redacted]") || *name == "argument", "{name}: {said}");
        for part in ["s3cr3t", "tok_", "val+ue", "bWU6dG9rX3Mz", "val%2Bue"] {
            assert!(!shown.contains(part), "{name}: {shown}");
        }
        assert!(shown.contains("[redacted]"), "{name}: {shown}");
    }
}

#[tokio::test]
async fn an_address_that_is_a_secret_shows_its_host_only() {
    let webhook =
        "[secrets.hook]\nhelp = \"the webhook's address\"\nis_url = true\n[alerts]\nget = \"\"\nmap = \"[]\"\n";
    let bench = Bench::new(&[("hook", webhook)]);
    let server = parrot();
    bench.keys.set("HOOK", &server.url("/services/T0tok_/B0s3cr3t/abcdef"));
    let hook = crashcart::model::secret::SecretRef::Env("HOOK".to_owned());
    let source = Source { url: None, secrets: [("hook".to_owned(), hook)].into(), ..source("hook", "") };
    let said = bench.trouble(&source).await;
    assert!(said.ends_with(&format!("(GET http://{}/[redacted])", server.address)), "{said}");
}

#[test]
fn trying_a_provider_shows_everything_but_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let server = parrot();
    let providers = folder.path().join("crashcart/providers");
    std::fs::create_dir_all(&providers).unwrap();
    for (name, rest) in leaky() {
        let text = format!("[provider]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"monitoring\"\n{rest}");
        std::fs::write(providers.join(format!("{name}.toml")), text).unwrap();
        for json in [false, true] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_crashcart"));
            command.args(["providers", "try", name, "alerts", "--url", &server.url("")]);
            if json {
                command.arg("--json");
            }
            let output = command
                .env("XDG_CONFIG_HOME", folder.path())
                .env("HOME", folder.path())
                .env("LEAKY_TOKEN", SECRET)
                .current_dir(folder.path())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            for part in ["s3cr3t", "tok_", "val+ue", "bWU6dG9rX3Mz", "val%2Bue"] {
                assert!(!said.contains(part), "{name}: {said}");
            }
            assert!(said.contains("[redacted]") || json && name == "argument", "{name}: {said}");
        }
    }
}

const SIGNED: &str = r#"
auth = { sigv4 = { service = "own", region = "eu-central-1" } }
[errors]
failed = 'if .__type? == "ExpiredTokenException" then {kind: "unauthorised", message: "expired"} else null end'
[alerts]
get = "/alerts"
map = "[.[]? | {id}]"
"#;

#[tokio::test]
async fn keys_of_aws_that_have_expired_are_looked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let write = |id: &str| {
        std::fs::write(&keys, format!("[default]\naws_access_key_id = {id}\naws_secret_access_key = k\n")).unwrap();
    };
    write("AKIAFIRST");
    let variables = [
        ("AWS_SHARED_CREDENTIALS_FILE", keys.to_str().unwrap()),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let surroundings = Surroundings { home: Some(folder.path().to_owned()), variables };
    let bench = Bench::with(&[("signed", SIGNED)], Clock::system(), surroundings);
    let good = Arc::new(std::sync::Mutex::new("AKIAFIRST".to_owned()));
    let accepted = Arc::clone(&good);
    let server = Replies::start(move |request| match request.contains(&*accepted.lock().unwrap()) {
        true => reply(200, "Content-Type: application/json\r\n", "[{\"id\": \"1\"}]"),
        false => reply(400, "Content-Type: application/json\r\n", "{\"__type\": \"ExpiredTokenException\"}"),
    });
    let mut source = source("signed", server.url(""));
    source.secrets.clear();
    assert_eq!(alerts(bench.read(&source).await), 1);
    // Somebody logs in again, in another window.
    *good.lock().unwrap() = "AKIASECOND".to_owned();
    assert_eq!(kind(bench.read_as(&source, true).await), FailureKind::Unauthorised);
    write("AKIASECOND");
    assert_eq!(alerts(bench.read_as(&source, true).await), 1);
}
