//! One operation per place across all users of this machine: a name that only one process can have.
//!
//! Each user has a journal of their own, so a lease there says nothing to others. An abstract socket (unix(7), Linux) is
//! one for the whole machine, needs no directory that everybody may write, and goes with its process, however that ends.
//! Whoever connects to it is told who acts.

use std::io::{self, Read as _, Write as _};

use serde::{Deserialize, Serialize};

/// Who acts, as the holder tells it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holder {
    pub by: String,
    pub title: String,
    pub operation: String,
    pub pid: u32,
}

/// The lock, while it lives.
#[derive(Debug)]
pub struct HostLock {
    socket: Option<std::os::unix::net::UnixListener>,
}

impl Drop for HostLock {
    fn drop(&mut self) {
        if let Some(socket) = &self.socket {
            // The thread that answers has it too; now its accept fails, and it ends.
            let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
        }
    }
}

/// More is not what a holder tells.
const LONGEST: u64 = 4_096;

/// Takes the lock of a place, or says who has it.
///
/// # Errors
/// When the system refuses it for another reason than that somebody has it.
#[cfg(target_os = "linux")]
pub fn take(key: &str, holder: &Holder) -> io::Result<Result<HostLock, Option<Holder>>> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
    use std::time::Duration;

    let name = SocketAddr::from_abstract_name(format!("crashcart/operation/{key}"))?;
    let listener = match UnixListener::bind_addr(&name) {
        Ok(listener) => listener,
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let told = UnixStream::connect_addr(&name).and_then(|stream| {
                stream.set_read_timeout(Some(Duration::from_secs(2)))?;
                let mut text = String::new();
                stream.take(LONGEST).read_to_string(&mut text)?;
                Ok(text)
            });
            return Ok(Err(told.ok().and_then(|text| serde_json::from_str(&text).ok())));
        }
        Err(error) => return Err(error),
    };
    let text = serde_json::to_string(holder).unwrap_or_default();
    let answering = listener.try_clone()?;
    std::thread::spawn(move || {
        for stream in answering.incoming() {
            let Ok(mut stream) = stream else { return };
            let _ = stream.set_write_timeout(Some(Duration::from_secs(2)));
            let _ = stream.write_all(text.as_bytes());
        }
    });
    Ok(Ok(HostLock { socket: Some(listener) }))
}

/// Other systems have no such names: there the lease in the journal is all there is.
#[cfg(not(target_os = "linux"))]
pub fn take(_: &str, _: &Holder) -> io::Result<Result<HostLock, Option<Holder>>> {
    Ok(Ok(HostLock { socket: None }))
}
