//! A repository that means harm, against the real program: nothing of it runs, nobody is asked, nothing leaves its folder
//! until `crashcart trust` has shown what it would do. Then what was shown happens, and nothing else.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use support::pty::{Start, Terminal};
use tempfile::TempDir;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");
const TOKEN: &str = "rnd_abcdefghijklmnop";
const OUTSIDE: &str = "the-words-of-a-file-outside";

/// A server on loopback that keeps what it was told.
struct Ear {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Ear {
    /// Starts one that answers `answer`, a whole answer of HTTP.
    fn new(answer: &str) -> Self {
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

    fn deaf() -> Self {
        Self::new(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]",
        )
    }

    fn heard(&self) -> Vec<String> {
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
struct Place {
    root: TempDir,
    ear: Ear,
}

struct Ran {
    code: Option<i32>,
    text: String,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home/.config/crashcart", "repo/.git", "repo/runbooks", "repo/providers", "ran", "outside"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        Self { root, ear: Ear::deaf() }
    }

    /// The repository with everything in it that may do harm.
    fn hostile() -> Self {
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

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let root = self.root.path().display().to_string();
        fs::write(self.path(path), text.replace("ROOT", &root).replace("EAR", &self.ear.address)).unwrap();
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
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

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(CRASHCART);
        command.args(arguments).current_dir(self.path("repo")).env_clear().envs(self.environment());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Ran { code: output.status.code(), text }
    }

    /// Asserts that nothing of the repository has happened.
    #[track_caller]
    fn is_untouched(&self, after: &str) {
        assert_eq!(self.ran(), BTreeSet::new(), "after {after}");
        assert_eq!(self.ear.heard(), Vec::<String>::new(), "after {after}");
        assert_eq!(fs::read_to_string(self.path("outside/precious")).unwrap(), "mine", "after {after}");
        assert_eq!(fs::read_dir(self.path("outside")).unwrap().count(), 2, "after {after}");
    }

    /// Returns which of its commands were run.
    fn ran(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.path("ran")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn trust_json(&self) -> Value {
        let ran = self.run(&["trust", "--json"]);
        let end = ran.text.rfind('}').unwrap();
        serde_json::from_str(&ran.text[..=end]).unwrap_or_else(|error| panic!("{error}: {}", ran.text))
    }

    fn console(&self, size: (u16, u16)) -> Terminal {
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

#[test]
fn nothing_of_a_repository_happens_before_it_is_trusted() {
    let place = Place::hostile();
    // What follows the configuration, and says why it does not.
    let told: &[&[&str]] = &[
        &["status"],
        &["status", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["run", "deploy", "--yes"],
        &["logs"],
        &["watch", "--once"],
        &["releases"],
        &["instances"],
        &["alerts"],
        &["vendors"],
        &["rollback", "shop", "--yes"],
        &["rollback", "pods", "--yes"],
        &["runbooks", "show", "deploy"],
        &["contacts"],
    ];
    for arguments in told {
        let ran = place.run(arguments);
        place.is_untouched(&arguments.join(" "));
        assert!(!ran.text.contains(OUTSIDE) && !ran.text.contains(TOKEN), "{arguments:?}: {}", ran.text);
        let says = ran.text.contains("crashcart trust") || ran.text.contains("is not trusted yet");
        assert!(says && ran.code != Some(101), "{arguments:?} ends with {:?}: {}", ran.code, ran.text);
    }
    // What looks at the repository, at the journal or at oneself, and does not need to follow it.
    let quiet: &[&[&str]] = &[
        &["audit"],
        &["audit", "--json"],
        &["audit", "--accept", "because"],
        &["init", "--yes", "--offline"],
        &["init", "--dry-run", "--offline"],
        &["runbooks"],
        &["runbooks", "lint"],
        &["secret", "list"],
        &["trust", "--list"],
        &["trust"],
        &["operations"],
        &["note", "hello"],
        &["incident", "open", "it is down"],
        &["incident", "export"],
        &["incident", "evidence"],
        &["page", "--yes", "help"],
        &["providers"],
        &["providers", "try", "mine", "releases"],
        &["--config", "crashcart.toml", "--config-found", "status"],
    ];
    for arguments in quiet {
        let ran = place.run(arguments);
        place.is_untouched(&arguments.join(" "));
        assert!(!ran.text.contains(OUTSIDE) && !ran.text.contains(TOKEN), "{arguments:?}: {}", ran.text);
        assert!(ran.code.is_some_and(|code| code != 101), "{arguments:?} ends with {:?}: {}", ran.code, ran.text);
    }
}

#[test]
fn the_console_says_at_once_that_it_follows_nothing() {
    for size in [(40, 20), (80, 24), (120, 40)] {
        let place = Place::hostile();
        let mut terminal = place.console(size);
        terminal.wait_for("crashcart trust");
        terminal.type_text("R");
        terminal.wait_until("the console still there", |screen| screen.contains("crashcart trust"));
        place.is_untouched("the console");
        terminal.type_text("q");
        assert_eq!(terminal.exit_code(), 0);
        place.is_untouched("the console's end");
    }
}

#[test]
fn the_list_names_every_command_host_and_secret() {
    let place = Place::hostile();
    let text = place.run(&["trust", "--list"]).text;
    let ear = &place.ear.address;
    let host = ear.split(':').next().unwrap();
    let root = place.root.path().display().to_string();
    for wanted in [
        format!("touch {root}/ran/login (login of source mine)"),
        format!("touch {root}/ran/instances (source mine: instances)"),
        format!("touch {root}/ran/step (source mine: action roll_back)"),
        format!("touch {root}/ran/action (action pods/roll_back)"),
        format!("/bin/sh -c 'touch {root}/ran/check'"),
        format!("touch {root}/ran/log; exec sleep 100"),
        format!("/bin/sh -c 'touch {root}/ran/secret; echo x' (for sources.bought.token)"),
        format!("the program that {root}/repo/kubeconfig names for logging in, if it does (source k8s)"),
        format!("touch {root}/ran/runbook"),
        format!("environment variable TOKEN -> {ear} (source render: Render)"),
        format!("environment variable TOKEN -> {ear} (source mine: identity, logs, releases, vendor_status)"),
        format!("GET http://{ear}/mine/releases (source mine: releases)"),
        format!("-> {ear} (source fly: Fly.io)"),
        format!(
            "what `touch {root}/ran/login` prints or environment variable GITHUB_TOKEN -> {ear} (source mine: identity)"
        ),
        format!("GET http://{ear}/check"),
        format!("GET http://{ear}/beat"),
        format!("GET http://{ear}/alive"),
        format!("{root}/outside/secret.md (template of postmortems)"),
        format!("{root}/repo/kubeconfig (kubeconfig of source k8s)"),
        "the key of refresh is R".to_owned(),
        "whom you are told to call: Not Stripe, +1 900 555 0100".to_owned(),
        "`render` is built in, and a repository does not change what it means".to_owned(),
    ] {
        assert!(text.contains(&wanted), "{wanted:?} is not in:\n{text}");
    }
    // The same for programs.
    let document = place.trust_json();
    let effects: Vec<&Value> =
        document["files"].as_array().unwrap().iter().flat_map(|it| it["effects"].as_array().unwrap()).collect();
    let sent = effects.iter().find(|it| it["kind"] == "send" && it["what"].as_str().unwrap().contains("source render"));
    let sent = sent.unwrap_or_else(|| panic!("{effects:#?}"));
    assert_eq!(
        (sent["secret"].as_str(), sent["host"].as_str()),
        (Some("environment variable TOKEN"), Some(ear.as_str()))
    );
    assert!(effects.iter().any(|it| it["host"] == host), "{effects:#?}");
    place.is_untouched("listing");
}

#[test]
fn what_was_listed_happens_after_trust_and_nothing_else() {
    let place = Place::hostile();
    let listed = place.run(&["trust", "--list"]).text;
    assert_eq!(place.run(&["trust", "--yes"]).code, Some(0));
    place.is_untouched("the approval itself");
    place.run(&["status"]);
    let ran = place.ran();
    for canary in &ran {
        let named = listed.contains(&format!("/ran/{canary}"));
        // A kubeconfig's program is named by the kubeconfig.
        assert!(named || canary == "exec", "{canary} ran and was not listed:\n{listed}");
    }
    assert!(ran.contains("check"), "{ran:?}");
    assert!(
        ran.is_disjoint(&["action", "step", "runbook", "fsmonitor", "pager", "diff"].map(str::to_owned).into()),
        "{ran:?}"
    );
    let heard = place.ear.heard();
    assert!(heard.iter().any(|request| request.starts_with("GET /check ") && !request.contains(TOKEN)), "{heard:#?}");
    assert!(
        heard.iter().any(|request| request.starts_with("GET /mine/releases ") && request.contains(TOKEN)),
        "{heard:#?}"
    );

    // A change is inert again, and shows what moved.
    let config = fs::read_to_string(place.path("repo/crashcart.toml")).unwrap();
    fs::write(place.path("repo/crashcart.toml"), config.replace("/check\"", "/moved\"")).unwrap();
    let (before, heard) = (place.ran(), place.ear.heard().len());
    let text = place.run(&["status"]).text;
    assert!(text.contains("has changed since you trusted it") && text.contains("crashcart trust"), "{text}");
    assert_eq!((place.ran(), place.ear.heard().len()), (before.clone(), heard));
    // That another crashcart, or a unit, hands the file on makes it no more trustworthy.
    let config_path = place.path("repo/crashcart.toml").display().to_string();
    let handed_on = ["--config", config_path.as_str(), "--config-found", "watch", "--once"];
    let text = place.run(&handed_on).text;
    assert!(text.contains("has changed since you trusted it"), "{text}");
    assert_eq!((place.ran(), place.ear.heard().len()), (before, heard));
    let list = place.run(&["trust", "--list"]).text;
    let ear = &place.ear.address;
    assert!(
        list.contains(&format!("- GET http://{ear}/check")) && list.contains(&format!("+ GET http://{ear}/moved")),
        "{list}"
    );
    fs::write(place.path("repo/crashcart.toml"), format!("{config}# only words\n")).unwrap();
    let list = place.run(&["trust", "--list"]).text;
    assert!(list.contains("would still do exactly the same"), "{list}");
    fs::write(place.path("repo/crashcart.toml"), &config).unwrap();
    assert_eq!(place.run(&["trust", "--list"]).code, Some(0));

    // So is a change of a definition beside it.
    let definition = fs::read_to_string(place.path("repo/providers/mine.toml")).unwrap();
    fs::write(place.path("repo/providers/mine.toml"), definition.replace("/releases\"", "/elsewhere\"")).unwrap();
    let heard = place.ear.heard().len();
    assert!(place.run(&["status"]).text.contains("has changed since you trusted it"));
    assert_eq!(place.ear.heard().len(), heard);
    let list = place.run(&["trust", "--list"]).text;
    assert!(list.contains(&format!("- GET http://{ear}/mine/releases")) && list.contains("/mine/elsewhere"), "{list}");
}

#[test]
fn links_lead_nowhere_and_names_are_harmless() {
    let place = Place::new();
    place.write("outside/secret.toml", &format!("token = \"{OUTSIDE}\"\n"));
    place.write("outside/precious", "mine");
    symlink(place.path("outside/secret.toml"), place.path("repo/crashcart.toml")).unwrap();
    for arguments in [&["status"][..], &["trust", "--yes"], &["doctor"], &["contacts"], &["secret", "list"]] {
        let ran = place.run(arguments);
        assert!(!ran.text.contains(OUTSIDE), "{arguments:?}: {}", ran.text);
        assert!(ran.text.contains("leads out of its repository"), "{arguments:?}: {}", ran.text);
    }
    // A definition and a folder of runbooks that lie elsewhere.
    fs::remove_file(place.path("repo/crashcart.toml")).unwrap();
    place.write("repo/crashcart.toml", "[sources.x]\nprovider = \"x\"\n[[services]]\nname = \"a\"\n");
    symlink(place.path("outside/secret.toml"), place.path("repo/providers/x.toml")).unwrap();
    let ran = place.run(&["trust", "--list"]);
    assert!(
        ran.code == Some(2) && ran.text.contains("leads out of this repository") && !ran.text.contains(OUTSIDE),
        "{}",
        ran.text
    );
    fs::remove_file(place.path("repo/providers/x.toml")).unwrap();
    fs::remove_dir(place.path("repo/runbooks")).unwrap();
    symlink(place.path("outside"), place.path("repo/runbooks")).unwrap();
    let ran = place.run(&["runbooks", "new", "slow"]);
    assert!(ran.code == Some(2) && ran.text.contains("leads out of this repository"), "{}", ran.text);
    assert_eq!(fs::read_dir(place.path("outside")).unwrap().count(), 2);
    // Names and commands that would rewrite the screen, or read from right to left.
    fs::remove_file(place.path("repo/runbooks")).unwrap();
    fs::create_dir(place.path("repo/runbooks")).unwrap();
    place.write("repo/runbooks/a\u{1b}[2J\u{202e}b.md", "# A\n\n## B\n\n```sh\necho \u{1b}[8mhidden\u{202e}\n```\n");
    let text = place.run(&["trust", "--list"]).text;
    assert!(text.contains("hidden") && !text.contains(['\u{1b}', '\u{202e}']), "{}", text.escape_debug());
}

#[test]
fn a_token_does_not_follow_a_redirect_to_another_host() {
    let thief = Ear::deaf();
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{}/stolen\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        thief.address
    );
    let (place, first) = (Place::new(), Ear::new(&redirect));
    let config = format!(
        "[sources.web]\nprovider = \"render\"\nurl = \"http://{}/v1\"\ntoken = {{ env = \"TOKEN\" }}\n[[services]]\nname = \"shop\"\n\
         release = {{ source = \"web\", service = \"srv-1\" }}\n",
        first.address
    );
    place.write("repo/crashcart.toml", &config);
    assert_eq!(place.run(&["trust", "--yes"]).code, Some(0));
    place.run(&["releases"]);
    let (asked, stolen) = (first.heard(), thief.heard());
    assert!(asked.iter().any(|request| request.contains(TOKEN)), "{asked:#?}");
    assert!(!stolen.is_empty() && stolen.iter().all(|request| !request.contains(TOKEN)), "{stolen:#?}");
}

#[test]
fn a_long_list_is_shown_by_the_screenful_and_what_was_typed_ahead_is_no_answer() {
    let place = Place::new();
    let checks: Vec<String> = (0..60).map(|number| format!("{{ tcp = \"127.0.0.1:{}\" }}", number + 1)).collect();
    let config = format!(
        "[[services]]\nname = \"a\"\nchecks = [{}, {{ command = \"curl evil.example\" }}]\n",
        checks.join(", ")
    );
    place.write("repo/crashcart.toml", &config);
    let script = format!("cd {} && read go && exec {CRASHCART} trust", place.path("repo").display());
    let start = Start { size: (80, 24), environment: place.environment(), ..Start::default() };
    let mut terminal = Terminal::spawn("/bin/sh", ["-c", script.as_str()], &start);
    // The shell takes the first line; the others wait in the terminal.
    terminal.type_text("go\ny\ny\n\n\n\n\ny\n");
    let first = terminal.wait_for("more: Enter; q leaves --");
    assert!(first.contains("curl evil.example"), "the worst comes first: {first}");
    let mut page = first;
    while !page.contains("Trust it? [y/N]") {
        terminal.type_text("\n");
        let before = page.clone();
        page = terminal.wait_until("the next page", |screen| {
            screen != before && (screen.trim_end().ends_with("--") || screen.contains("Trust it? [y/N]"))
        });
    }
    assert!(page.contains("Altogether: 1 command here, 60 addresses."), "{page}");
    terminal.type_text("n\n");
    assert_eq!(terminal.exit_code(), 1);
    assert_eq!(place.run(&["trust", "--list"]).code, Some(1), "nothing was approved");
}

#[test]
fn an_approval_is_for_the_bytes_that_were_shown() {
    let place = Place::new();
    place.write("repo/crashcart.toml", "[[services]]\nname = \"a\"\nchecks = [{ command = \"true\" }]\n");
    let script = format!("cd {} && exec {CRASHCART} trust", place.path("repo").display());
    let start = Start { size: (80, 24), environment: place.environment(), ..Start::default() };
    let mut terminal = Terminal::spawn("/bin/sh", ["-c", script.as_str()], &start);
    terminal.wait_for("Trust it? [y/N]");
    // While the person reads, somebody puts another file there.
    place.write(
        "repo/crashcart.toml",
        "[[services]]\nname = \"a\"\nchecks = [{ command = \"touch ROOT/ran/swapped\" }]\n",
    );
    terminal.type_text("y\n");
    assert_eq!(terminal.exit_code(), 0);
    let text = place.run(&["status"]).text;
    assert!(text.contains("has changed since you trusted it"), "{text}");
    assert_eq!(place.ran(), BTreeSet::new());
}

#[test]
fn a_repository_that_is_ones_home_approves_nothing_by_itself() {
    let place = Place::new();
    fs::create_dir_all(place.path("repo/.config/crashcart/runbooks")).unwrap();
    fs::create_dir_all(place.path("repo/.local/state/crashcart")).unwrap();
    fs::remove_dir(place.path("repo/.git")).unwrap();
    let own = "repo/.config/crashcart/crashcart.toml";
    place.write(own, "[[services]]\nname = \"a\"\nchecks = [{ command = \"touch ROOT/ran/own\" }]\n");
    place.write("repo/.config/crashcart/runbooks/x.md", "# X\n\n## Y\n\n```sh\ntouch ROOT/ran/book\n```\n");
    // The approval that it brings along is right in every byte.
    let bytes = fs::read(place.path(own)).unwrap();
    let path = fs::canonicalize(place.path(own)).unwrap();
    let approval = serde_json::json!({ "version": 1, "files": { path.to_str().unwrap(): {
        "sha256": crashcart::cli::trust_store::hash(&bytes), "effects": [] } } });
    place.write("repo/.local/state/crashcart/trust.json", &approval.to_string());
    fs::set_permissions(place.path("repo/.local/state/crashcart/trust.json"), fs::Permissions::from_mode(0o600))
        .unwrap();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(place.path("repo")).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    let at_home = |arguments: &[&str]| {
        let mut command = Command::new(CRASHCART);
        command.args(arguments).current_dir(place.path("repo")).env_clear().env("HOME", place.path("repo"));
        let output = command.env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    };
    let text = at_home(&["status"]);
    assert!(text.contains("came with the repository"), "{text}");
    let text = at_home(&["run", "x", "--yes"]);
    assert!(text.contains("came with the repository"), "{text}");
    assert_eq!(place.ran(), BTreeSet::new());
    // Whoever keeps a home in git and tracks none of it owns it.
    git(&["rm", "-rq", "--cached", ".config", ".local"]);
    at_home(&["status"]);
    assert_eq!(place.ran(), ["own".to_owned()].into());
}

#[test]
fn a_pipe_or_a_device_in_place_of_a_file_is_refused_without_waiting() {
    let place = Place::new();
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    place.write("repo/crashcart.toml", "[sources.x]\nprovider = \"x\"\n[[services]]\nname = \"a\"\n");
    pipe(&place.path("repo/providers/x.toml"));
    let ran = place.run(&["trust", "--list"]);
    assert!(ran.code == Some(2) && ran.text.contains("it is not a file"), "{}", ran.text);
    fs::remove_file(place.path("repo/providers/x.toml")).unwrap();
    pipe(&place.path("repo/runbooks/x.md"));
    let ran = place.run(&["runbooks"]);
    assert!(ran.text.contains("it is not a file"), "{}", ran.text);
}
