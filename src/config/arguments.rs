//! A catalog from the command line alone: addresses to watch and logs to follow.

use url::Url;

use crate::model::catalog::Catalog;
use crate::model::check::ProbeSpec;
use crate::model::id::ServiceId;
use crate::model::service::Service;

use super::address::{self, AddressError};
use super::build::{self, Pace};
use super::log_argument::{ArgumentError, LogArgument};

/// Something to watch, as an address names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    Http(Url),
    Tcp { host: String, port: u16 },
    Tls { host: String, port: u16 },
    Dns { name: String },
}

/// Reads an address. Without a scheme it is watched over HTTPS, or over TCP when it names a port of its own.
pub fn target(text: &str) -> Result<Target, AddressError> {
    let text = text.trim();
    if let Some((scheme, rest)) = text.split_once("://") {
        let rest = rest.trim_end_matches('/');
        return match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => address::http_url(text).map(Target::Http),
            "tcp" => address::host_port(rest, None).map(|(host, port)| Target::Tcp { host, port }),
            "tls" => address::host_port(rest, Some(443)).map(|(host, port)| Target::Tls { host, port }),
            "dns" => address::host(rest).map(|name| Target::Dns { name }),
            _ => Err(AddressError::Scheme { text: text.to_owned(), scheme: scheme.to_owned() }),
        };
    }
    if text.contains('/') {
        return address::http_url(&format!("https://{text}")).map(Target::Http);
    }
    match address::split_port(text) {
        (host, None) => web("https", &address::host(host)?),
        (host, Some("443")) => web("https", &address::host(host)?),
        (host, Some("80")) => web("http", &address::host(host)?),
        _ => address::host_port(text, None).map(|(host, port)| Target::Tcp { host, port }),
    }
}

fn web(scheme: &str, host: &str) -> Result<Target, AddressError> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    address::http_url(&format!("{scheme}://{host}/")).map(Target::Http)
}

impl Target {
    /// Returns the host or name, which is what the service is called.
    pub fn host(&self) -> String {
        match self {
            Self::Http(url) => address::host_of(url),
            Self::Tcp { host, .. } | Self::Tls { host, .. } | Self::Dns { name: host } => host.clone(),
        }
    }

    /// Returns the probe that the address itself asks for.
    pub fn probe(&self) -> ProbeSpec {
        match self {
            Self::Http(url) => ProbeSpec::Http(build::http(url)),
            Self::Tcp { host, port } => ProbeSpec::Tcp { host: host.clone(), port: *port, slow: None },
            Self::Tls { host, port } => ProbeSpec::Tls(build::tls(host.clone(), *port)),
            Self::Dns { name } => ProbeSpec::Dns(build::dns(name.clone())),
        }
    }

    /// Returns that probe and those that watch what it stands on: its certificate and its name.
    fn probes(&self) -> Vec<ProbeSpec> {
        let mut probes = vec![self.probe()];
        let host = self.host();
        let tls_port = match self {
            Self::Http(url) if url.scheme() == "https" => url.port_or_known_default(),
            _ => None,
        };
        if let (Some(port), Some(ProbeSpec::Http(http))) = (tls_port, probes.first_mut()) {
            // The certificate has its own line on the screen; warning twice would be noise.
            http.certificate_warn = None;
            probes.push(ProbeSpec::Tls(build::tls(host.clone(), port)));
        }
        if address::is_public_name(&host) && !matches!(self, Self::Dns { .. }) {
            probes.push(ProbeSpec::Dns(build::dns(host)));
        }
        probes
    }
}

/// Builds a catalog from addresses and logs, or says everything that is wrong with them.
///
/// Addresses on the same host are one service. Logs belong to the service when there is exactly one.
pub fn from_arguments(addresses: &[String], logs: Vec<LogArgument>) -> Result<Catalog, Vec<ArgumentError>> {
    let mut catalog = Catalog::default();
    let mut errors = Vec::new();
    for text in addresses {
        match target(text) {
            Ok(target) => {
                let service = ServiceId::new(target.host());
                let checks = target.probes().into_iter();
                let checks = checks.map(|probe| build::check(&service, None, probe, Pace::default())).collect();
                let services =
                    vec![Service { id: service, environment: None, depends_on: Vec::new(), runbooks: Vec::new() }];
                build::merge(&mut catalog, Catalog { services, checks, ..Catalog::default() });
            }
            Err(error) => errors.push(error.into()),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let only_service = match catalog.services.as_slice() {
        [service] => Some(service.id.clone()),
        _ => None,
    };
    let logs = logs.into_iter().map(|log| build::log(only_service.as_ref(), None, log.origin())).collect();
    build::merge(&mut catalog, Catalog { logs, ..Catalog::default() });
    Ok(catalog)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(addresses: &[&str]) -> Vec<String> {
        let addresses: Vec<String> = addresses.iter().map(|&address| address.to_owned()).collect();
        let catalog = from_arguments(&addresses, Vec::new()).unwrap();
        catalog
            .checks
            .iter()
            .map(|check| format!("{}: {} {}", check.service, check.probe.kind(), check.title))
            .collect()
    }

    #[test]
    fn an_address_brings_the_checks_of_what_it_stands_on() {
        for (address, expected) in [
            (
                "https://app.example.com",
                &[
                    "app.example.com: http https://app.example.com/",
                    "app.example.com: tls app.example.com:443 certificate",
                    "app.example.com: dns app.example.com address",
                ][..],
            ),
            (
                "app.example.com/health",
                &[
                    "app.example.com: http https://app.example.com/health",
                    "app.example.com: tls app.example.com:443 certificate",
                    "app.example.com: dns app.example.com address",
                ],
            ),
            (
                "http://app.example.com:8080/",
                &["app.example.com: http http://app.example.com:8080/", "app.example.com: dns app.example.com address"],
            ),
            ("http://127.0.0.1:8080/x", &["127.0.0.1: http http://127.0.0.1:8080/x"]),
            ("http://localhost:3000", &["localhost: http http://localhost:3000/"]),
            ("localhost:3000", &["localhost: tcp localhost:3000"]),
            ("127.0.0.1:80", &["127.0.0.1: http http://127.0.0.1/"]),
            ("[::1]:443", &["::1: http https://[::1]/", "::1: tls [::1]:443 certificate"]),
            ("::1", &["::1: http https://[::1]/", "::1: tls [::1]:443 certificate"]),
            (
                "tcp://db.example.com:5432",
                &["db.example.com: tcp db.example.com:5432", "db.example.com: dns db.example.com address"],
            ),
            ("tls://127.0.0.1:8443", &["127.0.0.1: tls 127.0.0.1:8443 certificate"]),
            ("tls://[::1]", &["::1: tls [::1]:443 certificate"]),
            ("dns://example.com", &["example.com: dns example.com address"]),
        ] {
            assert_eq!(checks(&[address]), expected, "{address}");
        }
    }

    #[test]
    fn addresses_on_one_host_are_one_service_and_nothing_is_probed_twice() {
        let checks = checks(&["https://a.example/x", "b.example:22", "https://a.example/y", "https://a.example/x"]);
        assert_eq!(
            checks,
            [
                "a.example: http https://a.example/x",
                "a.example: tls a.example:443 certificate",
                "a.example: dns a.example address",
                "a.example: http https://a.example/y",
                "b.example: tcp b.example:22",
                "b.example: dns b.example address",
            ]
        );
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let addresses = ["ftp://a.example", "a.example:99999", "https://", "ok.example"].map(str::to_owned);
        let errors = from_arguments(&addresses, Vec::new()).unwrap_err();
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "`ftp://a.example` begins with `ftp:`, which cannot be checked",
                "`99999` is not a port: ports go from 1 to 65535",
                "`https://` is not a URL: empty host",
            ]
        );
    }

    #[test]
    fn logs_belong_to_the_only_service_there_is() {
        let services = |addresses: &[&str]| {
            let addresses: Vec<String> = addresses.iter().map(|&address| address.to_owned()).collect();
            let catalog = from_arguments(&addresses, vec![LogArgument::Stdin]).unwrap();
            catalog.logs[0].service.clone().map(|service| service.as_str().to_owned())
        };
        assert_eq!(services(&["a.example"]).as_deref(), Some("a.example"));
        assert_eq!(services(&["a.example", "b.example"]), None);
        assert_eq!(services(&[]), None);
    }
}
