//! TLS servers with certificates of every kind.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// An authority of our own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Returns what a client trusts.
    pub fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    /// Returns the same as a file says it.
    pub fn root_pem(&self) -> String {
        self.0.pem()
    }

    /// Starts a server whose certificate can be replaced while it runs.
    pub fn serve_replaceable(&self, names: &[&str]) -> Replaceable {
        let config = Arc::new(Mutex::new(self.config(names, |_| {})));
        Replaceable { address: listen(Arc::clone(&config)), config }
    }

    fn config(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names, change).signed_by(&key, &self.0).unwrap();
        config(vec![certificate.der().clone()], &key)
    }

    /// Starts a server with a certificate that this authority has issued.
    pub fn serve(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> SocketAddr {
        listen(Arc::new(Mutex::new(self.config(names, change))))
    }
}

/// A running server whose certificate can be replaced.
pub struct Replaceable {
    pub address: SocketAddr,
    config: Arc<Mutex<Arc<ServerConfig>>>,
}

impl Replaceable {
    /// Shows another certificate from now on.
    pub fn replace(&self, authority: &Authority, names: &[&str], change: impl FnOnce(&mut CertificateParams)) {
        *self.config.lock().unwrap() = authority.config(names, change);
    }
}

/// Starts a server with a certificate that has signed itself.
pub fn serve_self_signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let certificate = params(names, change).self_signed(&key).unwrap();
    listen(Arc::new(Mutex::new(config(vec![certificate.der().clone()], &key))))
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

fn config(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

fn listen(config: Arc<Mutex<Arc<ServerConfig>>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config.lock().unwrap());
            std::thread::spawn(move || {
                let connection = rustls::ServerConnection::new(config).unwrap();
                let mut stream = rustls::StreamOwned::new(connection, stream);
                let mut buffer = [0; 4_096];
                let _ = stream.read(&mut buffer);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n");
                stream.conn.send_close_notify();
                let _ = stream.flush();
            });
        }
    });
    address
}
