//! The address from which a request comes: the connection's, or, where that is a trusted proxy's, the
//! one that the proxy names.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;
use tokio::sync::watch;

use crate::app::App;

/// The header that proxies add to. `Forwarded` is not read: whichever of the two a proxy does not
/// set, the caller could.
const HEADER: &str = "x-forwarded-for";

/// Where a request comes from, and whether its caller still waits for the answer.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its address.
    pub address: IpAddr,
    hang_up: Option<HangUp>,
}

impl Client {
    /// Of a request.
    pub(super) fn of_request(app: &App, request: &Parts) -> Self {
        let info = request.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = info.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| {
            address.ip()
        });
        Self {
            address: find_client(peer, &request.headers, &app.config.trusted_proxies),
            hang_up: request.extensions.get().cloned(),
        }
    }

    /// Ends once the caller has hung up; never, where its request ends with it.
    pub(super) async fn wait_for_hangup(&self) {
        match &self.hang_up {
            Some(HangUp(open)) => {
                // The sender sends nothing: an error means that it is gone.
                let _ = open.clone().changed().await;
            }
            None => std::future::pending().await,
        }
    }
}

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self::of_request(app, parts))
    }
}

/// In the extensions of a request that goes on when its caller hangs up: the other end is dropped
/// then.
#[derive(Clone, Debug)]
pub struct HangUp(pub watch::Receiver<()>);

/// The last address that is no trusted proxy's, seen from here. What stands before it was written by
/// whoever has it, and so shows nothing.
fn find_client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    let values: Vec<&str> = headers
        .get_all(HEADER)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .collect();
    let mut hops = values.into_iter().rev();
    while trusted.iter().any(|proxies| proxies.contains(&client)) {
        match hops.next().and_then(parse_hop) {
            Some(hop) => client = hop,
            None => break,
        }
    }
    client
}

/// An address with or without a port: some proxies add one.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|with| with.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(HEADER, value.parse().unwrap());
        }
        let trusted = ["127.0.0.1/32", "10.0.0.0/8", "::1/128"].map(|net| net.parse().unwrap());
        find_client(peer.parse().unwrap(), &headers, &trusted).to_string()
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
    fn an_unreadable_hop_ends_the_search() {
        for unreadable in ["unknown", "", "1.2.3", "203.0.113.9, _hidden"] {
            assert_eq!(
                client("127.0.0.1", &[unreadable]),
                "127.0.0.1",
                "{unreadable}"
            );
        }
        assert_eq!(client("127.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(client("127.0.0.1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(client("127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
    }
}
