//! A service of a real swarm: `app:bad` crashes while it starts, and nobody answers any more.

use std::net::SocketAddr;

use super::bench::{Bench, CRASHCART, DEADLINE};
use super::support::plug::Plug;
use super::support::pty::{Start, Terminal};
use super::support::servers::docker::Docker;
use super::support::servers::ssh::Sshd;
use super::support::servers::{http, until};
use super::{IN_THE_MIDDLE, verdict};
use rustix::process::Signal;

/// A service whose bad release is live, and what watches it.
pub(super) struct Night {
    docker: &'static Docker,
    name: String,
    plug: Plug,
    pub(super) address: SocketAddr,
    pub(super) bench: Bench,
    _directory: tempfile::TempDir,
}

impl Night {
    /// Makes a service of its own, with a port of the engine's network, and breaks it.
    pub(super) fn new(name: &str, port: u16) -> Option<Self> {
        let docker = Docker::shared()?;
        docker.swarm();
        let published = format!("mode=host,target=8080,published={port}");
        docker.run(&[
            "service",
            "create",
            "--detach",
            "--quiet",
            "--no-resolve-image",
            "--name",
            name,
            "--publish",
            &published,
            "--update-failure-action",
            "pause",
            "--update-monitor",
            "2s",
            "--rollback-monitor",
            "2s",
            "--stop-grace-period",
            "1s",
            "--endpoint-mode",
            "dnsrr",
            "--restart-max-attempts",
            "3",
            "app:2",
        ]);
        let address = docker.forward(port);
        assert!(until(DEADLINE, || answers(address).then_some(())).is_some(), "{name} never answered");
        docker.run(&["service", "update", "--detach", "--quiet", "--no-resolve-image", "--image", "app:bad", name]);
        assert!(until(DEADLINE, || (!answers(address)).then_some(())).is_some(), "{name} never broke");
        let directory = tempfile::tempdir().unwrap();
        let plug = Plug::new(directory.path(), docker.socket());
        let config = format!(
            "[sources.swarm]\nprovider = \"docker-swarm\"\nurl = \"{}\"\n\n[[services]]\nname = \"shop\"\n\
             release = {{ source = \"swarm\", service = \"{name}\" }}\n\
             checks = [{{ http = \"http://{address}/\", every = \"2s\", timeout = \"2s\" }}]\n",
            plug.url()
        );
        let bench = Bench::new(&config);
        Some(Self { docker, name: name.to_owned(), plug, address, bench, _directory: directory })
    }

    pub(super) fn image(&self) -> String {
        self.docker.run(&["service", "inspect", "--format", "{{.Spec.TaskTemplate.ContainerSpec.Image}}", &self.name])
    }
}

impl Night {
    /// Lets the bad release go out once more.
    pub(super) fn break_again(&self) {
        self.docker.run(&[
            "service",
            "update",
            "--detach",
            "--quiet",
            "--no-resolve-image",
            "--image",
            "app:bad",
            &self.name,
        ]);
        assert!(until(DEADLINE, || (!answers(self.address)).then_some(())).is_some(), "{} never broke", self.name);
    }
}

impl Drop for Night {
    fn drop(&mut self) {
        self.docker.try_run(&["service", "rm", &self.name]);
    }
}

fn answers(address: SocketAddr) -> bool {
    http::get(address, "/").is_some_and(|answer| answer.status == 200)
}

#[test]
fn over_ssh_on_a_phone_with_two_keys_and_a_connection_that_is_cut() {
    let Some(sshd) = Sshd::start() else { return };
    let Some(night) = Night::new("shop_ssh", 18_080) else { return };
    let open = || {
        let remote = format!(
            "cd {} && exec env CRASHCART_STATE_DIR={} CRASHCART_USER=kim LANG=C.UTF-8 TZ=UTC {CRASHCART} --config {}",
            night.bench.path(".").display(),
            night.bench.path("state").display(),
            night.bench.path("crashcart.toml").display(),
        );
        let arguments = ["-F".to_owned(), sshd.config(), "-tt".to_owned(), "night".to_owned(), remote];
        Terminal::spawn("ssh", arguments, &Start { size: (40, 20), ..Start::default() })
    };
    let mut terminal = open();
    terminal.wait_for("DOWN");
    terminal.type_text("R");
    terminal.wait_until("the question", |screen| screen.contains(" y ") && !screen.contains("Read it."));
    assert!(terminal.screen().contains("app:2") || terminal.screen().contains("to 2"), "{}", terminal.screen());
    terminal.type_text("y");
    terminal.wait_until("the first step", |screen| screen.contains("[x] 1.") || screen.contains("[>] 1."));
    terminal.signal(Signal::KILL);
    terminal.wait_exit();

    let last = night.bench.settled();
    assert_eq!(verdict(&last), "recovered", "{last:#}\n{}", night.bench.worker_log());
    assert_eq!(night.image(), "app:2");
    let mut terminal = open();
    let told = terminal.wait_for("while you were away");
    assert!(told.contains("RECOVERED after") && told.contains("U undo"), "{told}");
    terminal.type_text("qq");
    terminal.wait_exit();
    night.bench.expect(&["journal", "verify"], 0);
}

#[test]
fn a_worker_that_is_killed_in_the_middle_is_followed_by_one_that_asks_what_is_true() {
    let Some(night) = Night::new("shop_killed", 18_081) else { return };
    night.plug.count("/update?");
    let mut first = night.bench.command(&["rollback", "shop", "--yes"]);
    first.env("CRASHCART_TEST_DIE_AT", IN_THE_MIDDLE).output().unwrap();
    let last = night.bench.settled();
    assert_eq!(last["standing"], "interrupted", "{last:#}");
    night.bench.run(&["operations", "resume", "last", "--yes", "--wait"]);
    let mut last = night.bench.settled();
    if last["standing"] == "waits for a decision" {
        night.bench.run(&["operations", "resume", "last", "--repeat", "--yes", "--wait"]);
        last = night.bench.settled();
    }
    assert_eq!(verdict(&last), "recovered", "{last:#}\n{}", night.bench.worker_log());
    assert_eq!(night.plug.counted(), 1, "one update was asked for");
    assert_eq!(night.image(), "app:2");
    night.bench.verify();
}

#[test]
fn an_engine_that_goes_away_behind_the_request_is_asked_when_it_is_back() {
    let Some(night) = Night::new("shop_unplugged", 18_082) else { return };
    night.plug.count("/update?");
    night.plug.pull_behind("/update?");
    night.bench.run(&["rollback", "shop", "--yes"]);
    assert!(until(DEADLINE, || night.plug.is_out().then_some(())).is_some(), "the request never went out");
    assert!(
        until(DEADLINE, || (night.plug.refused() > 2).then_some(())).is_some(),
        "nobody asked again: {:#}",
        night.bench.last()
    );
    let during = night.bench.last();
    assert!(during["verdict"].is_null(), "nothing is over while nobody knows: {during:#}");
    night.plug.put_back();
    let mut last = night.bench.settled();
    if last["standing"] != "ended" && verdict(&last) == "none yet" {
        night.bench.run(&["operations", "resume", "last", "--yes", "--wait"]);
        last = night.bench.settled();
    }
    assert_eq!(verdict(&last), "recovered", "{last:#}\n{}", night.bench.worker_log());
    assert_eq!(night.plug.counted(), 1, "it was heeded, and not asked for again");
    assert_eq!(night.image(), "app:2");
    night.bench.verify();
}
