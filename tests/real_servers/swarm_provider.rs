//! What the console makes of a Swarm service: the definition `docker-swarm` on a real manager.

use serde_json::{Value, json};

use super::support::servers::docker::Docker;
use super::support::servers::system::System;
use super::wait_for;

/// Gives a service an update that goes on by itself, as `docker service update` does.
fn update(docker: &Docker, service: &str, image: &str) {
    docker.run(&["service", "update", "--detach", "--quiet", "--no-resolve-image", "--image", image, service]);
}

fn release<'a>(releases: &'a Value, version: &str) -> &'a Value {
    let found = releases.as_array().unwrap().iter().find(|release| release["version"] == version);
    found.unwrap_or_else(|| panic!("no version {version}: {releases:#}"))
}

#[test]
fn a_swarm_service_is_watched_through_a_good_and_a_bad_update_and_goes_back() {
    let Some(docker) = Docker::shared() else { return };
    docker.swarm();
    docker.service("shop_api", 2, "app:1");
    let system = System::new("docker-swarm", docker.host()).set("service", "shop_api");
    let instances = || system.read("instances", &[]);
    let releases = || system.read("releases", &[]);
    let run = |image: &'static str| {
        move |list: &Value| {
            let list = list.as_array().unwrap();
            list.len() == 2 && list.iter().all(|task| task["state"] == "running" && task["release"] == image)
        }
    };
    wait_for("two tasks", instances, run("app:1"));
    let first = releases();
    assert_eq!(
        (&first[0]["version"], &first[0]["live"], &first[0]["state"]),
        (&json!("1"), &json!(true), &json!("succeeded"))
    );

    update(docker, "shop_api", "app:2");
    let updated = wait_for("the update", releases, |list| list[0]["version"] == "2" && list[0]["state"] == "succeeded");
    let old = release(&updated, "1");
    assert_eq!(
        (&old["live"], &old["state"], &old["can_roll_back"]),
        (&json!(false), &json!("superseded"), &json!(true))
    );
    wait_for("the new tasks", instances, run("app:2"));
    let log = system.read("logs", &[]);
    let log = log.as_array().unwrap();
    assert!(
        log.iter().any(|line| line["text"].as_str().unwrap().contains("version=2") && line["instance"] == "shop_api.1"),
        "{log:#?}"
    );

    update(docker, "shop_api", "app:bad");
    let paused = wait_for("the pause", releases, |list| list[0]["version"] == "bad" && list[0]["state"] == "failed");
    assert!(paused[0]["detail"].as_str().unwrap().contains("update paused"), "{paused:#}");
    wait_for("the failures and why", instances, |list| {
        let failed = |task: &Value| task["restarts"].as_u64() > Some(0) && task["detail"].to_string().contains("exit");
        list.as_array().unwrap().iter().any(failed)
    });

    let (target, current) = (release(&paused, "2").clone(), release(&paused, "bad").clone());
    system.act("roll_back", &[("release", target), ("current", current)]);
    wait_for("the good tasks", instances, run("app:2"));
    assert_eq!(release(&releases(), "2")["live"], true);

    system.act("scale", &[("count", json!(1))]);
    let one = |list: &Value| list.as_array().unwrap().iter().filter(|task| task["state"] == "running").count() == 1;
    wait_for("one task", instances, one);
    docker.run(&["service", "rm", "shop_api"]);
}

#[test]
fn a_manager_tells_its_nodes() {
    let Some(docker) = Docker::shared() else { return };
    docker.swarm();
    let nodes = System::new("docker-swarm", docker.host()).set("service", "none").read("checks", &[]);
    assert_eq!((&nodes[0]["name"], &nodes[0]["state"]), (&json!("night"), &json!("up")), "{nodes:#}");
}
