//! What broke a connection, in our words: "error sending request" and numbers of the operating system help nobody at night.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use crate::provider::run::FailureKind;

/// Sorts a failure of the HTTP client, and says what broke.
pub fn sorted(error: &reqwest::Error) -> (FailureKind, String) {
    if error.is_builder() {
        return (FailureKind::Misconfigured, inner_text(error));
    }
    let (kind, message) = words(error);
    let kind = match kind {
        // No connection in time: nothing went out.
        FailureKind::TimedOut | FailureKind::Unreachable if error.is_connect() => kind,
        FailureKind::Unreachable if error.is_timeout() => FailureKind::TimedOut,
        FailureKind::Unreachable => FailureKind::CutOff,
        other => other,
    };
    (kind, message)
}

/// Says what broke: the innermost cause that we know, or the innermost words.
pub fn words(error: &(dyn Error + 'static)) -> (FailureKind, String) {
    known(error).unwrap_or_else(|| (FailureKind::Unreachable, inner_text(error)))
}

fn known(error: &(dyn Error + 'static)) -> Option<(FailureKind, String)> {
    let inside = error.source().and_then(known);
    inside.or_else(|| of_one(error))
}

/// Returns the last words of a chain: the outer ones ("client error (Connect)") name layers of the client.
fn inner_text(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let text = last.to_string();
    // The client's own outermost words hold the address, and that may hold a secret.
    if text.contains("://") { "the connection broke".to_owned() } else { text }
}

fn of_one(error: &(dyn Error + 'static)) -> Option<(FailureKind, String)> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some((FailureKind::Unreachable, tls(error)));
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        // What an io error was made of is not its source.
        let inside = error.get_ref().and_then(|inner| known(inner));
        return inside.or_else(|| of_io(error));
    }
    let text = error.to_string();
    let unreachable = |what: &str| Some((FailureKind::Unreachable, what.to_owned()));
    let malformed = |what: &str| Some((FailureKind::Malformed, what.to_owned()));
    match text.as_str() {
        "dns error" => unreachable("its name cannot be found in DNS"),
        "connection closed before message completed" => unreachable("it closed the connection without a whole answer"),
        _ if text.starts_with("operation timed out") => {
            Some((FailureKind::TimedOut, "no connection in time".to_owned()))
        }
        _ if text.contains("end of file before message length reached")
            || text.contains("unexpected EOF during chunk") =>
        {
            unreachable("the answer breaks off in the middle")
        }
        _ if text.starts_with("invalid HTTP")
            || text.starts_with("invalid URI")
            || text.starts_with("invalid content-length") =>
        {
            malformed("what answers there does not speak HTTP")
        }
        _ if text.contains("extra bytes after body") => malformed("it is compressed, and cannot be unpacked"),
        _ if text.contains("message head is too large") => malformed("its headers are too large"),
        _ if text.contains("proxy auth") => unreachable("the proxy wants a user and a password"),
        _ if text.starts_with("unsuccessful tunnel") || text.starts_with("tunnel error") => {
            unreachable("the proxy does not let it through")
        }
        _ => None,
    }
}

fn of_io(error: &io::Error) -> Option<(FailureKind, String)> {
    use io::ErrorKind as Kind;
    let what = match error.kind() {
        Kind::ConnectionRefused => "the connection is refused: nothing listens there",
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => "the connection was cut",
        Kind::UnexpectedEof => "the answer breaks off in the middle",
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::AddrNotAvailable => "there is no route to it",
        Kind::NotFound => "there is no such socket",
        Kind::PermissionDenied => "this user may not open it",
        Kind::TimedOut => return Some((FailureKind::TimedOut, "no connection in time".to_owned())),
        // Corrupt gzip is an io error of this kind.
        Kind::InvalidData | Kind::InvalidInput => {
            return Some((FailureKind::Malformed, "it is compressed, and cannot be unpacked".to_owned()));
        }
        _ if error.to_string().contains("lookup address information") => "its name cannot be found in DNS",
        _ => return None,
    };
    Some((FailureKind::Unreachable, what.to_owned()))
}

/// Says what is wrong with TLS, and what to write when it is meant to be so.
fn tls(error: &rustls::Error) -> String {
    let what = match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => {
                "its certificate is from an authority that is not known here; name that with ca = \"FILE\""
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet; is this machine's clock right?"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name"
            }
            CertificateError::Revoked => "its certificate is revoked",
            CertificateError::BadSignature => {
                "its certificate is signed by another key than the authority's; name the right one with ca = \"FILE\""
            }
            CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
                "its certificate is one of an authority (CA:TRUE) and not of a server; name it with ca = \"FILE\", or make one for a server"
            }
            other => return format!("its certificate is not accepted: {other:?}"),
        },
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => "it wants a client certificate",
        rustls::Error::AlertReceived(
            AlertDescription::UnknownCA | AlertDescription::BadCertificate | AlertDescription::AccessDenied,
        ) => "it does not accept the client certificate",
        rustls::Error::AlertReceived(AlertDescription::CertificateExpired) => "the client certificate has expired",
        rustls::Error::AlertReceived(_) | rustls::Error::PeerIncompatible(_) => {
            "it refuses this way of encryption (TLS 1.2 or 1.3 is needed)"
        }
        rustls::Error::InvalidMessage(_) => "what answers there does not speak TLS: is it http:// and not https://?",
        other => return format!("the encrypted connection failed: {other}"),
    };
    what.to_owned()
}
