//! A name server on loopback, over UDP and TCP, that says what it is told to.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What it answers.
#[derive(Clone)]
pub enum Says {
    /// These addresses to a question for A, and no record to any other.
    Addresses(Vec<Ipv4Addr>),
    /// Of these records the ones that were asked for, and every alias.
    Records(Vec<Record>),
    /// Nothing but this response code: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
    Code(u8),
    /// One thing to questions of this type, and another to all others.
    Unless(u16, Box<Says>, Box<Says>),
    /// Over UDP only that the answer is too long for it; this over TCP.
    TooLong(Box<Says>),
    /// This, but only after a time.
    Late(Duration, Box<Says>),
    /// Bytes that are no DNS message.
    Nonsense,
    /// Nothing at all.
    Silence,
}

/// A record: whose it is (nothing means the name that was asked for), its type, and its data as it is sent.
#[derive(Clone)]
pub struct Record {
    owner: Vec<u8>,
    kind: u16,
    data: Vec<u8>,
}

pub const A: u16 = 1;
pub const CNAME: u16 = 5;
pub const MX: u16 = 15;
pub const TXT: u16 = 16;
pub const AAAA: u16 = 28;

impl Record {
    pub fn a(address: Ipv4Addr) -> Self {
        Self { owner: Vec::new(), kind: A, data: address.octets().to_vec() }
    }

    pub fn aaaa(address: Ipv6Addr) -> Self {
        Self { owner: Vec::new(), kind: AAAA, data: address.octets().to_vec() }
    }

    pub fn cname(target: &str) -> Self {
        Self { owner: Vec::new(), kind: CNAME, data: name(target) }
    }

    pub fn mx(preference: u16, host: &str) -> Self {
        Self { owner: Vec::new(), kind: MX, data: [preference.to_be_bytes().to_vec(), name(host)].concat() }
    }

    pub fn txt(text: &str) -> Self {
        let part = |part: &[u8]| [&[u8::try_from(part.len()).unwrap()], part].concat();
        Self { owner: Vec::new(), kind: TXT, data: text.as_bytes().chunks(255).flat_map(part).collect() }
    }

    /// Makes it the record of another name.
    #[must_use]
    pub fn of(self, owner: &str) -> Self {
        Self { owner: name(owner), ..self }
    }
}

/// A running name server.
pub struct NameServer {
    pub address: SocketAddr,
    says: Arc<Mutex<Says>>,
}

impl NameServer {
    pub fn start(says: Says) -> Self {
        // The port must be free for both.
        let (socket, listener) = std::iter::repeat_with(|| {
            let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
            let listener = TcpListener::bind(socket.local_addr().ok()?).ok()?;
            Some((socket, listener))
        })
        .take(100)
        .flatten()
        .next()
        .expect("loopback has a port that is free for UDP and TCP");
        let address = socket.local_addr().unwrap();
        let says = Arc::new(Mutex::new(says));
        let shared = Arc::clone(&says);
        std::thread::spawn(move || {
            let mut buffer = [0; 1_500];
            while let Ok((read, from)) = socket.recv_from(&mut buffer) {
                let (says, socket) = (shared.lock().unwrap().clone(), socket.try_clone().unwrap());
                let question = buffer[..read].to_vec();
                std::thread::spawn(move || {
                    if let Some(answer) = answer(&question, &says, false) {
                        let _ = socket.send_to(&answer, from);
                    }
                });
            }
        });
        let shared = Arc::clone(&says);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let says = shared.lock().unwrap().clone();
                std::thread::spawn(move || talk(stream, &says));
            }
        });
        Self { address, says }
    }

    pub fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }
}

/// Over TCP each message has its length before it.
fn talk(mut stream: TcpStream, says: &Says) -> Option<()> {
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length).ok()?;
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut question).ok()?;
        let answer = answer(&question, says, true)?;
        stream.write_all(&u16::try_from(answer.len()).ok()?.to_be_bytes()).ok()?;
        stream.write_all(&answer).ok()?;
    }
}

/// Builds an answer by hand (RFC 1035, section 4): the question's header and question, then the records.
fn answer(question: &[u8], says: &Says, tcp: bool) -> Option<Vec<u8>> {
    let name_end = 12 + question.get(12..)?.iter().position(|byte| *byte == 0)? + 1;
    let asked = question.get(name_end..name_end + 4)?;
    let kind = u16::from_be_bytes([asked[0], asked[1]]);
    let (code, records) = match says {
        Says::Silence => return None,
        Says::Nonsense => return Some(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        Says::Late(time, says) => {
            let end = Instant::now() + *time;
            while let Some(left) = end.checked_duration_since(Instant::now()) {
                std::thread::park_timeout(left);
            }
            return answer(question, says, tcp);
        }
        Says::Unless(other, this, that) => return answer(question, if *other == kind { this } else { that }, tcp),
        Says::TooLong(says) if tcp => return answer(question, says, tcp),
        Says::TooLong(_) => {
            let mut bytes = question[..2].to_vec();
            bytes.extend([0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
            bytes.extend(&question[12..name_end + 4]);
            return Some(bytes);
        }
        Says::Code(code) => (*code, Vec::new()),
        Says::Addresses(addresses) if kind == A => (0, addresses.iter().copied().map(Record::a).collect()),
        Says::Addresses(_) => (0, Vec::new()),
        Says::Records(records) => {
            (0, records.iter().filter(|record| [kind, CNAME].contains(&record.kind)).cloned().collect())
        }
    };
    let mut bytes = question[..2].to_vec();
    bytes.extend([0x81, 0x80 | code, 0, 1]);
    bytes.extend(u16::try_from(records.len()).ok()?.to_be_bytes());
    bytes.extend([0, 0, 0, 0]);
    bytes.extend(&question[12..name_end + 4]);
    for record in records {
        // Without an owner, a pointer to the name in the question. Class IN, 300 s.
        bytes.extend(if record.owner.is_empty() { &[0xc0, 12] } else { &record.owner[..] });
        bytes.extend(record.kind.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 1, 44]);
        bytes.extend(u16::try_from(record.data.len()).ok()?.to_be_bytes());
        bytes.extend(record.data);
    }
    Some(bytes)
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.trim_end_matches('.').split('.');
    let label = |label: &str| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat();
    labels.flat_map(label).chain([0]).collect()
}
