//! A web server that answers whatever it is told to.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A running server. It ends with the test's process, or when it is stopped.
pub struct Web {
    pub address: SocketAddr,
    answer: Arc<Mutex<Option<(u16, String)>>>,
    /// What single paths answer, and the heads of the requests so far.
    paths: Arc<Mutex<Vec<(String, u16, String)>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Web {
    /// Starts a server that answers 200.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("it has an address");
        let answer = Arc::new(Mutex::new(Some((200, "ok\n".to_owned()))));
        let (paths, heads) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let shared = (Arc::clone(&answer), Arc::clone(&paths), Arc::clone(&heads));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, paths, heads) = shared.clone();
                std::thread::spawn(move || serve(stream, &answer, &paths, &heads));
            }
        });
        Self { address, answer, paths, heads }
    }

    /// Answers this from now on where a path begins so.
    pub fn answer_at(&self, path: &str, status: u16, body: &str) {
        let mut paths = self.paths.lock().unwrap();
        paths.retain(|(known, ..)| known != path);
        paths.push((path.to_owned(), status, body.to_owned()));
    }

    /// Returns the heads of the requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Answers this from now on.
    pub fn answer(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = Some((status, body.to_owned()));
    }

    /// Takes connections and never answers.
    pub fn hang(&self) {
        *self.answer.lock().unwrap() = None;
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &Mutex<Option<(u16, String)>>,
    paths: &Mutex<Vec<(String, u16, String)>>,
    heads: &Mutex<Vec<String>>,
) {
    let (mut request, mut buffer) = (Vec::new(), [0; 1_024]);
    // A TLS handshake (its first byte is 22) has no end of headers: it is answered like any nonsense, as web servers do.
    while request.first() != Some(&22) && !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),

            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&request).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let at_path = paths.lock().unwrap().iter().find(|(begin, ..)| path.starts_with(begin.as_str())).cloned();
    let answer = at_path.map(|(_, status, body)| (status, body)).or_else(|| answer.lock().unwrap().clone());
    heads.lock().unwrap().push(head);
    let Some((status, body)) = answer else {
        // Until the other side gives up.
        let _ = stream.read(&mut buffer);
        return;
    };
    let text = format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(text.as_bytes());
}
