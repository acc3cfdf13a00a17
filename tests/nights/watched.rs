//! A whole outage of a real service, from the first red check to the document: seen by the watcher, told and paged through real
//! servers, taken and mended by a person in the console, closed and written down without any editing.

use std::fs::File;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::bench::{CRASHCART, DEADLINE};
use super::support::pty::{Start, Terminal};
use super::support::servers::messages::{MailSink, Ntfy};
use super::support::servers::metrics::Prometheus;
use super::support::servers::until;
use super::swarm::Night;

/// A watcher that ends with the test, as a service manager would end it.
struct Watcher(Child);

impl Watcher {
    fn start(night: &Night) -> Self {
        let log = File::create(night.bench.path("watch.log")).unwrap();
        let mut command = night.bench.command(&["watch", "--json"]);
        command.env("CRASHCART_USER", "watcher").stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
        Self(command.spawn().unwrap())
    }

    fn stop(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.0), Signal::TERM).unwrap();
        self.0.wait().unwrap().code()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn configure(night: &Night, prometheus: &Prometheus, mail: &MailSink, push: &Ntfy) {
    let path = night.bench.path("crashcart.toml");
    let services = std::fs::read_to_string(&path).unwrap();
    let config = format!(
        r#"[project]
name = "acme"

[sources.prometheus]
provider = "prometheus"
url = "{}"
every = "1s"

[sources.push]
provider = "ntfy"
url = "{}"
topic = "acme"

[sources.mail]
provider = "email"
url = "smtp://{}"
from = "crashcart <alerts@acme.example>"

{services}
[[senders]]
source = "mail"
reaches = "email"

[[senders]]
source = "push"
sends = ["update"]

[[contacts]]
name = "Kim"
email = "kim@acme.example"
phone = "+49 30 901820"

[[contacts]]
name = "Sam"
email = "sam@acme.example"
phone = "+49 30 901821"

[watch]
group = "1s"
flap = "2s"
escalate_after = "4s"
notify = ["down"]
"#,
        prometheus.url(""),
        push.url(""),
        mail.address,
    );
    std::fs::write(path, config).unwrap();
}

fn incident(night: &Night) -> Value {
    serde_json::from_slice(&night.bench.run(&["incident", "show", "--json"]).stdout).unwrap_or_default()
}

#[track_caller]
fn wait(what: &str, night: &Night, holds: impl Fn() -> bool) {
    if until(DEADLINE, || holds().then_some(())).is_none() {
        let said = std::fs::read_to_string(night.bench.path("watch.log")).unwrap_or_default();
        panic!("waited for {what}; the watcher said {said}; the incident is {:#}", incident(night));
    }
}

#[test]
fn from_the_first_red_check_to_the_document_with_no_editing() {
    let (Some(mail), Some(push)) = (MailSink::start(), Ntfy::start()) else { return };
    let Some(night) = Night::new("shop_watched", 18_084) else { return };
    let Some(prometheus) = super::runbook::prometheus(&night) else { return };
    configure(&night, &prometheus, &mail, &push);
    let paged = |who: &str| mail.mails().iter().any(|mail| mail.contains(&format!("To: {who}@acme.example")));
    let pushed = |text: &str| push.messages("acme").iter().any(|message| message.to_string().contains(text));

    let watcher = Watcher::start(&night);
    wait("Kim to be paged", &night, || paged("kim"));
    wait("the push", &night, || pushed("shop is down"));
    wait("Sam to be paged, because nobody took it", &night, || paged("sam"));

    let mut start = Start { size: (40, 20), ..Start::default() };
    start.environment.push(("CRASHCART_STATE_DIR", night.bench.path("state").display().to_string()));
    start.environment.push(("CRASHCART_USER", "sam".to_owned()));
    let config = night.bench.path("crashcart.toml").display().to_string();
    let mut terminal = Terminal::spawn(CRASHCART, ["--config".to_owned(), config], &start);
    terminal.wait_for("#1");
    terminal.wait_for("DOWN");
    terminal.type_text("!");
    terminal.wait_for("acknowledge");
    terminal.type_text("a");
    wait("it to be acknowledged", &night, || incident(&night)["state"] == "acknowledged");
    wait("word of it", &night, || pushed("omebody works on it"));
    terminal.type_text("c");
    terminal.wait_for("Kim");
    terminal.type_text("q");
    terminal.wait_for("DOWN");
    terminal.type_text("n");
    terminal.wait_for("note:");
    terminal.type_text("the pay button does nothing\r");
    terminal.type_text("R");
    terminal.wait_until("the question", |screen| screen.contains(" y ") && !screen.contains("Read it."));
    terminal.type_text("y");
    terminal.wait_until("the first step", |screen| screen.contains("[x] 1.") || screen.contains("[>] 1."));
    let last = night.bench.settled();
    assert_eq!(super::verdict(&last), "recovered", "{last:#}\n{}", night.bench.worker_log());
    assert_eq!(night.image(), "app:2");
    wait("the end to be seen", &night, || incident(&night)["state"] == "resolved");
    wait("word of the end", &night, || pushed("Resolved: "));
    terminal.type_text("qq");
    terminal.wait_exit();
    assert_eq!(watcher.stop(), Some(0));
    night.bench.expect(&["incident", "close"], 0);

    let document = night.bench.expect(&["incident", "export"], 0);
    let timeline = document.split("## Timeline").nth(1).unwrap_or_default();
    let places: Vec<usize> = [
        "shop is down",
        "Kim paged by mail",
        "Sam paged by mail",
        "incident acknowledged",
        "the pay button does nothing",
        "rolled back shop to 2: recovered after",
        "incident resolved",
    ]
    .iter()
    .map(|text| timeline.find(text).unwrap_or_else(|| panic!("no {text:?} in\n{document}")))
    .collect();
    assert!(places.is_sorted(), "{places:?} in\n{document}");
    // It is over since it was well: the two may share a moment. The alert of Prometheus comes when it comes.
    for text in ["shop is well", "ShopDown fires"] {
        assert!(timeline.contains(text), "no {text:?} in\n{document}");
    }
    for hole in ["TODO", "{{", "unknown"] {
        assert!(!document.contains(hole), "{hole:?} in\n{document}");
    }
    assert_eq!(mail.mails().len(), 2, "nobody is paged for what somebody has taken");
    night.bench.verify();
}
