//! What the console makes of Prometheus, Alertmanager and VictoriaMetrics: their definitions on the real servers.

use std::net::{SocketAddr, TcpListener};

use crashcart::provider::run::action::StepOutcome;
use serde_json::{Value, json};

use super::support::servers::metrics::*;
use super::support::servers::system::{System, message};
use super::support::tls::Authority;
use super::support::web::Web;
use super::wait_for;

fn system(definition: &str, address: SocketAddr) -> System {
    System::new(definition, format!("http://{address}"))
}

/// Returns the one thing of a list for which a field has this value.
#[track_caller]
fn the<'a>(list: &'a Value, field: &str, value: &str) -> &'a Value {
    let found = list.as_array().unwrap().iter().find(|item| item[field] == value);
    found.unwrap_or_else(|| panic!("no {field} is {value}: {list:#}"))
}

#[test]
fn prometheus_tells_its_targets_its_alerts_and_its_numbers() {
    let (Some(node), Some(blackbox)) = (NodeExporter::start(), BlackboxExporter::start()) else { return };
    let web = Web::start();
    web.answer(500, "no");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\nscrape_configs:\n\
         - {{job_name: node, static_configs: [{{targets: ['{}']}}]}}\n\
         - {{job_name: gone, static_configs: [{{targets: ['{nobody}']}}]}}\n\
         - job_name: site\n  metrics_path: /probe\n  params: {{module: [http_2xx], target: ['{}']}}\n  \
         static_configs: [{{targets: ['{}']}}]\n",
        node.address, web.address, blackbox.address
    );
    let rules = "groups: [{name: night, rules: [\n\
         {alert: TargetDown, expr: up == 0, labels: {severity: page}, annotations: {summary: '{{ $labels.job }} is gone'}},\n\
         {alert: SiteFails, expr: probe_success == 0, for: 1h, labels: {severity: warning}}]}]\n";
    let Some(prometheus) = Prometheus::start(&config, rules) else { return };
    let system = system("prometheus", prometheus.address);
    let state = |list: &Value, field: &str, value: &str| {
        list.as_array().unwrap().iter().find(|item| item[field] == value).map(|item| item["state"].clone())
    };

    let alerts = wait_for(
        "both alerts",
        || system.read("alerts", &[]),
        |alerts| {
            state(alerts, "title", "TargetDown") == Some("firing".into())
                && state(alerts, "title", "SiteFails") == Some("pending".into())
        },
    );
    let down = the(&alerts, "title", "TargetDown");
    assert_eq!(
        (&down["severity"], &down["service"], &down["summary"]),
        (&json!("critical"), &json!("gone"), &json!("gone is gone"))
    );
    assert_eq!(the(&alerts, "title", "SiteFails")["severity"], "warning");

    let name = |job: &str, address: SocketAddr| format!("{job} {address}");
    let checks = wait_for(
        "all targets",
        || system.read("checks", &[]),
        |checks| {
            checks
                .as_array()
                .unwrap()
                .iter()
                .all(|check| check["state"] != "pending" && check["checked_at"] != Value::Null)
        },
    );
    assert_eq!(the(&checks, "name", &name("node", node.address))["state"], "up");
    let gone = the(&checks, "name", &name("gone", nobody));
    assert!(gone["state"] == "down" && gone["detail"].as_str().unwrap().contains("refused"), "{gone:#}");
    let site = the(&checks, "name", &name("site", blackbox.address));
    assert_eq!(
        (&site["state"], &site["detail"]),
        (&json!("down"), &json!("the probe failed")),
        "scraped well, and yet down"
    );

    let given = [("query", json!("up")), ("step", json!(1))];
    let series = wait_for("points", || system.read("metrics", &given), |series| series.as_array().unwrap().len() == 3);
    let node = series.as_array().unwrap().iter().find(|one| one["labels"]["job"] == "node").unwrap();
    assert_eq!(node["points"].as_array().unwrap().last().unwrap()[1], 1.0, "{node:#}");
    let refused = system.try_read("metrics", &[("query", json!("up{"))]).unwrap_err();
    assert!(refused.contains("parse error") && refused.contains("bad_data"), "its own words: {refused}");
}

#[test]
fn a_guarded_prometheus_is_asked_with_a_password_and_a_private_authority() {
    let authority = Authority::named("Night Authority");
    let Some(prometheus) = Prometheus::start_guarded(&authority.issue(&["127.0.0.1"], |_| {})) else { return };
    let directory = tempfile::tempdir().unwrap();
    let roots = directory.path().join("roots.pem");
    std::fs::write(&roots, authority.root_pem()).unwrap();
    let system = || System::new("prometheus", format!("https://{}", prometheus.address)).set("username", LOGIN.0);
    let known = system().trusting(&roots).secret("password", LOGIN.1);
    let is_up = |checks: &Result<Value, String>| checks.as_ref().is_ok_and(|checks| checks[0]["state"] == "up");
    let checks = wait_for("itself", || known.try_read("checks", &[]), is_up).unwrap();
    assert_eq!(checks[0]["name"], format!("itself {}", prometheus.address));
    let wrong = system().trusting(&roots).secret("password", "half moon").try_read("checks", &[]).unwrap_err();
    assert!(wrong.contains("401"), "{wrong}");
    let stranger = system().secret("password", LOGIN.1).try_read("checks", &[]).unwrap_err();
    assert!(stranger.contains("certificate"), "{stranger}");
}

#[test]
fn an_alert_is_silenced_in_alertmanager_and_heard_again() {
    let Some(alertmanager) = Alertmanager::start() else { return };
    alertmanager.fire(&[("alertname", "CheckoutFails"), ("severity", "page"), ("service", "checkout")], "12% fail");
    let system = system("alertmanager", alertmanager.address);
    let alert = || system.read("alerts", &[]).as_array().unwrap().first().cloned().unwrap_or_default();
    let firing = wait_for("the alert", alert, |alert| alert["state"] == "firing");
    assert_eq!(
        (&firing["title"], &firing["severity"], &firing["service"], &firing["summary"]),
        (&json!("CheckoutFails"), &json!("critical"), &json!("checkout"), &json!("12% fail"))
    );

    let given = [("alert", firing), ("reason", json!("rolling back")), ("user", json!("kim"))];
    assert_eq!(system.act("silence", &given), [StepOutcome::Done]);
    let silenced = wait_for("silence", alert, |alert| alert["state"] == "silenced");
    assert_eq!(silenced["acknowledged_by"], "kim", "{silenced:#}");

    let outcomes = system.act("unsilence", &[("alert", silenced.clone())]);
    assert_eq!(outcomes, [StepOutcome::Done, StepOutcome::Skipped, StepOutcome::Skipped]);
    wait_for("its voice", alert, |alert| alert["state"] == "firing");
    // Somebody else was faster: Alertmanager does not say so, and it is as good.
    assert_eq!(system.act("unsilence", &[("alert", silenced)])[0], StepOutcome::Done);
}

#[test]
fn an_incident_becomes_an_alert_in_alertmanager_and_ends_with_it() {
    let Some(alertmanager) = Alertmanager::start() else { return };
    let system = system("alertmanager", alertmanager.address);
    let mut message = message("checkout is down", "12% of the requests fail");
    system.act("send", &[("message", message.clone())]);
    let titles = || system.read("alerts", &[]).as_array().unwrap().len();
    wait_for("the alert", titles, |count| *count == 1);
    message["resolved"] = json!(true);
    system.act("send", &[("message", message)]);
    wait_for("its end", titles, |count| *count == 0);
}

#[test]
fn victoria_metrics_tells_its_numbers() {
    let Some(victoria) = VictoriaMetrics::start() else { return };
    victoria.import("jobs_waiting{queue=\"mail\"} 17\n");
    let system = system("victoriametrics", victoria.address);
    let given = [("query", json!("jobs_waiting")), ("step", json!(1))];
    let series =
        wait_for("the sample", || system.read("metrics", &given), |series| !series.as_array().unwrap().is_empty());
    assert_eq!(series[0]["labels"]["queue"], "mail");
    assert_eq!(series[0]["points"][0][1], 17.0, "{series:#}");
}

#[test]
fn node_exporter_is_asked_directly_how_the_machine_is() {
    let Some(node) = NodeExporter::start() else { return };
    let system = system("node-exporter", node.address);
    let checks = system.read("checks", &[]);
    let memory = the(&checks, "name", "memory");
    assert!(memory["detail"].as_str().unwrap().contains("% used") && memory["state"] != "unknown", "{memory:#}");
    // The same, as the system itself tells it.
    let numbers = system.read("metrics", &[]);
    let value = |name: &str| {
        let of_name = numbers.as_array().unwrap().iter().find(|series| series["labels"]["name"] == name);
        of_name.and_then(|series| series["points"][0][1].as_f64()).unwrap_or_else(|| panic!("no {name}: {numbers:#}"))
    };
    let cpus = std::thread::available_parallelism().unwrap().get();
    assert!(value("cpus") >= cpus as f64 && (0.0..=100.0).contains(&value("memory")) && value("uptime") > 1.0);
    let load: f64 = value("load15");
    let text = std::fs::read_to_string("/proc/loadavg").unwrap();
    let real: f64 = text.split(' ').nth(2).unwrap().parse().unwrap();
    assert!((load - real).abs() < 1.0, "{load} and {real}");
}

#[test]
fn blackbox_exporter_probes_each_target_of_a_source() {
    let Some(blackbox) = BlackboxExporter::start() else { return };
    let (good, bad) = (Web::start(), Web::start());
    bad.answer(500, "no");
    let system = system("blackbox-exporter", blackbox.address).set("target", json!([good.url("/"), bad.url("/")]));
    let checks = system.read("checks", &[]);
    let (good, bad) = (the(&checks, "name", &good.url("/")), the(&checks, "name", &bad.url("/")));
    assert_eq!((&good["state"], &bad["state"]), (&json!("up"), &json!("down")));
    assert!(good["response_ms"].as_f64() > Some(0.0), "{good:#}");
    assert_eq!(bad["detail"], "HTTP 500");
}
