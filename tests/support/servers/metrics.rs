//! What watches: Prometheus and what speaks its languages.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use super::{Server, http, is_a_server, or_skip};
use crate::support::tls::Identity;

/// Prometheus, with a configuration and rules of the test's.
pub struct Prometheus(Server);

impl Prometheus {
    /// Starts it. Both texts are YAML; the configuration names the rules as `rules.yml`.
    #[track_caller]
    pub fn start(config: &str, rules: &str) -> Option<Self> {
        let server = Server::start_http("prometheus", "/-/ready", |directory, address| {
            fs::write(directory.join("prometheus.yml"), config).unwrap();
            fs::write(directory.join("rules.yml"), rules).unwrap();
            prometheus_arguments(address)
        });
        or_skip("prometheus", server).map(Self)
    }

    /// Starts one that watches itself, speaks only TLS, with this identity, and lets only [`LOGIN`] in.
    #[track_caller]
    pub fn start_guarded(identity: &Identity) -> Option<Self> {
        let (certificate, key) = identity.pems();
        let prepare = |directory: &Path, address| {
            let config = format!(
                "global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: itself, scheme: https, \
                 tls_config: {{insecure_skip_verify: true}}, basic_auth: {{username: {}, password: {}}}, \
                 static_configs: [{{targets: ['{address}']}}]}}]\n",
                LOGIN.0, LOGIN.1
            );
            let web = format!(
                "tls_server_config: {{cert_file: certificate.pem, key_file: key.pem}}\nbasic_auth_users: {{{}: {LOGIN_HASH}}}\n",
                LOGIN.0
            );
            for (file, text) in
                [("prometheus.yml", &config), ("web.yml", &web), ("certificate.pem", &certificate), ("key.pem", &key)]
            {
                fs::write(directory.join(file), text).unwrap();
            }
            let mut arguments = prometheus_arguments(address);
            arguments.push("--web.config.file=web.yml".to_owned());
            arguments
        };
        // Whether it is ready is not told to strangers.
        let server = Server::start("prometheus", prepare, |_, address| TcpStream::connect(address).is_ok());
        or_skip("prometheus", server).map(Self)
    }

    /// Returns the value of the first series that a query finds now.
    pub fn value(&self, query: &str) -> Option<f64> {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = http::get(self.address, &format!("/api/v1/query?query={query}"))?.json();
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }

    /// Returns the names of the alerts that fire now.
    pub fn firing(&self) -> Vec<String> {
        let alerts = http::get(self.address, "/api/v1/alerts").map(|answer| answer.json()).unwrap_or_default();
        let alerts = alerts["data"]["alerts"].as_array().cloned().unwrap_or_default();
        let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
        firing.filter_map(|alert| alert["labels"]["alertname"].as_str().map(str::to_owned)).collect()
    }
}

/// The name and the password that a guarded server wants.
pub const LOGIN: (&str, &str) = ("night", "full moon");
/// The password as bcrypt keeps it, as cheaply as it allows.
const LOGIN_HASH: &str = "$2b$04$7ISlgKbQ.Cns7ADBN0sM/O7arwnAHrOhZFi3oPlUcnkWJs3MJbJ2K";

fn prometheus_arguments(address: SocketAddr) -> Vec<String> {
    vec![
        "--config.file=prometheus.yml".to_owned(),
        "--storage.tsdb.path=data".to_owned(),
        format!("--web.listen-address={address}"),
    ]
}

/// Alertmanager, which tells nobody about the alerts that it is given.
pub struct Alertmanager(Server);

impl Alertmanager {
    #[track_caller]
    pub fn start() -> Option<Self> {
        let server = Server::start_http("prometheus-alertmanager", "/-/ready", |directory, address| {
            fs::write(directory.join("alertmanager.yml"), "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
                .unwrap();
            vec![
                "--config.file=alertmanager.yml".to_owned(),
                "--storage.path=data".to_owned(),
                format!("--web.listen-address={address}"),
                "--cluster.listen-address=".to_owned(),
            ]
        });
        or_skip("alertmanager", server).map(Self)
    }

    /// Gives it an alert with these labels, which fires until it is given an end.
    pub fn fire(&self, labels: &[(&str, &str)], summary: &str) {
        let labels: serde_json::Map<_, _> =
            labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let alerts = serde_json::json!([{ "labels": labels, "annotations": { "summary": summary } }]);
        let answer =
            http::post(self.address, "/api/v2/alerts", &["Content-Type: application/json"], &alerts.to_string());
        assert!(answer.as_ref().is_some_and(|answer| answer.status == 200), "{answer:?}");
    }

    /// Returns its alerts as it lists them.
    pub fn alerts(&self) -> Vec<serde_json::Value> {
        let answer = http::get(self.address, "/api/v2/alerts").map(|answer| answer.json());
        answer.and_then(|alerts| alerts.as_array().cloned()).unwrap_or_default()
    }
}

/// node_exporter: this machine as metrics.
pub struct NodeExporter(Server);

impl NodeExporter {
    #[track_caller]
    pub fn start() -> Option<Self> {
        let server = Server::start_http("prometheus-node-exporter", "/metrics", |_, address| {
            vec![format!("--web.listen-address={address}")]
        });
        or_skip("exporters", server).map(Self)
    }
}

/// blackbox_exporter: probes what it is asked to, with the modules `http_2xx` and `tcp_connect`.
pub struct BlackboxExporter(Server);

impl BlackboxExporter {
    #[track_caller]
    pub fn start() -> Option<Self> {
        let server = Server::start_http("prometheus-blackbox-exporter", "/-/healthy", |directory, address| {
            let modules = "modules:\n  http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}\n  \
                 tcp_connect: {prober: tcp, timeout: 5s}\n";
            fs::write(directory.join("blackbox.yml"), modules).unwrap();
            vec!["--config.file=blackbox.yml".to_owned(), format!("--web.listen-address={address}")]
        });
        or_skip("exporters", server).map(Self)
    }

    /// Returns the metrics of one probe.
    pub fn probe(&self, module: &str, target: SocketAddr) -> Option<String> {
        let answer = http::get(self.address, &format!("/probe?module={module}&target={target}"))?;
        (answer.status == 200).then_some(answer.body)
    }
}

/// VictoriaMetrics, which answers the questions of Prometheus and takes metrics by HTTP.
pub struct VictoriaMetrics(Server);

impl VictoriaMetrics {
    #[track_caller]
    pub fn start() -> Option<Self> {
        let server = Server::start_http("victoria-metrics", "/health", |_, address| {
            vec![
                format!("-httpListenAddr={address}"),
                "-storageDataPath=data".to_owned(),
                // What it was given can be asked for at once.
                "-search.latencyOffset=0s".to_owned(),
                "-inmemoryDataFlushInterval=100ms".to_owned(),
            ]
        });
        or_skip("victoriametrics", server).map(Self)
    }

    /// Takes samples in the text format of Prometheus.
    pub fn import(&self, metrics: &str) {
        let answer = http::post(self.address, "/api/v1/import/prometheus", &[], metrics);
        assert!(answer.as_ref().is_some_and(|answer| answer.status == 204), "{answer:?}");
    }
}

is_a_server!(Prometheus, Alertmanager, NodeExporter, BlackboxExporter, VictoriaMetrics);
