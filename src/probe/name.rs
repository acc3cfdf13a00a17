//! From names to addresses, as this machine sees them.
//!
//! Asked anew every time: a cache would go on telling an address that the name has lost. The system's own resolver
//! function is not used, because it cannot be stopped when the time is up.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;

use crate::model::check::{Cause, Finding};
use crate::model::text::Line;

/// Where the system says whom to ask.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Where the system names machines itself.
const HOSTS: &str = "/etc/hosts";
/// A resolver that has not answered by then will not; the next one is asked.
const PATIENCE: Duration = Duration::from_secs(2);

/// Resolves names.
#[derive(Debug)]
pub struct Names {
    system: Mutex<Option<(Read, Arc<Asking>)>>,
}

/// When the files that a resolver was made from were last changed.
type Read = [Option<SystemTime>; 2];

/// A resolver, and whom it asks.
#[derive(Debug)]
pub struct Asking {
    pub resolver: TokioResolver,
    pub servers: String,
}

impl Names {
    /// Returns one that reads the system's settings when it is first asked, and again when they change.
    pub fn new() -> Self {
        Self { system: Mutex::new(None) }
    }

    /// Returns the system's resolver.
    ///
    /// # Errors
    /// When the system does not say whom to ask.
    pub fn system(&self) -> Result<Arc<Asking>, Finding> {
        let changed =
            [RESOLV_CONF, HOSTS].map(|path| Path::new(path).metadata().and_then(|found| found.modified()).ok());
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, resolver)) = &*system
            && *read == changed
        {
            return Ok(Arc::clone(resolver));
        }
        let build = || -> Result<Asking, NetError> {
            let (config, options) = hickory_resolver::system_conf::read_system_conf()?;
            let servers = servers(&config);
            let builder =
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options);
            Ok(Asking { resolver: configure(builder).build()?, servers })
        };
        let resolver = build().map(Arc::new).map_err(|error| {
            if let NetError::Io(error) = &error
                && super::connect::out_of_resources(error)
            {
                let text = format!("cannot read {RESOLV_CONF}: {error}");
                return Finding::new(Cause::OutOfResources, Line::from_text(&text));
            }
            let text = format!("this machine does not say which resolver to ask ({RESOLV_CONF}: {error})");
            Finding::new(Cause::ResolverFailed, Line::from_text(&text))
        })?;
        *system = Some((changed, Arc::clone(&resolver)));
        Ok(resolver)
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
        let asking = self.system()?;
        // With a dot at the end no search domain is tried: `acme.com` must not become `acme.com.corp.internal`.
        let name = if bare.contains('.') && !bare.ends_with('.') { format!("{bare}.") } else { bare.to_owned() };
        let found =
            asking.resolver.lookup_ip(name).await.map_err(|error| explain(&error, bare, "address", &asking.servers))?;
        let addresses: Vec<_> = found.iter().map(|ip| SocketAddr::new(ip, port)).collect();
        if addresses.is_empty() {
            return Err(Finding::new(Cause::NameNotFound, Line::from_text(&format!("{bare} has no address"))));
        }
        Ok(addresses)
    }
}

/// Returns a resolver that asks one server only.
///
/// # Errors
/// When it cannot be built.
pub fn asking(server: SocketAddr) -> Result<Asking, NetError> {
    let mut config = NameServerConfig::udp_and_tcp(server.ip());
    for connection in &mut config.connections {
        connection.port = server.port();
    }
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![config]);
    let mut builder = configure(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()));
    // A named server is asked for what it says, not for what stands in a file here.
    builder.options_mut().use_hosts_file = hickory_resolver::config::ResolveHosts::Never;
    Ok(Asking { resolver: builder.build()?, servers: server.to_string() })
}

fn configure(
    mut builder: hickory_resolver::ResolverBuilder<TokioRuntimeProvider>,
) -> hickory_resolver::ResolverBuilder<TokioRuntimeProvider> {
    let options = builder.options_mut();
    options.cache_size = 0;
    options.timeout = PATIENCE;
    options.attempts = 2;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    builder
}

/// Returns the servers of a configuration, as text.
fn servers(config: &ResolverConfig) -> String {
    let server = |server: &NameServerConfig| {
        let port = server.connections.first().map_or(53, |connection| connection.port);
        SocketAddr::new(server.ip, port).to_string()
    };
    config.name_servers().iter().map(server).collect::<Vec<_>>().join(", ")
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
