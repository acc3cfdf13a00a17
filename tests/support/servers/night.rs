//! A small shop on real servers, on the night when its checkout breaks.
//!
//! ```text
//!   Docker Engine                                Prometheus              Alertmanager
//!     shop-web-1        app:1, well        <---    scrapes both   --->     CheckoutFails
//!     shop-checkout-1   app:2, breaks              evaluates
//! ```
//!
//! The tests look at it through the console, and so can you: `cargo build && cargo run --example night`.

use std::net::SocketAddr;

use super::docker::Docker;
use super::metrics::{Alertmanager, Prometheus};
use super::{DEADLINE, http, until};

/// The ports that the containers publish.
const WEB: u16 = 8091;
const CHECKOUT: u16 = 8092;

/// The shop. Its servers end when it is dropped.
pub struct Night {
    pub prometheus: Prometheus,
    pub alertmanager: Alertmanager,
    pub docker: Docker,
    web: SocketAddr,
    checkout: SocketAddr,
}

impl Night {
    /// Opens the shop. All is well.
    #[track_caller]
    pub fn start() -> Option<Self> {
        let docker = Docker::start()?;
        let alertmanager = Alertmanager::start()?;
        container(&docker, "web", WEB, "app:1");
        container(&docker, "checkout", CHECKOUT, "app:2");
        let (web, checkout) = (docker.forward(WEB), docker.forward(CHECKOUT));
        let prometheus = Prometheus::start(&scrape(web, checkout, alertmanager.address), RULES)?;
        docker.wait_for(&name("web"), HEALTH, "healthy");
        docker.wait_for(&name("checkout"), HEALTH, "healthy");
        Some(Self { prometheus, alertmanager, docker, web, checkout })
    }

    /// Lets the checkout refuse every payment and fail its health check, until everybody has noticed.
    pub fn break_checkout(&self) {
        self.docker.run(&["exec", &name("checkout"), "touch", "/tmp/failing", "/tmp/unhealthy"]);
        self.docker.wait_for(&name("checkout"), HEALTH, "unhealthy");
        let noticed = until(DEADLINE, || (!self.alertmanager.alerts().is_empty()).then_some(()));
        assert!(noticed.is_some(), "nothing fires; prometheus: {}", self.prometheus.last_words());
    }

    /// Mends it again.
    pub fn mend_checkout(&self) {
        self.docker.run(&["exec", &name("checkout"), "rm", "/tmp/failing", "/tmp/unhealthy"]);
        self.docker.wait_for(&name("checkout"), HEALTH, "healthy");
    }

    /// Returns whether the shop answers.
    pub fn is_open(&self) -> bool {
        [self.web, self.checkout]
            .into_iter()
            .all(|address| http::get(address, "/health").is_some_and(|answer| answer.status == 200))
    }

    /// Returns the configuration of a console that watches all of it through its sources.
    pub fn config(&self) -> String {
        let each = r#"every = "2s", timeout = "2s", retries = 1, recover = 1"#;
        let service = |service: &str, address: SocketAddr| {
            format!(
                "[[services]]\nname = \"{service}\"\n\
                 checks = [{{ http = \"http://{address}/health\", title = \"health\", {each} }}]\n\
                 release = {{ source = \"docker\", project = \"shop\", service = \"{service}\" }}\n\
                 logs = [{{ source = \"docker\" }}]\n\
                 metrics = [{{ source = \"prometheus\", title = \"errors/s\", warn = 0.1, critical = 1, query = '{}' }}]\n\n",
                ERROR_RATE.replace("SERVICE", service)
            )
        };
        format!(
            "[project]\nname = \"shop\"\n\n\
             [sources.docker]\nprovider = \"docker\"\nurl = \"{}\"\nevery = \"2s\"\n\n\
             [sources.prometheus]\nprovider = \"prometheus\"\nurl = \"{}\"\nevery = \"2s\"\n\n\
             [sources.alertmanager]\nprovider = \"alertmanager\"\nurl = \"{}\"\nevery = \"2s\"\n\n{}{}",
            self.docker.host(),
            self.prometheus.url(""),
            self.alertmanager.url(""),
            service("checkout", self.checkout),
            service("web", self.web)
        )
    }
}

/// Failed requests of a service in a second.
const ERROR_RATE: &str = r#"sum(rate(app_requests_total{service="SERVICE",code="500"}[10s])) or vector(0)"#;

const HEALTH: &str = "{{.State.Health.Status}}";

/// More than one request in twenty fails.
const RULES: &str = r#"
groups:
  - name: shop
    rules:
      - alert: CheckoutFails
        expr: sum by (service) (rate(app_requests_total{code="500"}[10s])) / sum by (service) (rate(app_requests_total[10s])) > 0.05
        labels: {severity: page}
        annotations: {summary: "{{ $value | humanizePercentage }} of the requests to {{ $labels.service }} fail"}
"#;

/// As Docker Compose calls it.
fn name(service: &str) -> String {
    format!("shop-{service}-1")
}

/// Starts a container as Docker Compose does: a project is nothing but labels and names.
fn container(docker: &Docker, service: &str, port: u16, image: &str) {
    let labels = [
        "com.docker.compose.project=shop".to_owned(),
        format!("com.docker.compose.service={service}"),
        "com.docker.compose.container-number=1".to_owned(),
        "com.docker.compose.oneoff=False".to_owned(),
    ];
    let (name, publish) = (name(service), format!("{port}:8080"));
    let mut arguments = vec!["run", "--detach", "--name", &name, "--publish", &publish];
    for label in &labels {
        arguments.extend(["--label", label]);
    }
    arguments.push(image);
    docker.run(&arguments);
}

fn scrape(web: SocketAddr, checkout: SocketAddr, alertmanager: SocketAddr) -> String {
    let target = |service: &str, address| format!("{{targets: ['{address}'], labels: {{service: {service}}}}}");
    format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
         alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{alertmanager}']}}]}}]}}\n\
         scrape_configs: [{{job_name: shop, static_configs: [{}, {}]}}]\n",
        target("web", web),
        target("checkout", checkout)
    )
}
