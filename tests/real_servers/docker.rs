//! The Docker Engine, containers and a Swarm service.

use std::process::Command;

use super::support::servers::docker::Docker;
use super::support::servers::http;
use super::wait_for;

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
    docker.starve("hungry");
    docker.wait_for("hungry", "{{.State.OOMKilled}} {{.State.ExitCode}}", "true 137");
    docker.wait_for("crashing", "{{gt .RestartCount 1}}", "true");
    docker.run(&["rm", "-f", "crashing", "hungry"]);
}

#[test]
fn a_swarm_service_is_updated_and_a_bad_update_pauses() {
    let Some(docker) = Docker::shared() else { return };
    docker.swarm();
    docker.service("api", 2, "app:1");
    let update = |image: &str| {
        docker.run(&["service", "update", "--detach", "--quiet", "--no-resolve-image", "--image", image, "api"]);
    };
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
    update("app:2");
    wait_for("the new version", || tasks("app:2"), |count| *count == 2);
    docker.wait_for("api", "{{.UpdateStatus.State}}", "completed");
    update("app:bad");
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

/// Returns whether any process has the text in its command line.
fn is_named(text: &str) -> bool {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let mut lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines.any(|line| String::from_utf8_lossy(&line).contains(text))
}
