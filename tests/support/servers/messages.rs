//! What takes messages: a mail server that keeps what it is given, and ntfy.

use std::fs;
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::{Server, http, is_a_server, or_skip, until};

/// A mail server that takes every mail and delivers none.
pub struct MailSink(Server);

impl MailSink {
    /// Starts one that speaks plain SMTP.
    #[track_caller]
    pub fn start() -> Option<Self> {
        or_skip("mail", Self::serve(&[])).map(Self)
    }

    /// Starts one that refuses mail before `STARTTLS`. Both texts are PEM.
    #[track_caller]
    pub fn start_tls(certificate: &str, key: &str) -> Option<Self> {
        or_skip("mail", Self::serve(&[("--tlscert", certificate), ("--tlskey", key)])).map(Self)
    }

    fn serve(files: &[(&str, &str)]) -> Result<Server, String> {
        Server::start(
            "aiosmtpd",
            |directory, address| {
                let mut arguments = vec!["-n".to_owned(), "-l".to_owned(), address.to_string()];
                for (option, text) in files {
                    let file = option.trim_start_matches('-');
                    fs::write(directory.join(file), text).unwrap();
                    arguments.extend([(*option).to_owned(), file.to_owned()]);
                }
                // A maildir: a mail appears in `new` whole or not at all.
                arguments.extend(["-c", "aiosmtpd.handlers.Mailbox", "mail"].map(str::to_owned));
                arguments
            },
            |_, address| greets(address),
        )
    }

    /// Returns the mails that have come so far, each with its headers, in no order.
    pub fn mails(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("mail/new")).into_iter().flatten().flatten();
        entries.filter_map(|entry| fs::read_to_string(entry.path()).ok()).collect()
    }

    /// Waits for the first mail.
    pub fn wait_for_mail(&self) -> Option<String> {
        until(Duration::from_secs(20), || self.mails().pop())
    }
}

fn greets(address: SocketAddr) -> bool {
    let mut greeting = [0; 3];
    TcpStream::connect(address).is_ok_and(|mut stream| stream.read_exact(&mut greeting).is_ok() && &greeting == b"220")
}

/// ntfy: messages by topic, for everybody who asks.
pub struct Ntfy(Server);

impl Ntfy {
    #[track_caller]
    pub fn start() -> Option<Self> {
        let server = Server::start_http("ntfy", "/v1/health", |directory, address| {
            fs::write(directory.join("server.yml"), "").unwrap();
            let address = address.to_string();
            let base = format!("http://{address}");
            ["serve", "--config=server.yml", "--cache-file=cache.db", "--listen-http", &address, "--base-url", &base]
                .map(str::to_owned)
                .to_vec()
        });
        or_skip("ntfy", server).map(Self)
    }

    /// Returns the messages of a topic, as ntfy tells them.
    pub fn messages(&self, topic: &str) -> Vec<serde_json::Value> {
        let answer = http::get(self.address, &format!("/{topic}/json?poll=1"));
        let lines = answer.map(|answer| answer.body).unwrap_or_default();
        lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

is_a_server!(MailSink, Ntfy);
