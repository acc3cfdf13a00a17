//! One page, and senders that take it, refuse it, break, or never answer.

use super::bench::{Bench, Mood, Sink};
use super::support::fault_server::{FaultServer, Step, closed_port, status};
use super::support::servers::messages::MailSink;
use super::support::servers::{DEADLINE, until};

/// Two senders to one place each, and one by mail; Kim before Sam.
fn config(first: &str, second: &str, mail: &str, provider: &str) -> String {
    format!(
        r#"
[sources.first]
provider = "{provider}"
url = "{first}"
token = {{ env = "TOKEN" }}
[sources.second]
provider = "webhook"
url = "{second}"
token = {{ env = "TOKEN" }}
[sources.mail]
provider = "email"
url = "{mail}"
from = "crashcart <alerts@acme.example>"
[[senders]]
source = "first"
contacts = ["Kim"]
[[senders]]
source = "second"
contacts = ["Kim"]
[[senders]]
source = "mail"
reaches = "email"
[[services]]
name = "shop"
[[contacts]]
name = "Kim"
email = "kim@acme.example"
escalate_after = "10m"
[[contacts]]
name = "Sam"
email = "sam@acme.example"
"#
    )
}

fn taken() -> Vec<Step> {
    status(200, "", "{}")
}

fn outage(bench: &Bench) {
    bench.ends(
        0,
        &["incident", "open", "Checkout answers 500", "--severity", "sev1", "--service", "shop", "--ago", "14m"],
    );
}

/// Pages through a first sender with a fault, and returns what the journal says of it, and how often each was asked.
fn page(first: Vec<Step>, code: i32) -> (Vec<String>, usize, usize) {
    let (first, second) = (FaultServer::start(first), FaultServer::start(taken()));
    let sink = Sink::start(Mood::Takes);
    let bench = Bench::new(&config(&first.url("/"), &second.url("/"), &format!("smtp://{}", sink.address), "webhook"));
    outage(&bench);
    let said = bench.ends(code, &["page", "--yes"]);
    assert!(!said.contains("s3cr3t"), "{said}");
    bench.ends(0, &["journal", "verify"]);
    assert!(sink.mails().is_empty(), "the senders before had taken it");
    let lines = bench.timeline().into_iter().filter(|line| line.contains("page")).collect();
    (lines, first.requests().len(), second.requests().len())
}

#[test]
fn the_first_sender_that_takes_a_page_is_the_last_that_is_asked() {
    let (lines, first, second) = page(taken(), 0);
    assert_eq!(lines, ["Kim paged by first: SEV1 #1 Checkout answers 500"]);
    assert_eq!((first, second), (1, 0));
}

#[test]
fn what_a_sender_does_not_take_goes_to_the_next_and_the_timeline_says_why() {
    for (fault, says) in [
        (status(500, "", "broken"), "not known whether it was sent, the system is in trouble itself: broken"),
        (status(429, "Retry-After: 30\r\n", "slow down"), "not taken now, asked too often, wait 30 s: slow down"),
        (status(403, "", "no"), "refused, the credential may not do this: no"),
        (vec![Step::Read, Step::Reset], "not known whether it was sent, unreachable"),
        (vec![Step::Read], "not known whether it was sent, unreachable"),
    ] {
        let (lines, first, second) = page(fault, 0);
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0].starts_with(&format!("page to Kim by first: {says}")), "{says}: {lines:#?}");
        assert_eq!(lines[1], "Kim paged by second: SEV1 #1 Checkout answers 500");
        // What may have arrived, and whose receiver does not tell equal messages apart, is never sent again.
        assert_eq!((first, second), (1, 1), "{says}");
    }
}

#[test]
fn a_sender_that_is_not_there_was_not_asked_and_the_mail_goes_out() {
    let nobody = format!("http://{}/", closed_port());
    let sink = Sink::start(Mood::Takes);
    let bench = Bench::new(&config(&nobody, &nobody, &format!("smtp://{}", sink.address), "webhook"));
    outage(&bench);
    let told = bench.json(0, &["page", "--yes", "--json"]);
    let outcomes: Vec<&str> =
        told["attempts"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["not_sent", "not_sent", "taken"], "{told:#}");
    assert_eq!(told["next"]["contact"], "Sam", "{told:#}");
    let mail = sink.mails().pop().unwrap();
    for part in [
        "RCPT TO:<kim@acme.example>",
        "[CRITICAL] SEV1 #1 Checkout answers 500",
        "shop: since",
        "crashcart incident ack -i 1",
    ] {
        assert!(mail.contains(part), "{part:?} is not in {mail}");
    }
    // Who pages again at once is stopped before anything goes out: it is Sam's turn in ten minutes.
    let said = bench.ends(2, &["page", "Kim"]);
    assert!(said.contains("there is no terminal to ask on"), "{said}");
    let plan = bench.json(1, &["page", "--dry-run", "--json"]);
    assert!(plan["plan"]["stops"][0].as_str().unwrap().starts_with("Kim was paged, and has until"), "{plan:#}");
}

#[test]
fn a_mail_server_that_goes_away_before_it_says_yes_leaves_a_doubt_and_one_that_says_no_leaves_none() {
    let nobody = format!("http://{}/", closed_port());
    for (mood, outcome, code) in [(Mood::CutsOff, "unknown", 3), (Mood::Refuses, "refused", 1)] {
        let sink = Sink::start(mood);
        let bench = Bench::new(&config(&nobody, &nobody, &format!("smtp://{}", sink.address), "webhook"));
        outage(&bench);
        let told = bench.json(code, &["page", "--yes", "--json"]);
        assert_eq!(told["attempts"][2]["outcome"], outcome, "{told:#}");
        assert_eq!(sink.mails().len(), usize::from(mood == Mood::CutsOff));
    }
}

/// A webhook that is not waited for long.
const IMPATIENT: &str = r#"
[provider]
name = "impatient"
title = "Impatient"
kind = "messages"
[secrets.token]
help = "a token"
[send]
target = "message"
[[send.steps]]
name = "post"
post = ""
timeout = "500ms"
json = "{title: $message.title}"
"#;

#[test]
fn a_sender_that_never_answers_leaves_a_doubt_and_delays_the_next_one_no_longer_than_it_may() {
    let (first, second) = (FaultServer::start(vec![Step::Read, Step::Hang]), FaultServer::start(taken()));
    let text = config(&first.url("/"), &second.url("/"), "smtp://127.0.0.1:1", "impatient");
    let bench = Bench::new(&text);
    bench.provider("impatient", IMPATIENT);
    outage(&bench);
    bench.ends(0, &["page", "--yes"]);
    let lines: Vec<String> = bench.timeline().into_iter().filter(|line| line.contains("page")).collect();
    assert!(lines[0].contains("by first: not known whether it was sent, no answer in time"), "{lines:#?}");
    assert_eq!(lines[1], "Kim paged by second: SEV1 #1 Checkout answers 500");
    assert_eq!(first.requests().len(), 1);
}

#[test]
fn a_page_goes_out_after_yes_and_after_nothing_else() {
    let server = FaultServer::start(taken());
    let bench = Bench::new(&config(&server.url("/a"), &server.url("/b"), "smtp://127.0.0.1:1", "webhook"));
    outage(&bench);
    for (typed, code) in [("\r", 1), ("y\r", 1), ("yes\r", 0)] {
        let mut terminal = bench.terminal(&["page"]);
        terminal.wait_for("Type yes to page Kim: ");
        assert_eq!(server.connections(), 0);
        terminal.type_text(typed);
        assert_eq!(terminal.exit_code(), code, "{typed:?}");
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn who_loses_their_connection_in_the_middle_has_paged_all_the_same() {
    let (first, second) = (FaultServer::start(vec![Step::Read, Step::Hang]), FaultServer::start(taken()));
    let bench = Bench::new(&config(&first.url("/"), &second.url("/"), "smtp://127.0.0.1:1", "impatient"));
    bench.provider("impatient", &IMPATIENT.replace("500ms", "3s"));
    outage(&bench);
    let mut terminal = bench.terminal(&["page"]);
    terminal.wait_for("Type yes to page Kim: ");
    terminal.type_text("yes\r");
    until(DEADLINE, || (first.requests().len() == 1).then_some(())).expect("the first sender is asked");
    terminal.hang_up();
    until(DEADLINE, || (second.requests().len() == 1).then_some(())).expect("the second sender is asked");
    let paged = || bench.timeline().iter().any(|line| line.starts_with("Kim paged by second")).then_some(());
    until(DEADLINE, paged).expect("the journal says so");
}

#[test]
fn a_system_that_tells_equal_messages_apart_is_asked_again() {
    let keyed = [status(502, "", "a moment"), status(202, "", r#"{"status":"success","dedup_key":"x"}"#)];
    let (first, second) = (FaultServer::start_each(keyed), FaultServer::start(taken()));
    let mut text = config(&first.url("/"), &second.url("/"), "smtp://127.0.0.1:1", "pagerduty-events");
    text = text.replacen("token = { env = \"TOKEN\" }", "routing_key = { env = \"TOKEN\" }", 1);
    let bench = Bench::new(&text);
    outage(&bench);
    bench.ends(0, &["page", "--yes"]);
    let lines: Vec<String> = bench.timeline().into_iter().filter(|line| line.contains("page")).collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].contains("not known whether it was sent"), "{lines:#?}");
    assert_eq!(lines[1], "Kim paged by first, try 2: SEV1 #1 Checkout answers 500");
    let asked = first.requests();
    let key = |text: &str| text.split("dedup_key\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(key(&asked[0]), key(&asked[1]));
    assert!(second.requests().is_empty());
}

#[test]
fn a_dry_run_shows_the_exact_requests_without_secrets_and_sends_nothing() {
    let server = FaultServer::start(taken());
    let bench = Bench::new(&config(&server.url("/a"), &server.url("/b"), "smtp://127.0.0.1:1", "webhook"));
    outage(&bench);
    let said = bench.ends(0, &["page", "--dry-run"]);
    for part in [
        "Page Kim (the first in the order)",
        "by      first",
        "then by mail to kim@acme.example",
        &format!("POST {}", server.url("/a")),
        "Subject: [CRITICAL] SEV1 #1",
        "is next at",
    ] {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
    assert!(!said.contains("s3cr3t"), "{said}");
    assert_eq!(server.connections(), 0);
    assert!(bench.timeline().iter().all(|line| !line.contains("page")));
    // Nothing goes out where nothing may.
    bench.ends(2, &["page", "--yes", "--read-only"]);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_page_arrives_at_a_real_mail_server() {
    let Some(sink) = MailSink::start() else { return };
    let nobody = format!("http://{}/", closed_port());
    let bench = Bench::new(&config(&nobody, &nobody, &format!("smtp://{}", sink.address), "webhook"));
    outage(&bench);
    bench.ends(0, &["page", "--yes", "--message", "the \u{17e}i\u{17e}ek queue stands still"]);
    let mail = sink.wait_for_mail().expect("a mail");
    for part in
        ["X-RcptTo: kim@acme.example", "Subject: [CRITICAL] SEV1 #1 Checkout answers 500", "References: <crashcart-"]
    {
        assert!(mail.contains(part), "{part:?} is not in {mail}");
    }
}
