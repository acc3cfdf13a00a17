//! A TCP connection to the first of several addresses that takes one, and what the others said.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use rustix::io::Errno;
use tokio::net::TcpStream;

use super::Deadline;
use crate::model::check::{Cause, Finding};
use crate::model::text::Line;

/// How long an address is given before the next one is tried beside it (RFC 8305 recommends this).
const HEAD_START: Duration = Duration::from_millis(250);
/// How many addresses a sentence names before it only counts the others.
const NAMED: usize = 3;

/// A connection, and the addresses that did not take one before.
#[derive(Debug)]
pub struct Connected {
    pub stream: TcpStream,
    pub address: SocketAddr,
    /// What each address that was tried in vain said: some users get only these.
    pub dead: Vec<Line>,
}

/// Connects to whichever address answers first, in order, each with a head start.
///
/// # Errors
/// When none takes a connection: the most telling of what they said.
pub async fn connect(addresses: &[SocketAddr], deadline: Deadline) -> Result<Connected, Finding> {
    let (mut tried, mut failed) = (0, Vec::new());
    let connected = deadline.within(race(addresses, &mut tried, &mut failed)).await;
    match connected {
        Some(Some((stream, address))) => {
            let dead = failed.iter().map(|trouble| Line::from_text(&trouble.text(&[trouble.address]))).collect();
            Ok(Connected { stream, address, dead })
        }
        Some(None) if failed.is_empty() => {
            Err(Finding::new(Cause::NameNotFound, Line::from_text("there is no address to connect to")))
        }
        Some(None) => Err(summary(&failed)),
        None => {
            let silent: Vec<_> =
                addresses[..tried].iter().filter(|it| failed.iter().all(|other| other.address != **it)).collect();
            let mut text = format!("no answer within {}, connecting to {}", deadline.text(), listed(&silent));
            if !failed.is_empty() {
                text.push_str(&format!(" ({})", summary(&failed).message));
            }
            Err(Finding::new(Cause::Timeout, Line::from_text(&text))
                .hint("a firewall that drops packets, or a machine that is gone"))
        }
    }
}

async fn race(
    addresses: &[SocketAddr],
    tried: &mut usize,
    failed: &mut Vec<Trouble>,
) -> Option<(TcpStream, SocketAddr)> {
    let attempt = |address: SocketAddr| async move { (address, TcpStream::connect(address).await) };
    let mut left = addresses.iter().copied().inspect(|_| *tried += 1);
    let mut attempts = FuturesUnordered::new();
    attempts.extend(left.next().map(attempt));
    loop {
        let more = left.size_hint().0 > 0;
        tokio::select! {
            biased;
            Some((address, result)) = attempts.next() => match result {
                Ok(stream) => return Some((stream, address)),
                Err(error) => {
                    failed.push(Trouble::of(address, &error));
                    attempts.extend(left.next().map(attempt));
                }
            },
            () = tokio::time::sleep(HEAD_START), if more => attempts.extend(left.next().map(attempt)),
            else => return None,
        }
    }
}

/// Why one address did not take a connection.
#[derive(Debug)]
struct Trouble {
    address: SocketAddr,
    cause: Cause,
    /// What stands before and behind the address in the sentence.
    before: &'static str,
    after: String,
    hint: Option<&'static str>,
}

impl Trouble {
    fn of(address: SocketAddr, error: &io::Error) -> Self {
        let said = |cause, before, hint| Self { address, cause, before, after: String::new(), hint };
        let raw = error.raw_os_error();
        match error.kind() {
            io::ErrorKind::ConnectionRefused => said(
                Cause::Refused,
                "connection refused by",
                Some("is the server running, and does it listen on this address?"),
            ),
            io::ErrorKind::NetworkUnreachable => said(Cause::Unreachable, "no route to the network of", None),
            io::ErrorKind::HostUnreachable => said(Cause::Unreachable, "no route to host", None),
            io::ErrorKind::TimedOut => said(Cause::Timeout, "no answer from", None),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
                said(Cause::Reset, "connection reset by", None)
            }
            io::ErrorKind::PermissionDenied => {
                said(Cause::CannotRun, "this machine forbids the connection to", Some("a local firewall rule?"))
            }
            // Without IPv6 there is no address of ours to come from; with IPv4 there always is, unless its ports are used up.
            io::ErrorKind::AddrNotAvailable if address.is_ipv6() => {
                said(Cause::Unreachable, "this machine has no IPv6 address to reach", None)
            }
            io::ErrorKind::AddrNotAvailable => said(
                Cause::OutOfResources,
                "this machine has no free port to reach",
                Some("too many connections from here; see ip_local_port_range"),
            ),
            _ if out_of_resources(error) => Self {
                after: format!(": {}", plain(error)),
                ..said(
                    Cause::OutOfResources,
                    "cannot open a connection to",
                    (raw == Some(Errno::MFILE.raw_os_error())).then_some("raise the limit of open files (ulimit -n)"),
                )
            },
            _ => Self { after: format!(": {}", plain(error)), ..said(Cause::Unreachable, "cannot connect to", None) },
        }
    }

    fn text(&self, addresses: &[SocketAddr]) -> String {
        let addresses: Vec<_> = addresses.iter().collect();
        format!("{} {}{}", self.before, listed(&addresses), self.after)
    }

    /// How much it tells. What this machine has run out of comes first, because then nothing is known of the service;
    /// that somebody answered says more than that nobody did, or that this machine has no IPv6.
    fn weight(&self) -> u8 {
        match self.cause {
            Cause::OutOfResources => 5,
            Cause::Refused => 4,
            Cause::Reset => 3,
            Cause::CannotRun => 2,
            Cause::Timeout => 1,
            _ => 0,
        }
    }
}

/// Returns one sentence for several addresses: what says most first, those that say the same together.
fn summary(failed: &[Trouble]) -> Finding {
    let mut groups: Vec<(&Trouble, Vec<SocketAddr>)> = Vec::new();
    for trouble in failed {
        match groups.iter_mut().find(|(it, _)| it.before == trouble.before && it.after == trouble.after) {
            Some((_, addresses)) => addresses.push(trouble.address),
            None => groups.push((trouble, vec![trouble.address])),
        }
    }
    // Stable: what says as much keeps the order in which it was tried.
    groups.sort_by_key(|(trouble, _)| std::cmp::Reverse(trouble.weight()));
    let text: Vec<_> = groups.iter().map(|(trouble, addresses)| trouble.text(addresses)).collect();
    let (cause, hint) = groups.first().map_or((Cause::Unreachable, None), |(first, _)| (first.cause, first.hint));
    let finding = Finding::new(cause, Line::from_text(&text.join("; ")));
    match hint {
        Some(hint) => finding.hint(hint),
        None => finding,
    }
}

fn listed(addresses: &[&SocketAddr]) -> String {
    let mut texts: Vec<_> = addresses.iter().take(NAMED).map(ToString::to_string).collect();
    match addresses.len() - texts.len() {
        0 => {}
        1 => texts.push("one other address".to_owned()),
        more => texts.push(format!("{more} other addresses")),
    }
    match texts.pop() {
        Some(last) if !texts.is_empty() => format!("{} and {last}", texts.join(", ")),
        Some(only) => only,
        None => "no address".to_owned(),
    }
}

/// Returns an error of the system without its number.
pub fn plain(error: &io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Whether it is this machine that has run out of something.
pub fn out_of_resources(error: &io::Error) -> bool {
    let ours = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS];
    error.raw_os_error().is_some_and(|code| ours.iter().any(|errno| errno.raw_os_error() == code))
}

/// What a look-up of both kinds of addresses may need at once.
const NEEDED: usize = 4;

/// Returns what this machine has run out of, if a few more files cannot be opened now.
pub fn starved() -> Option<io::Error> {
    let opened: io::Result<Vec<_>> = (0..NEEDED).map(|_| std::fs::File::open("/dev/null")).collect();
    opened.err().filter(out_of_resources)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn said(failures: &[(&str, Errno)]) -> Finding {
        let failed: Vec<_> = failures
            .iter()
            .map(|(address, errno)| {
                Trouble::of(address.parse().unwrap(), &io::Error::from_raw_os_error(errno.raw_os_error()))
            })
            .collect();
        summary(&failed)
    }

    #[test]
    fn several_addresses_make_one_sentence_with_what_says_most_first() {
        let (v4, v6) = ("192.0.2.7:443", "[2001:db8::7]:443");
        for (failures, cause, text) in [
            (
                &[(v4, Errno::CONNREFUSED), (v6, Errno::CONNREFUSED)][..],
                Cause::Refused,
                "connection refused by 192.0.2.7:443 and [2001:db8::7]:443",
            ),
            (
                &[(v6, Errno::NETUNREACH), (v4, Errno::CONNREFUSED)],
                Cause::Refused,
                "connection refused by 192.0.2.7:443; no route to the network of [2001:db8::7]:443",
            ),
            (
                &[(v4, Errno::CONNREFUSED), (v6, Errno::ADDRNOTAVAIL)],
                Cause::Refused,
                "connection refused by 192.0.2.7:443; this machine has no IPv6 address to reach [2001:db8::7]:443",
            ),
            (
                &[(v6, Errno::ADDRNOTAVAIL)],
                Cause::Unreachable,
                "this machine has no IPv6 address to reach [2001:db8::7]:443",
            ),
            (
                &[(v4, Errno::ADDRNOTAVAIL)],
                Cause::OutOfResources,
                "this machine has no free port to reach 192.0.2.7:443",
            ),
            (&[(v4, Errno::HOSTUNREACH)], Cause::Unreachable, "no route to host 192.0.2.7:443"),
            (&[(v4, Errno::ACCESS)], Cause::CannotRun, "this machine forbids the connection to 192.0.2.7:443"),
            (&[(v4, Errno::PERM)], Cause::CannotRun, "this machine forbids the connection to 192.0.2.7:443"),
            (
                &[(v6, Errno::CONNREFUSED), (v4, Errno::MFILE)],
                Cause::OutOfResources,
                "cannot open a connection to 192.0.2.7:443: too many open files; connection refused by [2001:db8::7]:443",
            ),
        ] {
            let finding = said(failures);
            assert_eq!((finding.cause, finding.message.as_str()), (cause, text));
        }
        let many: Vec<_> = ["192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "192.0.2.4:1", "192.0.2.5:1"]
            .map(|address| (address, Errno::CONNREFUSED))
            .to_vec();
        assert_eq!(
            said(&many).message.as_str(),
            "connection refused by 192.0.2.1:1, 192.0.2.2:1, 192.0.2.3:1 and 2 other addresses"
        );
    }

    #[tokio::test]
    async fn an_address_that_refuses_is_told_when_another_one_answers() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let alive = listener.local_addr().unwrap();
        // Bound and closed again: nobody listens there.
        let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let deadline = Deadline { begun: Instant::now(), limit: Duration::from_secs(5) };
        let connected = connect(&[dead, alive], deadline).await.unwrap();
        assert_eq!(connected.address, alive);
        assert_eq!(connected.dead, [Line::from_text(&format!("connection refused by {dead}"))]);
        let finding = connect(&[dead], deadline).await.unwrap_err();
        assert_eq!(finding.message.as_str(), format!("connection refused by {dead}"));
    }

    #[tokio::test]
    async fn when_the_time_is_up_those_that_were_silent_and_those_that_were_not_are_told() {
        let closed = || std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // A queue that is full takes no connection and refuses none.
        let full =
            rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None).unwrap();
        rustix::net::bind(&full, &"127.0.0.1:0".parse::<SocketAddr>().unwrap()).unwrap();
        rustix::net::listen(&full, 0).unwrap();
        let full: std::net::TcpListener = full.into();
        let silent = full.local_addr().unwrap();
        let _queued: Vec<_> =
            (0..4).map(|_| std::net::TcpStream::connect_timeout(&silent, Duration::from_millis(50))).collect();
        let refuses = closed();
        let deadline = Deadline { begun: Instant::now(), limit: Duration::from_millis(300) };
        let finding = connect(&[refuses, silent], deadline).await.unwrap_err();
        assert_eq!(finding.cause, Cause::Timeout);
        assert_eq!(
            finding.message.as_str(),
            format!("no answer within 300ms, connecting to {silent} (connection refused by {refuses})")
        );
    }
}
