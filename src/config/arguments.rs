//! A catalog from the command line alone: addresses to watch and logs to follow.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use url::Url;

use crate::model::catalog::Catalog;
use crate::model::check::ProbeSpec;
use crate::model::id::ServiceId;
use crate::model::log::{LogCommand, LogOrigin};
use crate::model::service::Service;

use super::address::{self, AddressError};
use super::build::{self, Pace};

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

/// A log that the command line names. Paths are absolute already: nothing here knows a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogArgument {
    File(PathBuf),
    Glob(String),
    Ssh(LogCommand),
    Stdin,
}

/// Lines of a remote file that are fetched before it is followed: some screens full, and quick over a slow line.
const REMOTE_LINES: u32 = 500;

impl LogArgument {
    /// Reads `-`, `ssh://host/path`, a pattern or a path.
    pub fn parse(argument: &OsStr) -> Result<Self, ArgumentError> {
        let Some(text) = argument.to_str() else { return Ok(Self::File(PathBuf::from(argument))) };
        if text == "-" {
            return Ok(Self::Stdin);
        }
        if let Some(rest) = text.strip_prefix("ssh://") {
            return remote(text, rest);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(ArgumentError {
                message: format!("`{text}` begins with `{scheme}:`, which is not a log"),
                help: "a log is a file, a quoted 'glob*', ssh://host/path, or - for standard input".to_owned(),
            });
        }
        if text.is_empty() {
            return Err(ArgumentError {
                message: "an empty name is not a log".to_owned(),
                help: "a log is a file, a quoted 'glob*', ssh://host/path, or - for standard input".to_owned(),
            });
        }
        Ok(if build::is_glob(text) { Self::Glob(text.to_owned()) } else { Self::File(PathBuf::from(text)) })
    }

    /// Puts `directory` before a relative path, and takes a pattern that is the name of an existing file as that file.
    #[must_use]
    pub fn absolute(self, directory: &Path, is_file: impl Fn(&Path) -> bool) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            Self::Glob(pattern) => {
                let path = directory.join(&pattern);
                match path.to_str() {
                    Some(text) if !is_file(&path) => Self::Glob(text.to_owned()),
                    _ => Self::File(path),
                }
            }
            other => other,
        }
    }

    fn origin(self) -> LogOrigin {
        match self {
            Self::File(path) => LogOrigin::File(path),
            Self::Glob(pattern) => LogOrigin::Glob(pattern),
            Self::Ssh(command) => LogOrigin::Command(command),
            Self::Stdin => LogOrigin::Stdin,
        }
    }
}

fn remote(text: &str, rest: &str) -> Result<LogArgument, ArgumentError> {
    let wrong = |message: String| ArgumentError { message, help: "write ssh://host/var/log/app.log".to_owned() };
    let Some((host, path)) = rest.split_once('/').filter(|(_, path)| !path.is_empty()) else {
        return Err(wrong(format!("`{text}` names no file")));
    };
    let destination = ssh_host(host).map_err(|error| wrong(error.message))?;
    Ok(LogArgument::Ssh(LogCommand { command: remote_tail(&format!("/{path}")), ssh: Some(destination) }))
}

/// Returns the command that follows a file, or every file that matches, on another host.
pub fn remote_tail(path: &str) -> String {
    format!("tail -n {REMOTE_LINES} -q -F -- {}", shell_pattern(path))
}

/// Reads the host that the system's `ssh` is to be given: `host`, `user@host`, an alias of its configuration, or
/// `user@host:port`, which becomes the URL form because that is the only one with a port.
pub fn ssh_host(text: &str) -> Result<String, ArgumentError> {
    let bare = text.strip_prefix("ssh://").unwrap_or(text);
    let (_, host) = bare.rsplit_once('@').unwrap_or(("", bare));
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '/';
    // What begins with a dash would be an option, and options of ssh run commands.
    if host.is_empty() || bare.contains(odd) || [bare, host].iter().any(|part| part.starts_with('-')) {
        return Err(ArgumentError {
            message: format!("`{text}` is not a host for ssh"),
            help: "write a name, user@name, or an alias of ~/.ssh/config".to_owned(),
        });
    }
    match address::split_port(host) {
        (_, Some(port)) if port.parse::<u16>().is_ok() => Ok(format!("ssh://{bare}")),
        _ => Ok(bare.to_owned()),
    }
}

/// Quotes a path for a POSIX shell so that only its wildcards keep their meaning.
fn shell_pattern(path: &str) -> String {
    let mut quoted = String::new();
    let mut literal = String::new();
    let flush = |literal: &mut String, quoted: &mut String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=,".contains(c);
        if literal.chars().all(plain) {
            quoted.push_str(literal);
        } else {
            quoted.push('\'');
            quoted.push_str(&literal.replace('\'', r"'\''"));
            quoted.push('\'');
        }
        literal.clear();
    };
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']') {
            flush(&mut literal, &mut quoted);
            quoted.push(c);
        } else {
            literal.push(c);
        }
    }
    flush(&mut literal, &mut quoted);
    quoted
}

/// Why an argument cannot be followed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ArgumentError {
    pub message: String,
    pub help: String,
}

impl From<AddressError> for ArgumentError {
    fn from(error: AddressError) -> Self {
        Self { message: error.to_string(), help: error.help() }
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
                    "app.example.com: dns app.example.com A",
                ][..],
            ),
            (
                "app.example.com/health",
                &[
                    "app.example.com: http https://app.example.com/health",
                    "app.example.com: tls app.example.com:443 certificate",
                    "app.example.com: dns app.example.com A",
                ],
            ),
            (
                "http://app.example.com:8080/",
                &["app.example.com: http http://app.example.com:8080/", "app.example.com: dns app.example.com A"],
            ),
            ("http://127.0.0.1:8080/x", &["127.0.0.1: http http://127.0.0.1:8080/x"]),
            ("http://localhost:3000", &["localhost: http http://localhost:3000/"]),
            ("localhost:3000", &["localhost: tcp localhost:3000"]),
            ("127.0.0.1:80", &["127.0.0.1: http http://127.0.0.1/"]),
            ("[::1]:443", &["::1: http https://[::1]/", "::1: tls [::1]:443 certificate"]),
            ("::1", &["::1: http https://[::1]/", "::1: tls [::1]:443 certificate"]),
            (
                "tcp://db.example.com:5432",
                &["db.example.com: tcp db.example.com:5432", "db.example.com: dns db.example.com A"],
            ),
            ("tls://127.0.0.1:8443", &["127.0.0.1: tls 127.0.0.1:8443 certificate"]),
            ("tls://[::1]", &["::1: tls [::1]:443 certificate"]),
            ("dns://example.com", &["example.com: dns example.com A"]),
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
                "a.example: dns a.example A",
                "a.example: http https://a.example/y",
                "b.example: tcp b.example:22",
                "b.example: dns b.example A",
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
    fn a_log_is_a_file_a_pattern_a_remote_file_or_what_is_piped_in() {
        let origin =
            |text: &str| LogArgument::parse(OsStr::new(text)).unwrap().absolute(Path::new("/here"), |_| false).origin();
        assert_eq!(origin("app.log"), LogOrigin::File("/here/app.log".into()));
        assert_eq!(origin("/var/log/*.log"), LogOrigin::Glob("/var/log/*.log".into()));
        assert_eq!(origin("-"), LogOrigin::Stdin);
        let ssh = |command: &str, host: &str| {
            LogOrigin::Command(LogCommand { command: command.to_owned(), ssh: Some(host.to_owned()) })
        };
        assert_eq!(origin("ssh://web1/var/log/x"), ssh("tail -n 500 -q -F -- /var/log/x", "web1"));
        assert_eq!(
            origin("ssh://kim@web1:2222/var/my log/it's*.log"),
            ssh(r"tail -n 500 -q -F -- '/var/my log/it'\''s'*.log", "ssh://kim@web1:2222")
        );
    }

    #[test]
    fn a_file_whose_name_looks_like_a_pattern_is_that_file() {
        let log = LogArgument::parse(OsStr::new("a[1].log")).unwrap().absolute(Path::new("/here"), |_| true);
        assert_eq!(log, LogArgument::File("/here/a[1].log".into()));
    }

    #[test]
    fn a_host_that_ssh_would_take_for_an_option_is_refused() {
        for text in [
            "ssh://-oProxyCommand=x/var/log/x",
            "ssh://kim@-x/var/log/x",
            "ssh:///var/log/x",
            "ssh://web1/",
            "http://x/y",
        ] {
            assert!(LogArgument::parse(OsStr::new(text)).is_err(), "{text}");
        }
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
