//! A Compose project: one service, whose new image crashes while it starts.

use std::fs;
use std::process::Stdio;

use super::bench::{Bench, DEADLINE};
use super::support::require;
use super::support::servers::docker::Docker;
use super::support::servers::{find, http, until};
use super::{IN_THE_MIDDLE, verdict};

struct Night {
    docker: &'static Docker,
    directory: tempfile::TempDir,
    project: String,
    address: std::net::SocketAddr,
    bench: Bench,
}

impl Night {
    fn new(project: &str, port: u16) -> Option<Self> {
        if find("docker-compose").is_none() {
            require("compose", "docker-compose is not installed");
            return None;
        }
        let docker = Docker::shared()?;
        let directory = tempfile::tempdir().unwrap();
        let address = docker.forward(port);
        let config = format!(
            "[sources.engine]\nprovider = \"docker\"\nurl = \"{}\"\n\n[[services]]\nname = \"shop\"\n\
             release = {{ source = \"engine\", project = \"{project}\", service = \"web\" }}\n\
             checks = [{{ http = \"http://{address}/\", every = \"2s\", timeout = \"2s\" }}]\n",
            docker.host()
        );
        let night = Self { docker, directory, project: project.to_owned(), address, bench: Bench::new(&config) };
        night.up("app:2", port);
        assert!(until(DEADLINE, || night.answers().then_some(())).is_some(), "{project} never answered");
        night.up("app:bad", port);
        assert!(until(DEADLINE, || (!night.answers()).then_some(())).is_some(), "{project} never broke");
        Some(night)
    }

    /// What a deploy by Compose is: another image in the file, and `up`.
    fn up(&self, image: &str, port: u16) {
        let file = format!(
            "services:\n  web:\n    image: {image}\n    ports: [\"127.0.0.1:{port}:8080\"]\n    stop_grace_period: 1s\n    environment: {{ SHOP: open }}\n"
        );
        fs::write(self.directory.path().join("compose.yaml"), file).unwrap();
        self.compose(&["up", "--detach", "--pull", "never"]);
    }

    fn compose(&self, arguments: &[&str]) {
        let file = self.directory.path().join("compose.yaml");
        let output = std::process::Command::new("docker-compose")
            .env("DOCKER_HOST", self.docker.host())
            .arg("--project-name")
            .arg(&self.project)
            .arg("--file")
            .arg(file)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn answers(&self) -> bool {
        http::get(self.address, "/").is_some_and(|answer| answer.status == 200)
    }

    fn images(&self) -> String {
        let label = format!("label=com.docker.compose.project={}", self.project);
        self.docker.run(&["ps", "--filter", &label, "--format", "{{.Image}}"])
    }
}

impl Drop for Night {
    fn drop(&mut self) {
        let label = format!("label=com.docker.compose.project={}", self.project);
        for container in self.docker.run(&["ps", "--all", "--quiet", "--filter", &label]).lines() {
            self.docker.try_run(&["rm", "--force", container]);
        }
    }
}

#[test]
fn a_project_goes_back_to_the_image_that_worked_and_forward_again() {
    let Some(night) = Night::new("acme-back", 18_090) else { return };
    let told = night.bench.expect(&["rollback", "shop", "--yes", "--wait"], 0);
    assert!(told.contains("recovered after"), "{told}");
    assert_eq!(night.images(), "app:2");
    night.bench.verify();
    night.bench.run(&["operations", "undo", "last", "--yes", "--wait", "--watch-for", "3s"]);
    let last = night.bench.settled();
    assert_ne!(verdict(&last), "recovered", "{last:#}");
    assert!(!night.answers(), "the broken one is back");
    night.bench.verify();
}

#[test]
fn a_worker_that_is_killed_between_two_steps_is_followed_by_another() {
    let Some(night) = Night::new("acme-killed", 18_091) else { return };
    night.bench.command(&["rollback", "shop", "--yes"]).env("CRASHCART_TEST_DIE_AT", IN_THE_MIDDLE).output().unwrap();
    let mut last = night.bench.settled();
    assert_eq!(last["standing"], "interrupted", "{last:#}");
    for more in [
        &["operations", "resume", "last", "--yes", "--wait"][..],
        &["operations", "resume", "last", "--repeat", "--yes", "--wait"],
    ] {
        if verdict(&last) == "none yet" {
            night.bench.run(more);
            last = night.bench.settled();
        }
    }
    assert_eq!(verdict(&last), "recovered", "{last:#}\n{}", night.bench.worker_log());
    assert_eq!(night.images(), "app:2");
    night.bench.verify();
}
