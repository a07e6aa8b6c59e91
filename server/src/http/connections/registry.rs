//! All open connections, and which of them is closed when there are too many.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::activity::{Activity, Timeouts};

/// One open connection. Requests carry it among their extensions.
pub struct Connection {
    activity: Mutex<Activity>,
    /// Open connections of the same address, this one among them.
    share: Arc<AtomicUsize>,
    closing: AtomicBool,
    close: Notify,
}

impl Connection {
    /// Notes that the request that is being answered has valid credentials or a valid signature:
    /// where there are too many connections it is closed last.
    pub fn mark_trusted(&self) {
        self.update(Activity::mark_trusted);
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Activity)) {
        change(&mut lock(&self.activity));
    }

    fn read(&self) -> Activity {
        *lock(&self.activity)
    }

    pub(super) fn is_half_sent(&self) -> bool {
        self.read().is_half_sent()
    }

    /// Resolves once it is to be closed.
    pub(super) async fn closed(&self) {
        self.close.notified().await;
    }

    /// Closes it; false if that is under way already.
    fn close(&self) -> bool {
        let first = !self.closing.swap(true, Ordering::Relaxed);
        if first {
            self.close.notify_one();
        }
        first
    }
}

/// The open connections.
#[derive(Default)]
pub(super) struct Registry {
    inner: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    next: u64,
    open: HashMap<u64, Arc<Connection>>,
    shares: HashMap<IpAddr, Arc<AtomicUsize>>,
}

/// Keeps a connection in the registry until it is dropped.
pub(super) struct Registered {
    registry: Arc<Registry>,
    number: u64,
    address: IpAddr,
    pub(super) connection: Arc<Connection>,
}

impl Registry {
    pub(super) fn register(self: &Arc<Self>, peer: IpAddr) -> Registered {
        let address = network_of(peer);
        let mut connections = lock(&self.inner);
        let share = Arc::clone(connections.shares.entry(address).or_default());
        share.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection {
            activity: Mutex::new(Activity::opened(Instant::now())),
            share,
            closing: AtomicBool::new(false),
            close: Notify::new(),
        });
        let number = connections.next;
        connections.next += 1;
        connections.open.insert(number, Arc::clone(&connection));
        Registered {
            registry: Arc::clone(self),
            number,
            address,
            connection,
        }
    }

    /// Closes up to `most` connections, those first that have most reason to be; returns how many.
    /// One of a request with credentials only where there is no other, and then alone.
    pub(super) fn close_worst(&self, most: usize, now: Instant) -> usize {
        let connections = lock(&self.inner);
        let candidates = connections.open.values().filter_map(|connection| {
            if connection.closing.load(Ordering::Relaxed) {
                return None;
            }
            let share = connection.share.load(Ordering::Relaxed);
            Some((connection.read().rank(share, now)?, connection))
        });
        let mut candidates: Vec<_> = candidates.collect();
        candidates.sort_unstable_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let unknown = candidates.partition_point(|(rank, _)| !rank.is_trusted());
        let chosen = candidates.iter().take(most.min(unknown.max(1)));
        chosen.filter(|(_, connection)| connection.close()).count()
    }

    /// Closes what has kept the server waiting too long.
    pub(super) fn close_overdue(&self, now: Instant, timeouts: &Timeouts) {
        for connection in lock(&self.inner).open.values() {
            let overdue = connection.read().overdue(now, timeouts);
            if let Some(overdue) = overdue
                && connection.close()
            {
                tracing::debug!(reason = overdue.as_str(), "connection closed");
            }
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut connections = lock(&self.registry.inner);
        connections.open.remove(&self.number);
        if self.connection.share.fetch_sub(1, Ordering::Relaxed) == 1 {
            connections.shares.remove(&self.address);
        }
    }
}

/// What counts as one address: of IPv6 the /64 that one host is usually given.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_address_with_most_connections_loses_one_first() {
        let registry = Arc::new(Registry::default());
        let honest = registry.register(ip("192.0.2.1"));
        let flood: Vec<_> = (0..3).map(|_| registry.register(ip("192.0.2.2"))).collect();
        assert_eq!(registry.close_worst(1, Instant::now()), 1);
        assert!(flood[0].connection.closing.load(Ordering::Relaxed));
        assert!(!honest.connection.closing.load(Ordering::Relaxed));
        drop(flood);
        assert_eq!(lock(&registry.inner).shares.len(), 1);
        assert_eq!(registry.close_worst(9, Instant::now()), 1);
        assert!(honest.connection.closing.load(Ordering::Relaxed));
        assert_eq!(registry.close_worst(9, Instant::now()), 0);
    }

    #[test]
    fn a_stream_of_somebody_known_is_closed_only_where_there_is_no_other() {
        let registry = Arc::new(Registry::default());
        let open = |peer: &str| registry.register(ip(peer));
        let streams = [open("192.0.2.1"), open("192.0.2.1")];
        for stream in &streams {
            stream.connection.update(|activity| {
                activity.begin_request(Instant::now());
                activity.mark_trusted();
            });
        }
        let half = open("192.0.2.2");
        let later = Instant::now() + std::time::Duration::from_secs(60);
        assert_eq!(registry.close_worst(9, later), 1);
        assert!(half.connection.closing.load(Ordering::Relaxed));
        assert_eq!(registry.close_worst(9, later), 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        assert_eq!(network_of(ip("2001:db8::1")), network_of(ip("2001:db8::2")));
        assert_ne!(
            network_of(ip("2001:db8:0:1::1")),
            network_of(ip("2001:db8::1"))
        );
        assert_eq!(network_of(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
