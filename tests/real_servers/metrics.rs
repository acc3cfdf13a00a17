//! Prometheus and what speaks its languages.

use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::support::servers::http;
use super::support::servers::metrics::*;
use super::support::tls::Authority;
use super::support::web::Web;
use super::{CRASHCART, wait_for};

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
