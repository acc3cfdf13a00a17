//! Whether a credential may roll back is asked of the system, and nothing is done.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use super::{Place, fs, released};
use serde_json::{Value, json};

/// The API of a cluster with one deployment, as a recorded conversation has it, and what an account may do there.
struct Cluster {
    address: String,
    /// Everything that was asked for: method and path.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Cluster {
    /// Starts one where these verbs of these resources are forbidden.
    fn forbidding(forbidden: &'static [(&'static str, &'static str)]) -> Self {
        let fixture = include_str!("../fixtures/providers/kubernetes/releases.json");
        let fixture: Value = serde_json::from_str(fixture).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, fixture) = (Arc::clone(&kept), fixture.clone());
                std::thread::spawn(move || serve(stream, &kept, &fixture, forbidden));
            }
        });
        Self { address, asked }
    }

    /// Returns a place whose service runs there.
    fn place(&self) -> Place {
        let place = Place::new(
            "[sources.k8s]\nprovider = \"kubernetes\"\nkubeconfig = \"ROOT/kubeconfig\"\n\n[[services]]\nname = \"api\"\n\
             release = { source = \"k8s\", namespace = \"shop\", deployment = \"api\" }\n",
        );
        let kubeconfig = json!({ "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "contexts": [{ "name": "x", "context": { "cluster": "x", "user": "x", "namespace": "shop" } }],
            "clusters": [{ "name": "x", "cluster": { "server": format!("http://{}", self.address) } }],
            "users": [{ "name": "x", "user": { "token": "account" } }] });
        fs::write(place.path("kubeconfig"), kubeconfig.to_string()).unwrap();
        fs::set_permissions(place.path("kubeconfig"), fs::Permissions::from_mode(0o600)).unwrap();
        place
    }

    /// Asserts that it was only asked.
    #[track_caller]
    fn is_unchanged(&self) {
        for asked in self.asked.lock().unwrap().iter() {
            let review = asked.starts_with("POST /apis/auth") && asked.contains("subject");
            assert!(asked.starts_with("GET ") || review, "{asked}");
        }
    }
}

fn serve(stream: TcpStream, asked: &Mutex<Vec<String>>, fixture: &Value, forbidden: &[(&str, &str)]) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_ascii_lowercase();
            length = line.strip_prefix("content-length:").map_or(length, |length| length.trim().parse().unwrap());
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let mut words = first.split_whitespace();
        let what = format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default());
        asked.lock().unwrap().push(what.clone());
        let (status, answer) = answer(&what, &serde_json::from_slice(&body).unwrap_or_default(), fixture, forbidden);
        let text = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} Any\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        if reader.get_mut().write_all(format!("{head}{text}").as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(what: &str, body: &Value, fixture: &Value, forbidden: &[(&str, &str)]) -> (u16, Value) {
    let may = |verb: &str, resource: &str| !forbidden.contains(&(verb, resource));
    if what.contains("/selfsubjectaccessreviews") {
        let asked = &body["spec"]["resourceAttributes"];
        let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
        let mut review = body.clone();
        review["status"] = json!({ "allowed": may(&text("verb"), &text("resource")) });
        return (201, review);
    }
    if what.contains("/selfsubjectreviews") {
        return (
            201,
            json!({ "status": { "userInfo": { "username": "system:serviceaccount:shop:ops", "groups": [] } } }),
        );
    }
    if what.ends_with(" /version") {
        return (200, json!({ "gitVersion": "v1.33.0" }));
    }
    let resource = if what.contains("/replicasets") { "replicasets" } else { "deployments" };
    let verb = if what.contains("/replicasets?") { "list" } else { "get" };
    if !may(verb, resource) {
        return (
            403,
            json!({ "kind": "Status", "message": format!("{resource}.apps is forbidden: User \"ops\" cannot {verb} it"), "reason": "Forbidden", "code": 403 }),
        );
    }
    let path = what.split('?').next().unwrap_or_default();
    let known = fixture["exchanges"].as_array().unwrap();
    match known.iter().find(|exchange| exchange["ask"].as_str().unwrap().split('?').next() == Some(path)) {
        Some(exchange) => (200, exchange["answer"].clone()),
        None => (200, json!({ "items": [] })),
    }
}

#[test]
fn an_account_that_may_roll_back_is_told_from_one_that_may_only_look() {
    let cluster = Cluster::forbidding(&[]);
    let ran = cluster.place().doctor(&[]);
    ran.says("rollback", "api", "ok", "could begin now", "");
    ran.says("permission", "api", "ok", "it may get and patch deployments and read replicasets in namespace shop", "");
    cluster.is_unchanged();

    let cluster = Cluster::forbidding(&[("patch", "deployments")]);
    let ran = cluster.place().doctor(&[]);
    assert_eq!(ran.code, Some(1));
    ran.says("rollback", "api", "ok", "could begin now", "");
    ran.says(
        "permission",
        "api",
        "failure",
        "it may not patch deployments.apps in namespace shop",
        "give what k8s uses",
    );
    cluster.is_unchanged();
}

#[test]
fn where_no_plan_can_be_made_the_missing_permissions_are_named_too() {
    let cluster = Cluster::forbidding(&[("list", "replicasets"), ("patch", "deployments")]);
    let ran = cluster.place().doctor(&[]);
    ran.says("rollback", "api", "failure", "replicasets.apps is forbidden", "");
    let missing = "it may not list replicasets.apps, nor patch deployments.apps in namespace shop";
    ran.says("permission", "api", "failure", missing, "");
    cluster.is_unchanged();
}

#[test]
fn a_server_of_ones_own_is_asked_for_its_folder_and_for_sudo() {
    let config = "[sources.web]\nprovider = \"releases-over-ssh\"\n\n[[services]]\nname = \"shop\"\n\
         release = { source = \"web\", path = \"ROOT/app\" }\n";
    let place = Place::new(config);
    released(place.root.path(), &["20261031100000", "20261101020000"]);
    place.doctor(&[]).says("permission", "shop", "ok", "may write to", "");
    // Root may restart whatever there is; others are told what sudo says.
    let place = Place::new(&config.replace("/app\"", "/app\", unit = \"no-such-unit.service\""));
    released(place.root.path(), &["20261031100000", "20261101020000"]);
    let (verdict, evidence, _) = place.doctor(&[]).line("permission", "shop");
    let root = rustix::process::geteuid().is_root();
    assert!(if root { verdict == "ok" } else { evidence.contains("sudo") }, "{verdict}: {evidence}");
}
