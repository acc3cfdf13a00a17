//! Whom to trust, and how to show who asks, when a connection is made.

use std::sync::{Arc, LazyLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use url::Url;

use crate::model::secret::Secret;

/// What a source says about TLS.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trust {
    /// Certificate authorities in PEM, beside the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Certificate and key in PEM.
    pub identity_pem: Option<Secret>,
    /// Nothing is verified.
    pub insecure: bool,
    /// The name that the certificate must have, where it is not the address's.
    pub server_name: Option<String>,
    /// The proxy to connect through, instead of what the environment says.
    pub proxy: Option<Url>,
}

/// Makes the configuration of TLS.
///
/// # Errors
/// One sentence that names what is wrong with the certificates.
pub fn config(trust: &Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = if trust.insecure {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Lenient { provider, only: None }))
    } else if let Some(name) = &trust.server_name {
        let name = ServerName::try_from(name.clone()).map_err(|_| format!("{name:?} is no name of a server"))?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(trust)?), Arc::clone(&provider))
            .build()
            .map_err(|error| format!("the certificate authority cannot be used: {error}"))?;
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Lenient { provider, only: Some((name, verifier)) }))
    } else {
        builder.with_root_certificates(roots(trust)?)
    };
    let mut config = match &trust.identity_pem {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let pem = pem.expose().as_bytes();
            let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
                .collect::<Result<_, _>>()
                .map_err(|error| format!("the client certificate cannot be read: {error}"))?;
            let key = PrivateKeyDer::from_pem_slice(pem)
                .map_err(|error| format!("the client key cannot be read: {error}"))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| format!("the client certificate and key do not fit: {error}"))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The system's authorities, or Mozilla's where it has none. Reading 140 of them takes milliseconds: done once.
static SYSTEM: LazyLock<RootCertStore> = LazyLock::new(|| {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    roots
});

/// The system's authorities, and the source's own.
fn roots(trust: &Trust) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::clone(&SYSTEM);
    if let Some(pem) = &trust.ca_pem {
        let own: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("the certificate authority cannot be read: {error}"))?;
        if own.is_empty() {
            return Err("the file of the certificate authority holds no certificate".to_owned());
        }
        for certificate in own {
            roots.add(certificate).map_err(|error| format!("the certificate authority cannot be used: {error}"))?;
        }
    }
    Ok(roots)
}

/// Accepts the certificate of one name whatever the address is called, or every certificate. Signatures are checked in
/// both cases, so that the connection is to whoever showed it.
#[derive(Debug)]
struct Lenient {
    provider: Arc<CryptoProvider>,
    only: Option<(ServerName<'static>, Arc<WebPkiServerVerifier>)>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.only {
            Some((name, verifier)) => verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
