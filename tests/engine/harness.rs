//! An engine over definitions of a few lines, and servers that misbehave.
#![allow(dead_code, reason = "each part of these tests uses a part of it")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crashcart::clock::Clock;
use crashcart::model::id::SourceId;
use crashcart::model::secret::{Secret, SecretRef};
use crashcart::model::source::{Capability, Found, Source};
use crashcart::model::surroundings::Surroundings;
use crashcart::provider::engine::{Ask, Engine, LogStream, NoSecret, Secrets};
use crashcart::provider::map::Mapped;
use crashcart::provider::registry::Registry;
use crashcart::provider::run::{Failure, FailureKind};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;

/// What no message may hold, whatever happens.
pub const SECRET: &str = "tok_s3cr3t/val+ue&more";

/// Secrets by the names of environment variables that nobody sets.
#[derive(Default)]
pub struct Keys {
    secrets: Mutex<BTreeMap<String, String>>,
    pub forgotten: Mutex<Vec<SecretRef>>,
}

impl Keys {
    pub fn set(&self, name: &str, secret: &str) {
        self.secrets.lock().unwrap().insert(name.to_owned(), secret.to_owned());
    }
}

impl Secrets for Keys {
    fn get<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, NoSecret>> {
        Box::pin(async move {
            let SecretRef::Env(name) = place else { panic!("this test knows nothing of {place}") };
            let secret = self.secrets.lock().unwrap().get(name).map(Secret::new);
            secret.ok_or_else(|| NoSecret { why: format!("{name} is not set"), hint: "set it".to_owned() })
        })
    }

    fn forget(&self, place: &SecretRef) {
        self.forgotten.lock().unwrap().push(place.clone());
    }

    fn learn(&self, _: &Secret) {}
}

/// An engine with definitions of its own.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub engine: Arc<Engine>,
    pub clock: Clock,
    pub keys: Arc<Keys>,
}

/// A list of alerts, asked for with a token.
const PLAIN: &str = r#"
auth = { bearer = "token" }
[secrets.token]
help = "a token"
optional = true
[alerts]
get = "/alerts"
map = "[.[]? | {id}]"
"#;

impl Bench {
    /// Makes an engine that knows `plain`, the impatient `quick`, and these definitions: a name, and what follows the
    /// first lines of `[provider]`.
    pub fn new(definitions: &[(&str, &str)]) -> Self {
        Self::with(definitions, Clock::system(), Surroundings::default())
    }

    pub fn with(definitions: &[(&str, &str)], clock: Clock, surroundings: Surroundings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let quick = format!("{PLAIN}timeout = \"700ms\"\n");
        for (name, rest) in definitions.iter().chain(&[("plain", PLAIN), ("quick", &quick)]) {
            let text = format!("[provider]\nname = \"{name}\"\ntitle = \"{name}\"\nkind = \"monitoring\"\n{rest}");
            std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        let keys = Arc::new(Keys::default());
        keys.set("TOKEN", SECRET);
        let registry = Arc::new(Registry::new(vec![folder.path().to_owned()]));
        let engine = Engine::new(registry, Arc::clone(&keys) as Arc<dyn Secrets>, surroundings, clock.clone());
        Self { folder, engine: Arc::new(engine), clock, keys }
    }

    /// Reads the source's alerts.
    pub async fn read(&self, source: &Source) -> Result<Mapped, Failure> {
        self.read_as(source, false).await
    }

    /// Reads the source's alerts, also while it rests.
    pub async fn read_as(&self, source: &Source, now: bool) -> Result<Mapped, Failure> {
        let nothing = BTreeMap::new();
        let ask = Ask { source, capability: Capability::Alerts, params: &nothing, input: &nothing, now };
        self.engine.read(&ask).await
    }

    /// Reads what cannot be read, and returns the sentence that the user sees.
    pub async fn trouble(&self, source: &Source) -> String {
        match self.read_as(source, true).await {
            Ok(mapped) => panic!("{} was read: {:?}", source.provider, mapped.found),
            Err(failure) => sentence(&failure),
        }
    }

    /// Follows the source's log to its end.
    pub async fn follow(&self, source: &Source) -> (Vec<String>, Option<Failure>) {
        match self.engine.follow(source, &BTreeMap::new()).await {
            Ok(stream) => all(stream).await,
            Err(failure) => (Vec::new(), Some(failure)),
        }
    }
}

/// Returns everything that a stream gives, and what ended it.
pub async fn all(mut stream: LogStream) -> (Vec<String>, Option<Failure>) {
    let mut lines = Vec::new();
    while let Some(entries) = stream.next().await {
        match entries {
            Ok(entries) => lines.extend(entries.into_iter().map(|entry| entry.text.as_str().to_owned())),
            Err(failure) => return (lines, Some(failure)),
        }
    }
    (lines, None)
}

/// Returns a failure's sentence, which names neither secrets nor the program's insides.
#[track_caller]
pub fn sentence(failure: &Failure) -> String {
    let text = failure.to_string();
    for inside in ["error sending request", "os error", "hyper", "reqwest", "rustls", "Kind(", "client error"] {
        assert!(!text.contains(inside), "{inside}: {text}");
    }
    for part in ["s3cr3t", "tok_", "val+ue"] {
        assert!(!text.contains(part), "a secret: {text}");
    }
    assert!(text.len() < 450 && !text.contains('\n'), "{text}");
    text
}

/// Returns how many alerts there are.
#[track_caller]
pub fn alerts(read: Result<Mapped, Failure>) -> usize {
    match read.map(|mapped| mapped.found) {
        Ok(Found::Alerts(alerts)) => alerts.len(),
        other => panic!("{other:?}"),
    }
}

/// Returns the kind of failure.
#[track_caller]
pub fn kind(read: Result<Mapped, Failure>) -> FailureKind {
    read.map(|mapped| format!("{:?}", mapped.found)).expect_err("it fails").kind
}

/// Returns a source with the token.
pub fn source(provider: &str, url: impl Into<String>) -> Source {
    Source {
        id: SourceId::new(provider),
        provider: provider.to_owned(),
        url: Some(url.into()),
        params: BTreeMap::new(),
        secrets: BTreeMap::from([("token".to_owned(), SecretRef::Env("TOKEN".to_owned()))]),
        ca: None,
        insecure: false,
        every: None,
        own: None,
    }
}

/// A server that answers each request as it is told, and keeps connections.
pub struct Replies {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

/// Returns a proper answer.
pub fn reply(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Any\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

impl Replies {
    /// Starts a server on loopback. What it is given is a whole request: head and body.
    pub fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1:0", answer).expect("loopback has a free port")
    }

    pub fn at(address: &str, answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        let address = listener.local_addr().ok()?;
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, answer.as_ref()));
            }
        });
        Some(Self { address, requests })
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns what was asked so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &dyn Fn(&str) -> Vec<u8>) {
    let mut received = Vec::new();
    loop {
        let mut buffer = [0; 4_096];
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                received.clear();
                seen.lock().unwrap().push(text.clone());
                if stream.write_all(&answer(&text)).is_err() {
                    return;
                }
                continue;
            }
        }
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => received.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
}
