//! What looks like AWS: moto, which keeps everything in memory and knows the shapes of most services.
//!
//! What it does not do: it starts no tasks, finishes no deployment, and believes any key.

use super::{Server, is_a_server, or_skip};

/// A running moto, for every service at one address.
pub struct Moto(Server);

impl Moto {
    #[track_caller]
    pub fn start() -> Option<Self> {
        let server = Server::start_http("moto_server", "/moto-api/", |_, address| {
            vec!["-H".to_owned(), address.ip().to_string(), "-p".to_owned(), address.port().to_string()]
        });
        or_skip("moto", server).map(Self)
    }
}

is_a_server!(Moto);
