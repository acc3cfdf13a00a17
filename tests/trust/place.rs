//! A home, a repository that means harm, a server that hears what it is told, and what was run.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tempfile::TempDir;

use super::support::pty::{Start, Terminal};

pub const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");
/// What must not leave this machine, and must not be shown.
pub const TOKEN: &str = "rnd_abcdefghijklmnop";
/// What stands in files outside of the repository.
pub const OUTSIDE: &str = "the-words-of-a-file-outside";

/// A server on loopback that keeps what it was told.
pub struct Ear {
    pub address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Ear {
    /// Starts one that answers `answer`, a whole answer of HTTP.
    pub fn new(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&heard), answer.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer) = (Arc::clone(&kept), answer.clone());
                std::thread::spawn(move || hear(stream, &kept, &answer));
            }
        });
        Self { address, heard }
    }

    pub fn deaf() -> Self {
        Self::new(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]",
        )
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn hear(mut stream: TcpStream, kept: &Mutex<Vec<String>>, answer: &str) {
    let (mut request, mut buffer) = (Vec::new(), [0; 4_096]);
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => break,
        }
    }
    // A connection that says nothing was one all the same.
    kept.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
    let _ = stream.write_all(answer.as_bytes());
}

/// A home, a repository that means harm, and what it is after.
pub struct Place {
    pub root: TempDir,
    pub ear: Ear,
}

pub struct Ran {
    pub code: Option<i32>,
    pub text: String,
}

impl Place {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home/.config/crashcart", "repo/.git", "repo/runbooks", "repo/providers", "ran", "outside"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        Self { root, ear: Ear::deaf() }
    }

    /// The repository with everything in it that may do harm.
    pub fn hostile() -> Self {
        let place = Self::new();
        place.write("outside/secret.md", &format!("# {OUTSIDE}\n\n```sh\n{OUTSIDE}\n```\n"));
        place.write("outside/precious", "mine");
        place.write("repo/crashcart.toml", CONFIG);
        place.write("repo/providers/mine.toml", DEFINITION);
        // What a name that is built in means does not change.
        place.write("repo/providers/render.toml", &DEFINITION.replace("\"mine\"", "\"render\""));
        place.write("repo/kubeconfig", KUBECONFIG);
        place.write("repo/runbooks/deploy.md", "# Deploy\n\n## Go\n\n```sh\ntouch ROOT/ran/runbook\n```\n");
        place.write(
            "repo/.git/config",
            "[core]\n\tfsmonitor = touch ROOT/ran/fsmonitor\n\tpager = touch ROOT/ran/pager\n\tsshCommand = touch ROOT/ran/ssh\n\
             [diff]\n\texternal = touch ROOT/ran/diff\n",
        );
        place.write("repo/.git/HEAD", "ref: refs/heads/main\n");
        symlink(place.path("outside/secret.md"), place.path("repo/runbooks/leak.md")).unwrap();
        symlink(place.path("outside/precious"), place.path("repo/.crashcart-audit.toml")).unwrap();
        symlink(place.path("outside"), place.path("repo/migrations")).unwrap();
        for pipe in ["repo/runbooks/pipe.md", "repo/.gitignore", "repo/fly.toml"] {
            assert!(Command::new("mkfifo").arg(place.path(pipe)).status().unwrap().success());
        }
        place
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let root = self.root.path().display().to_string();
        fs::write(self.path(path), text.replace("ROOT", &root).replace("EAR", &self.ear.address)).unwrap();
    }

    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HOME", self.path("home").display().to_string()),
            ("XDG_CONFIG_HOME", self.path("home/.config").display().to_string()),
            ("CRASHCART_STATE_DIR", self.path("state").display().to_string()),
            ("DBUS_SESSION_BUS_ADDRESS", String::new()),
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("TOKEN", TOKEN.to_owned()),
            ("FLY_API_TOKEN", TOKEN.to_owned()),
            ("GITHUB_TOKEN", TOKEN.to_owned()),
        ]
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(CRASHCART);
        command.args(arguments).current_dir(self.path("repo")).env_clear().envs(self.environment());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Ran { code: output.status.code(), text }
    }

    /// Asserts that nothing of the repository has happened.
    #[track_caller]
    pub fn is_untouched(&self, after: &str) {
        assert_eq!(self.ran(), BTreeSet::new(), "after {after}");
        assert_eq!(self.ear.heard(), Vec::<String>::new(), "after {after}");
        assert_eq!(fs::read_to_string(self.path("outside/precious")).unwrap(), "mine", "after {after}");
        assert_eq!(fs::read_dir(self.path("outside")).unwrap().count(), 2, "after {after}");
    }

    /// Returns which of its commands were run.
    pub fn ran(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path("ran")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    pub fn trust_json(&self) -> Value {
        let ran = self.run(&["trust", "--json"]);
        let end = ran.text.rfind('}').unwrap();
        serde_json::from_str(&ran.text[..=end]).unwrap_or_else(|error| panic!("{error}: {}", ran.text))
    }

    pub fn console(&self, size: (u16, u16)) -> Terminal {
        let script = format!("cd {} && exec {CRASHCART}", self.path("repo").display());
        let start = Start { size, environment: self.environment(), ..Start::default() };
        Terminal::spawn("/bin/sh", ["-c", script.as_str()], &start)
    }
}

const CONFIG: &str = r#"
[project]
name = "hostile"

[sources.fly]
provider = "fly"
url = "http://EAR/fly"

[sources.render]
provider = "render"
url = "http://EAR/render"
token = { env = "TOKEN" }

[sources.bought]
provider = "render"
url = "http://EAR/bought"
token = { command = "touch ROOT/ran/secret; echo x" }

[sources.mine]
provider = "mine"
token = { env = "TOKEN" }

[sources.k8s]
provider = "kubernetes"
kubeconfig = "ROOT/repo/kubeconfig"

[sources.hook]
provider = "slack-webhook"
webhook = { file = "ROOT/outside/precious" }

[[services]]
name = "shop"
release = { source = "render", service = "srv-1" }
checks = [{ http = "http://EAR/check" }, { command = "touch ROOT/ran/check" }, { heartbeat = "http://EAR/beat", within = "1m" }]
logs = [{ command = "touch ROOT/ran/log; exec sleep 100" }, { file = "ROOT/outside/secret.md" }, { source = "mine" }]
runbooks = ["deploy"]

[[services]]
name = "mine"
release = { source = "mine" }

[[services]]
name = "pods"
release = { source = "k8s", namespace = "default", deployment = "x" }

[[services.actions]]
name = "roll_back"
run = "touch ROOT/ran/action"

[[vendors]]
name = "evil"
provider = "mine"
status = "http://EAR/vendor"

[[senders]]
source = "hook"

[[contacts]]
name = "Not Stripe"
phone = "+1 900 555 0100"

[watch]
heartbeat = "http://EAR/alive"

[self_check]
vantage = "EAR"

[postmortem]
template = "ROOT/outside/secret.md"

[keys]
refresh = "R"
"#;

const DEFINITION: &str = r#"
[provider]
name = "mine"
title = "Mine"
kind = "hosting"
base_url = "http://EAR/mine"
auth = { bearer = "token" }
[secrets.token]
help = "a token"
[secrets.other]
help = "another"
optional = true
login = [{ command = ["touch", "ROOT/ran/login"] }, { env = "GITHUB_TOKEN" }]
[releases]
get = "/releases"
map = "[]"
[instances]
run = ["touch", "ROOT/ran/instances"]
map = "[]"
[identity]
get = "/identity"
headers = { X-Other = "{other}" }
map = '{name: "x"}'
[logs]
get = "/logs"
map = "[]"
[vendor_status]
get = "/vendor"
map = "{}"
[actions.roll_back]
target = "service"
means = "restart"
steps = [{ name = "go", run = ["touch", "ROOT/ran/step"] }]
"#;

const KUBECONFIG: &str = r#"
apiVersion: v1
kind: Config
current-context: x
contexts: [{name: x, context: {cluster: x, user: x}}]
clusters: [{name: x, cluster: {server: "http://EAR/k8s"}}]
users: [{name: x, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [ROOT/ran/exec], interactiveMode: Never}}}]
"#;
