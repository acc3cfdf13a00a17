//! A hosting platform that remembers: deploys that go out, a service that is well or not, and mishaps on the way.
//!
//! It speaks the part of Render's API that its definition uses (api-docs.render.com/reference), as `specs/` describes it.

use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What happens to a request that acts, instead of a plain answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mishap {
    /// It is heeded, and the connection ends before the answer.
    HeededAndCut,
    /// The connection ends, and it is not heeded.
    CutOnly,
    /// It is heeded, and the answer says 502.
    HeededAnd502,
    /// It is not heeded, and the answer says so.
    Says(u16),
}

/// One deploy.
#[derive(Clone, Debug)]
pub struct Deploy {
    pub id: String,
    pub commit: String,
    pub status: String,
    pub created_at: String,
    /// Looks until it is live.
    looks: u32,
    well: bool,
}

#[derive(Debug, Default)]
struct State {
    deploys: Vec<Deploy>,
    automatic: bool,
    /// Acting requests, as they came.
    acted: Vec<String>,
    /// What becomes of the next acting requests whose path contains a text.
    mishaps: Vec<(String, Mishap)>,
    /// Nobody is answered.
    unplugged: bool,
    rollbacks: u32,
    /// Looks that a new deploy takes.
    slowness: u32,
    /// New deploys fail.
    fails: bool,
}

/// A running platform.
pub struct Platform {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Platform {
    /// Starts one with a good release `v1` and a bad one `v2` that is live.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it has an address");
        let deploy = |id: &str, commit: &str, status: &str, at: &str, well| Deploy {
            id: id.to_owned(),
            commit: commit.to_owned(),
            status: status.to_owned(),
            created_at: at.to_owned(),
            looks: 0,
            well,
        };
        let deploys = vec![
            deploy("dep-2", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "live", "2026-11-01T02:00:00Z", false),
            deploy("dep-1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "deactivated", "2026-10-31T10:00:00Z", true),
        ];
        let state = Arc::new(Mutex::new(State { deploys, automatic: true, slowness: 2, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, state }
    }

    /// Lets a mishap happen to the next acting request whose path contains a text. Several happen in turn.
    pub fn mishap(&self, path: &str, mishap: Mishap) {
        self.state.lock().unwrap().mishaps.push((path.to_owned(), mishap));
    }

    /// Lets new deploys take so many looks.
    pub fn take_looks(&self, looks: u32) {
        self.state.lock().unwrap().slowness = looks;
    }

    /// Lets new deploys fail.
    pub fn fail_deploys(&self) {
        self.state.lock().unwrap().fails = true;
    }

    /// Answers nobody, or everybody again. The service itself goes on.
    pub fn unplug(&self, unplugged: bool) {
        self.state.lock().unwrap().unplugged = unplugged;
    }

    /// Returns the acting requests that were heeded or refused, as `METHOD path`.
    pub fn acted(&self) -> Vec<String> {
        self.state.lock().unwrap().acted.clone()
    }

    /// Returns how many rollbacks were heeded.
    pub fn rollbacks(&self) -> u32 {
        self.state.lock().unwrap().rollbacks
    }

    /// Returns the commit that is live.
    pub fn live(&self) -> String {
        let state = self.state.lock().unwrap();
        state
            .deploys
            .iter()
            .find(|deploy| deploy.status == "live")
            .map(|deploy| deploy.commit.clone())
            .unwrap_or_default()
    }

    /// Returns whether pushes are deployed by themselves.
    pub fn is_automatic(&self) -> bool {
        self.state.lock().unwrap().automatic
    }

    /// Returns a configuration with one service on it.
    pub fn config(&self, more: &str) -> String {
        let address = self.address;
        format!(
            "[sources.render]\nprovider = \"render\"\nurl = \"http://{address}/v1\"\ntoken = {{ env = \"RENDER_API_KEY\" }}\n\n\
             [[services]]\nname = \"shop\"\nrelease = {{ source = \"render\", service = \"srv-1\" }}\n\
             checks = [{{ http = \"http://{address}/health\", every = \"5s\", timeout = \"5s\", retries = 0, recover = 1 }}]\n{more}"
        )
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let mut reader = BufReader::new(stream);
    let Some((method, path, body)) = request(&mut reader) else { return };
    let Some((status, answer)) = answer(state, &method, &path, &body) else { return };
    let text = if answer.is_null() { String::new() } else { answer.to_string() };
    let head = format!(
        "HTTP/1.1 {status} Any\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let _ = writer.write_all(head.as_bytes());
    let _ = writer.flush();
}

fn request(reader: &mut impl std::io::BufRead) -> Option<(String, String, Value)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, path, serde_json::from_slice(&body).unwrap_or_default()))
}

/// Returns status and body, or nothing when the connection ends.
fn answer(state: &Mutex<State>, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
    let mut state = state.lock().unwrap();
    let plain = path.split('?').next().unwrap_or(path);
    if plain == "/health" {
        let well = state.deploys.iter().any(|deploy| deploy.status == "live" && deploy.well);
        return Some((if well { 200 } else { 500 }, json!({ "well": well })));
    }
    if state.unplugged {
        return None;
    }
    if method == "GET" {
        return Some(read(&mut state, plain));
    }
    let place = state.mishaps.iter().position(|(part, _)| plain.contains(part.as_str()));
    let mishap = place.map(|place| state.mishaps.remove(place).1);
    state.acted.push(format!("{method} {plain}"));
    match mishap {
        Some(Mishap::CutOnly) => None,
        Some(Mishap::Says(status)) => Some((status, json!({ "message": "not now" }))),
        Some(Mishap::HeededAndCut) => {
            let _ = act(&mut state, method, plain, body);
            None
        }
        Some(Mishap::HeededAnd502) => {
            let _ = act(&mut state, method, plain, body);
            Some((502, json!({ "message": "bad gateway" })))
        }
        None => Some(act(&mut state, method, plain, body)),
    }
}

fn read(state: &mut State, path: &str) -> (u16, Value) {
    let document = |deploy: &Deploy| {
        json!({ "id": deploy.id, "status": deploy.status, "createdAt": deploy.created_at, "trigger": "new_commit",
                "commit": { "id": deploy.commit, "message": "a change", "createdAt": deploy.created_at } })
    };
    let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    if parts.get(2) == Some(&"deploys") {
        go_on(state);
    }
    match parts.as_slice() {
        ["services", _, "deploys"] => {
            let list: Vec<Value> =
                state.deploys.iter().map(|deploy| json!({ "deploy": document(deploy), "cursor": deploy.id })).collect();
            (200, Value::Array(list))
        }
        ["services", _, "deploys", id] => {
            let Some(place) = state.deploys.iter().position(|deploy| deploy.id == *id) else {
                return (404, json!({ "message": "not found" }));
            };
            (200, document(&state.deploys[place]))
        }
        ["services", _, "events"] => (200, json!([])),
        ["services", _, "instances"] => (
            200,
            json!([{ "id": "srv-1-a", "createdAt": "2026-11-01T02:00:00Z" }, { "id": "srv-1-b", "createdAt": "2026-11-01T02:00:00Z" }]),
        ),
        ["services", id] => (
            200,
            json!({ "id": id, "ownerId": "tea-1", "suspended": "not_suspended", "serviceDetails": { "numInstances": 2 } }),
        ),
        _ => (404, json!({ "message": "not found" })),
    }
}

/// Each look finds what is being deployed a little further.
fn go_on(state: &mut State) {
    let Some(place) = state.deploys.iter().position(|deploy| deploy.status == "update_in_progress") else { return };
    let deploy = &mut state.deploys[place];
    deploy.looks = deploy.looks.saturating_sub(1);
    if deploy.looks > 0 {
        return;
    }
    if state.fails {
        deploy.status = "update_failed".to_owned();
    } else {
        go_live(state, place);
    }
}

fn go_live(state: &mut State, place: usize) {
    for deploy in &mut state.deploys {
        if deploy.status == "live" {
            deploy.status = "deactivated".to_owned();
        }
    }
    state.deploys[place].status = "live".to_owned();
}

fn act(state: &mut State, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
    match (method, parts.as_slice()) {
        ("PATCH", ["services", id]) => {
            state.automatic = body["autoDeploy"] != "no";
            (200, json!({ "id": id, "autoDeploy": body["autoDeploy"] }))
        }
        ("POST", ["services", _, "rollback"]) => {
            let Some(from) = state.deploys.iter().find(|deploy| body["deployId"] == deploy.id.as_str()).cloned() else {
                return (404, json!({ "message": "no such deploy" }));
            };
            state.rollbacks += 1;
            let id = format!("dep-{}", state.deploys.len() + 1);
            let now = rfc3339(crashcart::clock::Clock::system().now());
            let (status, looks) = ("update_in_progress".to_owned(), state.slowness);
            let deploy = Deploy { id: id.clone(), status, created_at: now.clone(), looks, ..from.clone() };
            state.deploys.insert(0, deploy);
            if looks == 0 {
                go_live(state, 0);
            }
            (201, json!({ "id": id, "status": "update_in_progress", "createdAt": now }))
        }
        ("POST", ["services", _, "restart" | "scale"]) => (202, Value::Null),
        _ => (404, json!({ "message": "not found" })),
    }
}

fn rfc3339(at: crashcart::model::time::Timestamp) -> String {
    at.in_zone(&jiff::tz::TimeZone::UTC).timestamp().to_string()
}
