//! The watcher from outside: a service that goes red, what arrives where, and what the journal says of it.

mod support;

#[path = "paging/bench.rs"]
mod bench;

use std::process::{Child, Stdio};
use std::time::Duration;

use bench::{Bench, Mood, Sink};
use rustix::process::{Pid, Signal, kill_process};
use support::fault_server::{FaultServer, closed_port, status};
use support::servers::until;
use support::web::Web;

/// Longer than the slowest machine that runs these tests needs for anything they wait for.
const DEADLINE: Duration = Duration::from_secs(40);

/// A project whose service is `web`, with a push to one place, mail to Kim and then Sam, and quick rules.
fn config(web: &Web, push: &str, sink: &Sink, heartbeat: &str, escalate_after: &str) -> String {
    format!(
        r#"
[project]
name = "acme"
[sources.push]
provider = "ntfy"
url = "{push}"
topic = "acme"
[sources.mail]
provider = "email"
url = "smtp://{}"
from = "crashcart <alerts@acme.example>"
[[senders]]
source = "mail"
reaches = "email"
[[senders]]
source = "push"
sends = ["update"]
[[services]]
name = "shop"
checks = [{{ http = "{}", every = "1s", timeout = "900ms", retries = 0 }}]
[[contacts]]
name = "Kim"
email = "kim@acme.example"
[[contacts]]
name = "Sam"
email = "sam@acme.example"
[watch]
notify = ["down", "degraded", "unknown"]
group = "1s"
flap = "2s"
escalate_after = "{escalate_after}"
heartbeat = "{heartbeat}"
heartbeat_every = "1s"
"#,
        sink.address,
        web.url("/health"),
    )
}

/// A running watcher, whose output goes into a file. It ends with the test.
struct Watching {
    child: Child,
    output: std::path::PathBuf,
}

impl Watching {
    fn start(bench: &Bench, name: &str) -> Self {
        let output = bench.path().join(name);
        let file = std::fs::File::create(&output).unwrap();
        let errors = file.try_clone().unwrap();
        let child =
            bench.command(&["watch", "--json"]).stdin(Stdio::null()).stdout(file).stderr(errors).spawn().unwrap();
        Self { child, output }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    fn stop(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn wait(what: &str, watching: &[&Watching], bench: &Bench, holds: impl Fn() -> bool) {
    if until(DEADLINE, || holds().then_some(())).is_none() {
        let said: Vec<String> = watching.iter().map(|one| one.said()).collect();
        panic!("waited for {what}; the watchers said {said:#?}; the timeline is {:#?}", bench.timeline());
    }
}

fn to(sink: &Sink, who: &str) -> usize {
    sink.mails().iter().filter(|mail| mail.contains(&format!("RCPT TO:<{who}@acme.example>"))).count()
}

fn heard(push: &FaultServer, text: &str) -> usize {
    push.requests().iter().filter(|request| request.contains(text)).count()
}

#[test]
fn an_outage_is_opened_told_paged_escalated_acknowledged_and_over() {
    let (web, sink) = (Web::start(), Sink::start(Mood::Takes));
    let (push, beats) = (FaultServer::start(status(200, "", "{}")), FaultServer::start(status(200, "", "OK")));
    let bench = Bench::new(&config(&web, &push.url("/"), &sink, &beats.url("/ping"), "3s"));
    let watching = Watching::start(&bench, "first");
    wait("two heartbeats", &[&watching], &bench, || heard(&beats, "GET /ping") >= 2);
    assert_eq!((push.requests().len(), sink.mails().len()), (0, 0), "all is well");
    web.answer(503, "the cart is on fire");
    wait("a push", &[&watching], &bench, || heard(&push, "we look into it") == 1);
    wait("a mail to Kim", &[&watching], &bench, || to(&sink, "kim") == 1);
    wait("a mail to Sam", &[&watching], &bench, || to(&sink, "sam") == 1);
    bench.ends(0, &["incident", "ack"]);
    wait("word of it", &[&watching], &bench, || heard(&push, "somebody works on it") == 1);
    web.answer(200, "ok");
    wait("the end", &[&watching], &bench, || bench.state() == "resolved" && heard(&push, "Resolved: ") == 1);
    assert_eq!(sink.mails().len(), 2, "nobody is paged for what somebody has taken: {:#?}", bench.timeline());
    assert_eq!(watching.stop(), Some(0));
    let timeline = bench.timeline();
    let place = |text: &str| {
        timeline
            .iter()
            .position(|line| line.starts_with(text))
            .unwrap_or_else(|| panic!("no {text:?} in {timeline:#?}"))
    };
    let order = [
        "incident #1 opened: shop is down: answered 503",
        "Kim paged by mail: SEV2 #1 shop is down",
        "Sam paged by mail: SEV2 #1 shop is down",
        "incident acknowledged",
    ]
    .map(place);
    assert!(order.is_sorted(), "{timeline:#?}");
    for text in ["told push: SEV2 shop is down", "shop is down: answered 503", "incident resolved", "shop is well"] {
        place(text);
    }
    bench.ends(0, &["journal", "verify"]);
}

#[test]
fn two_watchers_speak_with_one_voice_and_one_goes_on_when_the_other_dies() {
    let (web, sink) = (Web::start(), Sink::start(Mood::Takes));
    let (push, beats) = (FaultServer::start(status(200, "", "{}")), FaultServer::start(status(200, "", "OK")));
    let bench = Bench::new(&config(&web, &push.url("/"), &sink, &beats.url("/ping"), "17s"));
    let mut watching = [Watching::start(&bench, "first"), Watching::start(&bench, "second")];
    let looks_on = |one: &Watching| one.said().contains("looks on");
    wait("one to look on", &[&watching[0], &watching[1]], &bench, || {
        watching.iter().filter(|one| looks_on(one)).count() == 1
    });
    web.answer(503, "");
    wait("a mail to Kim", &[&watching[0], &watching[1]], &bench, || {
        to(&sink, "kim") == 1 && heard(&push, "we look into it") == 1
    });
    let acting = usize::from(looks_on(&watching[0]));
    // As a machine that loses its power: no word to anybody.
    watching[acting].child.kill().unwrap();
    wait("a mail to Sam", &[&watching[0], &watching[1]], &bench, || to(&sink, "sam") == 1);
    assert!(watching[1 - acting].said().contains("taken over from process"), "{}", watching[1 - acting].said());
    web.answer(200, "ok");
    wait("the end", &[&watching[1 - acting]], &bench, || {
        bench.state() == "resolved" && heard(&push, "Resolved: ") == 1
    });
    assert_eq!((sink.mails().len(), heard(&push, "we look into it")), (2, 1), "{:#?}", bench.timeline());
    bench.ends(0, &["journal", "verify"]);
}

#[test]
fn one_look_for_cron_goes_on_where_the_last_one_ended() {
    let (web, sink) = (Web::start(), Sink::start(Mood::Takes));
    let push = FaultServer::start(status(500, "", ""));
    let beats = format!("http://{}/", closed_port());
    let bench = Bench::new(&config(&web, &push.url("/"), &sink, &beats, "1h"));
    let look = ["watch", "--once", "--json", "--timeout", "15s"];
    let first = bench.json(0, &look);
    assert_eq!(first["open_incidents"], serde_json::json!([]), "{first:#}");
    assert_eq!(first["done"][0]["what"], "heartbeat", "the dead man's switch cannot be told: {first:#}");
    web.answer(503, "");
    let second = bench.json(1, &look);
    assert_eq!(
        second["done"].as_array().unwrap().iter().filter(|one| one["what"] == "opened").count(),
        1,
        "{second:#}"
    );
    let paged = || {
        bench.json(1, &look);
        (to(&sink, "kim") > 0).then_some(())
    };
    until(DEADLINE, paged).unwrap_or_else(|| panic!("nobody was paged: {:#?}", bench.timeline()));
    bench.json(1, &look);
    assert_eq!(sink.mails().len(), 1, "{:#?}", bench.timeline());
    web.answer(200, "ok");
    let over = || (bench.run(&look).status.code() == Some(0)).then_some(());
    until(DEADLINE, over).unwrap_or_else(|| panic!("it never ended: {:#?}", bench.timeline()));
    assert_eq!(bench.state(), "resolved");
}

#[test]
fn the_unit_is_shown_before_it_is_written() {
    let (web, sink) = (Web::start(), Sink::start(Mood::Takes));
    let bench = Bench::new(&config(&web, "http://127.0.0.1:1/", &sink, "http://127.0.0.1:1/", "1h"));
    let path = bench.path().join(".config/systemd/user/crashcart-watch.service");
    let said = bench.ends(2, &["watch", "--install"]);
    assert!(said.contains("ExecStart=") && said.contains("--yes writes it"), "{said}");
    assert!(!path.exists());
    let said = bench.ends(0, &["watch", "--install", "--yes"]);
    assert!(said.contains("systemctl --user enable --now crashcart-watch.service"), "{said}");
    let unit = std::fs::read_to_string(path).unwrap();
    let config = bench.path().join("crashcart.toml").canonicalize().unwrap();
    assert!(unit.contains(&format!("watch --config {}", config.display())), "{unit}");
}
