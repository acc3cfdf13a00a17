//! Is there a way to one address? A machine without a default route still reaches its own networks, and what fails
//! there has failed.

use std::fs;
use std::net::IpAddr;

use super::self_check::{Places, is_up};

/// The kernel's mark on a route that refuses (`linux/route.h`).
const RTF_REJECT: u32 = 0x0200;

/// One row of the kernel's table.
struct Row {
    /// The network, shifted so that only its own bits are left.
    network: u128,
    prefix: u32,
    interface: String,
    refuses: bool,
}

/// Returns whether a network of this machine's own holds an address, over an interface that is up. A default route does
/// not count: whether that leads anywhere is what a look at this machine finds out.
pub fn is_near(places: &Places, ip: IpAddr) -> bool {
    let (rows, address, bits) = match ip {
        IpAddr::V4(ip) => (v4(&fs::read_to_string(&places.routes).unwrap_or_default()), u128::from(ip.to_bits()), 32),
        IpAddr::V6(ip) => (v6(&fs::read_to_string(&places.routes6).unwrap_or_default()), ip.to_bits(), 128),
    };
    let holds = |row: &&Row| address.checked_shr(bits - row.prefix).unwrap_or(0) == row.network;
    let best = rows.iter().filter(holds).max_by_key(|row| row.prefix);
    best.is_some_and(|row| row.prefix > 0 && !row.refuses && is_up(&places.interfaces, &row.interface))
}

/// Interface, destination, gateway, flags, three numbers, mask: addresses are hexadecimal in this machine's byte order.
fn v4(text: &str) -> Vec<Row> {
    let hex = |text: &str| u32::from_str_radix(text, 16).ok();
    let row = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [interface, destination, _, flags, _, _, _, mask, ..] = words.as_slice() else { return None };
        let prefix = hex(mask)?.count_ones();
        let network = u32::from_be_bytes(hex(destination)?.to_ne_bytes());
        Some(Row {
            network: u128::from(network.checked_shr(32 - prefix).unwrap_or(0)),
            prefix,
            interface: (*interface).to_owned(),
            refuses: hex(flags)? & RTF_REJECT != 0,
        })
    };
    text.lines().skip(1).filter_map(row).collect()
}

/// Destination, its length, source, its length, next hop, metric, two counts, flags, interface.
fn v6(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [destination, length, _, _, _, _, _, _, flags, interface] = words.as_slice() else { return None };
        let prefix = u32::from_str_radix(length, 16).ok().filter(|prefix| *prefix <= 128)?;
        let network = u128::from_str_radix(destination, 16).ok()?;
        Some(Row {
            network: network.checked_shr(128 - prefix).unwrap_or(0),
            prefix,
            interface: (*interface).to_owned(),
            refuses: u32::from_str_radix(flags, 16).ok()? & RTF_REJECT != 0,
        })
    };
    text.lines().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
        eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
        eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
        dead0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n\
        *\t0002A8C0\t00000000\t0201\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
        eth0\t000010AC\t0101A8C0\t0003\t0\t0\t0\t0000F0FF\t0\t0\t0\n";
    const V6: &str = "\
        20010db8000000000000000000000000 40 00000000000000000000000000000000 00 \
        00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n\
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
        fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n";

    #[test]
    fn an_address_in_a_network_of_our_own_is_near_while_its_interface_is_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("route"), V4).unwrap();
        fs::write(path("route6"), V6).unwrap();
        for (interface, state) in [("eth0", "up\n"), ("dead0", "lowerlayerdown\n")] {
            fs::create_dir_all(path("net").join(interface)).unwrap();
            fs::write(path("net").join(interface).join("operstate"), state).unwrap();
        }
        let places = Places {
            routes: path("route"),
            routes6: path("route6"),
            interfaces: path("net"),
            resolv_conf: path("resolv.conf"),
        };
        for (address, near) in [
            ("192.168.1.77", true),
            ("172.16.9.9", true),
            ("192.168.2.7", false),
            ("10.1.2.3", false),
            ("203.0.113.7", false),
            ("2001:db8::9", true),
            ("2001:db8:1::9", false),
        ] {
            assert_eq!(is_near(&places, address.parse().unwrap()), near, "{address}");
        }
    }
}
