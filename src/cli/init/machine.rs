//! What this machine says: containers and units that run here, and tools that are logged in without a token of their own.
//!
//! Files are read where the tools keep them, and Docker is asked; no program is run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::model::id::SourceId;
use crate::model::source::{Capability, Found, Source};
use crate::model::surroundings::Surroundings;
use crate::provider::engine::{Ask, Engine};
use crate::provider::run::Failure;
use crate::recognise::text::{at, json, yaml};

/// Docker that does not answer within this time is not waited for.
const PATIENCE: Duration = Duration::from_secs(6);
/// Where the definition of Docker looks unless it is told otherwise.
pub(super) const USUAL_SOCKET: &str = "/var/run/docker.sock";
/// Where an administrator puts units; those of packages lie elsewhere.
const UNITS: &str = "/etc/systemd/system";
/// A file of a tool that is larger is not its configuration.
const LARGEST: u64 = 1 << 20;

/// A Docker that is here: where, and what it said.
#[derive(Debug)]
pub(super) struct Docker {
    /// As a source's `url`.
    pub url: String,
    pub containers: Result<Vec<String>, Failure>,
    /// Of each compose project that was asked for, the services that have a container.
    pub projects: BTreeMap<String, BTreeSet<String>>,
}

impl Docker {
    /// Returns the containers that belong to none of the projects that were asked for.
    pub fn strangers(&self) -> Vec<&str> {
        let ours = |name: &str| {
            self.projects
                .keys()
                .any(|project| name.strip_prefix(project.as_str()).is_some_and(|rest| rest.starts_with(['-', '_'])))
        };
        let all = self.containers.iter().flatten().map(String::as_str);
        all.filter(|name| !ours(name)).collect()
    }
}

/// Returns where the Docker is that `docker` would ask: by its variables, its context, or where it usually is.
pub(super) fn docker_url(surroundings: &Surroundings) -> Option<String> {
    let usable = |host: &str| {
        host.strip_prefix("tcp://").map(|rest| format!("http://{rest}")).or_else(|| {
            // One that is reached through SSH is on another machine: its containers do not run here.
            host.starts_with("unix://").then(|| host.to_owned())
        })
    };
    if let Some(host) = surroundings.variable("DOCKER_HOST") {
        return usable(host);
    }
    let configured = || at(&json(&read(&surroundings.expand("~/.docker/config.json")?)?), "/currentContext");
    let context = surroundings.variable("DOCKER_CONTEXT").map(str::to_owned).or_else(configured);
    if let Some(context) = context.filter(|name| name != "default") {
        let id = hex(&context);
        let meta = surroundings.expand(&format!("~/.docker/contexts/meta/{id}/meta.json"))?;
        return usable(json(&read(&meta)?).pointer("/Endpoints/docker/Host")?.as_str()?);
    }
    let run = surroundings.variable("XDG_RUNTIME_DIR").unwrap_or("/run/nobody");
    let places = [
        USUAL_SOCKET.to_owned(),
        format!("{run}/docker.sock"),
        "~/.docker/run/docker.sock".to_owned(),
        "~/.colima/default/docker.sock".to_owned(),
        "~/.orbstack/run/docker.sock".to_owned(),
        format!("{run}/podman/podman.sock"),
        "/run/podman/podman.sock".to_owned(),
    ];
    let mut there = places.iter().filter_map(|place| surroundings.expand(place)).filter(|place| place.exists());
    there.next().map(|place| format!("unix://{}", place.display()))
}

/// Returns the hash of a context's name: its folder is called so.
fn hex(name: &str) -> String {
    Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asks Docker what runs here, and which services of some compose projects do.
pub(super) async fn docker(engine: &Engine, url: &str, projects: BTreeSet<String>) -> Docker {
    let source = Source {
        id: SourceId::new("docker"),
        provider: "docker".to_owned(),
        url: Some(url.to_owned()),
        params: BTreeMap::new(),
        secrets: BTreeMap::new(),
        ca: None,
        insecure: false,
        every: None,
        own: None,
    };
    let all = instances(engine, &source, &BTreeMap::new()).await;
    let mut known = BTreeMap::new();
    // One that does not answer is not asked again for each.
    for project in projects.into_iter().filter(|_| all.is_ok()) {
        let params = [("project".to_owned(), Value::from(project.clone()))].into();
        let services = instances(engine, &source, &params).await.unwrap_or_default();
        known.insert(project, services.into_iter().filter_map(|(_, service)| service).collect());
    }
    let containers = all.map(|all| all.into_iter().map(|(name, _)| name).collect());
    Docker { url: url.to_owned(), containers, projects: known }
}

/// Returns the name of each container, and its service of a compose project.
async fn instances(
    engine: &Engine,
    source: &Source,
    params: &BTreeMap<String, Value>,
) -> Result<Vec<(String, Option<String>)>, Failure> {
    let none = BTreeMap::new();
    let ask = Ask { source, capability: Capability::Instances, params, input: &none, now: true };
    let answer = tokio::time::timeout(PATIENCE, engine.read(&ask)).await.unwrap_or_else(|_| {
        Err(Failure {
            kind: crate::model::source::FailureKind::TimedOut,
            request: String::new(),
            message: crate::model::text::Line::from_text(&format!("not within {} s", PATIENCE.as_secs())),
        })
    });
    Ok(match answer?.found {
        Found::Instances(instances) => {
            instances.iter().map(|it| (it.name.to_string(), it.group.as_ref().map(ToString::to_string))).collect()
        }
        _ => Vec::new(),
    })
}

/// A unit of systemd that an administrator of this machine has written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unit {
    pub name: String,
    pub runs: bool,
    /// It runs what lies in the folder.
    pub is_of_the_folder: bool,
}

/// Returns the services that an administrator has written for this machine: those that run, or that belong to the folder.
pub(super) fn units(folder: &Path, surroundings: &Surroundings) -> Vec<Unit> {
    // As systemd's own programs are told.
    let place = surroundings.variable("SYSTEMD_UNIT_PATH").and_then(|places| places.split(':').next()).unwrap_or(UNITS);
    units_in(Path::new(place), Path::new("/sys/fs/cgroup"), folder)
}

fn units_in(place: &Path, cgroups: &Path, folder: &Path) -> Vec<Unit> {
    let mut units: Vec<Unit> = fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        // A link stands for a unit of a package that was switched on.
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            // It becomes a part of a command.
            let is_word = name.chars().all(|letter| letter.is_ascii_alphanumeric() || ":-_.".contains(letter));
            let plain = name.ends_with(".service") && is_word && !name.starts_with('-');
            let text = read(&entry.path()).filter(|_| plain)?;
            let folder = folder.to_str()?;
            let mentions = |line: &str| {
                let named = ["WorkingDirectory=", "ExecStart="].iter().find_map(|key| line.trim().strip_prefix(key));
                named.is_some_and(|value| {
                    value
                        .split_whitespace()
                        .any(|part| Path::new(part.trim_start_matches(['-', '@', '+', '!'])).starts_with(folder))
                })
            };
            let is_of_the_folder = folder != "/" && text.lines().any(mentions);
            let runs = ["system.slice", "systemd/system.slice", "unified/system.slice"]
                .iter()
                .any(|slice| cgroups.join(slice).join(&name).exists());
            Some(Unit { name, runs, is_of_the_folder })
        })
        .filter(|unit| unit.runs || unit.is_of_the_folder)
        .collect();
    units.sort_by(|a, b| a.name.cmp(&b.name));
    units
}

/// Returns logins that are no token: clusters, profiles and projects, and where the tools keep them.
pub(super) fn profiles(surroundings: &Surroundings) -> Vec<(String, String)> {
    let file = |variable: &str, usual: &str| {
        let place = surroundings.variable(variable).unwrap_or(usual);
        // Several may be named; the first is the one that is written to.
        let place = place.split(':').next().unwrap_or(usual).to_owned();
        Some((read(&surroundings.expand(&place)?)?, place))
    };
    let mut found = Vec::new();
    if let Some((text, place)) = file("KUBECONFIG", "~/.kube/config") {
        let document = yaml(&text).into_iter().next().unwrap_or_default();
        let names = document.pointer("/contexts").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<String> = names.filter_map(|it| Some(it.get("name")?.as_str()?.to_owned())).collect();
        let current = document.pointer("/current-context").and_then(Value::as_str).unwrap_or("none");
        if !names.is_empty() {
            found.push((format!("kubectl: {} (now: {current})", names.join(", ")), place));
        }
    }
    let aws =
        file("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials").or_else(|| file("AWS_CONFIG_FILE", "~/.aws/config"));
    if let Some((text, place)) = aws {
        let section = |line: &str| {
            Some(line.trim().strip_prefix('[')?.strip_suffix(']')?.trim_start_matches("profile ").to_owned())
        };
        let names: Vec<String> = text.lines().filter_map(section).collect();
        if !names.is_empty() {
            found.push((format!("AWS: {}", names.join(", ")), place));
        }
    }
    if let Some((text, place)) = file("", "~/.config/gcloud/configurations/config_default") {
        let value = |key: &str| {
            let (_, value) =
                text.lines().filter_map(|line| line.split_once('=')).find(|(name, _)| name.trim() == key)?;
            Some(value.trim().to_owned())
        };
        if let Some(account) = value("account") {
            let project = value("project").map(|project| format!(", project {project}")).unwrap_or_default();
            found.push((format!("gcloud: {account}{project}"), place));
        }
    }
    found
}

/// Returns the name and the address that git knows of whoever sits here; the repository's own words count first.
pub(super) fn git_person(repository: Option<&str>, surroundings: &Surroundings) -> (Option<String>, Option<String>) {
    let places = ["~/.gitconfig", "~/.config/git/config"].into_iter().filter_map(|path| surroundings.expand(path));
    let texts: Vec<String> =
        repository.map(str::to_owned).into_iter().chain(places.filter_map(|path| read(&path))).collect();
    let find = |key: &str| {
        texts.iter().find_map(|text| {
            let mut in_user = false;
            text.lines().find_map(|line| {
                let line = line.trim();
                if line.starts_with('[') {
                    in_user = line.eq_ignore_ascii_case("[user]");
                }
                let (name, value) = line.split_once('=').filter(|_| in_user)?;
                let value = value.trim().trim_matches('"');
                let legible = !value.is_empty() && !value.chars().any(char::is_control);
                (name.trim().eq_ignore_ascii_case(key) && legible).then(|| value.to_owned())
            })
        })
    };
    (find("name"), find("email").filter(|email| !email.ends_with("noreply.github.com")))
}

fn read(path: &PathBuf) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    (metadata.is_file() && metadata.len() <= LARGEST).then(|| fs::read_to_string(path).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_home(files: &[(&str, &str)], variables: &[(&str, &str)]) -> (tempfile::TempDir, Surroundings) {
        let home = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = home.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let surroundings = Surroundings { home: Some(home.path().to_path_buf()), variables };
        (home, surroundings)
    }

    #[test]
    fn docker_is_where_its_own_tool_would_look() {
        let url = |files: &[(&str, &str)], variables: &[(&str, &str)]| docker_url(&at_home(files, variables).1);
        assert_eq!(url(&[], &[("DOCKER_HOST", "unix:///tmp/d.sock")]).as_deref(), Some("unix:///tmp/d.sock"));
        assert_eq!(url(&[], &[("DOCKER_HOST", "tcp://10.0.0.5:2375")]).as_deref(), Some("http://10.0.0.5:2375"));
        assert_eq!(url(&[], &[("DOCKER_HOST", "ssh://web1")]), None, "that is another machine");
        let id = "f24fd3749c1368328e2b149bec149cb6795619f244c5b584e844961215dadd16";
        assert_eq!(hex("colima"), id);
        let meta = format!(".docker/contexts/meta/{id}/meta.json");
        let files = [
            (".docker/config.json", r#"{"currentContext": "colima"}"#),
            (meta.as_str(), r#"{"Endpoints": {"docker": {"Host": "unix:///home/kim/c.sock"}}}"#),
        ];
        assert_eq!(url(&files, &[]).as_deref(), Some("unix:///home/kim/c.sock"));
    }

    #[test]
    fn units_of_packages_and_units_that_rest_are_not_offered() {
        let place = tempfile::tempdir().unwrap();
        let (units, cgroups) = (place.path().join("units"), place.path().join("cgroup"));
        fs::create_dir_all(&units).unwrap();
        fs::create_dir_all(cgroups.join("system.slice/worker.service")).unwrap();
        fs::write(units.join("shop.service"), "[Service]\nWorkingDirectory=/srv/shop\nExecStart=/usr/bin/node x.js\n")
            .unwrap();
        fs::write(units.join("worker.service"), "[Service]\nExecStart=/opt/worker\n").unwrap();
        fs::write(units.join("resting.service"), "[Service]\nExecStart=/opt/resting\n").unwrap();
        fs::write(units.join("shopping.service"), "[Service]\nExecStart=/srv/shopping/run\n").unwrap();
        fs::write(units.join("tty@.service"), "[Service]\nExecStart=/srv/shop/x\n").unwrap();
        std::os::unix::fs::symlink("/lib/systemd/system/ssh.service", units.join("ssh.service")).unwrap();
        let found = units_in(&units, &cgroups, Path::new("/srv/shop"));
        let told: Vec<(&str, bool, bool)> =
            found.iter().map(|unit| (unit.name.as_str(), unit.runs, unit.is_of_the_folder)).collect();
        assert_eq!(told, [("shop.service", false, true), ("worker.service", true, false)]);
    }

    #[test]
    fn profiles_and_people_are_read_where_the_tools_keep_them() {
        let (_home, surroundings) = at_home(
            &[
                (".kube/config", "contexts:\n- name: prod\n- name: stg\ncurrent-context: prod\n"),
                (".aws/credentials", "[default]\naws_secret_access_key = s3cret\n[shop]\n"),
                (".config/gcloud/configurations/config_default", "[core]\naccount = kim@acme.dev\nproject = shop\n"),
                (".gitconfig", "[core]\n\tname = wrong\n[user]\n\tname = Kim Doe\n\temail = kim@acme.dev\n"),
            ],
            &[],
        );
        let told: Vec<String> = profiles(&surroundings).into_iter().map(|(what, _)| what).collect();
        assert_eq!(
            told,
            ["kubectl: prod, stg (now: prod)", "AWS: default, shop", "gcloud: kim@acme.dev, project shop"]
        );
        let both = |name: &str, email: &str| (Some(name.to_owned()), Some(email.to_owned()));
        assert_eq!(git_person(None, &surroundings), both("Kim Doe", "kim@acme.dev"));
        let own = git_person(Some("[user]\n\temail = kim@shop.dev\n"), &surroundings);
        assert_eq!(own, both("Kim Doe", "kim@shop.dev"));
    }
}
