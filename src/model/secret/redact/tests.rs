use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

fn knowing(secrets: &[&str]) -> Redactor {
    let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
    Redactor::new(&secrets)
}

#[track_caller]
fn check(redactor: &Redactor, text: &str, expected: &str) {
    let redacted = redactor.redact(text);
    assert_eq!(redacted, expected, "from {text:?}");
    assert_eq!(redactor.redact(&redacted), expected, "again");
}

#[test]
fn a_known_secret_goes_in_every_form_in_which_it_turns_up() {
    let redactor = knowing(&["p@ss/w\"ö rd", "hunter2hunter2"]);
    check(&redactor, "with hunter2hunter2, twice: hunter2hunter2.", "with [redacted], twice: [redacted].");
    check(&redactor, "a p@ss/w\"ö rd b", "a [redacted] b");
    for form in [
        "p%40ss%2Fw%22%C3%B6%20rd",
        "p%40ss%2fw%22%c3%b6%20rd",
        "p@ss/w%22%C3%B6%20rd",
        "p%40ss%2Fw%22%C3%B6+rd",
        r#"p@ss/w\"ö rd"#,
        r#"p@ss\/w\"ö rd"#,
        r#"p@ss/w\"\u00f6 rd"#,
        "p@ss/w&quot;ö rd",
    ] {
        check(&redactor, &format!("<{form}>"), "<[redacted]>");
    }
}

#[test]
fn base64_goes_whole_wherever_in_it_the_secret_stands() {
    let redactor = knowing(&["hunter2hunter2"]);
    for text in ["hunter2hunter2", "kim:hunter2hunter2", "ab:hunter2hunter2", "a:hunter2hunter2", "x:hunter2hunter2:yz"]
    {
        check(&redactor, &format!("auth {} ok", STANDARD.encode(text)), "auth [redacted] ok");
        check(&redactor, &format!("[{}]", URL_SAFE_NO_PAD.encode(text)), "[[redacted]]");
    }
    let odd = knowing(&["??>>~~\u{ff}\u{ff}??"]);
    check(&odd, &STANDARD.encode("u:??>>~~\u{ff}\u{ff}??"), "[redacted]");
    check(&odd, &URL_SAFE_NO_PAD.encode("u:??>>~~\u{ff}\u{ff}??"), "[redacted]");
}

#[test]
fn a_secret_that_is_too_short_is_not_searched_for() {
    check(&knowing(&["a", "12345", ""]), "a 12345 z MTIzNDU=", "a 12345 z MTIzNDU=");
    check(&knowing(&["123456"]), "123456", "[redacted]");
}

#[test]
fn the_longer_of_two_secrets_goes_first() {
    check(&knowing(&["secret", "secret-and-more"]), "secret-and-more secret", "[redacted] [redacted]");
}

#[test]
fn each_line_of_a_secret_with_lines_is_one() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\nshort\n-----END KEY-----\n";
    let redactor = knowing(&[key]);
    check(&redactor, "line 2: hkiG9w0BAQEFAASC", "line 2: [redacted]");
    check(&redactor, "-----BEGIN KEY----- short", "-----BEGIN KEY----- short");
    check(&redactor, &format!("all: {key}"), "all: [redacted]\n");
    check(&redactor, &serde_json::json!({ "k": key }).to_string(), "{\"k\":\"[redacted]\\n\"}");
}

#[test]
fn what_looks_like_a_secret_goes_although_nobody_knows_it() {
    let redactor = Redactor::default();
    let digits = "0123456789abcdefABCDEF0123456789";
    for (text, expected) in [
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [redacted]"),
        ("authorization: Basic dXNlcjpwYXNz", "authorization: Basic [redacted]"),
        (r#"{"Authorization":"token abcdef","a":1}"#, r#"{"Authorization":"token [redacted]","a":1}"#),
        ("Authorization: FlyV1 fm2_abcdefgh,fm2_ijklmnop", "Authorization: [redacted]"),
        ("sent Bearer 0123456789abcdef.x", "sent Bearer [redacted]"),
        ("X-Api-Key: 0123456789", "X-Api-Key: [redacted]"),
        ("PRIVATE-TOKEN: abcdefghij", "PRIVATE-TOKEN: [redacted]"),
        ("GET /x?token=abc&page=2", "GET /x?token=[redacted]&page=2"),
        ("GET /x?page=2&X-Amz-Signature=0a1b", "GET /x?page=2&X-Amz-Signature=[redacted]"),
        ("DATABASE_PASSWORD=hunter22 ./run", "DATABASE_PASSWORD=[redacted] ./run"),
        ("host=db password='hunter 22' x", "host=db password='[redacted]' x"),
        ("PGPASSWORD=$ecretword", "PGPASSWORD=[redacted]"),
        ("PGPASSWORD=$2b$12$abcdef", "PGPASSWORD=[redacted]"),
        ("postgres://app:p@ss@db:5432/app", "postgres://app:[redacted]@db:5432/app"),
        ("redis://:hunter2@cache", "redis://:[redacted]@cache"),
        ("https://0123456789abcdefghij@sentry.io/1", "https://[redacted]@sentry.io/1"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/services/[redacted]"),
        ("https://discord.com/api/webhooks/12/ab-c_d", "https://discord.com/api/webhooks/12/[redacted]"),
        ("key AKIAIOSFODNN7EXAMPLE.", "key [redacted]."),
        ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ", "jwt [redacted]"),
    ] {
        check(&redactor, text, expected);
    }
    for prefix in [
        "ghp_",
        "gho_",
        "github_pat_",
        "glpat-",
        "fo1_",
        "fm2_",
        "sk_live_",
        "rk_test_",
        "rnd_",
        "nfp_",
        "HRKU-",
        "xoxb-",
        "xapp-1-",
        "NRAK-0123456789",
        "npm_",
        "hvs.",
        "sk-ant-",
        "whsec_",
        "dckr_pat_",
        "glsa_",
        "sntrys_",
    ] {
        let token = if prefix.starts_with("NRAK") {
            format!("{prefix}{}", digits.to_uppercase())
        } else {
            format!("{prefix}{digits}")
        };
        check(&redactor, &format!("token {token}, then"), "token [redacted], then");
        check(&redactor, &format!("\"{token}\""), "\"[redacted]\"");
    }
}

#[test]
fn a_private_key_goes_to_its_end_or_to_that_of_the_text() {
    let redactor = Redactor::default();
    for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
        let key = format!("-----BEGIN {kind}PRIVATE KEY-----\nMIIE\nvQIB\n-----END {kind}PRIVATE KEY-----");
        check(&redactor, &format!("a\n{key}\nb"), "a\n[redacted]\nb");
        check(&redactor, &format!("a\n{}", &key[..key.len() - 10]), "a\n[redacted]");
    }
    check(&redactor, "-----BEGIN CERTIFICATE-----\nMIIE", "-----BEGIN CERTIFICATE-----\nMIIE");
}

#[test]
fn the_words_of_a_log_stay() {
    let redactor = Redactor::default();
    for text in [
        "ERROR unexpected token: }",
        "bearer authentication failed for kim",
        "Basic support ended",
        "token expired, refresh_token missing",
        "the password was wrong (3 tries)",
        "password=",
        "GET /docs?page=2&sort=token HTTP/1.1 200 12",
        "http://10.0.0.5:9090/metrics and https://a.example/@kim",
        "ssh://deploy@web1/var/log",
        "curl -H \"Authorization: Bearer $TOKEN\" https://a.example",
        "export PGPASSWORD=$(pass show db) API_KEY=${KEY:?} DB_PASSWORD=<your password>",
        "--header 'Authorization: Bearer $deploy_token'",
        "curl -H \"Authorization: Bearer $token\" https://a.example",
        "listening on akka.tcp://sparkExecutorActorSystem@mesos-slave-07:55904",
        "sk_live is a prefix, and so are ghp_ and xoxb-",
        "release v42 a1b2c3d \"Retry logic\" kim",
        "2024-11-25T02:14:07Z 0123456789abcdef0123456789abcdef span",
        "task-0123456789012345678901234567890 disk-usage-percent-of-the-largest-volume",
    ] {
        check(&redactor, text, text);
    }
}

#[test]
fn a_text_without_secrets_is_not_copied() {
    assert!(matches!(knowing(&["hunter2hunter2"]).redact("all is well"), Cow::Borrowed(_)));
}

#[test]
fn a_redactor_learns_without_changing_those_that_were_given_out() {
    let before = knowing(&["hunter2hunter2"]);
    let after = before.with(&Secret::new("correct-horse"));
    assert_eq!(before.redact("correct-horse"), "correct-horse");
    check(&after, "correct-horse hunter2hunter2", "[redacted] [redacted]");
    assert_eq!(format!("{after:?}"), "Redactor(2 secrets)");
}

proptest! {
    #[test]
    fn no_form_of_a_secret_survives_in_any_surroundings(
        secret in "[!-~äß]{6,40}",
        before in "[a-z:\"{\\[/ =]{0,12}",
        behind in "[a-z\"}\\] ;=]{0,12}",
    ) {
        let redactor = knowing(&[&secret]);
        let url: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::to_string(&secret).unwrap();
        for form in [secret.clone(), url, json, STANDARD.encode(&secret), STANDARD.encode(format!("{before}{secret}"))] {
            let redacted = redactor.redact(&format!("{before}{form}{behind}")).into_owned();
            prop_assert!(!redacted.contains(form.trim_matches('"')), "{form:?} is in {redacted:?}");
            prop_assert!(redacted.contains(REDACTED));
        }
    }

    #[test]
    fn redacting_twice_is_redacting_once(text in "([a-z]{1,8}|[?&=:@/ \"']|token=|password=|://|Bearer |Authorization: |ghp_0123456789abcdef0|hunter2hunter2|AKIAIOSFODNN7EXAMPLE|\n){0,24}") {
        let redactor = knowing(&["hunter2hunter2"]);
        let once = redactor.redact(&text).into_owned();
        prop_assert_eq!(redactor.redact(&once).into_owned(), once);
    }
}
