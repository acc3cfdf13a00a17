//! A name server on loopback that says what it is told to.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};

/// What it answers.
#[derive(Clone)]
pub enum Says {
    /// These addresses to a question for A, and no record to any other.
    Addresses(Vec<Ipv4Addr>),
    /// Nothing but this response code: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
    Code(u8),
    /// Nothing at all.
    Silence,
}

/// A running name server.
pub struct NameServer {
    pub address: SocketAddr,
    says: Arc<Mutex<Says>>,
}

impl NameServer {
    pub fn start(says: Says) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let says = Arc::new(Mutex::new(says));
        let shared = Arc::clone(&says);
        std::thread::spawn(move || {
            let mut buffer = [0; 1_500];
            while let Ok((read, from)) = socket.recv_from(&mut buffer) {
                if let Some(answer) = answer(&buffer[..read], &shared.lock().unwrap()) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        Self { address, says }
    }

    pub fn say(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }
}

/// Builds an answer by hand (RFC 1035, section 4): the question's header and question, then the records.
fn answer(question: &[u8], says: &Says) -> Option<Vec<u8>> {
    let name_end = 12 + question.get(12..)?.iter().position(|byte| *byte == 0)? + 1;
    let asked = question.get(name_end..name_end + 4)?;
    let (code, addresses) = match says {
        Says::Silence => return None,
        Says::Code(code) => (*code, &[][..]),
        Says::Addresses(addresses) if asked[..2] == [0, 1] => (0, &addresses[..]),
        Says::Addresses(_) => (0, &[][..]),
    };
    let mut bytes = question[..2].to_vec();
    bytes.extend([0x81, 0x80 | code, 0, 1, 0, u8::try_from(addresses.len()).ok()?, 0, 0, 0, 0]);
    bytes.extend(&question[12..name_end + 4]);
    for address in addresses {
        // A pointer to the name in the question, type A, class IN, 300 s, four bytes.
        bytes.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
        bytes.extend(address.octets());
    }
    Some(bytes)
}
