//! What the audit makes of containers on a real engine: two environments, one set up well and one as people set them up.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::CRASHCART;
use super::support::servers::docker::Docker;

const VALUE: &str = "correct horse battery staple";

fn start(docker: &Docker, project: &str, service: &str, arguments: &[&str]) {
    let (project_label, service_label) =
        (format!("com.docker.compose.project={project}"), format!("com.docker.compose.service={service}"));
    let name = format!("{project}-{service}-1");
    let first = ["run", "--detach", "--name", &name, "--label", &project_label, "--label", &service_label];
    docker.run(&[&first, arguments].concat());
}

#[test]
fn containers_without_check_policy_and_limit_are_found_and_no_value_is_seen() {
    let Some(docker) = Docker::shared() else { return };
    let secret = format!("API_KEY={VALUE}");
    let only_staging = format!("FEATURE_FLAG={VALUE}");
    let sleep = ["busybox:1", "sleep", "600"];
    start(docker, "shop", "api", &[&["--env", &secret], &sleep[..]].concat());
    let well = [
        "--env",
        &secret,
        "--env",
        &only_staging,
        "--restart",
        "unless-stopped",
        "--memory",
        "64m",
        "--health-cmd",
        "true",
        "--log-driver",
        "local",
    ];
    start(docker, "shop-staging", "api", &[&well, &sleep[..]].concat());
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[environments.production]\n[environments.staging]\n[sources.docker]\nprovider = \"docker\"\nurl = \"{}\"\n\
         [[services]]\nname = \"shop\"\nenvironment = \"production\"\nrelease = {{ source = \"docker\", project = \"shop\" }}\n\
         [[services]]\nname = \"shop-staging\"\nenvironment = \"staging\"\nrelease = {{ source = \"docker\", project = \"shop-staging\" }}\n",
        docker.host()
    );
    let file = folder.path().join("crashcart.toml");
    fs::write(&file, &config).unwrap();
    let audit = |more: &[&str]| {
        let output = Command::new(CRASHCART)
            .args(["--config", file.to_str().unwrap(), "audit", "--json", "--fail-on", "never"])
            .args(more)
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path().join("home"))
            .env("CRASHCART_STATE_DIR", folder.path().join("state"))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(VALUE), "{text}");
        let report: Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error}: {text}{}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(report["skipped"], serde_json::json!([]), "{report:#}");
        report
    };
    let places = |report: &Value, rule: &str| -> Vec<String> {
        let all = report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule);
        all.map(|it| format!("{} {}", it["service"].as_str().unwrap(), it["environment"].as_str().unwrap())).collect()
    };
    let report = audit(&[]);
    for rule in [
        "config.live-no-health-check",
        "config.live-no-restart-policy",
        "config.live-no-memory-limit",
        "observability.live-log-unbounded",
        "parity.live-variables-differ",
    ] {
        assert_eq!(places(&report, rule), ["shop (api) production"], "{rule}: {report:#}");
    }
    let differ = report["findings"].as_array().unwrap().iter().find(|it| it["rule"] == "parity.live-variables-differ");
    assert_eq!(differ.unwrap()["says"], "set in staging, and not here: `FEATURE_FLAG`");
    // What the fixes say mends what can be mended while it runs.
    docker.run(&["update", "--restart", "unless-stopped", "--memory", "64m", "--memory-swap", "64m", "shop-api-1"]);
    let report = audit(&[]);
    for rule in ["config.live-no-restart-policy", "config.live-no-memory-limit"] {
        assert_eq!(places(&report, rule), [""; 0], "{rule}: {report:#}");
    }
    assert_eq!(places(&report, "config.live-no-health-check").len(), 1);
    docker.run(&["rm", "-f", "shop-api-1", "shop-staging-api-1"]);
}
