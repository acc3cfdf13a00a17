//! Certificates of every kind, and TLS servers that show them.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{WebPkiClientVerifier, danger::ClientCertVerifier};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use super::fault_server::{FaultServer, status};

/// An authority of our own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn named(name: &str) -> Self {
        Self(CertifiedIssuer::self_signed(authority(name), KeyPair::generate().unwrap()).unwrap())
    }

    /// Returns an authority that this one vouches for.
    pub fn intermediate(&self, name: &str) -> Self {
        Self(CertifiedIssuer::signed_by(authority(name), KeyPair::generate().unwrap(), &self.0).unwrap())
    }

    /// Returns what a client trusts, or what a server sends behind its own certificate.
    pub fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// Returns the same as a file says it.
    pub fn root_pem(&self) -> String {
        self.0.pem()
    }

    /// Starts a server whose certificate can be replaced while it runs.
    pub fn serve_replaceable(&self, names: &[&str]) -> Replaceable {
        let server = start(self.issue(names, |_| {}));
        Replaceable { address: server.address, server }
    }

    /// Returns a certificate that this authority has issued.
    pub fn issue(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names, change).signed_by(&key, &self.0).unwrap();
        Identity { chain: vec![certificate.der().clone()], key }
    }

    /// Starts a server with a certificate that this authority has issued.
    pub fn serve(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> SocketAddr {
        serve(self.issue(names, change))
    }
}

/// A running server whose certificate can be replaced.
pub struct Replaceable {
    pub address: SocketAddr,
    server: FaultServer,
}

impl Replaceable {
    /// Shows another certificate from now on.
    pub fn replace(&self, authority: &Authority, names: &[&str], change: impl FnOnce(&mut CertificateParams)) {
        self.server.show(authority.issue(names, change).config());
    }
}

/// What a server shows, and the key to it.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Identity {
    /// Returns a certificate that has signed itself.
    pub fn self_signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names, change).self_signed(&key).unwrap();
        Self { chain: vec![certificate.der().clone()], key }
    }

    /// Sends this authority's certificate too.
    #[must_use]
    pub fn with(mut self, authority: &Authority) -> Self {
        self.chain.push(authority.root());
        self
    }

    /// Returns the chain and the key as files say them.
    pub fn pems(&self) -> (String, String) {
        let pem = |certificate: &CertificateDer<'_>| {
            let text = STANDARD.encode(certificate);
            let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
        };
        (self.chain.iter().map(pem).collect(), self.key.serialize_pem())
    }

    /// Returns the settings of a server.
    pub fn config(self) -> Arc<ServerConfig> {
        self.config_for(rustls::ALL_VERSIONS, WebPkiClientVerifier::no_client_auth())
    }

    /// Returns the settings of a server that speaks only TLS 1.2.
    pub fn config_1_2(self) -> Arc<ServerConfig> {
        self.config_for(&[&rustls::version::TLS12], WebPkiClientVerifier::no_client_auth())
    }

    /// Returns the settings of a server that wants a certificate of its clients.
    pub fn config_for_clients_of(self, authority: &Authority) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(authority.root()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        self.config_for(rustls::ALL_VERSIONS, verifier)
    }

    fn config_for(
        self,
        versions: &[&'static SupportedProtocolVersion],
        clients: Arc<dyn ClientCertVerifier>,
    ) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(self.chain, key)
            .unwrap();
        Arc::new(config)
    }
}

/// Starts a server with a certificate that has signed itself.
pub fn serve_self_signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> SocketAddr {
    serve(Identity::self_signed(names, change))
}

fn start(identity: Identity) -> FaultServer {
    FaultServer::start_tls(identity.config(), status(200, "Connection: close\r\n", "ok\n"))
}

/// Starts a server that runs as long as the tests.
fn serve(identity: Identity) -> SocketAddr {
    let server = start(identity);
    let address = server.address;
    std::mem::forget(server);
    address
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn params(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Test Server");
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2099, 1, 1);
    change(&mut params);
    params
}
