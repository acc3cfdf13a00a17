//! Mail by SMTP, through a server of the user's.
//!
//! `smtps://` speaks TLS from the first byte (465), `smtp://` begins plain and demands STARTTLS (587) unless the server is on
//! this machine (RFC 8314, RFC 3207).

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use url::Url;

use super::tls::Trust;
use crate::model::text::Line;
use crate::provider::run::{Answer, Failure, FailureKind, Mail};

/// Sends a mail. The server's words are the answer's body.
///
/// # Errors
/// When an address is none, the server cannot be reached, or does not take it.
pub async fn send(
    server: &str,
    mail: &Mail,
    trust: &Trust,
    timeout: Duration,
    summary: &str,
) -> Result<Answer, Failure> {
    let failed = |kind, message: &str| Failure { kind, request: summary.to_owned(), message: Line::from_text(message) };
    let wrong = |message: String| failed(FailureKind::Misconfigured, &message);
    let message = message(mail).map_err(&wrong)?;
    let transport = transport(server, mail, trust, timeout).map_err(&wrong)?;
    let sent = tokio::time::timeout(timeout, transport.send(message)).await;
    let Ok(sent) = sent else {
        return Err(failed(
            FailureKind::TimedOut,
            &format!("not taken within {} s; nobody knows whether it was sent", timeout.as_secs()),
        ));
    };
    match sent {
        Ok(response) => {
            let words: Vec<String> = response.message().map(str::to_owned).collect();
            Ok(Answer {
                status: 250,
                headers: Vec::new(),
                body: words.join("\n").into_bytes(),
                url: server.to_owned(),
                printed: false,
            })
        }
        Err(error) => {
            let code = error.status().map(u16::from);
            // The library tells a connection that never stood from one that broke by its words only. What broke may have gone
            // out: a server that takes a mail and goes away before it says so is no server that was not reached.
            let never_stood = error.to_string().starts_with("Connection error") || error.is_tls();
            let kind = match code {
                Some(530 | 534 | 535 | 538) => FailureKind::Unauthorised,
                Some(421 | 450..=452) => FailureKind::RateLimited { wait_ms: None },
                Some(_) => FailureKind::Refused,
                None if never_stood => FailureKind::Unreachable,
                None if error.is_timeout() => FailureKind::TimedOut,
                None => FailureKind::CutOff,
            };
            Err(failed(kind, &told(&error)))
        }
    }
}

fn message(mail: &Mail) -> Result<Message, String> {
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| format!("`{text}` is no mail address: {error}"));
    let mut building = Message::builder().from(mailbox(&mail.from)?).subject(one_line(&mail.subject));
    if mail.to.is_empty() {
        return Err("it says nobody whom the mail goes to: to = \"kim@acme.com\"".to_owned());
    }
    for to in &mail.to {
        building = building.to(mailbox(to)?);
    }
    if let Some(thread) = &mail.thread {
        let domain = mail.from.rsplit('@').next().unwrap_or("localhost").trim_end_matches('>');
        building =
            building.references(format!("<{}@{domain}>", thread.replace(|c: char| !c.is_ascii_alphanumeric(), "-")));
    }
    building.header(ContentType::TEXT_PLAIN).body(mail.text.clone()).map_err(|error| error.to_string())
}

/// A subject is one line: a line break in it would be another header.
fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

fn transport(
    server: &str,
    mail: &Mail,
    trust: &Trust,
    timeout: Duration,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let url = Url::parse(server).map_err(|error| format!("`{server}` is no address: {error}"))?;
    let host = url.host_str().ok_or_else(|| format!("`{server}` names no host"))?.trim_matches(['[', ']']);
    let here = matches!(host, "localhost" | "127.0.0.1" | "::1");
    let parameters = || {
        let mut building = TlsParameters::builder(host.to_owned());
        if let Some(pem) = &trust.ca_pem {
            let certificate = Certificate::from_pem(pem)
                .map_err(|error| format!("the certificate authority cannot be read: {error}"))?;
            building = building.add_root_certificate(certificate);
        }
        building.dangerous_accept_invalid_certs(trust.insecure).build_rustls().map_err(|error| error.to_string())
    };
    let (tls, port) = match url.scheme() {
        "smtps" => (Tls::Wrapper(parameters()?), 465),
        "smtp" if here => (Tls::Opportunistic(parameters()?), 25),
        "smtp" => (Tls::Required(parameters()?), 587),
        other => return Err(format!("mail is not sent over `{other}`; write smtps://host or smtp://host")),
    };
    // Nobody's certificate is checked on the way to oneself.
    let tls = if here && trust.ca_pem.is_none() && url.scheme() == "smtp" { Tls::None } else { tls };
    let mut building = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(url.port().unwrap_or(port))
        .tls(tls)
        .timeout(Some(timeout));
    if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
        building = building.credentials(Credentials::new(user.clone(), password.clone()));
    }
    Ok(building.build())
}

fn told(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error as _;
    let mut words = vec![error.to_string().split(" (os error").next().unwrap_or_default().to_owned()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string().split(" (os error").next().unwrap_or_default().to_owned();
        if !words.iter().any(|word| word.contains(&text)) {
            words.push(text);
        }
        source = cause.source();
    }
    words.join(": ")
}
