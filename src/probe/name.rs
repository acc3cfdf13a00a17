//! From names to addresses, as this machine sees them.
//!
//! Asked anew every time: a cache would go on telling an address that the name has lost. The system's own resolver
//! function is not used, because it cannot be stopped when the time is up.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{Hosts, TokioResolver};

use crate::model::check::{Cause, Finding};
use crate::model::text::Line;

/// Where the system names machines itself.
const HOSTS: &str = "/etc/hosts";
/// A resolver that has not answered by then will not; it is asked once more, or the next one is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Resolves names.
#[derive(Debug)]
pub struct Names {
    resolv_conf: PathBuf,
    hosts: PathBuf,
    /// Asked instead of those that the system names, unless it is empty.
    instead: Vec<SocketAddr>,
    system: Mutex<Option<(Written, Arc<System>)>>,
}

/// When the files that the settings come from were last written.
type Written = [Option<SystemTime>; 2];

/// What this system says about names.
#[derive(Debug)]
pub struct System {
    hosts: Hosts,
    /// Whom it asks, one by one and as text.
    pub each: Vec<SocketAddr>,
    pub servers: String,
    /// `None` when it names nobody to ask.
    resolver: Option<TokioResolver>,
}

/// A resolver, and whom it asks.
#[derive(Debug)]
pub struct Asking {
    pub resolver: TokioResolver,
    pub servers: String,
}

impl Names {
    /// Returns one that reads the system's settings when it is first asked, and again when they change.
    pub fn new(resolv_conf: PathBuf, instead: Vec<SocketAddr>) -> Self {
        Self { resolv_conf, hosts: HOSTS.into(), instead, system: Mutex::new(None) }
    }

    /// Returns what the system says.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn system(&self) -> Result<Arc<System>, Finding> {
        let written = [&self.resolv_conf, &self.hosts].map(|path| path.metadata().and_then(|it| it.modified()).ok());
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, system)) = &*system
            && *read == written
        {
            return Ok(Arc::clone(system));
        }
        let read = self.read().map(Arc::new).map_err(|error| {
            let path = self.resolv_conf.display();
            if super::connect::out_of_resources(&error) {
                return Finding::new(Cause::OutOfResources, Line::from_text(&format!("cannot read {path}: {error}")));
            }
            let text = format!("this machine does not say which resolver to ask ({path}: {error})");
            Finding::new(Cause::ResolverFailed, Line::from_text(&text))
        })?;
        *system = Some((written, Arc::clone(&read)));
        Ok(read)
    }

    fn read(&self) -> io::Result<System> {
        let mut hosts = Hosts::default();
        if let Some(text) = read_if_there(&self.hosts)? {
            // A line in an old encoding must not take the others with it.
            hosts.read_hosts_conf(String::from_utf8_lossy(&text).as_bytes())?;
        }
        // That there is no server is an error there; here it is one for whoever needs a server.
        let text = read_if_there(&self.resolv_conf)?.unwrap_or_default();
        let (mut config, mut options) = hickory_resolver::system_conf::parse_resolv_conf(text)
            .unwrap_or_else(|_| (ResolverConfig::from_parts(None, Vec::new(), Vec::new()), ResolverOpts::default()));
        if !self.instead.is_empty() {
            let servers = self.instead.iter().map(|server| at(*server)).collect();
            config = ResolverConfig::from_parts(None, Vec::new(), servers);
        }
        let each: Vec<_> = config.name_servers().iter().map(address).collect();
        let servers = each.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        configure(&mut options, PATIENCE);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options);
        let resolver = (!each.is_empty()).then(|| builder.build()).transpose();
        let resolver = resolver.map_err(|error| io::Error::other(error.to_string()))?;
        Ok(System { hosts, each, servers, resolver })
    }

    /// Returns that the system names nobody to ask.
    pub fn nobody(&self) -> Finding {
        let text = format!("this machine does not say which resolver to ask ({})", self.resolv_conf.display());
        Finding::new(Cause::ResolverFailed, Line::from_text(&text))
            .hint("that file needs a line with `nameserver` and an address")
    }

    /// Returns the addresses of a host, in the order in which to try them.
    ///
    /// # Errors
    /// When the name has none, or nobody tells.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Finding> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, port)]);
        }
        let system = self.system()?;
        let mut found = system.known(bare);
        if found.is_empty() {
            let resolver = system.resolver.as_ref().ok_or_else(|| self.nobody())?;
            // With a dot at the end no search domain is tried: `acme.com` must not become `acme.com.corp.internal`.
            let name = if bare.contains('.') && !bare.ends_with('.') { format!("{bare}.") } else { bare.to_owned() };
            let answer = resolver.lookup_ip(name).await;
            found = answer.map_err(|error| explain(&error, bare, "address", &system.servers))?.iter().collect();
        }
        if found.is_empty() {
            return Err(Finding::new(Cause::NameNotFound, Line::from_text(&format!("{bare} has no address"))));
        }
        Ok(in_turn(&found).into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }
}

impl System {
    /// Returns the addresses that are known without asking. Where the file has one kind only, the other is not asked
    /// for: a name that somebody has pointed elsewhere must not lead back by its other address.
    fn known(&self, name: &str) -> Vec<IpAddr> {
        let plain = name.trim_end_matches('.');
        let Ok(parsed) = Name::from_utf8(plain) else { return Vec::new() };
        let look_up = |kind| self.hosts.lookup_static_host(&Query::query(parsed.clone(), kind));
        let both = [look_up(RecordType::A), look_up(RecordType::AAAA)];
        let records = both.iter().flatten().flat_map(|lookup| lookup.answers());
        let found: Vec<_> = records.filter_map(|record| record.data.ip_addr()).collect();
        // These never leave the machine, whatever its files leave out (RFC 6761, 6.3).
        if found.is_empty() && (plain == "localhost" || plain.ends_with(".localhost")) {
            return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        }
        found
    }
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Orders addresses so that neither kind waits for all of the other (RFC 8305, 4).
fn in_turn(found: &[IpAddr]) -> Vec<IpAddr> {
    let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = found.iter().partition(|ip| ip.is_ipv4());
    let longer = v4.len().max(v6.len());
    (0..longer).flat_map(|nth| [v4.get(nth).copied(), v6.get(nth).copied()]).flatten().collect()
}

/// Returns a resolver that asks one server only, twice, each time that long.
///
/// # Errors
/// When it cannot be built.
pub fn asking(server: SocketAddr, patience: Duration) -> Result<Asking, NetError> {
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![at(server)]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    configure(builder.options_mut(), patience.min(PATIENCE));
    Ok(Asking { resolver: builder.build()?, servers: server.to_string() })
}

fn at(server: SocketAddr) -> NameServerConfig {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    config
}

fn address(server: &NameServerConfig) -> SocketAddr {
    SocketAddr::new(server.ip, server.connections.first().map_or(53, |connection| connection.port))
}

fn configure(options: &mut ResolverOpts, patience: Duration) {
    options.cache_size = 0;
    options.timeout = patience;
    // Beside the first one.
    options.attempts = 1;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    // We look into that file ourselves; a server is asked for what it says.
    options.use_hosts_file = ResolveHosts::Never;
}

/// Returns what a failed look-up means.
pub fn explain(error: &NetError, name: &str, what: &str, servers: &str) -> Finding {
    let said = |cause, text: String| Finding::new(cause, Line::from_text(&text));
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => {
                said(Cause::NameNotFound, format!("{name} does not exist (NXDOMAIN from {servers})"))
                    .hint("is the name spelt right, and is the domain still paid for?")
            }
            ResponseCode::NoError => said(Cause::NameNotFound, format!("{name} has no {what}, says {servers}")),
            code => said(Cause::ResolverFailed, format!("{servers} answered {} for {name}", code_name(code))),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => {
            said(Cause::ResolverFailed, format!("{servers} answered {} for {name}", code_name(*code)))
                .hint("the zone's own servers may be down, or its signatures broken")
        }
        NetError::Timeout => said(Cause::ResolverFailed, format!("no answer from {servers} for {name}")),
        NetError::Io(error) if super::connect::out_of_resources(error) => {
            said(Cause::OutOfResources, format!("cannot ask for {name}: {error}"))
        }
        // Why there is no connection is lost on the way here, so we look.
        NetError::NoConnections if let Some(error) = super::connect::starved() => {
            said(Cause::OutOfResources, format!("cannot ask for {name}: {error}"))
        }
        NetError::Io(_) | NetError::NoConnections => {
            said(Cause::ResolverFailed, format!("cannot reach {servers} for {name}"))
        }
        other => said(Cause::ResolverFailed, format!("cannot resolve {name}: {other}")),
    }
}

/// Returns what it means that nobody told within the time for it.
pub fn silent(name: &str, servers: &str, limit: Duration) -> Finding {
    let limit = crate::config::duration::text(limit);
    Finding::new(Cause::ResolverFailed, Line::from_text(&format!("no answer within {limit} from {servers} for {name}")))
}

fn code_name(code: ResponseCode) -> String {
    match code {
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(hosts: &str, resolv_conf: Option<&str>) -> (tempfile::TempDir, Names) {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("hosts"), hosts).unwrap();
        if let Some(text) = resolv_conf {
            fs::write(path("resolv.conf"), text).unwrap();
        }
        let names = Names { hosts: path("hosts"), ..Names::new(path("resolv.conf"), Vec::new()) };
        (directory, names)
    }

    async fn resolve(names: &Names, host: &str) -> Result<Vec<String>, Finding> {
        Ok(names.addresses(host, 80).await?.iter().map(ToString::to_string).collect())
    }

    #[tokio::test]
    async fn addresses_localhost_and_the_hosts_file_need_no_resolver() {
        for resolv_conf in [None, Some(""), Some("search corp.internal\n")] {
            let hosts = "192.0.2.9 shop.test\n2001:db8::9 both.test\n192.0.2.8 both.test\n";
            let (directory, names) = names(hosts, resolv_conf);
            assert_eq!(resolve(&names, "[2001:db8::1]").await.unwrap(), ["[2001:db8::1]:80"]);
            assert_eq!(resolve(&names, "localhost").await.unwrap(), ["127.0.0.1:80", "[::1]:80"]);
            assert_eq!(resolve(&names, "shop.test").await.unwrap(), ["192.0.2.9:80"]);
            assert_eq!(resolve(&names, "both.test").await.unwrap(), ["192.0.2.8:80", "[2001:db8::9]:80"]);
            let finding = resolve(&names, "other.test").await.unwrap_err();
            let path = directory.path().join("resolv.conf");
            let text = format!("this machine does not say which resolver to ask ({})", path.display());
            assert_eq!((finding.cause, finding.message.as_str()), (Cause::ResolverFailed, text.as_str()));
        }
    }

    #[tokio::test]
    async fn a_name_that_is_pointed_elsewhere_in_the_night_is_followed_without_a_restart() {
        let (directory, names) = names("192.0.2.9 shop.test\n", None);
        assert_eq!(resolve(&names, "shop.test").await.unwrap(), ["192.0.2.9:80"]);
        let hosts = directory.path().join("hosts");
        fs::write(&hosts, b"192.0.2.10 shop.test\n\xff 192.0.2.1\n").unwrap();
        // Two writes within one tick of the file system's clock would look like one.
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        fs::File::options().write(true).open(&hosts).unwrap().set_modified(later).unwrap();
        assert_eq!(resolve(&names, "shop.test").await.unwrap(), ["192.0.2.10:80"]);
    }

    #[test]
    fn the_kinds_of_addresses_take_turns() {
        let found = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        let texts: Vec<_> = in_turn(&found).iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3"]);
    }
}
