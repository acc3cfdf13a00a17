//! Handshakes that always finish, so that a bad certificate can be looked at, and what is wrong with it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

use super::{Deadline, Found, Inner, connect};
use crate::config::duration;
use crate::model::check::{Cause, CertificateFacts, Facts, Finding, Outcome, TlsFacts, TlsSpec};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Whom we trust to vouch for servers.
#[derive(Debug)]
pub struct Trust {
    extra: Vec<CertificateDer<'static>>,
    verifier: OnceLock<Arc<WebPkiServerVerifier>>,
}

/// What is going to be spoken over a connection. A server may need to be told during the handshake.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Speaking {
    Http,
    /// Nothing, or something that we do not know.
    Anything,
}

/// What a handshake showed.
pub struct Seen {
    pub protocol: Option<Line>,
    pub certificate: Option<CertificateFacts>,
    /// What is wrong with the certificate, if anything.
    pub problem: Option<Finding>,
}

impl Trust {
    /// Returns the system's authorities and some more. They are read when they are first needed.
    pub fn new(extra: Vec<CertificateDer<'static>>) -> Self {
        Self { extra, verifier: OnceLock::new() }
    }

    fn verifier(&self) -> Result<Arc<WebPkiServerVerifier>, Finding> {
        if let Some(verifier) = self.verifier.get() {
            return Ok(Arc::clone(verifier));
        }
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        // Kept for good, so it must not be what was left when this machine could open no more files.
        for error in &found.errors {
            if let rustls_native_certs::ErrorKind::Io { inner, .. } = &error.kind
                && connect::out_of_resources(inner)
            {
                let text = format!("cannot read the trusted authorities: {inner}");
                return Err(Finding::new(Cause::OutOfResources, Line::from_text(&text)));
            }
        }
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            // A container without a certificate bundle can still tell a good certificate from a bad one.
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        roots.add_parsable_certificates(self.extra.iter().cloned());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().map_err(|error| {
                Finding::new(Cause::CannotRun, Line::from_text(&format!("cannot verify certificates: {error}")))
            })?;
        Ok(Arc::clone(self.verifier.get_or_init(|| verifier)))
    }

    /// Speaks TLS over a connection. A certificate that does not verify is told of, and does not end the handshake.
    ///
    /// # Errors
    /// When the handshake itself fails.
    pub async fn handshake(
        &self,
        stream: TcpStream,
        name: &str,
        speaking: Speaking,
        now: Timestamp,
    ) -> Result<(TlsStream<TcpStream>, Seen), Finding> {
        let witness = Arc::new(Witness { verifier: self.verifier()?, found: Mutex::new(None) });
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| Finding::new(Cause::CannotRun, Line::from_text(&error.to_string())))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Witness>::clone(&witness))
            .with_no_client_auth();
        if speaking == Speaking::Http {
            // Without it a server that knows only HTTP/2 would begin to talk that, and seem to talk nonsense.
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        let bare = ascii(name);
        let server_name = ServerName::try_from(bare.clone()).map_err(|_| {
            Finding::new(Cause::CannotRun, Line::from_text(&format!("{bare} is no name that a certificate can be for")))
        })?;
        let stream = TlsConnector::from(Arc::new(config))
            .connect(server_name, stream)
            .await
            .map_err(|error| handshake_failed(&error))?;
        let connection = stream.get_ref().1;
        let protocol = connection.protocol_version().map(|version| match version {
            rustls::ProtocolVersion::TLSv1_3 => Line::from_text("TLS 1.3"),
            rustls::ProtocolVersion::TLSv1_2 => Line::from_text("TLS 1.2"),
            other => Line::from_text(&format!("{other:?}")),
        });
        let chain = connection.peer_certificates().unwrap_or_default();
        let found = witness.found.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut certificate = chain.first().and_then(|first| facts(first, chain.len()));
        let problem = found.map(|error| what_is_wrong(&error, &bare, certificate.as_ref(), now));
        if let (Some(certificate), Some(problem)) = (&mut certificate, &problem) {
            certificate.problem = Some(problem.message.clone());
        }
        Ok((stream, Seen { protocol, certificate, problem }))
    }
}

/// Returns a name as it stands in certificates: without brackets, international names in their ASCII form.
fn ascii(name: &str) -> String {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if bare.is_ascii() { bare.to_owned() } else { url::Host::parse(bare).map_or(bare.to_owned(), |it| it.to_string()) }
}

fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

/// Verifies as usual, writes down what was wrong, and lets the handshake go on.
#[derive(Debug)]
struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    found: Mutex<Option<rustls::Error>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Err(error) = self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        {
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

fn handshake_failed(error: &std::io::Error) -> Finding {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let said = |text: String| Finding::new(Cause::Handshake, Line::from_text(&text));
    match inner {
        Some(rustls::Error::InvalidMessage(_)) => {
            said("the server does not speak TLS on this port".to_owned()).hint("is it plain HTTP, or another protocol?")
        }
        Some(rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            said("the server does not speak HTTP/1.1".to_owned()).hint("does it speak HTTP/2 only?")
        }
        Some(rustls::Error::AlertReceived(alert)) => said(format!("the server refused the TLS handshake: {alert:?}"))
            .hint("does it know this host name, or want a client certificate?"),
        Some(rustls::Error::PeerIncompatible(why)) => {
            said(format!("no TLS version or cipher in common with the server: {why:?}"))
        }
        Some(other) => said(format!("the TLS handshake failed: {other}")),
        None => match error.kind() {
            std::io::ErrorKind::ConnectionReset => {
                Finding::new(Cause::Reset, Line::from_text("connection reset during the TLS handshake"))
            }
            std::io::ErrorKind::UnexpectedEof => {
                said("the server closed the connection during the TLS handshake".to_owned())
            }
            _ => said(format!("the TLS handshake failed: {error}")),
        },
    }
}

fn what_is_wrong(error: &rustls::Error, name: &str, certificate: Option<&CertificateFacts>, now: Timestamp) -> Finding {
    let said = |cause, text: String| Finding::new(cause, Line::from_text(&text));
    let rustls::Error::InvalidCertificate(error) = error else {
        return said(Cause::CertificateUntrusted, format!("the certificate does not verify: {error}"));
    };
    let days = |certificate: &CertificateFacts| certificate.ends(now);
    let self_signed = certificate.is_some_and(|it| it.subject == it.issuer);
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            let when = certificate.map_or_else(String::new, |certificate| format!(" {}", days(certificate)));
            said(Cause::CertificateExpired, format!("the certificate of {name} expired{when}"))
                .hint("renew it; if that was automatic, look at why it stopped")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            let from =
                certificate.map_or_else(String::new, |certificate| format!(" before {}", certificate.not_before));
            said(Cause::CertificateNotYetValid, format!("the certificate of {name} is not valid{from}"))
                .hint("is this machine's clock right?")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = certificate.map_or_else(String::new, |certificate| {
                let names: Vec<_> = certificate.names.iter().take(4).map(ToString::to_string).collect();
                names.join(", ")
            });
            let names = if names.is_empty() { "no name at all".to_owned() } else { names };
            said(Cause::CertificateWrongName, format!("the certificate is for {names}, not for {name}"))
                .hint("does the server know this name? one that does not shows the certificate of another site")
        }
        CertificateError::UnknownIssuer if self_signed => {
            said(Cause::CertificateUntrusted, format!("the certificate of {name} is self-signed"))
                .hint("has it lost its real one? if this is meant, name it in SSL_CERT_FILE")
        }
        CertificateError::UnknownIssuer => {
            let issuer = certificate.map_or_else(String::new, |it| format!(" {}", it.issuer));
            let hint = if certificate.is_some_and(|it| it.chain_length == 1) {
                "the server sends only its own certificate: is the intermediate one missing?"
            } else {
                "if the authority is your own, name it in SSL_CERT_FILE"
            };
            said(
                Cause::CertificateUntrusted,
                format!("the certificate of {name} is issued by{issuer}, which is not trusted here"),
            )
            .hint(hint)
        }
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            let own = if self_signed { "a self-signed authority" } else { "an authority's own certificate" };
            said(
                Cause::CertificateUntrusted,
                format!("the certificate of {name} is {own} (CA:TRUE), which no server may use"),
            )
            .hint("make one with basicConstraints=CA:FALSE")
        }
        CertificateError::Revoked => {
            said(Cause::CertificateUntrusted, format!("the certificate of {name} was revoked"))
        }
        other => said(Cause::CertificateUntrusted, format!("the certificate of {name} does not verify: {other}")),
    }
}

fn facts(certificate: &CertificateDer<'_>, chain_length: usize) -> Option<CertificateFacts> {
    let (_, parsed) = X509Certificate::from_der(certificate.as_ref()).ok()?;
    let names = parsed.subject_alternative_name().ok().flatten();
    let names = names.iter().flat_map(|found| &found.value.general_names).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(Line::from_text(name)),
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => Some(Line::from_text(&format!("{a}.{b}.{c}.{d}"))),
            ref long => {
                <[u8; 16]>::try_from(long).ok().map(|ip| Line::from_text(&std::net::Ipv6Addr::from(ip).to_string()))
            }
        },
        _ => None,
    });
    let time = |at: x509_parser::time::ASN1Time| Timestamp::from_secs(at.timestamp());
    Some(CertificateFacts {
        subject: common_name(parsed.subject()),
        issuer: common_name(parsed.issuer()),
        names: names.collect(),
        not_before: time(parsed.validity().not_before),
        not_after: time(parsed.validity().not_after),
        fingerprint: Sha256::digest(certificate.as_ref()).iter().map(|byte| format!("{byte:02x}")).collect(),
        chain_length,
        problem: None,
    })
}

/// Returns the organisation and the common name, as far as there are any: `Let's Encrypt R11`.
fn common_name(name: &X509Name<'_>) -> Line {
    let first = |mut found: Box<dyn Iterator<Item = Option<String>> + '_>| found.next().flatten();
    let organisation = first(Box::new(name.iter_organization().map(|it| it.as_str().ok().map(str::to_owned))));
    let common = first(Box::new(name.iter_common_name().map(|it| it.as_str().ok().map(str::to_owned))));
    let text = match (organisation, common) {
        (Some(organisation), Some(common)) if !common.contains(&organisation) => format!("{organisation} {common}"),
        (_, Some(common)) => common,
        (Some(organisation), None) => organisation,
        (None, None) => name.to_string(),
    };
    Line::from_text(&text)
}

/// Returns what the time left of a certificate means.
pub fn expiring(certificate: &CertificateFacts, warn: std::time::Duration, now: Timestamp) -> Option<Finding> {
    let left = certificate.not_after.since(now);
    (left < warn).then(|| {
        let when = certificate.ends(now);
        // Nobody comes here with one that has ended, unless the check accepts any.
        if certificate.not_after <= now {
            let text = format!("the certificate expired {when}");
            return Finding::new(Cause::CertificateExpired, Line::from_text(&text)).hint("renew it now");
        }
        let text = format!("the certificate expires {when}, less than {}", duration::text(warn));
        Finding::new(Cause::CertificateExpiring, Line::from_text(&text))
            .hint("renew it now; look at why that was not automatic")
    })
}

pub async fn probe(inner: &Inner, spec: &TlsSpec, deadline: Deadline) -> Found {
    let mut facts = TlsFacts::default();
    let outcome = match ask(inner, spec, deadline, &mut facts).await {
        Ok(outcome) => outcome,
        Err(finding) => Outcome::Fail(finding),
    };
    Found { outcome, facts: Facts::Tls(Box::new(facts)) }
}

async fn ask(inner: &Inner, spec: &TlsSpec, deadline: Deadline, facts: &mut TlsFacts) -> Result<Outcome, Finding> {
    let addresses = inner.addresses(&spec.host, spec.port, deadline).await?;
    facts.remote = addresses.first().copied();
    let connect::Connected { stream, address, .. } = connect::connect(&addresses, deadline).await?;
    facts.remote = Some(address);
    let begun = Instant::now();
    let now = inner.clock.now();
    let handshake = inner.trust.handshake(stream, &spec.server_name, Speaking::Anything, now);
    let (_stream, seen) = deadline.during("in the TLS handshake", handshake).await??;
    facts.handshake = Some(begun.elapsed());
    facts.protocol = seen.protocol;
    facts.certificate = seen.certificate;
    if let Some(problem) = seen.problem {
        return Ok(Outcome::Fail(problem));
    }
    let Some(certificate) = &facts.certificate else {
        return Ok(Outcome::Fail(Finding::new(Cause::Handshake, Line::from_text("the server showed no certificate"))));
    };
    if let Some(finding) = expiring(certificate, spec.critical, now) {
        return Ok(Outcome::Fail(finding));
    }
    Ok(expiring(certificate, spec.warn, now).map_or(Outcome::Pass, Outcome::Warn))
}
