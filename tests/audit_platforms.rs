//! `crashcart audit` over platforms, from outside: servers on loopback, two environments, and values that nobody may see.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use support::fault_server::closed_port;
use support::web::Web;
use tempfile::TempDir;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");
/// The value of every variable. It looks like no token, so that nothing but its place can keep it back.
const VALUE: &str = "correct horse battery staple";
const TOKEN: &str = "rnd_abcdefghijklmnop";

/// A server that answers by path, and keeps what it was asked.
struct Paths {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Paths {
    fn start(answers: Vec<(&str, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: BTreeMap<String, String> =
            answers.into_iter().map(|(path, value)| (path.to_owned(), value.to_string())).collect();
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &answers, &kept);
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, answers: &BTreeMap<String, String>, asked: &Mutex<Vec<String>>) {
    let (mut request, mut buffer) = (Vec::new(), [0; 4_096]);
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let line = request.lines().next().unwrap_or_default().to_owned();
    asked.lock().unwrap().push(line.clone());
    let path = line.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let (status, body) = match answers.get(path) {
        Some(body) => (200, body.as_str()),
        None => (404, "{\"message\": \"not found\"}"),
    };
    let _ = stream.write_all(
        format!(
            "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
}

/// A platform with one service in two environments, of which production lacks a variable that the code reads.
fn platform() -> Paths {
    let service = |name: &str, check: &str| {
        json!({ "id": name, "ownerId": "tea-1", "name": name, "type": "web_service", "autoDeploy": "yes",
                "serviceDetails": { "env": "node", "healthCheckPath": check, "numInstances": 1 } })
    };
    let variable = |key: &str| json!({ "envVar": { "key": key, "value": VALUE }, "cursor": key });
    let deploy = |id: &str, status: &str| json!({ "deploy": { "id": id, "status": status, "createdAt": "2026-01-01T00:00:00Z", "commit": { "id": "a1b2c3d" } } });
    Paths::start(vec![
        ("/v1/services/srv-live", service("srv-live", "")),
        ("/v1/services/srv-stage", service("srv-stage", "/health")),
        ("/v1/env-groups", json!([])),
        ("/v1/services/srv-live/env-vars", json!([variable("DATABASE_URL")])),
        ("/v1/services/srv-stage/env-vars", json!([variable("DATABASE_URL"), variable("STRIPE_KEY")])),
        ("/v1/services/srv-live/deploys", json!([deploy("dep-1", "live")])),
        ("/v1/services/srv-stage/deploys", json!([deploy("dep-2", "live"), deploy("dep-1", "deactivated")])),
    ])
}

/// A home, a repository and a state directory.
struct Place {
    root: TempDir,
}

impl Place {
    fn new(config: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home", "state", "elsewhere", "repo/src", "repo/.git"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let place = Self { root };
        fs::write(place.path("repo/crashcart.toml"), config).unwrap();
        fs::write(place.path("repo/src/pay.js"), "const key = process.env.STRIPE_KEY;\n").unwrap();
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn run(&self, folder: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = Command::new(CRASHCART)
            .args(arguments)
            .current_dir(self.path(folder))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("CRASHCART_STATE_DIR", self.path("state"))
            .env("DBUS_SESSION_BUS_ADDRESS", "")
            .env("PATH", "/usr/bin:/bin")
            .env("TOKEN", TOKEN)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        for hidden in [VALUE, TOKEN] {
            assert!(!out.contains(hidden) && !err.contains(hidden), "{arguments:?}: {out}{err}");
        }
        (output.status.code(), out, err)
    }

    /// Returns the report of an audit of the repository, from inside it.
    fn audit(&self, more: &[&str]) -> Value {
        self.audit_from("repo", more)
    }

    fn audit_from(&self, folder: &str, more: &[&str]) -> Value {
        let (_, out, err) = self.run(folder, &[&["audit", "--json", "--fail-on", "never"], more].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"))
    }

    fn trusted(self) -> Self {
        let (code, out, err) = self.run("repo", &["trust", "--yes"]);
        assert_eq!(code, Some(0), "{out}{err}");
        self
    }
}

fn config(address: SocketAddr) -> String {
    format!(
        "[environments.production]\n[environments.staging]\n\
         [sources.render]\nprovider = \"render\"\nurl = \"http://{address}/v1\"\ntoken = {{ env = \"TOKEN\" }}\n\
         [[services]]\nname = \"shop\"\nenvironment = \"production\"\nrelease = {{ source = \"render\", service = \"srv-live\" }}\n\
         [[services]]\nname = \"shop-staging\"\nenvironment = \"staging\"\nrelease = {{ source = \"render\", service = \"srv-stage\" }}\n"
    )
}

fn found<'a>(report: &'a Value, rule: &str) -> Vec<&'a Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule).collect()
}

fn skipped(report: &Value) -> String {
    report["skipped"].as_array().unwrap().iter().map(|text| format!("{}\n", text.as_str().unwrap())).collect()
}

#[test]
fn the_platforms_of_a_trusted_configuration_are_asked_and_only_to_read() {
    let server = platform();
    let place = Place::new(&config(server.address)).trusted();
    let report = place.audit(&[]);
    assert_eq!(skipped(&report), "", "everything was asked");
    let missing = found(&report, "parity.live-variable-missing");
    assert_eq!(missing[0]["says"], "`STRIPE_KEY` is read in src/pay.js:1, and is not set", "{report:#}");
    assert_eq!(
        (&missing[0]["source"], &missing[0]["service"], &missing[0]["environment"]),
        (&json!("render"), &json!("shop (srv-live)"), &json!("production"))
    );
    assert_eq!(found(&report, "parity.live-variables-differ")[0]["says"], "set in staging, and not here: `STRIPE_KEY`");
    for rule in [
        "config.live-no-health-check",
        "config.live-single-instance",
        "delivery.live-no-gate",
        "delivery.live-nothing-to-go-back-to",
    ] {
        assert_eq!(found(&report, rule).len(), 1, "{rule} in production only: {report:#}");
    }
    assert_eq!(found(&report, "observability.service-without-check").len(), 2);
    assert!(server.asked().iter().all(|line| line.starts_with("GET ")), "{:?}", server.asked());
    // The same from another folder, and as the other forms.
    let far = place.audit_from("elsewhere", &["../repo"]);
    assert_eq!(found(&far, "parity.live-variable-missing").len(), 1);
    for form in ["--sarif", "--markdown", "--all"] {
        let (code, out, _) = place.run("repo", &["audit", form]);
        assert!(code == Some(1) && out.contains("STRIPE_KEY"), "{form}: {out}");
    }
    // Nothing of it on disk either: the state directory has the scores and the findings.
    let mut files = 0;
    walk(&place.path("state"), &mut |path, text| {
        assert!(!text.contains(VALUE) && !text.contains(TOKEN), "{}", path.display());
        files += usize::from(text.contains("STRIPE_KEY"));
    });
    assert!(files > 0, "the findings are remembered");
    // What is tried by hand is not shown either.
    let (code, out, _) = place.run("repo", &["providers", "try", "render", "settings", "--set", "service=srv-stage"]);
    assert!(code == Some(0) && out.contains("STRIPE_KEY") && out.contains("not shown"), "{out}");
}

fn walk(folder: &Path, look: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            walk(&entry.path(), look);
        } else {
            look(&entry.path(), &String::from_utf8_lossy(&fs::read(entry.path()).unwrap()));
        }
    }
}

#[test]
fn a_configuration_that_is_not_trusted_is_not_followed_and_it_is_said() {
    let server = platform();
    let place = Place::new(&config(server.address));
    for (folder, more) in [("repo", &[][..]), ("elsewhere", &["../repo"][..])] {
        let report = place.audit_from(folder, more);
        assert!(
            skipped(&report).contains("the live platforms") && skipped(&report).contains("crashcart trust"),
            "{report:#}"
        );
        assert!(found(&report, "parity.live-variable-missing").is_empty());
        // What stands in the file is looked at all the same.
        assert_eq!(found(&report, "observability.service-without-check").len(), 2, "{report:#}");
    }
    assert!(server.asked().is_empty(), "{:?}", server.asked());
}

#[test]
fn offline_looks_at_files_and_the_configuration_only() {
    let server = platform();
    let place = Place::new(&config(server.address)).trusted();
    let report = place.audit(&["--offline"]);
    assert!(skipped(&report).contains("--offline"), "{report:#}");
    assert_eq!(found(&report, "observability.service-without-check").len(), 2);
    assert!(server.asked().is_empty(), "{:?}", server.asked());
}

#[test]
fn what_does_not_answer_is_said_and_holds_nobody_up() {
    let place = Place::new(&config(closed_port())).trusted();
    let report = place.audit(&[]);
    assert!(skipped(&report).contains("render, settings of shop: unreachable"), "{}", skipped(&report));
    assert!(found(&report, "config.live-no-health-check").is_empty(), "what is not known is no finding");
    let web = Web::start();
    web.hang();
    let place = Place::new(&config(web.address)).trusted();
    let report = place.audit(&["--timeout", "1s"]);
    assert!(skipped(&report).contains("render, settings of shop: no answer within 1s"), "{}", skipped(&report));
    let web = Web::start();
    web.answer(401, "{\"message\": \"no\"}");
    let place = Place::new(&config(web.address)).trusted();
    assert!(skipped(&place.audit(&[])).contains("the credential is not accepted"));
    // An answer that is another one: its text, which could be anything, is not repeated.
    web.answer(200, &json!({ "name": VALUE, "serviceDetails": VALUE }).to_string());
    let report = place.audit(&[]);
    assert!(skipped(&report).contains("render, settings of shop: the answer cannot be read"), "{report:#}");
}

#[test]
fn without_a_configuration_it_is_said_that_no_platform_was_asked() {
    let place = Place::new("");
    fs::remove_file(place.path("repo/crashcart.toml")).unwrap();
    assert!(skipped(&place.audit(&[])).contains("there is no crashcart.toml here"));
    // One's own is about something else.
    let own = place.path("home/.config/crashcart");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("crashcart.toml"), "[[services]]\nname = \"mine\"\n").unwrap();
    let report = place.audit(&[]);
    assert!(skipped(&report).contains("your own is about something else"), "{report:#}");
    assert!(found(&report, "observability.service-without-check").is_empty());
}
