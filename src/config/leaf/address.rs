//! Addresses as values of a configuration.

use std::borrow::Cow;
use std::net::SocketAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use url::Url;

use super::{Help, noted, text};
use crate::config::address::{self, AddressError};
use crate::config::diagnostic::Problems;
use crate::config::document::{Node, Read};
use crate::config::log_argument::{self, ArgumentError};

/// An `http` or `https` URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebUrl(pub Url);

schema!(WebUrl, "WebUrl", { "type": "string", "pattern": "^[hH][tT][tT][pP][sS]?://", "format": "uri" });

impl Read for WebUrl {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "a URL in quotes", problems)?;
        noted(address::http_url(text), node, problems).map(Self)
    }
}

/// `host:port`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostPort {
    pub host: String,
    pub port: u16,
}

schema!(HostPort, "HostPort", { "type": "string", "pattern": r":\d{1,5}$", "examples": ["db.internal:5432"] });

impl Read for HostPort {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "host:port in quotes", problems)?;
        noted(address::host_port(text, None), node, problems).map(|(host, port)| Self { host, port })
    }
}

/// `host:port`, where the port is 443 unless said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsAddress {
    pub host: String,
    pub port: u16,
}

schema!(TlsAddress, "TlsAddress", { "type": "string", "minLength": 1, "examples": ["acme.com:443", "acme.com"] });

impl Read for TlsAddress {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "host:port in quotes", problems)?;
        noted(address::host_port(text, Some(443)), node, problems).map(|(host, port)| Self { host, port })
    }
}

/// A host's name or address, or any other name in the DNS (`_dmarc.acme.com`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostName(pub String);

schema!(HostName, "HostName", { "type": "string", "minLength": 1, "examples": ["acme.com"] });

impl Read for HostName {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "a host name in quotes", problems)?;
        noted(address::host(text), node, problems).map(Self)
    }
}

/// A host that the system's `ssh` knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SshHost(pub String);

schema!(SshHost, "SshHost", { "type": "string", "minLength": 1, "examples": ["web1", "deploy@web1"] });

impl Read for SshHost {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "a host in quotes", problems)?;
        noted(log_argument::ssh_host(text), node, problems).map(Self)
    }
}

/// The address of a DNS server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resolver(pub SocketAddr);

schema!(Resolver, "Resolver", { "type": "string", "examples": ["1.1.1.1", "[::1]:5353"] });

impl Read for Resolver {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let text = text(node, "an IP address in quotes", problems)?;
        noted(address::resolver(text), node, problems).map(Self)
    }
}

impl Help for AddressError {
    fn help(&self) -> Option<String> {
        Some(self.help())
    }
}

impl Help for ArgumentError {
    fn help(&self) -> Option<String> {
        Some(self.help.clone())
    }
}
