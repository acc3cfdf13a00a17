//! A TCP connection to the first of several addresses that takes one.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use rustix::io::Errno;
use tokio::net::TcpStream;

use crate::model::check::{Cause, Finding};
use crate::model::text::Line;

/// How long an address is given before the next one is tried beside it (RFC 8305 recommends this).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to whichever address answers first, in order, each with a head start.
///
/// # Errors
/// When none takes a connection: what the first of them said.
pub async fn connect(addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Finding> {
    let attempt = |address: SocketAddr| async move { (address, TcpStream::connect(address).await) };
    let mut left = addresses.iter().copied();
    let mut attempts = FuturesUnordered::new();
    attempts.extend(left.next().map(attempt));
    let mut failed: Vec<(SocketAddr, io::Error)> = Vec::new();
    loop {
        tokio::select! {
            biased;
            Some((address, result)) = attempts.next() => match result {
                Ok(stream) => return Ok((stream, address)),
                Err(error) => {
                    failed.push((address, error));
                    match left.next() {
                        Some(next) => attempts.push(attempt(next)),
                        None if attempts.is_empty() => break,
                        None => {}
                    }
                }
            },
            () = tokio::time::sleep(HEAD_START), if left.len() > 0 => attempts.extend(left.next().map(attempt)),
            else => break,
        }
    }
    // The first address in order is the one that people know.
    let first = addresses.iter().find_map(|address| failed.iter().find(|(other, _)| other == address));
    Err(match first {
        Some((address, error)) => {
            let mut finding = refused(*address, error);
            if failed.len() > 1 {
                let others = match failed.len() - 1 {
                    1 => "its other address".to_owned(),
                    n => format!("its {n} other addresses"),
                };
                let text = format!("{} ({others} failed too)", finding.message);
                finding.message = Line::from_text(&text);
            }
            finding
        }
        None => Finding::new(Cause::NameNotFound, Line::from_text("there is no address to connect to")),
    })
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
        _ if out_of_resources(error) => said(Cause::OutOfResources, format!("cannot open a connection: {error}"))
            .hint("raise the limit of open files (ulimit -n)"),
        _ => said(Cause::Unreachable, format!("cannot connect to {address}: {error}")),
    }
}

/// Whether it is this machine that has run out of something.
pub fn out_of_resources(error: &io::Error) -> bool {
    let ours = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS, Errno::ADDRNOTAVAIL];
    error.raw_os_error().is_some_and(|code| ours.iter().any(|errno| errno.raw_os_error() == code))
}
