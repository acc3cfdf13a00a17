//! Logs that break, never end, or are none.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crashcart::provider::run::FailureKind;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::harness::*;
use crate::support::fault_server::{FaultServer, Step, closed_port, say, status};

fn definitions() -> Vec<(&'static str, String)> {
    let stream = |frames: &str, more: &str, map: &str| {
        let auth = "auth = { bearer = \"token\" }\n[secrets.token]\nhelp = \"a token\"\n";
        format!("{auth}[logs.stream]\nget = \"/logs\"\nframes = \"{frames}\"\n{more}map = '{map}'\n")
    };
    let subscribed = "subscribe = '[\"hello\"]'\nreply = 'if . == \"ready\" then [{subscribe: $token}, \"second\"] elif . == \"ping\" then [\"pong\"] else [] end'\n";
    vec![
        ("lines", stream("lines", "", "{text: .}")),
        ("json", stream("json", "", "{text: .text}")),
        ("sse", stream("sse", "", "{text: (if type == \"object\" then .text else . end)}")),
        ("websocket", stream("websocket", "", "{text: .}")),
        ("talk", stream("websocket", subscribed, "{text: .}")),
    ]
}

fn bench() -> Bench {
    let definitions = definitions();
    let list: Vec<(&str, &str)> = definitions.iter().map(|(name, text)| (*name, text.as_str())).collect();
    Bench::new(&list)
}

fn chunked(chunks: &[&str]) -> Vec<Step> {
    let mut script = vec![Step::Read, say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")];
    script.extend(chunks.iter().map(|chunk| say(format!("{:x}\r\n{chunk}\r\n", chunk.len()))));
    script
}

#[tokio::test]
async fn a_log_that_ends_or_breaks_gives_what_came_before() {
    let bench = bench();
    let (whole, broken) = (["one\ntw", "o\n", ""], ["one\ntw", "o\n"]);
    let server = FaultServer::start(chunked(&whole));
    let (lines, failure) = bench.follow(&source("lines", server.url(""))).await;
    assert_eq!((lines, failure), (vec!["one".to_owned(), "two".to_owned()], None));
    let server = FaultServer::start(chunked(&broken));
    let (lines, failure) = bench.follow(&source("lines", server.url(""))).await;
    assert_eq!(lines, ["one", "two"]);
    let said = sentence(&failure.unwrap());
    assert!(said.starts_with("unreachable: the answer breaks off in the middle"), "{said}");
    let server = FaultServer::start(chunked(&["data: {\"text\":\ndata: \"one\"}\n\n: ping\n\ndata: two\r\n\r\n", ""]));
    let (lines, failure) = bench.follow(&source("sse", server.url(""))).await;
    assert_eq!((lines, failure), (vec!["one".to_owned(), "two".to_owned()], None));
}

#[tokio::test]
async fn a_log_that_is_refused_or_is_none_says_so() {
    let bench = bench();
    let page = status(200, "Content-Type: text/html; charset=utf-8\r\n", "<html>Sign in</html>");
    let endless = vec![Step::Read, say("HTTP/1.1 500 No\r\n\r\n"), Step::Forever(vec![b'x'; 65_536])];
    for (script, expected) in [
        (page, "the answer cannot be read: it is a web page, and not a stream"),
        (status(401, "", "{\"error\": \"who?\"}"), "the credential is not accepted: who? (HTTP 401)"),
        (status(429, "Retry-After: 3\r\n", ""), "asked too often, wait 3 s: HTTP 429"),
        (endless, "the system is in trouble itself: HTTP 500"),
        (vec![Step::Read, Step::Reset], "unreachable: the connection was cut"),
    ] {
        let server = FaultServer::start(script);
        let (lines, failure) = bench.follow(&source("lines", server.url(""))).await;
        let said = sentence(&failure.unwrap());
        assert!(said.starts_with(expected) && lines.is_empty(), "{said}");
    }
    assert_eq!(bench.keys.forgotten.lock().unwrap().len(), 1, "what was refused is asked for again");
}

#[tokio::test]
async fn a_line_without_an_end_comes_in_pieces_and_takes_no_memory() {
    let bench = bench();
    for (name, most) in [("lines", 1 << 21), ("json", 1 << 21), ("sse", 1 << 21)] {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
        let mut script = chunked(&["data: "]);
        script.push(Step::Forever(chunk.into_bytes()));
        let server = FaultServer::start(script);
        let mut stream = bench.engine.follow(&source(name, server.url("")), &BTreeMap::new()).await.unwrap();
        if name == "lines" {
            for _ in 0..5 {
                let entries = stream.next().await.unwrap().unwrap();
                assert!(entries.iter().all(|entry| entry.text.as_str().len() < most));
            }
        }
    }
}

async fn websocket<F>(serve: impl Fn(WebSocketStream<TcpStream>) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(socket) = tokio_tungstenite::accept_async(stream).await {
                serve(socket).await;
            }
        }
    });
    address
}

#[tokio::test]
async fn a_websocket_that_is_refused_closed_or_cut_says_why() {
    let bench = bench();
    for (script, expected) in [
        (status(403, "", ""), "the credential may not do this: it refuses the websocket (HTTP 403)"),
        (status(200, "", ""), "refused: it refuses the websocket (HTTP 200)"),
        (vec![Step::Read], "unreachable: the stream broke off"),
    ] {
        let server = FaultServer::start(script);
        let (_, failure) = bench.follow(&source("websocket", server.url(""))).await;
        let said = sentence(&failure.unwrap());
        assert!(said.starts_with(expected), "{said}");
    }
    let (_, failure) = bench.follow(&source("websocket", format!("http://{}", closed_port()))).await;
    assert!(sentence(&failure.unwrap()).starts_with("unreachable: the connection is refused"));
    let closes = websocket(|mut socket| async move {
        let _ = socket.send(Message::text("one")).await;
        let frame = CloseFrame { code: CloseCode::from(4_401), reason: "token expired".into() };
        let _ = socket.close(Some(frame)).await;
        while let Some(Ok(_)) = socket.next().await {}
    });
    let (lines, failure) = bench.follow(&source("websocket", format!("ws://{}", closes.await))).await;
    let failure = failure.unwrap();
    assert_eq!((lines, failure.kind), (vec!["one".to_owned()], FailureKind::Unauthorised));
    assert!(sentence(&failure).contains("the other side closed the stream: token expired (code 4401)"), "{failure}");
    let cut = websocket(|mut socket| async move {
        let _ = socket.send(Message::text("one")).await;
    });
    let (lines, failure) = bench.follow(&source("websocket", format!("ws://{}", cut.await))).await;
    assert_eq!(lines, ["one"]);
    assert!(sentence(&failure.unwrap()).starts_with("unreachable: the stream broke off"));
    let huge = websocket(|mut socket| async move {
        let _ = socket.send(Message::text("x".repeat(8 << 20))).await;
        while let Some(Ok(_)) = socket.next().await {}
    });
    let (lines, failure) = bench.follow(&source("websocket", format!("ws://{}", huge.await))).await;
    assert!(lines.is_empty());
    let said = sentence(&failure.unwrap());
    assert!(said.starts_with("the answer cannot be read: a message is larger than 4 MiB"), "{said}");
}

#[tokio::test]
async fn a_websocket_is_answered_where_its_protocol_wants_that() {
    let bench = bench();
    let talks = websocket(|mut socket| async move {
        // Subscribing before this would end the connection in graphql-transport-ws.
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
        socket.send(Message::text("\"ready\"")).await.unwrap();
        let told = socket.next().await.unwrap().unwrap();
        assert_eq!(told, Message::text(format!("{{\"subscribe\":\"{SECRET}\"}}")));
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("second"));
        socket.send(Message::Ping(vec![7].into())).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong(vec![7].into()));
        socket.send(Message::text("ping")).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("pong"));
        socket.send(Message::text("a line")).await.unwrap();
        let _ = socket.close(None).await;
        while let Some(Ok(_)) = socket.next().await {}
    });
    let source = source("talk", format!("ws://{}", talks.await));
    let follow = bench.follow(&source);
    let (lines, failure) = tokio::time::timeout(Duration::from_secs(60), follow).await.expect("it goes on talking");
    assert_eq!(lines, ["ready", "ping", "a line"]);
    assert!(sentence(&failure.unwrap()).starts_with("unreachable: the other side closed the stream"));
}
