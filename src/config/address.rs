//! Addresses as people write them: URLs, hosts with a port, names, resolvers.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

/// Why a text is no address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    #[error("`{text}` is not a URL: {why}")]
    NotAUrl { text: String, why: String },
    #[error("`{text}` begins with `{scheme}:`, which cannot be checked")]
    Scheme { text: String, scheme: String },
    #[error("`{0}` is not a host name or address")]
    NotAHost(String),
    #[error("`{0}` names no port")]
    NoPort(String),
    #[error("`{port}` is not a port: ports go from 1 to 65535")]
    NotAPort { port: String },
    /// The URL itself is not repeated: it would print the secret.
    #[error("the URL for {host} carries a user name or password")]
    Credentials { host: String },
    #[error("`{0}` is not the address of a resolver")]
    NotAResolver(String),
    #[error("`{0}` says more than a host and a port")]
    NotOnlyAHost(String),
}

impl AddressError {
    /// Returns what to write instead.
    pub fn help(&self) -> String {
        match self {
            Self::NotAUrl { .. } => "a URL looks like https://app.example.com/health".to_owned(),
            Self::Scheme { .. } => "use http://, https://, tcp://host:port, tls://host:port or dns://name".to_owned(),
            Self::NotAHost(_) => "write a name (app.example.com) or an address (203.0.113.7, [2001:db8::7])".to_owned(),
            Self::NoPort(text) => format!("add it: {text}:443"),
            Self::NotAPort { .. } => "write it as in app.example.com:443".to_owned(),
            Self::Credentials { .. } => {
                "take it out: what is on the screen, in recordings and in the shell's history must hold no secret"
                    .to_owned()
            }
            Self::NotAResolver(_) => {
                "write an IP address, with a port if it is not 53: 1.1.1.1 or [::1]:5353".to_owned()
            }
            Self::NotOnlyAHost(_) => "leave out what stands behind the port".to_owned(),
        }
    }
}

/// Reads an `http` or `https` URL.
pub fn http_url(text: &str) -> Result<Url, AddressError> {
    let text = text.trim();
    let url = Url::parse(text).map_err(|why| AddressError::NotAUrl { text: text.to_owned(), why: why.to_string() })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::Scheme { text: text.to_owned(), scheme: url.scheme().to_owned() });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials { host: host_of(&url) });
    }
    Ok(url)
}

/// Returns a URL's host as a connection wants it: an IPv6 address without its brackets.
pub fn host_of(url: &Url) -> String {
    url.host().map_or_else(String::new, plain)
}

/// Reads a name or an IP address. International names become their ASCII form.
pub fn host(text: &str) -> Result<String, AddressError> {
    let text = text.trim();
    let wrong = || AddressError::NotAHost(text.to_owned());
    if text.starts_with('-') {
        return Err(wrong());
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    Host::parse(text).map(plain).map_err(|_| wrong())
}

fn plain<S: ToString>(host: Host<S>) -> String {
    match host {
        Host::Domain(name) => name.to_string(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

/// Reads `host:port`, `[v6]:port`, or a host alone when there is a port to fall back on.
pub fn host_port(text: &str, fallback: Option<u16>) -> Result<(String, u16), AddressError> {
    let text = text.trim();
    let (name, port) = split_port(text);
    if let Some(port) = port.filter(|port| port.contains('/')) {
        let digits = port.split('/').next().unwrap_or_default();
        return Err(match digits.parse::<u16>() {
            Ok(_) => AddressError::NotOnlyAHost(text.to_owned()),
            Err(_) => AddressError::NotAPort { port: port.to_owned() },
        });
    }
    let port = match port {
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number > 0 => number,
            _ => return Err(AddressError::NotAPort { port: port.to_owned() }),
        },
        None => fallback.ok_or_else(|| AddressError::NoPort(text.to_owned()))?,
    };
    Ok((host(name)?, port))
}

/// Splits at the colon before the port. An IPv6 address without brackets has colons and no port.
pub fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    }
}

/// Writes a host and a port, with brackets around an IPv6 address.
pub fn join(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Reads the address of a DNS server: an IP address, with a port if it is not 53.
pub fn resolver(text: &str) -> Result<SocketAddr, AddressError> {
    let text = text.trim();
    text.parse::<SocketAddr>()
        .or_else(|_| text.trim_matches(['[', ']']).parse::<IpAddr>().map(|address| SocketAddr::new(address, 53)))
        .map_err(|_| AddressError::NotAResolver(text.to_owned()))
}

/// Returns whether a host is a name that the public DNS is asked for: not an address, not this machine, and not a
/// bare word that only a hosts file or a container network knows.
pub fn is_public_name(host: &str) -> bool {
    host.parse::<IpAddr>().is_err() && host.contains('.') && !host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_port_come_apart_and_together() {
        let both = |text: &str| host_port(text, None).map(|(host, port)| join(&host, port));
        assert_eq!(both("db.internal:5432").unwrap(), "db.internal:5432");
        assert_eq!(both("[2001:db8::7]:443").unwrap(), "[2001:db8::7]:443");
        assert_eq!(both("BÜCHER.example:80").unwrap(), "xn--bcher-kva.example:80");
        assert_eq!(host_port("2001:db8::7", Some(443)).unwrap(), ("2001:db8::7".to_owned(), 443));
        for (text, error) in [
            ("db.internal", AddressError::NoPort("db.internal".into())),
            ("db.internal:0", AddressError::NotAPort { port: "0".into() }),
            ("db.internal:http", AddressError::NotAPort { port: "http".into() }),
            ("db.internal:70000", AddressError::NotAPort { port: "70000".into() }),
            ("db.internal:80/x", AddressError::NotOnlyAHost("db.internal:80/x".into())),
            ("a b:80", AddressError::NotAHost("a b".into())),
            ("-oProxyCommand=x:22", AddressError::NotAHost("-oProxyCommand=x".into())),
            (":80", AddressError::NotAHost(String::new())),
        ] {
            assert_eq!(both(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_url_with_a_password_is_refused_without_repeating_it() {
        let error = http_url("https://kim:hunter2@app.example.com/").unwrap_err();
        assert_eq!(error.to_string(), "the URL for app.example.com carries a user name or password");
    }

    #[test]
    fn a_resolver_is_an_address_with_port_53_unless_said() {
        assert_eq!(resolver("1.1.1.1").unwrap().to_string(), "1.1.1.1:53");
        assert_eq!(resolver("::1").unwrap().to_string(), "[::1]:53");
        assert_eq!(resolver("[::1]:5353").unwrap().to_string(), "[::1]:5353");
        assert!(resolver("dns.example.com").is_err());
    }

    #[test]
    fn only_public_names_are_asked_for() {
        assert!(is_public_name("app.example.com"));
        for host in ["localhost", "app.localhost", "postgres", "127.0.0.1", "2001:db8::7"] {
            assert!(!is_public_name(host), "{host}");
        }
    }
}
