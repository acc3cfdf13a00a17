//! A TCP connection to the first of several addresses that takes one.

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

/// Connects to whichever address answers first, in order, each with a head start.
///
/// # Errors
/// When none takes a connection: what is most worth knowing of what they said.
pub async fn connect(addresses: &[SocketAddr], deadline: Deadline) -> Result<(TcpStream, SocketAddr), Finding> {
    let step = match addresses {
        [one] => format!("connecting to {one}"),
        [first, ..] => format!("connecting to {first} and {}", others(addresses.len() - 1)),
        [] => String::new(),
    };
    match deadline.during(&step, race(addresses)).await? {
        Ok(connected) => Ok(connected),
        Err(failed) => Err(explain(addresses, &failed)),
    }
}

/// An address that did not take a connection, and why.
type Failed = (SocketAddr, io::Error);

async fn race(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Vec<Failed>> {
    let attempt = |address: SocketAddr| async move { (address, TcpStream::connect(address).await) };
    let mut left = addresses.iter().copied();
    let mut attempts = FuturesUnordered::new();
    attempts.extend(left.next().map(attempt));
    let mut failed = Vec::new();
    loop {
        tokio::select! {
            biased;
            Some((address, result)) = attempts.next() => match result {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => {
                    failed.push((address, error));
                    attempts.extend(left.next().map(attempt));
                }
            },
            () = tokio::time::sleep(HEAD_START), if left.len() > 0 => attempts.extend(left.next().map(attempt)),
            else => return Err(failed),
        }
    }
}

/// Says why none of several addresses took a connection.
fn explain(addresses: &[SocketAddr], failed: &[Failed]) -> Finding {
    let findings = addresses.iter().filter_map(|address| {
        let (_, error) = failed.iter().find(|(other, _)| other == address)?;
        Some(refused(*address, error))
    });
    // A machine without IPv6 reaches no IPv6 address: that is no news beside an IPv4 address that refuses. What this
    // machine has run out of comes first, because then nothing is known of the service. Of equals, the first in order.
    let telling = findings.min_by_key(|finding| match finding.cause {
        Cause::OutOfResources => 0,
        Cause::Unreachable => 2,
        _ => 1,
    });
    let Some(mut finding) = telling else {
        return Finding::new(Cause::NameNotFound, Line::from_text("there is no address to connect to"));
    };
    if failed.len() > 1 {
        let text = format!("{} ({} failed too)", finding.message, others(failed.len() - 1));
        finding.message = Line::from_text(&text);
    }
    finding
}

fn others(count: usize) -> String {
    if count == 1 { "its other address".to_owned() } else { format!("its {count} other addresses") }
}

/// Returns what a failed connection means.
fn refused(address: SocketAddr, error: &io::Error) -> Finding {
    let said = |cause, text: String| Finding::new(cause, Line::from_text(&text));
    match error.kind() {
        io::ErrorKind::ConnectionRefused => said(Cause::Refused, format!("connection refused by {address}"))
            .hint("is the server running, and does it listen on this address?"),
        io::ErrorKind::NetworkUnreachable => said(Cause::Unreachable, format!("no route to the network of {address}")),
        io::ErrorKind::HostUnreachable => said(Cause::Unreachable, format!("no route to host {address}")),
        io::ErrorKind::TimedOut => said(Cause::Timeout, format!("no answer from {address}")),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            said(Cause::Reset, format!("connection reset by {address}"))
        }
        io::ErrorKind::PermissionDenied => {
            said(Cause::CannotRun, format!("this machine forbids the connection to {address}"))
                .hint("a local firewall rule?")
        }
        // Without IPv6 on this machine there is no address of its own to connect from.
        io::ErrorKind::AddrNotAvailable if address.is_ipv6() => {
            said(Cause::Unreachable, format!("no route to the network of {address}"))
        }
        io::ErrorKind::AddrNotAvailable => {
            said(Cause::OutOfResources, format!("no local port is free to connect to {address} from"))
                .hint("something on this machine opens very many connections: ss -s")
        }
        _ if out_of_resources(error) => said(Cause::OutOfResources, format!("cannot open a connection: {error}"))
            .hint("raise the limit of open files (ulimit -n)"),
        _ => said(Cause::Unreachable, format!("cannot connect to {address}: {error}")),
    }
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
    use super::*;

    fn said(errors: &[(&str, Errno)]) -> String {
        let failed: Vec<Failed> = errors.iter().map(|(at, errno)| (at.parse().unwrap(), (*errno).into())).collect();
        let addresses: Vec<_> = failed.iter().map(|(address, _)| *address).collect();
        let finding = explain(&addresses, &failed);
        format!("{:?}: {}", finding.cause, finding.message)
    }

    #[test]
    fn of_several_addresses_the_one_that_tells_most_is_named() {
        let (four, six) = ("192.0.2.7:443", "[2001:db8::7]:443");
        let refused = "Refused: connection refused by 192.0.2.7:443 (its other address failed too)";
        assert_eq!(said(&[(four, Errno::CONNREFUSED), (six, Errno::NETUNREACH)]), refused);
        assert_eq!(said(&[(six, Errno::NETUNREACH), (four, Errno::CONNREFUSED)]), refused);
        assert_eq!(said(&[(six, Errno::ADDRNOTAVAIL), (four, Errno::CONNREFUSED)]), refused);
        assert_eq!(
            said(&[(six, Errno::NETUNREACH), (four, Errno::HOSTUNREACH), ("192.0.2.8:443", Errno::HOSTUNREACH)]),
            "Unreachable: no route to the network of [2001:db8::7]:443 (its 2 other addresses failed too)"
        );
        assert_eq!(said(&[(four, Errno::HOSTUNREACH)]), "Unreachable: no route to host 192.0.2.7:443");
        assert_eq!(said(&[]), "NameNotFound: there is no address to connect to");
    }

    #[test]
    fn what_this_machine_has_run_out_of_comes_before_what_servers_said() {
        let (four, other) = ("192.0.2.7:443", "192.0.2.8:443");
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::ADDRNOTAVAIL] {
            let said = said(&[(four, Errno::CONNREFUSED), (other, errno)]);
            assert!(said.starts_with("OutOfResources: "), "{said}");
        }
    }
}
