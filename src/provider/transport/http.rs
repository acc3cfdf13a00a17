//! HTTP, 1.1 and 2, over TLS, TCP or a Unix socket.

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::{Client, Method, Proxy, Response};
use url::Url;

use super::LARGEST_ANSWER;
use super::broken::{sorted, words};
use super::tls::{Trust, config};
use crate::model::text::Line;
use crate::provider::run::{Answer, Failure, FailureKind};

/// How long connecting may take; the rest of a request's time is for the answer.
const CONNECT: Duration = Duration::from_secs(10);
/// More redirects than this go in circles.
const REDIRECTS: usize = 5;

/// A client for one place.
#[derive(Clone, Debug)]
pub struct Http {
    client: Client,
    /// The socket's path: its requests are all to `localhost`, which says nothing.
    socket: Option<String>,
}

/// One request.
#[derive(Clone)]
pub struct HttpRequest<'a> {
    pub method: &'a str,
    pub url: &'a str,
    pub headers: &'a [(String, String)],
    pub body: Option<&'a [u8]>,
    pub timeout: Duration,
    /// For messages: without query and secrets.
    pub summary: &'a str,
}

impl Http {
    /// Makes a client. A `socket` takes the place of name and port.
    ///
    /// # Errors
    /// One sentence about what is wrong with the certificates.
    pub fn new(trust: &Trust, socket: Option<&str>) -> Result<Self, String> {
        let mut builder = Client::builder()
            .user_agent(concat!("crashcart/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(4)
            .tls_backend_preconfigured(config(trust)?);
        if let Some(path) = socket {
            builder = builder.unix_socket(path).no_proxy();
        } else if let Some(proxy) = &trust.proxy {
            let proxy = Proxy::all(proxy.as_str()).map_err(|_| format!("{proxy} cannot be used as a proxy"))?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| format!("no HTTP client: {}", words(&error).1))?;
        Ok(Self { client, socket: socket.map(str::to_owned) })
    }

    /// Returns the client itself, for token exchanges.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request and reads the whole answer.
    ///
    /// A redirect of a GET is followed: within the same place as it is, elsewhere without credentials.
    ///
    /// # Errors
    /// When nothing came back, or too much.
    pub async fn ask(&self, request: &HttpRequest<'_>) -> Result<Answer, Failure> {
        let failed = |kind, message: &str| Failure {
            kind,
            request: request.summary.to_owned(),
            message: Line::from_text(message),
        };
        let whole = async {
            let response = self.open(request).await?;
            let status = response.status().as_u16();
            let headers = headers_of(&response);
            let url = response.url().to_string();
            let body = read(response, request.summary).await?;
            Ok(Answer { status, headers, body, url, printed: false })
        };
        match tokio::time::timeout(request.timeout, whole).await {
            Ok(answer) => answer,
            Err(_) => Err(failed(
                FailureKind::TimedOut,
                &format!("nothing complete within {} s", request.timeout.as_secs_f32()),
            )),
        }
    }

    /// Sends a request and returns as soon as the answer's head is there.
    ///
    /// # Errors
    /// When nothing came back.
    pub async fn open(&self, request: &HttpRequest<'_>) -> Result<Response, Failure> {
        let failed = |kind, message: &str| Failure {
            kind,
            request: request.summary.to_owned(),
            message: Line::from_text(message),
        };
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| failed(FailureKind::Misconfigured, "no such method"))?;
        let mut url =
            Url::parse(request.url).map_err(|error| failed(FailureKind::Misconfigured, &error.to_string()))?;
        let origin = url.origin();
        for _ in 0..=REDIRECTS {
            let mut building = self.client.request(method.clone(), url.clone());
            for (name, value) in request.headers {
                // Elsewhere nobody needs to know who asks.
                if url.origin() == origin || name.eq_ignore_ascii_case("accept") {
                    building = building.header(name, value);
                }
            }
            if let Some(body) = request.body {
                building = building.body(body.to_vec());
            }
            let response = building.send().await.map_err(|error| {
                let (kind, message) = sorted(&error);
                let place = self.socket.as_ref().map(|path| format!(": {path}")).unwrap_or_default();
                failed(kind, &format!("{message}{place}"))
            })?;
            let target = response.status().is_redirection().then(|| response.headers().get("location")).flatten();
            let target = target.and_then(|target| target.to_str().ok()).and_then(|target| url.join(target).ok());
            match target {
                Some(target) if method == Method::GET && matches!(target.scheme(), "http" | "https") => url = target,
                Some(target) if method == Method::GET => {
                    let message =
                        format!("it redirects to an address with {}:, which is not followed", target.scheme());
                    return Err(failed(FailureKind::Malformed, &message));
                }
                _ => return Ok(response),
            }
        }
        Err(failed(FailureKind::Malformed, "it redirects in circles"))
    }
}

/// Returns headers with their names in lower case.
pub fn headers_of(response: &Response) -> Vec<(String, String)> {
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in response.headers() {
        // Several `Link` headers are one list.
        match headers.iter_mut().find(|(known, _)| known == name.as_str()) {
            Some((_, before)) => *before = format!("{before}, {}", text(value)),
            None => headers.push((name.as_str().to_owned(), text(value))),
        }
    }
    headers
}

/// Reads a body to its end, unless that is too far away.
///
/// # Errors
/// When it is too large, or breaks off.
pub async fn read(response: Response, summary: &str) -> Result<Vec<u8>, Failure> {
    let failed = |kind, message: &str| Failure { kind, request: summary.to_owned(), message: Line::from_text(message) };
    let too_large = || failed(FailureKind::Malformed, &format!("it is larger than {} MiB", LARGEST_ANSWER >> 20));
    if response.content_length().is_some_and(|length| length > LARGEST_ANSWER as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            let (kind, message) = sorted(&error);
            failed(kind, &message)
        })?;
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
