//! The real servers that other tests build on, each started and asked something: what breaks here is the ground and not
//! what stands on it.

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use support::pty::{Start, Terminal};
use support::servers::aws::Moto;
use support::servers::docker::{Docker, HUNGRY};
use support::servers::http;
use support::servers::messages::{MailSink, Ntfy};
use support::servers::metrics::{Alertmanager, BlackboxExporter, LOGIN, NodeExporter, Prometheus, VictoriaMetrics};
use support::servers::night::Night;
use support::servers::{DEADLINE, until};
use support::tls::Authority;
use support::web::Web;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

/// Waits until a condition holds, or fails with what was seen last.
#[track_caller]
fn wait_for<T: std::fmt::Debug>(what: &str, mut look: impl FnMut() -> T, holds: impl Fn(&T) -> bool) -> T {
    let mut last = None;
    let seen = until(DEADLINE, || {
        let now = look();
        let held = holds(&now);
        last = Some(now);
        held.then_some(())
    });
    let last = last.expect("it was looked at");
    assert!(seen.is_some(), "waited for {what}; last seen: {last:?}");
    last
}

#[test]
fn prometheus_evaluates_rules_and_hands_what_fires_to_alertmanager() {
    let (Some(node), Some(alertmanager)) = (NodeExporter::start(), Alertmanager::start()) else { return };
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
         alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}\n\
         scrape_configs: [{{job_name: node, static_configs: [{{targets: ['{}']}}]}}]\n",
        alertmanager.address, node.address
    );
    let rules = "groups: [{name: night, rules: [{alert: MachineIsThere, expr: up == 1, labels: {severity: page}}]}]\n";
    let Some(prometheus) = Prometheus::start(&config, rules) else { return };
    wait_for("the machine", || prometheus.value("up{job=\"node\"}"), |value| *value == Some(1.0));
    wait_for("the alert", || prometheus.firing(), |alerts| alerts == &["MachineIsThere"]);
    let alerts = wait_for("its delivery", || alertmanager.alerts(), |alerts| alerts.len() == 1);
    assert_eq!((&alerts[0]["labels"]["severity"], &alerts[0]["status"]["state"]), (&"page".into(), &"active".into()));
}

#[test]
fn a_guarded_prometheus_lets_in_who_has_the_password_and_trusts_its_authority() {
    let authority = Authority::named("Night Authority");
    let Some(prometheus) = Prometheus::start_guarded(&authority.issue(&["127.0.0.1"], |_| {})) else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    std::fs::write(path("roots.pem"), authority.root_pem()).unwrap();
    let ask = |authorization: &str| {
        let check = format!(
            "[[services]]\nname = \"prometheus\"\nchecks = [{{ http = \"https://{}/-/ready\", retries = 0, \
             headers = {{ Authorization = \"Basic {authorization}\" }} }}]\n",
            prometheus.address
        );
        std::fs::write(path("night.toml"), check).unwrap();
        let mut command = Command::new(CRASHCART);
        command.args(["status", "--config", &path("night.toml")]).env("SSL_CERT_FILE", path("roots.pem"));
        let output = command.env("CRASHCART_STATE_DIR", path("state")).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let right = STANDARD.encode(format!("{}:{}", LOGIN.0, LOGIN.1));
    wait_for("a ready server", || ask(&right), |said| said.contains("✓ prometheus"));
    let said = ask(&STANDARD.encode("night:half moon"));
    assert!(said.contains("401"), "{said}");
}

#[test]
fn blackbox_exporter_probes_what_it_is_asked_to() {
    let Some(blackbox) = BlackboxExporter::start() else { return };
    let web = Web::start();
    assert!(blackbox.probe("http_2xx", web.address).unwrap().contains("\nprobe_success 1\n"));
    web.answer(500, "no");
    let said = blackbox.probe("http_2xx", web.address).unwrap();
    assert!(said.contains("\nprobe_success 0\n") && said.contains("\nprobe_http_status_code 500\n"), "{said}");
    assert!(blackbox.probe("tcp_connect", web.address).unwrap().contains("\nprobe_success 1\n"));
}

#[test]
fn victoria_metrics_answers_the_questions_of_prometheus() {
    let Some(victoria) = VictoriaMetrics::start() else { return };
    victoria.import("jobs_waiting{queue=\"mail\"} 17\n");
    let ask = || http::get(victoria.address, "/api/v1/query?query=jobs_waiting").unwrap().json();
    wait_for("the sample", ask, |answer| answer["data"]["result"][0]["value"][1] == "17");
}

fn say(stream: &mut BufReader<TcpStream>, line: &str, expected: &str) {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    hear(stream, expected);
}

fn hear(stream: &mut BufReader<TcpStream>, expected: &str) {
    let mut answer = String::new();
    // An answer of several lines has a hyphen behind the code of all but the last.
    while answer.lines().next_back().is_none_or(|line| line.get(3..4) != Some(" ")) {
        assert!(stream.read_line(&mut answer).unwrap() > 0, "cut off after {answer:?}");
    }
    assert!(answer.starts_with(expected), "{answer:?}");
}

fn greet(address: SocketAddr) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
    hear(&mut stream, "220");
    say(&mut stream, "EHLO night", "250");
    stream
}

#[test]
fn the_mail_server_keeps_what_it_is_given() {
    let Some(sink) = MailSink::start() else { return };
    let mut stream = greet(sink.address);
    say(&mut stream, "MAIL FROM:<crashcart@example.com>", "250");
    say(&mut stream, "RCPT TO:<oncall@example.com>", "250");
    say(&mut stream, "DATA", "354");
    say(&mut stream, "Subject: api is down\r\n\r\nSince 02:14.\r\n.", "250");
    let mail = sink.wait_for_mail().expect("a mail");
    assert!(mail.contains("Subject: api is down") && mail.contains("oncall@example.com"), "{mail}");
}

#[test]
fn the_mail_server_can_insist_on_tls() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let Some(sink) = MailSink::start_tls(&key.cert.pem(), &key.signing_key.serialize_pem()) else { return };
    let mut stream = greet(sink.address);
    say(&mut stream, "MAIL FROM:<crashcart@example.com>", "530");
    say(&mut stream, "STARTTLS", "220");
}

#[test]
fn ntfy_keeps_a_message_for_its_topic() {
    let Some(ntfy) = Ntfy::start() else { return };
    assert_eq!(http::post(ntfy.address, "/oncall", &[], "api is down").unwrap().status, 200);
    let messages = wait_for("the message", || ntfy.messages("oncall"), |messages| !messages.is_empty());
    assert_eq!(messages[0]["message"], "api is down");
}

#[test]
fn moto_keeps_alarms_and_logs_as_aws_does() {
    let Some(moto) = Moto::start() else { return };
    moto.alarm("checkout-5xx", "Threshold Crossed");
    moto.log("/ecs/checkout", "task/1", &["payment refused"]);
    let call = |service, target: &str, body: serde_json::Value| moto.call(service, target, &body);
    let alarms = call("monitoring", "GraniteServiceVersion20100801.DescribeAlarms", json!({ "StateValue": "ALARM" }));
    assert_eq!(alarms["MetricAlarms"][0]["AlarmName"], "checkout-5xx", "{alarms}");
    let events = call("logs", "Logs_20140328.FilterLogEvents", json!({ "logGroupName": "/ecs/checkout" }));
    assert_eq!(events["events"][0]["message"], "payment refused", "{events}");
}

#[test]
fn a_container_is_reached_and_its_health_its_log_and_its_errors_can_be_switched() {
    let Some(docker) = Docker::shared() else { return };
    docker.run(&["run", "-d", "--name", "switched", "-p", "8081:8080", "app:1"]);
    docker.wait_for("switched", "{{.State.Health.Status}}", "healthy");
    let web = docker.forward(8081);
    assert_eq!(http::get(web, "/").unwrap().body, "version 1\n");
    docker.run(&["exec", "switched", "touch", "/tmp/unhealthy", "/tmp/failing"]);
    docker.wait_for("switched", "{{.State.Health.Status}}", "unhealthy");
    let metrics = || http::get(web, "/metrics").map(|answer| answer.body).unwrap_or_default();
    wait_for("errors", metrics, |text| text.contains("\"500\"} ") && !text.contains("\"500\"} 0\n"));
    let log = docker.try_run(&["logs", "switched"]);
    assert!(String::from_utf8_lossy(&log.stdout).contains("level=info"), "{log:?}");
    assert!(String::from_utf8_lossy(&log.stderr).contains("level=error"), "{log:?}");
    docker.run(&["rm", "-f", "switched"]);
}

#[test]
fn a_container_can_crash_at_its_start_and_run_out_of_memory() {
    let Some(docker) = Docker::shared() else { return };
    docker.run(&["run", "-d", "--name", "crashing", "--restart", "always", "app:bad"]);
    docker.run(&[&["run", "-d", "--name", "hungry", "-m", "8m"], HUNGRY].concat());
    docker.wait_for("hungry", "{{.State.OOMKilled}} {{.State.ExitCode}}", "true 137");
    docker.wait_for("crashing", "{{gt .RestartCount 1}}", "true");
    docker.run(&["rm", "-f", "crashing", "hungry"]);
}

#[test]
fn a_swarm_service_is_updated_and_a_bad_update_pauses() {
    let Some(docker) = Docker::shared() else { return };
    docker.run(&["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    // No registry is asked for the image: there is none.
    let quietly = ["--detach", "--quiet", "--no-resolve-image"];
    let run = |arguments: &[&str]| docker.run(&[&arguments[..2], &quietly, &arguments[2..]].concat());
    run(&[
        "service",
        "create",
        "--name",
        "api",
        "--replicas",
        "2",
        "--update-failure-action",
        "pause",
        "--update-monitor",
        "2s",
        "--endpoint-mode",
        "dnsrr",
        "app:1",
    ]);
    let tasks = |image: &str| {
        let filter = docker.run(&[
            "service",
            "ps",
            "--filter",
            "desired-state=running",
            "--format",
            "{{.Image}} {{.CurrentState}}",
            "api",
        ]);
        filter.lines().filter(|line| line.starts_with(&format!("{image} Running"))).count()
    };
    wait_for("both tasks", || tasks("app:1"), |count| *count == 2);
    run(&["service", "update", "--image", "app:2", "api"]);
    wait_for("the new version", || tasks("app:2"), |count| *count == 2);
    docker.wait_for("api", "{{.UpdateStatus.State}}", "completed");
    run(&["service", "update", "--image", "app:bad", "api"]);
    docker.wait_for("api", "{{.UpdateStatus.State}}", "paused");
    docker.run(&["service", "rm", "api"]);
}

#[test]
fn an_engine_leaves_nothing_behind() {
    let Some(docker) = Docker::start() else { return };
    docker.run(&["run", "-d", "app:1"]);
    let socket = docker.socket();
    let directory = socket.parent().unwrap().display().to_string();
    let name = directory.rsplit('/').next().unwrap().to_owned();
    assert!(is_named(&name), "it runs");
    drop(docker);
    assert!(!std::path::Path::new(&directory).exists(), "{directory} is still there");
    wait_for("its end", || is_named(&name), |running| !running);
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(&name), "{mounts}");
    let groups = Command::new("find").args(["/sys/fs/cgroup", "-name", &format!("{name}*")]).output();
    assert_eq!(String::from_utf8_lossy(&groups.unwrap().stdout), "");
}

#[test]
fn a_broken_checkout_is_on_the_screen_with_its_log_and_is_gone_when_it_is_mended() {
    let Some(night) = Night::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("crashcart.toml");
    std::fs::write(&config, night.config()).unwrap();
    let start = Start {
        size: (120, 40),
        environment: vec![("CRASHCART_STATE_DIR", directory.path().join("state").display().to_string())],
        ..Start::default()
    };
    let mut terminal = Terminal::spawn(CRASHCART, ["--config".to_owned(), config.display().to_string()], &start);
    terminal.wait_for("2 services ok");
    night.break_checkout();
    terminal.wait_until("the outage and its reason", |screen| {
        screen.contains("1 down")
            && screen.contains("404 Not Found")
            && screen.contains("checkout failed: payment refused")
    });
    night.mend_checkout();
    terminal.wait_for("2 services ok");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
}

/// Returns whether any process has the text in its command line.
fn is_named(text: &str) -> bool {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(text))
}
