//! Signs requests to AWS: signature version 4.
//!
//! As described in "Create a signed AWS API request"
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>):
//!
//! ```text
//!   method, path, query, headers, hash of the body  ->  canonical request
//!   time, scope, hash of that                       ->  string to sign
//!   secret -> date -> region -> service             ->  key (a chain of HMAC-SHA256)
//! ```
//!
//! The path is what goes over the wire, encoded once more, with `.`, `..` and empty segments gone; only S3 signs it as
//! it is, because there `a//b` and `a/b` are two objects. The query is decoded first, so that however the URL spells a
//! value (`/` or `%2F`), the signature is over the one spelling that AWS computes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use ring::{digest, hmac};
use url::Url;

use super::aws::AwsCredentials;
use crate::model::time::Timestamp;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Headers that something between us and AWS may change, so that a signature over them could break on the way; and
/// those that the signature itself brings.
const UNSIGNED: &[&str] = &[
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amzn-trace-id",
];

/// A request that is about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct SigningRequest<'a> {
    /// In capitals.
    pub method: &'a str,
    /// Exactly as it will be sent.
    pub url: &'a Url,
    /// Exactly as they will be sent. `Host` is taken from the URL when it is not among them.
    pub headers: &'a [(String, String)],
    /// The whole body.
    pub body: &'a [u8],
}

/// Returns the headers to add to a request: `X-Amz-Date`, `Authorization` and what else the credentials and the service
/// ask for. They replace headers of the same names. AWS refuses a signature that is 5 minutes old, so sign each try.
pub fn sign(
    request: &SigningRequest<'_>,
    credentials: &AwsCredentials,
    region: &str,
    service: &str,
    now: Timestamp,
) -> Vec<(String, String)> {
    let SigningRequest { method, url, headers, body } = request;
    let is_s3 = matches!(service, "s3" | "s3-object-lambda" | "s3-outposts");
    let path = if is_s3 { object_path(url.path()) } else { normal_path(url.path()) };
    let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let host = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        headers.push(("host", &host));
    }
    let query = url.query().unwrap_or_default();
    let scope = Scope { credentials, region, service, now, sends_hash: is_s3 };
    scope.sign(&Canonical { method, path: &path, query, headers: &headers, body })
}

struct Scope<'a> {
    credentials: &'a AwsCredentials,
    region: &'a str,
    service: &'a str,
    now: Timestamp,
    /// Whether the service wants the hash of the body in a header.
    sends_hash: bool,
}

struct Canonical<'a> {
    method: &'a str,
    /// Encoded as it is signed.
    path: &'a str,
    /// As it stands in the URL.
    query: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

impl Scope<'_> {
    fn sign(&self, request: &Canonical<'_>) -> Vec<(String, String)> {
        let Self { credentials, region, service, now, sends_hash } = self;
        let time = jiff::Timestamp::from(*now).strftime("%Y%m%dT%H%M%SZ").to_string();
        let date = &time[..8];
        let payload = hex(digest::digest(&digest::SHA256, request.body).as_ref());
        let mut added = vec![("X-Amz-Date".to_owned(), time.clone())];
        if let Some(token) = &credentials.session_token {
            added.push(("X-Amz-Security-Token".to_owned(), token.expose().to_owned()));
        }
        if *sends_hash {
            added.push(("X-Amz-Content-Sha256".to_owned(), payload.clone()));
        }
        let headers = canonical_headers(request.headers, &added);
        let names = headers.keys().map(String::as_str).collect::<Vec<_>>().join(";");
        let mut canonical = format!("{}\n{}\n{}\n", request.method, request.path, canonical_query(request.query));
        for (name, value) in &headers {
            // Writing to a string cannot fail.
            let _ = writeln!(canonical, "{name}:{value}");
        }
        let _ = write!(canonical, "\n{names}\n{payload}");
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let signature = hex(mac(&self.key(date), &format!("{ALGORITHM}\n{time}\n{scope}\n{hash}")).as_ref());
        let id = &credentials.access_key_id;
        let authorization =
            format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}");
        added.push(("Authorization".to_owned(), authorization));
        added
    }

    fn key(&self, date: &str) -> hmac::Tag {
        let secret = zeroize::Zeroizing::new(format!("AWS4{}", self.credentials.secret.expose()));
        let first = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), date.as_bytes());
        [self.region, self.service, "aws4_request"].iter().fold(first, |key, part| mac(&key, part))
    }
}

fn mac(key: &hmac::Tag, text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), text.as_bytes())
}

/// Small names in order; values without white space around and with single spaces inside, those of one name joined.
fn canonical_headers(sent: &[(&str, &str)], added: &[(String, String)]) -> BTreeMap<String, String> {
    let mut canonical = BTreeMap::<String, String>::new();
    let sent = sent.iter().map(|(name, value)| (name.to_ascii_lowercase(), *value));
    let sent = sent.filter(|(name, _)| !UNSIGNED.contains(&name.as_str()));
    let added = added.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()));
    for (name, value) in sent.chain(added) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        canonical.entry(name).and_modify(|known| *known = format!("{known},{value}")).or_insert(value);
    }
    canonical
}

/// Every name and value encoded one way, sorted by name, then by value. A name without a value has an empty one.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (encode(name.as_bytes(), ""), encode(value.as_bytes(), "")))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The path of all services but S3.
fn normal_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    encode(format!("/{}{end}", segments.join("/")).as_bytes(), "/")
}

/// The path of an object in S3: encoded once, whatever the URL left bare.
fn object_path(path: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    encode(&decode(path), "/")
}

/// Percent-encodes all but the unreserved characters of RFC 3986 and those in `keep`.
fn encode(bytes: &[u8], keep: &str) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Undoes percent-encoding. What only looks like it stays.
fn decode(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).map(|digit| digit as u8);
    let (bytes, mut at, mut decoded) = (text.as_bytes(), 0, Vec::with_capacity(text.len()));
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(bytes.get(at + 1)), digit(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(high << 4 | low);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(decoded)
}

/// Returns bytes as small hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
