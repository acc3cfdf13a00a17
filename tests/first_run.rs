//! The first five minutes, on a real Docker Engine: a compose project that runs, `init`, what the console shows, and a
//! doctor that names each fault that is planted.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::require;
use support::servers::docker::Docker;
use support::servers::{DEADLINE, find, until};
use tempfile::TempDir;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

/// A project that somebody has written for Compose: an app with a health check, and its database. The app's image is one
/// that serves, the database's is one that only waits: what they are called is what counts here.
const COMPOSE: &str = "services:\n  web:\n    image: app:2\n    ports: [\"PORT:8080\"]\n    stop_grace_period: 1s\n    \
    depends_on: [db]\n    healthcheck:\n      test: [\"CMD\", \"wget\", \"-q\", \"-O\", \"/dev/null\", \"http://localhost:8080/health\"]\n      \
    interval: 1s\n  db:\n    image: postgres:16\n    command: [\"sh\", \"-c\", \"echo ready to accept connections; exec sleep 600\"]\n    \
    stop_grace_period: 1s\n";

/// The project, and a home of its own.
struct Project {
    docker: &'static Docker,
    root: TempDir,
    name: String,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Project {
    fn up(name: &str) -> Option<Self> {
        if find("docker-compose").is_none() {
            require("compose", "docker-compose is not installed");
            return None;
        }
        let docker = Docker::shared()?;
        docker.run(&["tag", "busybox:1", "postgres:16"]);
        let root = tempfile::tempdir().unwrap();
        let project = Self { docker, root, name: name.to_owned() };
        fs::create_dir_all(project.path(".git")).unwrap();
        fs::create_dir_all(project.root.path().join("home")).unwrap();
        let port = docker.forward_same().to_string();
        fs::write(project.path("docker-compose.yml"), COMPOSE.replace("PORT", &port)).unwrap();
        project.compose(&["up", "--detach", "--pull", "never"]);
        docker.wait_for(&project.container("web"), "{{.State.Health.Status}}", "healthy");
        Some(project)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(&self.name).join(path)
    }

    fn container(&self, service: &str) -> String {
        format!("{}-{service}-1", self.name)
    }

    fn compose(&self, arguments: &[&str]) {
        let output = Command::new("docker-compose")
            .args(arguments)
            .current_dir(self.path(""))
            .env("DOCKER_HOST", self.docker.host())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Runs crashcart as somebody for whom permissions count, which they do not for root.
    fn run(&self, arguments: &[&str]) -> Ran {
        let home = self.root.path().join("home").display().to_string();
        let output = Command::new("setpriv")
            .arg("--bounding-set=-dac_override,-dac_read_search")
            .arg(CRASHCART)
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", format!("{home}/.config"))
            .env("XDG_STATE_HOME", format!("{home}/.local/state"))
            .env("DBUS_SESSION_BUS_ADDRESS", "")
            .env("DOCKER_HOST", self.docker.host())
            .env("PATH", support::environment("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Returns the lines of the doctor, as `area subject verdict: evidence -> fix`.
    fn doctor(&self) -> Vec<String> {
        let ran = self.run(&["doctor", "--json"]);
        let document: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err));
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let lines = document["lines"].as_array().unwrap().iter().map(|line| {
            let [area, subject, verdict, evidence, fix] =
                ["area", "subject", "verdict", "evidence", "fix"].map(|key| text(line, key));
            format!("{area} {subject} {verdict}: {evidence} -> {fix}")
        });
        lines.collect()
    }

    /// Waits until the doctor says this.
    #[track_caller]
    fn names(&self, begin: &str, part: &str) {
        let mut last = Vec::new();
        let seen = until(DEADLINE, || {
            last = self.doctor();
            last.iter().any(|line| line.starts_with(begin) && line.contains(part)).then_some(())
        });
        assert!(seen.is_some(), "no `{begin}` with `{part}` in\n{}", last.join("\n"));
    }

    fn config(&self) -> String {
        fs::read_to_string(self.path("crashcart.toml")).unwrap()
    }

    /// Changes the configuration, as its owner would, and trusts it again.
    fn change(&self, change: impl FnOnce(String) -> String) {
        fs::write(self.path("crashcart.toml"), change(self.config())).unwrap();
        let ran = self.run(&["trust", "--yes"]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.compose(&["down", "--volumes"]);
    }
}

#[test]
fn what_init_writes_shows_the_project_and_the_doctor_names_each_fault_that_is_planted() {
    let Some(project) = Project::up("firstrun") else { return };
    let ran = project.run(&["init", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let config = project.config();
    for part in [
        &format!("url = \"{}\"", project.docker.host()),
        "release = { source = \"docker\", project = \"firstrun\", service = \"web\" }",
        "release = { source = \"docker\", project = \"firstrun\", service = \"db\" }",
        "depends_on = [\"db\"]",
        "/health\", every",
    ] {
        assert!(config.contains(part), "no {part} in\n{config}");
    }
    assert!(!config.contains("# release"), "nothing is left to fill in:\n{config}");

    // Until it is trusted nothing of it is followed.
    assert_eq!(project.run(&["doctor"]).code, Some(3));
    let ran = project.run(&["trust", "--yes"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);

    let mut last = String::new();
    let all_well = until(DEADLINE, || {
        let ran = project.run(&["status", "--json"]);
        last = format!("{}{}", ran.out, ran.err);
        let document: Value = serde_json::from_str(&ran.out).ok()?;
        let services = document["services"].as_array()?;
        let is_well = |name: &str| services.iter().any(|it| it["name"] == name && it["health"] == "healthy");
        (is_well("web") && is_well("db")).then_some(())
    });
    assert!(all_well.is_some(), "both are seen to be well: {last}");
    let lines = project.doctor();
    let failed: Vec<&String> = lines.iter().filter(|line| line.contains(" failure: ")).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    project.names("rollback web ok", "could begin now");
    project.names("rollback db unproven", "it is a database");

    // The app is stopped.
    project.docker.run(&["stop", &project.container("web")]);
    project.names("check web: http://localhost:", "failure");
    project.docker.run(&["start", &project.container("web")]);
    project.docker.wait_for(&project.container("web"), "{{.State.Health.Status}}", "healthy");

    // What one would go back to is tidied away. Others' tests use those images: here they go by another name.
    project.docker.run(&["tag", "app:2", "firstrun/web:2"]);
    project.docker.run(&["tag", "app:1", "firstrun/web:1"]);
    let compose = fs::read_to_string(project.path("docker-compose.yml")).unwrap();
    fs::write(project.path("docker-compose.yml"), compose.replace("app:2", "firstrun/web:2")).unwrap();
    project.compose(&["up", "--detach", "--pull", "never"]);
    project.docker.wait_for(&project.container("web"), "{{.State.Health.Status}}", "healthy");
    project.names("rollback web ok", "could begin now");
    project.docker.run(&["rmi", "firstrun/web:1"]);
    project.names("rollback web failure", "there is no release to go back to");

    // A log may not be read any more.
    let log = project.path("access.log");
    fs::write(&log, "GET / 200\n").unwrap();
    let followed = format!("logs = [{{ source = \"docker\" }}, {{ file = \"{}\" }}]", log.display());
    project.change(|config| config.replacen("logs = [{ source = \"docker\" }]", &followed, 1));
    project.names("log web: access.log ok", "it is followed");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o000)).unwrap();
    project.names("log web: access.log failure", "ermission denied");

    // A runbook that points nowhere, and one that nobody has written.
    fs::create_dir_all(project.path("runbooks")).unwrap();
    fs::write(
        project.path("runbooks/mine.md"),
        "# Mine\n\n## Look\n\nSee [this](gone.md).\n\n```sh\necho hello\n```\n",
    )
    .unwrap();
    project.change(|config| {
        config.replacen("runbooks = [\"bad-deploy\"", "runbooks = [\"never-written\", \"bad-deploy\"", 1)
    });
    project.names("runbook mine warning", "gone.md");
    project.names("runbook never-written failure", "there is none");

    // Numbers that nobody has tried for years.
    project.change(|config| {
        format!("{config}\n[[contacts]]\nname = \"Kim\"\nphone = \"+49 30 901820\"\nverified = \"2020-01-01\"\n")
    });
    project.names("contacts", "it was last made sure of");
}
