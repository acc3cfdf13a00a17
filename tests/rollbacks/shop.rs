//! What every hosting platform remembers of an application: its releases, which of them is live, what is on its way, and
//! whether pushes go out by themselves. Each vendor's file tells this in that vendor's words.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// A release, oldest number first.
#[derive(Clone, Debug)]
pub struct Release {
    pub number: u64,
    pub id: String,
    pub commit: String,
    pub well: bool,
    pub state: State,
    pub at: jiff::Timestamp,
}

/// How a release stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    Live,
    Old,
    /// It is on its way, and will be there after so many looks.
    Going(u32),
    Failed,
}

impl Release {
    /// Returns when it was made, as most platforms write it.
    pub fn made(&self) -> String {
        self.at.to_string()
    }

    pub fn is_live(&self) -> bool {
        self.state == State::Live
    }

    /// Returns the word for its state, out of a vendor's own for live, old, going and failed.
    pub fn word(&self, words: [&'static str; 4]) -> &'static str {
        match self.state {
            State::Live => words[0],
            State::Old => words[1],
            State::Going(_) => words[2],
            State::Failed => words[3],
        }
    }
}

/// The application, newest release first.
pub struct Shop {
    pub releases: Vec<Release>,
    /// Pushes go out by themselves.
    pub automatic: bool,
    /// What goes out fails.
    pub fails: bool,
    /// Whatever else a vendor remembers.
    pub notes: BTreeMap<&'static str, Value>,
}

/// Looks that a deployment takes.
const LOOKS: u32 = 2;

impl Shop {
    /// Release 1 is good, and 2 is bad and live.
    fn new(fails: bool) -> Self {
        let release = |number: u64, commit: &str, well, state, at: &str| Release {
            number,
            id: id(number),
            commit: commit.repeat(40),
            well,
            state,
            at: at.parse().expect("a time"),
        };
        let releases = vec![
            release(2, "b", false, State::Live, "2026-11-01T02:00:00Z"),
            release(1, "a", true, State::Old, "2026-10-31T10:00:00Z"),
        ];
        Self { releases, automatic: true, fails, notes: BTreeMap::new() }
    }

    pub fn live(&self) -> &Release {
        self.releases.iter().find(|release| release.is_live()).expect("something is live")
    }

    pub fn find(&self, id: &str) -> Option<Release> {
        self.releases.iter().find(|release| release.id == id).cloned()
    }

    /// Makes a new release of an old one, which goes out from now on.
    pub fn deploy(&mut self, of: &Release) -> Release {
        let number = self.releases[0].number + 1;
        let at = crashcart::clock::Clock::system().now().in_zone(&jiff::tz::TimeZone::UTC).timestamp();
        let new = Release { number, id: id(number), state: State::Going(LOOKS), at, ..of.clone() };
        self.releases.insert(0, new.clone());
        new
    }

    /// Lets traffic go to a release at once, or, when nothing goes out well, to nobody else than before.
    pub fn switch(&mut self, id: &str) {
        if self.fails {
            return;
        }
        for release in &mut self.releases {
            match (release.id == id, release.state) {
                (true, _) => release.state = State::Live,
                (false, State::Live) => release.state = State::Old,
                _ => {}
            }
        }
    }

    /// Each look finds what is on its way a little further.
    pub fn go_on(&mut self) {
        let Some(place) = self.releases.iter().position(|release| matches!(release.state, State::Going(_))) else {
            return;
        };
        match self.releases[place].state {
            State::Going(looks @ 1..) => self.releases[place].state = State::Going(looks - 1),
            _ if self.fails => self.releases[place].state = State::Failed,
            _ => {
                let id = self.releases[place].id.clone();
                self.switch(&id);
            }
        }
    }

    /// Returns a number that counts looks, under a name.
    pub fn looked(&mut self, name: &'static str) -> u64 {
        let count = self.notes.get(name).and_then(Value::as_u64).unwrap_or(0) + 1;
        self.notes.insert(name, count.into());
        count
    }
}

/// Platforms like long ids.
pub fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub bytes: Vec<u8>,
    pub body: Value,
}

impl Call {
    /// Returns the parts of the path.
    pub fn parts(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }
}

/// A vendor's way to answer; nothing is a 404.
pub type Answer = fn(&mut Shop, &Call) -> Option<(u16, Value)>;

/// A platform that runs.
pub struct Platform {
    pub address: SocketAddr,
    pub shop: Arc<Mutex<Shop>>,
    pub calls: Arc<Mutex<Vec<Call>>>,
}

impl Platform {
    pub fn start(answer: Answer, fails: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it has an address");
        let shop = Arc::new(Mutex::new(Shop::new(fails)));
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (to_shop, to_calls) = (Arc::clone(&shop), Arc::clone(&calls));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shop, calls) = (Arc::clone(&to_shop), Arc::clone(&to_calls));
                std::thread::spawn(move || serve(stream, answer, &shop, &calls));
            }
        });
        Self { address, shop, calls }
    }
}

fn serve(stream: TcpStream, answer: Answer, shop: &Mutex<Shop>, calls: &Mutex<Vec<Call>>) {
    let Ok(mut writer) = stream.try_clone() else { return };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let Some(call) = read(&mut BufReader::new(stream)) else { return };
    let (status, body) = {
        let mut shop = shop.lock().unwrap();
        if call.path == "/health" {
            let well = shop.live().well;
            (if well { 200 } else { 500 }, Value::Null)
        } else {
            calls.lock().unwrap().push(call.clone());
            answer(&mut shop, &call).unwrap_or((404, serde_json::json!({ "message": "not found" })))
        }
    };
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "HTTP/1.1 {status} Any\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    let _ = writer.write_all(head.as_bytes());
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Call> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok());
    let mut bytes = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut bytes).ok()?;
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    Some(Call { method, path: path.to_owned(), query: query.to_owned(), headers, bytes, body })
}
