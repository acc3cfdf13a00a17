//! What is kept for one source between requests: its client, its limits, its failures, its last answers.

use std::collections::HashMap;
use std::io::Read as _;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::breaker::Breaker;
use crate::model::source::{FailureKind, Source};
use crate::model::time::Timestamp;
use crate::provider::definition::{Definition, RateLimit};
use crate::provider::run::Answer;
use crate::provider::transport::http::Http;
use crate::provider::transport::tls::Trust;

/// Answers that are kept for conditional requests, and the largest of them.
const KEPT_ANSWERS: usize = 32;
const LARGEST_KEPT: usize = 2 << 20;
/// All of one source's together.
const MOST_KEPT: usize = 4 << 20;

/// Clients by whom they trust: a thousand sources with the same authorities share one, and its connections.
#[derive(Default)]
pub struct Clients(Mutex<Vec<(Trust, Http)>>);

/// More kinds of trust than this are not kept: certificates of clusters are renewed again and again.
const KEPT_CLIENTS: usize = 64;

impl Clients {
    /// Returns a client, made when there is none yet.
    fn get(&self, trust: &Trust) -> Result<Http, String> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, http)) = clients.iter().find(|(known, _)| known == trust) {
            return Ok(http.clone());
        }
        let http = Http::new(trust, None)?;
        if clients.len() >= KEPT_CLIENTS {
            clients.remove(0);
        }
        clients.push((trust.clone(), http.clone()));
        Ok(http)
    }
}

/// A connection to one source.
pub struct Link {
    shared: Arc<Clients>,
    trust: Trust,
    socket: Option<String>,
    ssh: Option<String>,
    /// By what it was made for: a cluster's certificate may be renewed.
    clients: Mutex<Option<(Trust, Http)>>,
    /// What the definition allows; nothing when it does not say.
    limiter: Option<DefaultDirectRateLimiter>,
    breaker: Mutex<Breaker>,
    kept: Mutex<HashMap<u64, Kept>>,
}

/// An answer that may still hold.
#[derive(Clone)]
pub struct Kept {
    etag: Option<String>,
    modified: Option<String>,
    pub answer: Answer,
}

impl Kept {
    /// Returns the headers that ask whether it still holds.
    pub fn conditions(&self) -> Vec<(String, String)> {
        let etag = self.etag.iter().map(|etag| ("if-none-match".to_owned(), etag.clone()));
        let modified = self.modified.iter().map(|modified| ("if-modified-since".to_owned(), modified.clone()));
        etag.chain(modified).collect()
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Link").field("socket", &self.socket).field("ssh", &self.ssh).finish_non_exhaustive()
    }
}

impl Link {
    /// Makes a connection for a source. Nothing is opened yet.
    ///
    /// # Errors
    /// One sentence about what is wrong with the source.
    pub fn new(
        source: &Source,
        definition: &Definition,
        own_base: Option<&str>,
        shared: Arc<Clients>,
    ) -> Result<Self, String> {
        let base = source.url.as_deref().or(own_base).unwrap_or_default();
        let ca_pem = source.ca.as_deref().map(read_ca).transpose()?;
        Ok(Self {
            shared,
            trust: Trust { ca_pem, insecure: source.insecure, ..Trust::default() },
            socket: base.strip_prefix("unix://").map(str::to_owned),
            // OpenSSH takes the whole address, with user and port.
            ssh: base.starts_with("ssh://").then(|| base.trim_end_matches('/').to_owned()),
            clients: Mutex::default(),
            limiter: definition.rate_limit.and_then(limiter),
            breaker: Mutex::default(),
            kept: Mutex::default(),
        })
    }

    /// Returns whom to trust, for a stream that opens its own connection.
    pub fn trust(&self) -> Trust {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.as_ref().map_or_else(|| self.trust.clone(), |(trust, _)| trust.clone())
    }

    /// Returns the client.
    ///
    /// # Errors
    /// One sentence about what is wrong with the certificates.
    pub fn http(&self) -> Result<Http, String> {
        self.http_with(None)
    }

    /// Returns the client, made anew when a cluster's certificates are others than before.
    ///
    /// # Errors
    /// As [`Self::http`].
    pub fn http_with(&self, trust: Option<Trust>) -> Result<Http, String> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*clients, &trust) {
            (Some((_, http)), None) => return Ok(http.clone()),
            (Some((known, http)), Some(trust)) if known == trust => return Ok(http.clone()),
            _ => {}
        }
        let trust = trust.unwrap_or_else(|| self.trust.clone());
        let http = match &self.socket {
            None => self.shared.get(&trust)?,
            socket => Http::new(&trust, socket.as_deref())?,
        };
        *clients = Some((trust, http.clone()));
        Ok(http)
    }

    /// Returns the other host that programs run on.
    pub fn ssh_host(&self) -> Option<&str> {
        self.ssh.as_deref()
    }

    /// Returns whether requests go through a socket instead of a name and a port.
    pub fn is_socket(&self) -> bool {
        self.socket.is_some()
    }

    /// Returns the socket that takes the place of a name and a port.
    pub fn socket(&self) -> Option<&str> {
        self.socket.as_deref()
    }

    /// Returns whether nothing has failed since the last success.
    pub fn is_untroubled(&self) -> bool {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).is_untroubled()
    }

    /// Returns until when the source rests after failures.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).rests_until(now)
    }

    /// Takes in how a read went.
    pub fn learned(&self, failure: Option<FailureKind>, now: Timestamp) {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner).learned(failure, now);
    }

    /// Waits until the system's limit allows another request.
    pub async fn turn(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.until_ready().await;
        }
    }

    /// Returns the last answer to a request, when it may still hold.
    pub fn kept(&self, asked: u64) -> Option<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned()
    }

    /// Keeps an answer that can be asked for conditionally.
    pub fn keep(&self, asked: u64, answer: &Answer) {
        let (etag, modified) = (answer.header("etag"), answer.header("last-modified"));
        if answer.status != 200 || answer.body.len() > LARGEST_KEPT || (etag.is_none() && modified.is_none()) {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes: usize = kept.values().map(|kept| kept.answer.body.len()).sum();
        if (kept.len() >= KEPT_ANSWERS || bytes + answer.body.len() > MOST_KEPT) && !kept.contains_key(&asked) {
            kept.clear();
        }
        let value =
            Kept { etag: etag.map(str::to_owned), modified: modified.map(str::to_owned), answer: answer.clone() };
        kept.insert(asked, value);
    }

    /// Forgets answers: another credential may see others.
    pub fn forget_answers(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn read_ca(path: &Path) -> Result<Vec<u8>, String> {
    const LARGEST: u64 = 4 << 20;
    // A device has no end, and a pipe makes us wait.
    let read = || {
        if !std::fs::metadata(path)?.is_file() {
            return Err(std::io::Error::other("it is not a file"));
        }
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| format!("the certificate authority {} cannot be read: {error}", path.display()))
}

/// Spreads what is allowed over its time, with a burst of a tenth of it: a console opens with many questions at once.
fn limiter(limit: RateLimit) -> Option<DefaultDirectRateLimiter> {
    let requests = NonZeroU32::new(limit.requests)?;
    let quota = Quota::with_period(limit.per / limit.requests)?;
    let burst = NonZeroU32::new((requests.get() / 10).clamp(3, 50).min(requests.get()))?;
    Some(RateLimiter::direct(quota.allow_burst(burst)))
}
