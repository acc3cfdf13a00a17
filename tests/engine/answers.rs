//! Answers that are wrong, late, endless or missing.

use std::time::Duration;

use crashcart::provider::run::FailureKind;

use crate::harness::*;
use crate::support::fault_server::{FaultServer, Step, closed_port, redirect, say, status};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

fn trickle() -> Vec<Step> {
    let slowly = "[{\"id\": \"1\"}]".repeat(1_000).into_bytes();
    vec![Step::Read, say(format!("{HEAD}Content-Length: 100000\r\n\r\n")), Step::Drip(slowly, Duration::from_secs(1))]
}

fn endless() -> Vec<Step> {
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
    vec![Step::Read, say(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n")), Step::Forever(chunk.into_bytes())]
}

#[tokio::test]
async fn what_hangs_is_given_up_at_its_deadline() {
    let bench = Bench::new(&[]);
    let hang_in_body = vec![Step::Read, say(format!("{HEAD}Content-Length: 10\r\n\r\n[")), Step::Hang];
    for script in [vec![Step::Read, Step::Hang], vec![Step::Hang], hang_in_body, trickle()] {
        let server = FaultServer::start(script);
        let said = bench.trouble(&source("quick", server.url(""))).await;
        let expected = format!("no answer in time: nothing complete within 0.7 s (GET {}/alerts)", server.url(""));
        assert_eq!(said, expected);
    }
}

#[tokio::test]
async fn what_breaks_is_said_in_plain_words() {
    let bench = Bench::new(&[]);
    let half = vec![Step::Read, say(format!("{HEAD}Content-Length: 10\r\n\r\n["))];
    let half_chunk = vec![Step::Read, say(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n["))];
    let cases = [
        (vec![Step::Read, Step::Reset], "unreachable: the connection was cut"),
        (vec![Step::Reset], "unreachable: the connection was cut"),
        (vec![Step::Read], "unreachable: it closed the connection without a whole answer"),
        (half, "unreachable: the answer breaks off in the middle"),
        (half_chunk, "unreachable: the answer breaks off in the middle"),
        (
            vec![Step::Read, say("SSH-2.0-OpenSSH_9.6\r\n")],
            "the answer cannot be read: what answers there does not speak HTTP",
        ),
        (
            vec![Step::Read, say(format!("{HEAD}X: {}\r\n\r\n", "y".repeat(1 << 20)))],
            "the answer cannot be read: its headers are too large",
        ),
    ];
    for (script, expected) in cases {
        let server = FaultServer::start(script.clone());
        let said = bench.trouble(&source("plain", server.url(""))).await;
        assert!(said.starts_with(expected), "{said}\n{script:?}");
        // A read is tried once more, and no more than that.
        assert!(server.connections() <= 2, "{script:?}");
    }
    let said = bench.trouble(&source("plain", format!("http://{}", closed_port()))).await;
    assert!(said.starts_with("unreachable: the connection is refused: nothing listens there"), "{said}");
    let said = bench.trouble(&source("plain", "http://nowhere.invalid")).await;
    assert!(
        said.starts_with("unreachable: its name cannot be found in DNS (GET http://nowhere.invalid/alerts)"),
        "{said}"
    );
    let server = FaultServer::start(vec![say("HTTP/1.1 400 Bad Request\r\n\r\n")]);
    let said = bench.trouble(&source("plain", server.url("").replace("http", "https"))).await;
    assert!(said.starts_with("unreachable: what answers there does not speak TLS"), "{said}");
}

#[tokio::test]
async fn what_is_no_answer_is_said_to_be_none() {
    let bench = Bench::new(&[]);
    let page = "<!DOCTYPE html><html><title>Sign in</title></html>";
    let cases = [
        (status(200, "Content-Type: text/html\r\n", page), "it is a web page, and not an answer"),
        (status(200, "Content-Type: application/json\r\n", "[{\"id\": \"1\""), "it is not JSON: EOF"),
        (status(200, "Content-Type: application/json\r\n", "oops"), "it is not JSON: expected value"),
        (status(200, "Content-Type: application/xml\r\n", "<alerts><alert/></alerts>"), "it is XML, and not JSON"),
        (
            status(200, "Content-Encoding: gzip\r\n", "this is not compressed"),
            "it is compressed, and cannot be unpacked",
        ),
        (redirect(302, "file:///etc/passwd"), "it redirects to an address with file:, which is not followed"),
        (redirect(302, "/alerts"), "it redirects in circles"),
    ];
    for (script, expected) in cases {
        let server = FaultServer::start(script);
        let said = bench.trouble(&source("plain", server.url(""))).await;
        assert!(said.starts_with(&format!("the answer cannot be read: {expected}")), "{said}");
    }
    // An empty answer is an empty list, and UTF-16 is read.
    let server = FaultServer::start(status(200, "", ""));
    assert_eq!(alerts(bench.read(&source("plain", server.url(""))).await), 0);
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("[{\"id\":\"1\"}]".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let head = format!("{HEAD}Content-Length: {}\r\n\r\n", wide.len());
    let server = FaultServer::start(vec![Step::Read, say(head), Step::Say(wide)]);
    assert_eq!(alerts(bench.read(&source("plain", server.url(""))).await), 1);
}

/// Returns the memory of this process, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

#[tokio::test]
async fn an_answer_without_an_end_is_left_and_takes_no_memory() {
    let bench = Bench::new(&[]);
    let gigabyte =
        vec![Step::Read, say(format!("{HEAD}Content-Length: 1073741824\r\n\r\n")), Step::Forever(vec![b' '; 65_536])];
    let without_length = vec![Step::Read, say(format!("{HEAD}\r\n")), Step::Forever(vec![b' '; 65_536])];
    let before = resident();
    for script in [gigabyte, without_length, endless(), bomb()] {
        let server = FaultServer::start(script);
        let said = bench.trouble(&source("plain", server.url(""))).await;
        assert!(said.starts_with("the answer cannot be read: it is larger than 16 MiB"), "{said}");
    }
    // The largest that is read, the rest of the buffers, and what other tests do meanwhile.
    let grown = resident().saturating_sub(before);
    assert!(grown < 256 << 20, "{} MiB more", grown >> 20);
}

/// A quarter of a gigabyte in a megabyte.
fn bomb() -> Vec<Step> {
    let script = "head -c 268435456 /dev/zero | tr '\\0' ' ' | gzip -1";
    let body = std::process::Command::new("sh").args(["-c", script]).output().expect("there is a shell").stdout;
    assert!(body.len() > 100_000, "gzip is needed for this");
    let head = format!("{HEAD}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    vec![Step::Read, say(head), Step::Say(body)]
}

#[tokio::test]
async fn a_limit_is_obeyed_in_every_way_in_which_it_is_said() {
    let bench = Bench::new(&[]);
    let date = "Date: Sat, 11 Jun 2022 18:55:50 GMT\r\n";
    let cases = [
        (429, String::new(), None),
        (429, "Retry-After: 7\r\n".to_owned(), Some(7_000)),
        // The server's clock is years behind ours: only the distance counts.
        (429, format!("{date}Retry-After: Sat, 11 Jun 2022 18:56:20 GMT\r\n"), Some(30_000)),
        (429, format!("{date}Retry-After: Sun, 12 Jun 2022 18:56:20 GMT\r\n"), Some(900_000)),
        (429, "Retry-After: soon\r\n".to_owned(), None),
        (403, "X-RateLimit-Remaining: 0\r\n".to_owned(), None),
        (503, "Retry-After: 7\r\n".to_owned(), Some(7_000)),
    ];
    for (code, headers, wait_ms) in cases {
        let server = FaultServer::start(status(code, &headers, "{\"message\": \"slow down\"}"));
        let source = source("plain", server.url(""));
        assert_eq!(kind(bench.read(&source).await), FailureKind::RateLimited { wait_ms }, "{code} {headers}");
        // It is not asked again at once, and says for how long; whoever wants to know now asks.
        let rests = bench.read(&source).await.expect_err("it rests");
        assert_eq!(rests.kind, FailureKind::Resting);
        assert!(sentence(&rests).starts_with("not asked for a while: tried again in "), "{rests}");
        assert_eq!(server.connections(), 1);
        bench.trouble(&source).await;
        assert_eq!(server.connections(), 2);
    }
    let server = FaultServer::start(status(503, "", "<html>maintenance</html>"));
    let said = bench.trouble(&source("plain", server.url(""))).await;
    assert!(said.starts_with("the system is in trouble itself: HTTP 503"), "{said}");
    assert_eq!(server.connections(), 2, "once more, and no more");
}

#[tokio::test]
async fn servers_that_hang_in_every_way_keep_nobody_waiting() {
    let bench = Bench::new(&[("hangs", "[alerts]\nrun = [\"sleep\", \"1000\"]\nmap = \"[]\"\n")]);
    let socket = bench.folder.path().join("hangs.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let scripts = [vec![Step::Read, Step::Hang], vec![Step::Hang], trickle(), endless_slowly()];
    let hanging: Vec<FaultServer> = scripts.into_iter().map(FaultServer::start).collect();
    let mut troubled: Vec<_> = hanging.iter().map(|server| source("plain", server.url(""))).collect();
    troubled.push(source("plain", format!("unix://{}", socket.display())));
    troubled.push(source("hangs", ""));
    let healthy: Vec<Replies> = (0..10).map(|_| Replies::start(|_| reply(200, "", "[{\"id\": \"1\"}]"))).collect();
    // Many at once at each of those that hang: as many as a busy console would ask.
    let waiting = futures_util::future::select_all(
        troubled.iter().flat_map(|source| (0..8).map(|_| Box::pin(bench.read(source)))),
    );
    let undisturbed = async {
        for _ in 0..3 {
            for server in &healthy {
                assert_eq!(alerts(bench.read(&source("plain", server.url(""))).await), 1);
            }
        }
    };
    tokio::pin!(waiting, undisturbed);
    tokio::select! {
        biased;
        (ended, ..) = &mut waiting => panic!("one that hangs has ended before ten others answered: {ended:?}"),
        () = &mut undisturbed => {}
    }
}

fn endless_slowly() -> Vec<Step> {
    let chunk = Step::Drip(b"2\r\n  \r\n".repeat(10_000), Duration::from_millis(100));
    vec![Step::Read, say(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n")), chunk]
}
