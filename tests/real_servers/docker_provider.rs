//! What the console makes of containers: the definition `docker` on a real engine.

use crashcart::model::source::LogEntry;
use serde_json::{Value, json};

use super::support::servers::docker::{Docker, HUNGRY};
use super::support::servers::system::System;
use super::wait_for;

/// Starts a container of a Compose project, with more arguments for `docker run` behind its name.
fn compose(docker: &Docker, project: &str, service: &str, arguments: &[&str]) {
    let project_label = format!("com.docker.compose.project={project}");
    let service_label = format!("com.docker.compose.service={service}");
    let name = format!("{project}-{service}-1");
    let first = ["run", "--detach", "--name", &name, "--label", &project_label, "--label", &service_label];
    docker.run(&[&first, arguments].concat());
}

fn remove(docker: &Docker, project: &str) {
    let filter = format!("label=com.docker.compose.project={project}");
    let containers = docker.run(&["ps", "--all", "--quiet", "--filter", &filter]);
    docker.run(&["rm", "-f"].into_iter().chain(containers.lines()).collect::<Vec<_>>());
}

/// The instance that a service of a project has.
fn instance(system: &System, service: &str) -> Value {
    let instances = system.read("instances", &[]);
    let of_service = |instance: &&Value| instance["group"] == service;
    instances.as_array().unwrap().iter().find(of_service).cloned().unwrap_or_default()
}

#[test]
fn each_container_that_is_not_well_says_why() {
    let Some(docker) = Docker::shared() else { return };
    let health = ["--health-interval", "1s", "--health-retries", "1", "--health-cmd"];
    compose(docker, "ill", "well", &["app:1"]);
    compose(docker, "ill", "sick", &[&health, &["echo no database; false", "busybox:1", "sleep", "600"][..]].concat());
    compose(docker, "ill", "crashing", &["--restart", "always", "app:bad"]);
    compose(docker, "ill", "hungry", &[&["-m", "8m"], HUNGRY].concat());
    compose(docker, "ill", "finished", &["busybox:1", "true"]);
    compose(docker, "ill", "failed", &["busybox:1", "sh", "-c", "exit 3"]);
    docker.run(&["run", "--detach", "--name", "ill-stranger", "busybox:1", "sleep", "600"]);
    let system = System::new("docker", docker.host()).set("project", "ill");
    let see = |service: &str, what: &str, holds: &dyn Fn(&Value) -> bool| {
        wait_for(what, || instance(&system, service), |now| holds(now))
    };
    see("well", "health", &|now| now["state"] == "running" && now["healthy"] == true);
    let sick = see("sick", "illness", &|now| now["healthy"] == false);
    assert!(sick["detail"].as_str().unwrap().contains("no database"), "{sick:#}");
    let crashing = see("crashing", "restarts", &|now| now["restarts"].as_u64() > Some(1) && now["state"] == "failed");
    assert!(crashing["detail"].as_str().unwrap().contains("exit code 1"), "{crashing:#}");
    let starved = || {
        let now = instance(&system, "hungry");
        if now["state"] == "stopped" {
            // The kernel's word came after the end, and the engine has not heard it: once more.
            docker.run(&["start", "ill-hungry-1"]);
        }
        now
    };
    let hungry = wait_for("its end for want of memory", starved, |now| now["state"] == "failed");
    assert!(hungry["detail"].as_str().unwrap().contains("8 MiB"), "{hungry:#}");
    see("finished", "the end of what is finished", &|now| now["state"] == "stopped");
    let failed = see("failed", "the end of what failed", &|now| now["state"] == "failed");
    assert!(failed["detail"].as_str().unwrap().contains("exit code 3"), "{failed:#}");
    let all = system.read("instances", &[]);
    assert_eq!(all.as_array().unwrap().len(), 6, "only those of the project: {all:#}");
    remove(docker, "ill");
    docker.run(&["rm", "-f", "ill-stranger"]);
}

#[test]
fn the_image_that_runs_is_the_live_release_and_the_other_tags_are_at_hand() {
    let Some(docker) = Docker::shared() else { return };
    compose(docker, "tags", "web", &["app:2"]);
    let releases = System::new("docker", docker.host()).set("project", "tags").read("releases", &[]);
    let of = |version: &str| {
        let releases = releases.as_array().unwrap();
        releases.iter().find(|release| release["version"] == version).unwrap_or_else(|| panic!("{releases:#?}"))
    };
    assert_eq!((&of("2")["live"], &of("2")["state"]), (&json!(true), &json!("succeeded")));
    assert_eq!((&of("1")["live"], &of("1")["state"]), (&json!(false), &json!("superseded")));
    remove(docker, "tags");
}

#[test]
fn logs_are_the_same_with_and_without_a_terminal() {
    let Some(docker) = Docker::shared() else { return };
    let script = "echo level=info msg=one; sleep 0.2; echo level=error msg=two >&2; sleep 600";
    compose(docker, "logs", "framed", &["busybox:1", "sh", "-c", script]);
    compose(docker, "logs", "terminal", &["--tty", "busybox:1", "sh", "-c", script]);
    for service in ["framed", "terminal"] {
        let system = System::new("docker", docker.host()).set("project", "logs").set("service", service);
        let lines = wait_for("both lines", || system.read("logs", &[]), |lines| lines.as_array().unwrap().len() == 2);
        let texts: Vec<&str> = lines.as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
        assert_eq!(texts, ["level=info msg=one", "level=error msg=two"], "{service}");
        assert!(lines[0]["at"].is_number() || lines[0]["at"].is_string(), "{lines:#}");
        assert_eq!(lines[0]["instance"], format!("logs-{service}-1"));
        let found = system.read("logs", &[("query", json!("TWO"))]);
        assert_eq!(found.as_array().unwrap().len(), 1, "{found:#}");
    }
    remove(docker, "logs");
}

#[test]
fn the_logs_of_all_containers_of_a_project_are_followed_at_once() {
    let Some(docker) = Docker::shared() else { return };
    compose(docker, "follow", "quiet", &["--tty", "busybox:1", "sh", "-c", "sleep 3; echo the last word; sleep 600"]);
    compose(docker, "follow", "busy", &["app:1"]);
    let system = System::new("docker", docker.host()).set("project", "follow");
    let lines = system.follow_until("the last word");
    let (busy, quiet): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.text.as_str().starts_with("level=info"));
    let of = |instance: &'static str| {
        move |line: &&LogEntry| line.instance.as_ref().is_some_and(|name| name.as_str() == instance)
    };
    assert!(!busy.is_empty() && busy.iter().all(of("follow-busy-1")), "{lines:#?}");
    assert!(quiet.len() == 1 && quiet.iter().all(of("follow-quiet-1")), "no time and no frame is left: {lines:#?}");
    assert!(lines.iter().all(|line| line.at.is_some()), "{lines:#?}");
    remove(docker, "follow");
}

#[test]
fn a_container_is_restarted_stopped_and_started_again() {
    let Some(docker) = Docker::shared() else { return };
    compose(docker, "acts", "web", &["app:1"]);
    let system = System::new("docker", docker.host()).set("project", "acts");
    let before = instance(&system, "web");
    system.act("restart", &[("instance", before.clone())]);
    let after = instance(&system, "web");
    assert!(before["started_at"] != after["started_at"] && after["state"] == "running", "{before:#} {after:#}");
    system.act("stop", &[("instance", before.clone())]);
    assert_eq!(instance(&system, "web")["state"], "stopped");
    system.act("start", &[("instance", before)]);
    assert_eq!(instance(&system, "web")["state"], "running");
    remove(docker, "acts");
}
