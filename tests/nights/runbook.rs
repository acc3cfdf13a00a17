//! The built-in runbook for a bad release, followed on a real night: an alert of a real Prometheus brings it, its commands run,
//! its link goes back through the guarded plan, the connection is cut in between, and its check turns green.

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use super::bench::{CRASHCART, DEADLINE};
use super::support::pty::{Start, Terminal};
use super::support::servers::metrics::Prometheus;
use super::support::servers::until;
use super::swarm::Night;

const RULES: &str = r#"
groups:
  - name: shop
    rules:
      - alert: ShopDown
        expr: up{service="shop"} == 0
        labels: {severity: page}
        annotations: {summary: "{{ $labels.service }} does not answer"}
"#;

/// Starts a Prometheus whose alert fires while the night's shop does not answer.
#[track_caller]
pub(super) fn prometheus(night: &Night) -> Option<Prometheus> {
    let scrape = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
         scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['{}'], labels: {{service: shop}}}}]}}]\n",
        night.address
    );
    Prometheus::start(&scrape, RULES)
}

/// Puts the built-in text beside the configuration, for the alert that fires here, and a repository to look at.
fn prepare(night: &Night, prometheus: &Prometheus) {
    let config = std::fs::read_to_string(night.bench.path("crashcart.toml")).unwrap();
    let source = format!(
        "[sources.prometheus]\nprovider = \"prometheus\"\nurl = \"{}\"\nevery = \"1s\"\n\n",
        prometheus.url("")
    );
    std::fs::write(night.bench.path("crashcart.toml"), format!("{source}{config}")).unwrap();
    std::fs::create_dir(night.bench.path("runbooks")).unwrap();
    let built_in = include_str!("../../runbooks/bad-deploy.md");
    let ours = built_in.replacen("---\n", "---\nmatches: { alerts: [ShopDown] }\n", 1);
    assert_ne!(built_in, ours);
    std::fs::write(night.bench.path("runbooks/bad-deploy.md"), ours).unwrap();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=kim", "-c", "user.email=kim@acme.test"]).args(arguments);
        assert!(command.current_dir(night.bench.path(".")).output().unwrap().status.success(), "git {arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "Retry logic"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "Charge twice"]);
}

fn last_run(night: &Night) -> Value {
    let output = night.bench.run(&["runbooks", "runs", "last", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn standings(run: &Value) -> Vec<&str> {
    run["steps"].as_array().unwrap().iter().map(|step| step["standing"].as_str().unwrap()).collect()
}

#[test]
fn the_alert_brings_it_the_link_goes_back_and_the_check_turns_green_through_a_cut_connection() {
    let Some(night) = Night::new("shop_runbook", 18_083) else { return };
    let Some(prometheus) = prometheus(&night) else { return };
    prepare(&night, &prometheus);
    assert!(until(DEADLINE, || prometheus.firing().contains(&"ShopDown".to_owned()).then_some(())).is_some());

    let open = || {
        let mut start = Start { size: (80, 24), ..Start::default() };
        start.environment.push(("CRASHCART_STATE_DIR", night.bench.path("state").display().to_string()));
        start.environment.push(("CRASHCART_USER", "kim".to_owned()));
        let config = night.bench.path("crashcart.toml").display().to_string();
        Terminal::spawn(CRASHCART, ["--config".to_owned(), config], &start)
    };
    let mut terminal = open();
    terminal.wait_for("DOWN");
    // It waits for the alert as a person would: b again until it is known.
    terminal.wait_until("the alert", |screen| {
        let here = screen.contains("opened because ShopDown fires");
        if !here {
            terminal.type_text(if screen.contains("opened because") { "q" } else { "b" });
        }
        here
    });
    terminal.type_text("m");
    terminal.wait_for("[>] 2. Look");
    terminal.type_text("\r");
    terminal.wait_for("GOOD = HEAD~1");
    terminal.type_text("\r");
    terminal.wait_until("the command", |screen| screen.contains("git log") && screen.contains(" run it"));
    terminal.type_text("y");
    terminal.wait_for("[>] 3. If a migration");
    terminal.type_text("m");
    terminal.wait_for("[>] 1. Roll back");
    terminal.type_text("\r");
    terminal.wait_until("the plan", |screen| screen.contains("app:2") || screen.contains("to 2"));
    terminal.wait_until("the question", |screen| screen.contains(" y ") && !screen.contains("Read it."));
    terminal.type_text("y");
    terminal.wait_until("the first step", |screen| screen.contains("[x] 1.") || screen.contains("[>] 1."));
    terminal.signal(Signal::KILL);
    terminal.wait_exit();

    let last = night.bench.settled();
    assert_eq!(super::verdict(&last), "recovered", "{last:#}\n{}", night.bench.worker_log());
    assert_eq!(night.image(), "app:2");
    let mut terminal = open();
    terminal.wait_for("while you were away");
    terminal.type_text("q");
    terminal.wait_for("b goes on");
    terminal.type_text("b");
    terminal.wait_for("[>] 2. Where there is no platform");
    terminal.type_text("m");
    terminal.wait_for("[>] 3. See whether");
    terminal.type_text("m");
    terminal.wait_for("[>] 1. The address answers");
    terminal.type_text("\r");
    terminal.wait_for("URL = ");
    terminal.type_text(&format!("http://{}/\r", night.address));
    terminal.wait_until("the check", |screen| screen.contains("curl") && screen.contains(" run it"));
    terminal.type_text("y");
    terminal.wait_for("[>] 2. The error rate");
    terminal.type_text("m");
    terminal.wait_for("every step is over: X closes it");
    terminal.type_text("X");
    terminal.type_text("qq");
    assert_eq!(terminal.exit_code(), 0);

    let run = last_run(&night);
    let expected = ["marked done", "done", "marked done", "done", "marked done", "marked done", "done", "marked done"];
    assert_eq!(standings(&run), expected, "{run:#}");
    assert_eq!(run["why"], "ShopDown fires");
    assert_eq!(run["steps"][3]["operation"], last["operation"], "{run:#}\n{last:#}");
    let printed = run["steps"][1]["executions"][0]["output"].to_string();
    assert!(printed.contains("Charge twice"), "{printed}");
    assert_eq!(run["steps"][6]["executions"][0]["output"][0], "200");
    night.bench.verify();

    // The same without a screen.
    night.break_again();
    let url = format!("URL=http://{}/", night.address);
    let told = night
        .bench
        .expect(&["run", "bad-deploy", "--service", "shop", "--yes", "--var", &url, "--var", "GOOD=HEAD~1"], 0);
    let run = last_run(&night);
    let expected = ["skipped", "done", "skipped", "done", "skipped", "skipped", "done", "skipped"];
    assert_eq!(standings(&run), expected, "{told}\n{run:#}");
    assert_eq!(night.image(), "app:2");
    night.bench.verify();
}
