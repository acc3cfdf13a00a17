//! Is it me? This machine's own way out, its resolvers, its clock.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;

use crate::clock::Clock;
use crate::model::self_check::{ClockState, Network, Resolvers, Route, SelfCheck, Vantage};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// A resolver that is alive answers within this, even over a bad line; asked twice.
const RESOLVER: Duration = Duration::from_millis(900);
const TRIES: u32 = 2;
const VANTAGE: Duration = Duration::from_millis(1_500);
/// A look that is not older than this serves every probe that wonders.
const SHARED: Duration = Duration::from_secs(2);
/// Servers' clocks are believed when two of them agree that we are off by more than this.
const OFF: i64 = 5_000;
const AGREE: i64 = 3_000;
/// The kernel's mark on a route that refuses (`linux/route.h`).
const RTF_REJECT: u32 = 0x0200;
/// How long a server's word on the time counts.
const SKEW_COUNTS: Duration = Duration::from_secs(600);

/// Where this system tells about its network.
#[derive(Clone, Debug)]
pub struct Places {
    pub routes: PathBuf,
    pub routes6: PathBuf,
    pub interfaces: PathBuf,
    pub resolv_conf: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            routes: "/proc/net/route".into(),
            routes6: "/proc/net/ipv6_route".into(),
            interfaces: "/sys/class/net".into(),
            resolv_conf: "/etc/resolv.conf".into(),
        }
    }
}

/// Looks at this machine.
#[derive(Debug)]
pub struct SelfChecker {
    clock: Clock,
    places: Places,
    /// `host:port` that answers whenever there is a network.
    vantage: Option<String>,
    skews: Mutex<Vec<(String, Timestamp, i64)>>,
    shared: tokio::sync::Mutex<Option<(Instant, Network)>>,
}

impl SelfChecker {
    /// Returns one that looks at these places.
    pub fn new(clock: Clock, places: Places, vantage: Option<String>) -> Self {
        Self { clock, places, vantage, skews: Mutex::default(), shared: tokio::sync::Mutex::new(None) }
    }

    /// Looks now; takes two seconds at most.
    pub async fn look(&self) -> SelfCheck {
        let (resolvers, vantage) = tokio::join!(self.resolvers(), self.vantage());
        let found = SelfCheck {
            at: self.clock.now(),
            route: route(&self.places),
            resolvers,
            clock: self.clock_state(),
            vantage,
        };
        *self.shared.lock().await = Some((Instant::now(), found.network()));
        found
    }

    /// Returns the verdict of a look that is not old. Whoever asks while somebody looks waits for that look.
    pub async fn network(&self) -> Network {
        let mut shared = self.shared.lock().await;
        if let Some((at, network)) = *shared
            && at.elapsed() < SHARED
        {
            return network;
        }
        let (resolvers, vantage) = tokio::join!(self.resolvers(), self.vantage());
        let route = route(&self.places);
        let network =
            SelfCheck { at: self.clock.now(), route, resolvers, clock: ClockState::Unknown, vantage }.network();
        *shared = Some((Instant::now(), network));
        network
    }

    /// Notes what a server's `Date` says of our clock: how many milliseconds the server is ahead. All URLs of one host
    /// are one server: it has one clock, and must not agree with itself.
    pub fn note_skew(&self, server: &str, ahead_ms: i64) {
        let host = url::Url::parse(server).ok().and_then(|url| url.host_str().map(str::to_owned));
        let server = host.as_deref().unwrap_or(server);
        let now = self.clock.now();
        let mut skews = self.skews.lock().unwrap_or_else(PoisonError::into_inner);
        skews.retain(|(name, at, _)| name != server && now.since(*at) < SKEW_COUNTS);
        skews.push((server.to_owned(), now, ahead_ms));
    }

    fn clock_state(&self) -> ClockState {
        let skews = self.skews.lock().unwrap_or_else(PoisonError::into_inner);
        let off: Vec<_> = skews.iter().map(|(_, _, ahead)| *ahead).filter(|ahead| ahead.abs() > OFF).collect();
        for one in &off {
            if off.iter().filter(|other| (**other - one).abs() <= AGREE).count() >= 2 {
                return ClockState::Off { behind_ms: *one };
            }
        }
        if skews.iter().filter(|(_, _, ahead)| ahead.abs() <= OFF).count() >= 2 {
            ClockState::Synchronised
        } else {
            ClockState::Unknown
        }
    }

    async fn resolvers(&self) -> Resolvers {
        let servers = name_servers(&self.places.resolv_conf, &self.places.interfaces);
        if servers.is_empty() {
            return Resolvers::NoneConfigured;
        }
        let questions = servers.iter().map(|server| Box::pin(ask(*server)));
        match futures_util::future::select_ok(questions).await {
            Ok(((server, took), _)) => {
                Resolvers::Answering { server: Line::from_text(&server.to_string()), took: Some(took) }
            }
            Err(why) => Resolvers::Silent {
                servers: servers.iter().map(|server| Line::from_text(&server.to_string())).collect(),
                why: Line::from_text(&why),
            },
        }
    }

    async fn vantage(&self) -> Option<Vantage> {
        let target = self.vantage.as_ref()?;
        let trouble = match tokio::time::timeout(VANTAGE, tokio::net::TcpStream::connect(target.as_str())).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(plain(&error)),
            Err(_) => Some("does not answer".to_owned()),
        };
        Some(Vantage { target: Line::from_text(target), trouble: trouble.map(|why| Line::from_text(&why)) })
    }
}

fn plain(error: &std::io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Asks for the name servers of the root. Any answer will do: it shows that somebody is there.
async fn ask(server: SocketAddr) -> Result<(SocketAddr, Duration), String> {
    let begun = Instant::now();
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.map_err(|error| plain(&error))?;
    socket.connect(server).await.map_err(|error| plain(&error))?;
    // Header: an identity, recursion desired, one question. Question: the root, type NS, class IN (RFC 1035, 4.1).
    let identity = (begun.elapsed().subsec_nanos() as u16).to_be_bytes();
    let question = [identity[0], identity[1], 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
    let mut buffer = [0; 512];
    for _ in 0..TRIES {
        socket.send(&question).await.map_err(|error| plain(&error))?;
        match tokio::time::timeout(RESOLVER, socket.recv(&mut buffer)).await {
            Ok(Ok(read)) if read >= 12 && buffer[..2] == identity => return Ok((server, begun.elapsed())),
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(plain(&error)),
            Err(_) => {}
        }
    }
    Err(format!("no answer within {:.1} s", (RESOLVER * TRIES).as_secs_f32()))
}

fn name_servers(resolv_conf: &Path, interfaces: &Path) -> Vec<SocketAddr> {
    let text = fs::read_to_string(resolv_conf).unwrap_or_default();
    let server = |line: &str| {
        let mut words = line.split_whitespace();
        if words.next()? != "nameserver" {
            return None;
        }
        // A link-local address carries its interface behind a per cent sign, and cannot be reached without it.
        let mut parts = words.next()?.splitn(2, '%');
        let (ip, zone) = (parts.next()?.parse().ok()?, parts.next());
        Some(match ip {
            IpAddr::V4(_) => SocketAddr::new(ip, 53),
            IpAddr::V6(ip) => {
                let scope = zone.and_then(|zone| interface_index(interfaces, zone)).unwrap_or(0);
                SocketAddrV6::new(ip, 53, 0, scope).into()
            }
        })
    };
    text.lines().filter_map(server).take(3).collect()
}

/// Returns the number of an interface that is given by name or by number.
fn interface_index(interfaces: &Path, zone: &str) -> Option<u32> {
    let named = || fs::read_to_string(interfaces.join(zone).join("ifindex")).ok()?.trim().parse().ok();
    zone.parse().ok().or_else(named)
}

fn route(places: &Places) -> Route {
    let (v4, v6) = (fs::read_to_string(&places.routes), fs::read_to_string(&places.routes6));
    if v4.is_err() && v6.is_err() {
        return Route::Unknown;
    }
    let interfaces: Vec<String> =
        default_v4(&v4.unwrap_or_default()).into_iter().chain(default_v6(&v6.unwrap_or_default())).collect();
    if interfaces.is_empty() {
        return Route::Missing { why: Line::from_text("no default route") };
    }
    match interfaces.iter().find(|name| is_up(&places.interfaces, name)) {
        Some(name) => Route::Present { interface: Line::from_text(name) },
        None => Route::Missing { why: Line::from_text(&format!("{} is down", interfaces[0])) },
    }
}

/// Interface, destination, gateway, flags, ..., mask: a default route has a destination and a mask of zero. One that
/// refuses (`unreachable`, as a VPN sets it to keep packets in) is there to stop packets, and `lo` leads back here.
fn default_v4(text: &str) -> Vec<String> {
    let row = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [name, destination, _, flags, _, _, _, mask, ..] = words.as_slice() else { return None };
        let refuses = u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & RTF_REJECT != 0);
        (*destination == "00000000" && *mask == "00000000" && !refuses && *name != "lo").then(|| (*name).to_owned())
    };
    text.lines().skip(1).filter_map(row).collect()
}

/// Destination, its length, source, its length, next hop, metric, ..., flags, interface. The kernel's own reject route
/// is on `lo`.
fn default_v6(text: &str) -> Vec<String> {
    let row = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let (destination, length, name) = (words.first()?, words.get(1)?, words.last()?);
        (destination.chars().all(|c| c == '0') && *length == "00" && *name != "lo").then(|| (*name).to_owned())
    };
    text.lines().filter_map(row).collect()
}

/// Tunnels do not know whether they are up.
pub fn is_up(interfaces: &Path, name: &str) -> bool {
    let state = fs::read_to_string(interfaces.join(name).join("operstate")).unwrap_or_default();
    matches!(state.trim(), "up" | "unknown" | "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n";

    fn checker(routes: &str, resolv_conf: &str, operstate: &str) -> (tempfile::TempDir, SelfChecker) {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("route"), format!("{ROUTES}{routes}")).unwrap();
        fs::write(path("route6"), "").unwrap();
        fs::write(path("resolv.conf"), resolv_conf).unwrap();
        fs::create_dir_all(path("net/eth0")).unwrap();
        fs::write(path("net/eth0/operstate"), operstate).unwrap();
        let places = Places {
            routes: path("route"),
            routes6: path("route6"),
            interfaces: path("net"),
            resolv_conf: path("resolv.conf"),
        };
        (directory, SelfChecker::new(Clock::system(), places, None))
    }

    const DEFAULT: &str = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n";
    const LOCAL: &str = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";

    #[tokio::test]
    async fn no_default_route_and_an_interface_that_is_down_are_no_network() {
        let (_directory, without) = checker(LOCAL, "", "up");
        assert_eq!(without.look().await.route, Route::Missing { why: Line::from_text("no default route") });
        assert_eq!(without.network().await, Network::NoRoute);
        let (_directory, down) = checker(DEFAULT, "", "down\n");
        assert_eq!(down.look().await.route, Route::Missing { why: Line::from_text("eth0 is down") });
        let (_directory, up) = checker(DEFAULT, "", "up\n");
        assert_eq!(up.look().await.route, Route::Present { interface: Line::from_text("eth0") });
    }

    #[tokio::test]
    async fn a_resolver_that_nobody_listens_for_is_silent() {
        // Port 53 of this loopback address: nothing of ours.
        let (_directory, checker) = checker(DEFAULT, "# comment\nnameserver 127.9.9.9\noptions edns0\n", "up");
        let found = checker.look().await;
        assert!(
            matches!(&found.resolvers, Resolvers::Silent { why, .. } if why.as_str() == "connection refused"),
            "{found:?}"
        );
        assert_eq!(found.network(), Network::NoNames);
    }

    #[tokio::test]
    async fn a_clock_is_off_when_two_servers_agree_and_not_when_one_says_so() {
        let (_directory, checker) = checker(DEFAULT, "", "up");
        checker.note_skew("a", 60_000);
        assert_eq!(checker.look().await.clock, ClockState::Unknown);
        checker.note_skew("b", 200_000);
        assert_eq!(checker.look().await.clock, ClockState::Unknown);
        checker.note_skew("c", 61_000);
        assert_eq!(checker.look().await.clock, ClockState::Off { behind_ms: 60_000 });
        for server in ["a", "b", "c"] {
            checker.note_skew(server, 400);
        }
        assert_eq!(checker.look().await.clock, ClockState::Synchronised);
    }

    #[test]
    fn a_route_that_refuses_or_leads_back_here_is_no_way_out() {
        let refusing = "*\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0\n";
        let back_here = "lo\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n";
        for row in [refusing, back_here] {
            assert_eq!(default_v4(&format!("{ROUTES}{row}")), Vec::<String>::new(), "{row}");
        }
        assert_eq!(default_v4(&format!("{ROUTES}{back_here}{DEFAULT}")), ["eth0"]);
    }

    #[test]
    fn a_link_local_resolver_keeps_its_interface() {
        let (directory, _) = checker(DEFAULT, "nameserver fe80::1%eth0\nnameserver fe80::2%3\nnameserver ::1\n", "up");
        fs::write(directory.path().join("net/eth0/ifindex"), "7\n").unwrap();
        let found = name_servers(&directory.path().join("resolv.conf"), &directory.path().join("net"));
        let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["[fe80::1%7]:53", "[fe80::2%3]:53", "[::1]:53"]);
    }

    #[test]
    fn two_addresses_of_one_server_are_one_word_on_the_time() {
        let (_directory, checker) = checker(DEFAULT, "", "up");
        checker.note_skew("https://app.example.com/health", 60_000);
        checker.note_skew("https://app.example.com:8443/ready", 60_000);
        assert_eq!(checker.clock_state(), ClockState::Unknown);
        checker.note_skew("https://other.example.com/", 60_000);
        assert_eq!(checker.clock_state(), ClockState::Off { behind_ms: 60_000 });
    }
}
