//! The address from which a request comes: the connection's, or, where that is a trusted proxy's, the
//! one that the proxy names. What cannot be read there is a caller of its own kind.

use std::net::{IpAddr, Ipv6Addr, SocketAddrV4};

use axum::http::{HeaderMap, HeaderValue, header};
use ipnet::IpNet;

/// The header that proxies add to. `Forwarded` is not read: whichever of the two a proxy does not
/// set, the caller could.
const HEADER: &str = "x-forwarded-for";

/// How many addresses of a header are looked at: no more proxies stand in a row.
const HOPS_MAX: usize = 64;

/// The address of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAddress {
    /// The connection's, or the one that a trusted proxy names.
    Known(IpAddr),
    /// What stands where a trusted proxy should name an address is none: some caller of this proxy,
    /// and not the proxy itself.
    Unreadable {
        /// The last trusted proxy, seen from here.
        proxy: IpAddr,
    },
}

/// The last address that is no trusted proxy's, seen from here. What stands before it was written by
/// whoever has it, and so shows nothing.
pub(super) fn find_client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> ClientAddress {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|proxies| proxies.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(&client) {
        return ClientAddress::Known(client);
    }
    // As bytes: one that is no text makes its own member unreadable, and no other.
    let values: Vec<&[u8]> = headers
        .get_all(HEADER)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let mut hops = values
        .iter()
        .rev()
        .flat_map(|value| value.rsplit(|byte| *byte == b','));
    for _ in 0..HOPS_MAX {
        let unreadable = ClientAddress::Unreadable { proxy: client };
        match hops.next().map(parse_hop) {
            Some(Some(hop)) => client = hop,
            Some(None) => return unreadable,
            // The proxy's own request, unless it says in its other way for whom it is.
            None if values.is_empty() && headers.contains_key(header::FORWARDED) => {
                return unreadable;
            }
            None => return ClientAddress::Known(client),
        }
        if !is_trusted(&client) {
            return ClientAddress::Known(client);
        }
    }
    ClientAddress::Unreadable { proxy: client }
}

/// An address with or without a port, which some proxies add; one of IPv6 in brackets or without,
/// with the zone of a local one or without.
fn parse_hop(member: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(member.trim_ascii()).ok()?;
    let (bare, in_brackets) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let is_port = |port: &str| port.parse::<u16>().is_ok();
            let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
            (fits.then_some(address)?, true)
        }
        None => (text, false),
    };
    if !in_brackets && let Ok(with_port) = bare.parse::<SocketAddrV4>() {
        return Some(IpAddr::V4(*with_port.ip()));
    }
    let without_zone = bare.split_once('%').map_or(bare, |(address, _)| address);
    let address = match without_zone.parse::<Ipv6Addr>() {
        Ok(long) => IpAddr::V6(long),
        Err(_) if in_brackets => return None,
        Err(_) => IpAddr::V4(bare.parse().ok()?),
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(peer: &str, forwarded: &[&[u8]]) -> ClientAddress {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(HEADER, HeaderValue::from_bytes(value).unwrap());
        }
        let trusted = ["127.0.0.1/32", "10.0.0.0/8", "::1/128"].map(|net| net.parse().unwrap());
        find_client(peer.parse().unwrap(), &headers, &trusted)
    }

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let forwarded: Vec<&[u8]> = forwarded.iter().map(|value| value.as_bytes()).collect();
        match find(peer, &forwarded) {
            ClientAddress::Known(address) => address.to_string(),
            ClientAddress::Unreadable { proxy } => format!("unreadable by {proxy}"),
        }
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(client("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(client("127.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            client("::ffff:127.0.0.1", &["198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn the_last_address_that_is_not_trusted_counts() {
        let spoofed = "203.0.113.9, 198.51.100.7";
        assert_eq!(client("127.0.0.1", &[spoofed]), "198.51.100.7");
        assert_eq!(client("127.0.0.1", &[spoofed, "10.0.0.2"]), "198.51.100.7");
        assert_eq!(client("::1", &["203.0.113.9", "10.1.1.1"]), "203.0.113.9");
    }

    #[test]
    fn what_is_no_address_is_never_the_proxy() {
        for unreadable in [
            "unknown",
            "",
            " ",
            ",",
            "1.2.3",
            "203.0.113.9, _hidden",
            "203.0.113.9,",
            "198.51.100.7:x",
            "198.51.100.7:70000",
            "[198.51.100.7]",
            "[2001:db8::1",
            "[[2001:db8::1]]",
            "[2001:db8::1]80",
            "2001:db8::1]",
            "\"198.51.100.7\"",
            "for=198.51.100.7",
            "localhost",
        ] {
            let found = client("127.0.0.1", &[unreadable]);
            assert_eq!(found, "unreadable by 127.0.0.1", "{unreadable}");
        }
        let unreadable = "unreadable by 127.0.0.1";
        assert_eq!(client("127.0.0.1", &["203.0.113.9", ""]), unreadable);
        assert_eq!(
            client("127.0.0.1", &["unknown, 10.0.0.2"]),
            "unreadable by 10.0.0.2"
        );
        assert_eq!(client("192.0.2.1", &["unknown"]), "192.0.2.1");
        let endless = "10.0.0.2,".repeat(7_000) + "10.0.0.2";
        assert_eq!(client("127.0.0.1", &[&endless]), "unreadable by 10.0.0.2");
        let long = "x,".repeat(7_000) + "198.51.100.7";
        assert_eq!(client("127.0.0.1", &[&long]), "198.51.100.7");
    }

    #[test]
    fn a_byte_that_is_no_text_hides_no_other_address() {
        let known = |text: &str| ClientAddress::Known(text.parse().unwrap());
        let found = find("127.0.0.1", &[b"\xff, 198.51.100.7"]);
        assert_eq!(found, known("198.51.100.7"));
        let found = find("127.0.0.1", &[b"\xff", b"198.51.100.7, 10.0.0.2"]);
        assert_eq!(found, known("198.51.100.7"));
        let proxy = "127.0.0.1".parse().unwrap();
        for hidden in [
            b"198.51.100.7, \xff".as_slice(),
            b"198.51.100.7\xff",
            b"\xa0",
        ] {
            let found = find("127.0.0.1", &[hidden]);
            assert_eq!(found, ClientAddress::Unreadable { proxy }, "{hidden:?}");
        }
    }

    #[test]
    fn who_is_named_in_another_way_is_not_the_proxy() {
        let named = |values: &[(&str, &str)]| {
            let value =
                |(name, value): &(&str, &str)| (name.parse().unwrap(), value.parse().unwrap());
            let headers: HeaderMap = values.iter().map(value).collect();
            let trusted = ["127.0.0.1/32".parse().unwrap()];
            find_client("127.0.0.1".parse().unwrap(), &headers, &trusted)
        };
        let proxy = "127.0.0.1".parse().unwrap();
        let forwarded = ("forwarded", "for=198.51.100.7");
        assert_eq!(named(&[forwarded]), ClientAddress::Unreadable { proxy });
        // Either may be the caller's own; the one that is read decides.
        let both = named(&[forwarded, (HEADER, "198.51.100.8")]);
        assert_eq!(both, ClientAddress::Known("198.51.100.8".parse().unwrap()));
    }

    #[test]
    fn addresses_come_with_ports_brackets_and_zones() {
        for (text, address) in [
            ("198.51.100.7:4711", "198.51.100.7"),
            ("\t198.51.100.7 ", "198.51.100.7"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%eth0]:80", "fe80::1"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
        ] {
            assert_eq!(client("127.0.0.1", &[text]), address, "{text}");
        }
    }
}
