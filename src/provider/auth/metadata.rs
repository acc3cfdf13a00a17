//! Questions to the machine that we run on: the metadata services of clouds and containers.
//!
//! They speak plain HTTP on a link-local address, so this is a client of its own: no proxy (it would ask the proxy's
//! machine who it is), no redirect, no TLS, and a short wait, because on a laptop nobody is there.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use super::error::AuthError;
use super::web::Answer;

/// A metadata service is one hop away. AWS's own tools give it one second as well.
const CONNECT: Duration = Duration::from_secs(1);
/// The whole answer: the service may have to ask for a token first.
const LIMIT: Duration = Duration::from_secs(5);
const BODY: usize = 256 * 1024;

/// Asks, and returns the answer whatever its status.
pub async fn ask(method: &str, url: &Url, headers: &[(&str, &str)], who: &str) -> Result<Answer, AuthError> {
    let failed = |why: String| AuthError::io(format!("cannot reach {who}"), std::io::Error::other(why));
    let timeout = |limit| AuthError::Timeout { what: who.to_owned(), limit, hint: None };
    let host = url
        .host_str()
        .filter(|_| url.scheme() == "http")
        .ok_or_else(|| AuthError::malformed(who, "its address is not an http:// URL"))?;
    let address = (host.trim_matches(['[', ']']), url.port_or_known_default().unwrap_or(80));
    let stream = match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
        Err(_) => return Err(timeout(CONNECT)),
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Ok(Ok(stream)) => stream,
    };
    let asked = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(error.to_string()))?;
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut request = hyper::Request::builder().method(method).uri(target).header("Host", authority);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|_| failed("a header is not valid".to_owned()))?;
        let answering = async {
            let answer = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
            let status = answer.status().as_u16();
            let body =
                Limited::new(answer.into_body(), BODY).collect().await.map_err(|error| failed(error.to_string()))?;
            Answer::new(who, status, &body.to_bytes())
        };
        // The connection ends when the answer is dropped.
        tokio::pin!(connection, answering);
        tokio::select! {
            biased;
            answer = &mut answering => answer,
            ended = &mut connection => match ended {
                Ok(()) => answering.await,
                Err(error) => Err(failed(error.to_string())),
            },
        }
    };
    tokio::time::timeout(LIMIT, asked).await.unwrap_or_else(|_| Err(timeout(LIMIT)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::auth::testing::Server;

    #[tokio::test]
    async fn a_question_reaches_the_service_and_its_answer_comes_back() {
        let server = Server::start(|asked| (if asked.line == "PUT /a?b=c" { 201 } else { 404 }, "body".to_owned()));
        let url = Url::parse(&format!("{}/a?b=c", server.url)).unwrap();
        let answer = ask("PUT", &url, &[("X-One", "1")], "the service").await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (201, "body"));
        let asked = &server.asked()[0];
        assert_eq!((asked.header("x-one"), asked.header("host")), ("1", server.url.trim_start_matches("http://")));
    }

    #[tokio::test]
    async fn nobody_there_and_an_odd_address_are_errors() {
        for (url, says) in [
            ("http://127.0.0.1:1/", "cannot reach the service"),
            ("https://127.0.0.1/", "the service: its address is not an http:// URL"),
        ] {
            let error = ask("GET", &Url::parse(url).unwrap(), &[], "the service").await.err().unwrap();
            assert_eq!(error.to_string(), says);
        }
        let huge = Server::start(|_| (200, "x".repeat(1 << 20)));
        let error = ask("GET", &Url::parse(&huge.url).unwrap(), &[], "the service").await.err().unwrap();
        assert_eq!(error.to_string(), "cannot reach the service");
    }
}
