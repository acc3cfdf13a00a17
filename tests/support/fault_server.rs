//! A server on loopback that follows a script, however wrong: it says too little, too much, too late, or nonsense.
//!
//!     let server = FaultServer::start([Read, Say(b"HTTP/1.1 200 OK\r\n"), Hang]);
//!     probe(server.url("/"));
//!
//! Each connection runs the script from its beginning. Nothing here sleeps: a wait ends at once when the other side
//! has gone, and every thread ends with the connection that it serves.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// One thing that a server does.
#[derive(Clone, Debug)]
pub enum Step {
    /// Reads a request to the end of its headers, and of its body when it says how long that is.
    Read,
    /// Writes this.
    Say(Vec<u8>),
    /// Writes this byte by byte with a pause before each.
    Drip(Vec<u8>, Duration),
    /// Writes this again and again until the other side has gone.
    Forever(Vec<u8>),
    /// Does nothing for a time.
    Pause(Duration),
    /// Does nothing until the other side has gone.
    Hang,
    /// Ends the connection with RST instead of FIN.
    Reset,
}

/// Returns the step that writes a text.
pub fn say(text: impl AsRef<[u8]>) -> Step {
    Step::Say(text.as_ref().to_vec())
}

/// Returns a script that reads a request and answers with this.
pub fn answer(text: impl AsRef<[u8]>) -> Vec<Step> {
    vec![Step::Read, say(text)]
}

/// Returns a script with a proper answer, which says that the connection ends with it: a client that kept it for its
/// next request could send that just before it sees the end, and would get no answer.
pub fn status(code: u16, headers: &str, body: &str) -> Vec<Step> {
    let length = body.len();
    answer(format!("HTTP/1.1 {code} Any\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"))
}

/// Returns a script that redirects.
pub fn redirect(code: u16, to: &str) -> Vec<Step> {
    status(code, &format!("Location: {to}\r\n"), "")
}

/// A running server. It takes no new connection once it is dropped.
pub struct FaultServer {
    pub address: SocketAddr,
    tls: Option<Arc<Mutex<Arc<ServerConfig>>>>,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl FaultServer {
    /// Starts a server that follows this script.
    pub fn start(script: impl Into<Vec<Step>>) -> Self {
        Self::start_each([script.into()])
    }

    /// Starts a server whose connections follow these scripts in turn, and the last one from then on.
    pub fn start_each(scripts: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self::listen(Ipv4Addr::LOCALHOST.into(), None, scripts.into_iter().collect())
    }

    /// Starts a server that follows this script inside TLS.
    pub fn start_tls(config: Arc<ServerConfig>, script: impl Into<Vec<Step>>) -> Self {
        Self::listen(Ipv4Addr::LOCALHOST.into(), Some(config), vec![script.into()])
    }

    /// Starts a server at an address of this machine.
    pub fn listen(at: IpAddr, tls: Option<Arc<ServerConfig>>, scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind((at, 0)).expect("loopback has a free port");
        let server = Self {
            address: listener.local_addr().expect("it has an address"),
            tls: tls.map(|config| Arc::new(Mutex::new(config))),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let tls = server.tls.clone();
        let (requests, connections) = (Arc::clone(&server.requests), Arc::clone(&server.connections));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The server alone holds no more than this thread does: it was dropped.
                if Arc::strong_count(&connections) == 1 {
                    return;
                }
                let turn = connections.fetch_add(1, Ordering::SeqCst).min(scripts.len() - 1);
                let tls = tls.as_ref().map(|config| Arc::clone(&config.lock().unwrap()));
                let (script, requests) = (scripts[turn].clone(), Arc::clone(&requests));
                std::thread::spawn(move || serve(stream, tls, &script, &requests));
            }
        });
        server
    }

    /// Shows another certificate from now on.
    pub fn show(&self, config: Arc<ServerConfig>) {
        let tls = self.tls.as_ref().expect("it speaks TLS");
        *tls.lock().unwrap() = config;
    }

    fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Returns the URL of a path, with the address as its host.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme(), self.address)
    }

    /// Returns the URL of a path at a host name.
    pub fn url_at(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme(), self.address.port())
    }

    /// Returns the requests that were read so far, as they came.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns how many connections were taken.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        // Wakes the listener up, which then finds itself alone.
        self.connections = Arc::default();
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

/// Returns a port of this machine on which nothing listens.
pub fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("loopback has a free port")
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn serve(tcp: TcpStream, tls: Option<Arc<ServerConfig>>, script: &[Step], requests: &Mutex<Vec<String>>) {
    let Ok(socket) = tcp.try_clone() else { return };
    let mut stream: Box<dyn Stream> = match tls {
        None => Box::new(tcp),
        Some(config) => match ServerConnection::new(config) {
            Ok(connection) => Box::new(StreamOwned::new(connection, tcp)),
            Err(_) => return,
        },
    };
    for step in script {
        let goes_on = match step {
            Step::Read => read(&mut stream).map(|request| requests.lock().unwrap().push(request)).is_some(),
            Step::Say(bytes) => stream.write_all(bytes).and_then(|()| stream.flush()).is_ok(),
            Step::Drip(bytes, pause) => {
                bytes.iter().all(|byte| wait(&mut stream, &socket, Some(*pause)) && stream.write_all(&[*byte]).is_ok())
            }
            Step::Forever(bytes) => {
                while stream.write_all(bytes).is_ok() {}
                false
            }
            Step::Pause(time) => wait(&mut stream, &socket, Some(*time)),
            Step::Hang => wait(&mut stream, &socket, None),
            Step::Reset => {
                let _ = rustix::net::sockopt::set_socket_linger(&socket, Some(Duration::ZERO));
                return;
            }
        };
        if !goes_on {
            break;
        }
    }
    // What the client sent and nobody read would turn the end into a reset.
    let _ = socket.shutdown(Shutdown::Write);
    wait(&mut stream, &socket, None);
}

fn read(stream: &mut impl Read) -> Option<String> {
    let (mut request, mut buffer) = (Vec::new(), [0; 4_096]);
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}

/// Waits, and says whether the other side is still there.
fn wait(stream: &mut impl Read, socket: &TcpStream, time: Option<Duration>) -> bool {
    let end = time.map(|time| Instant::now() + time);
    let goes_on = loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            break true;
        }
        if socket.set_read_timeout(left).is_err() {
            break false;
        }
        match stream.read(&mut [0; 4_096]) {
            Ok(0) => break false,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break false,
        }
    };
    let _ = socket.set_read_timeout(None);
    goes_on
}
