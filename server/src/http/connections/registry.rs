//! All open connections, and which of them is closed when there are too many.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, watch};

use super::activity::{Activity, Timeouts};

/// One open connection. Requests carry it among their extensions.
pub struct Connection {
    state: Mutex<State>,
    share: Arc<Share>,
    closing: AtomicBool,
    close: Notify,
    half_closed: watch::Sender<bool>,
}

struct State {
    activity: Activity,
    /// Whether it is one of its share's [`Share::counted`].
    is_counted: bool,
    is_over: bool,
}

/// The open connections of one address.
#[derive(Default)]
struct Share {
    all: AtomicUsize,
    /// Those that answer no trusted request: the streams of events of somebody known do not make a
    /// further request of theirs the first to go.
    counted: AtomicUsize,
}

impl Connection {
    /// Notes that the request that is being answered has valid credentials or a valid signature:
    /// where there are too many connections it is closed last.
    pub fn mark_trusted(&self) {
        self.update(Activity::mark_trusted);
    }

    /// Notes that the request's key waits until it may be looked at, because many wrong ones came
    /// before: where there are too many connections it is closed first, until the wait is dropped.
    pub fn wait_for_key_check(self: &Arc<Self>) -> KeyWait {
        self.update(|activity| activity.set_key_waits(true));
        KeyWait(Arc::clone(self))
    }

    /// Resolves once the peer has closed its side, as who hangs up does.
    pub async fn wait_for_half_close(&self) {
        // The sender lives as long as `self`.
        let _ = self
            .half_closed
            .subscribe()
            .wait_for(|closed| *closed)
            .await;
    }

    pub(super) fn half_close(&self) {
        self.update(|activity| activity.half_close(Instant::now()));
        self.half_closed.send_replace(true);
    }

    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Activity) -> T) -> T {
        let mut state = lock(&self.state);
        let changed = change(&mut state.activity);
        self.recount(&mut state);
        changed
    }

    /// Takes it out of its share; later updates do not bring it back.
    fn end(&self) {
        let mut state = lock(&self.state);
        state.is_over = true;
        self.recount(&mut state);
    }

    fn recount(&self, state: &mut State) {
        let counts = !state.is_over && state.activity.is_in_share();
        if counts && !state.is_counted {
            self.share.counted.fetch_add(1, Ordering::Relaxed);
        } else if !counts && state.is_counted {
            self.share.counted.fetch_sub(1, Ordering::Relaxed);
        }
        state.is_counted = counts;
    }

    pub(super) fn read(&self) -> Activity {
        lock(&self.state).activity
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

/// A request's key that waits.
pub struct KeyWait(Arc<Connection>);

impl Drop for KeyWait {
    fn drop(&mut self) {
        self.0.update(|activity| activity.set_key_waits(false));
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
    shares: HashMap<IpAddr, Arc<Share>>,
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
        share.all.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::new(Connection {
            state: Mutex::new(State {
                activity: Activity::opened(Instant::now()),
                is_counted: false,
                is_over: false,
            }),
            share,
            closing: AtomicBool::new(false),
            close: Notify::new(),
            half_closed: watch::Sender::new(false),
        });
        connection.recount(&mut lock(&connection.state));
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
            let share = connection.share.counted.load(Ordering::Relaxed);
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
        self.connection.end();
        if self.connection.share.all.fetch_sub(1, Ordering::Relaxed) == 1 {
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
    fn the_streams_of_somebody_known_do_not_count_against_their_next_request() {
        let registry = Arc::new(Registry::default());
        let open = |peer: &str| registry.register(ip(peer));
        let streams: Vec<_> = (0..9).map(|_| open("192.0.2.1")).collect();
        for stream in &streams {
            stream.connection.update(|activity| {
                activity.begin_request(Instant::now());
                activity.mark_trusted();
            });
        }
        let flood = [open("192.0.2.2"), open("192.0.2.2")];
        let next = open("192.0.2.1");
        assert_eq!(registry.close_worst(2, Instant::now()), 2);
        assert!(!next.connection.closing.load(Ordering::Relaxed));
        // Once it is answered, a connection counts again; one that is over does not.
        let share = Arc::clone(&next.connection.share);
        let counted = || share.counted.load(Ordering::Relaxed);
        assert_eq!(counted(), 1);
        let first = Arc::clone(&streams[0].connection);
        first.update(|activity| activity.end_answer(Instant::now()));
        assert_eq!(counted(), 2);
        drop((streams, flood));
        first.update(|activity| activity.begin_request(Instant::now()));
        assert_eq!(counted(), 1);
    }

    #[test]
    fn keys_that_wait_are_closed_before_a_request_that_has_just_come() {
        let registry = Arc::new(Registry::default());
        let guess = registry.register(ip("192.0.2.1"));
        let honest = registry.register(ip("192.0.2.2"));
        let begin = |connection: &Connection| {
            connection.update(|activity| activity.begin_request(Instant::now()));
        };
        begin(&guess.connection);
        let waiting = guess.connection.wait_for_key_check();
        assert_eq!(registry.close_worst(1, Instant::now()), 1);
        assert!(guess.connection.closing.load(Ordering::Relaxed));
        assert!(!honest.connection.closing.load(Ordering::Relaxed));
        drop(waiting);
        let young = registry.register(ip("192.0.2.3"));
        begin(&young.connection);
        drop(young.connection.wait_for_key_check());
        begin(&honest.connection);
        assert_eq!(registry.close_worst(1, Instant::now()), 0);
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
