//! Accepts connections and serves HTTP/1.1 on them, so that callers who send nothing, or read
//! nothing, cannot keep others out.
//!
//! There are at most so many connections that trials and files keep descriptors of their own. One
//! more is accepted all the same: that one is closed for it (of many, some at once) that has gone
//! longest without a whole request, of the address with the most connections. Behind a proxy all have one address; then the
//! time alone decides.
//!
//! By hand on `hyper`, since `axum::serve` has neither timeouts nor a bound, and `hyper`'s own
//! timeout ends with a request's head.

mod activity;

mod registry;

mod stream;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower_service::Service;

use activity::Timeouts;
use registry::{Registered, Registry};
use stream::{AnswerBody, RequestBody, RequestGuard, WatchedStream};

use crate::config::Config;

pub use registry::{Connection, KeyWait};

/// Descriptors for the database, the listener, logs and whatever else is always open.
const RESERVE: u64 = 96;
/// Descriptors for the start of a trial: pipes, and files that are copied.
const RESERVE_PER_SLOT: u64 = 8;
/// A request may have a file open besides its socket.
const DESCRIPTORS_PER_CONNECTION: u64 = 2;
/// However few descriptors there are.
const CONNECTIONS_MIN: u64 = 16;
/// What is kept of a request's head in memory, and of bodies at a time, in bytes.
const BUFFER_MAX: usize = 64 << 10;
/// Of all connections, this part is closed at once where there are too many.
const CLOSED_AT_ONCE: usize = 128;
/// How often overdue connections are looked for.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);
/// How long to wait where no connection can be closed for another, or the system gives none.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// At most one line about connections is logged in this time.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// How many connections there may be, and how long they may keep the server waiting.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    most: usize,
    timeouts: Timeouts,
}

impl ConnectionLimits {
    /// From the settings and the limit on open files, where there is one.
    pub fn from_config(config: &Config, open_files: Option<u64>) -> Self {
        let limits = &config.limits;
        let slots = config.clusters.values().map(|one| u64::from(one.slots()));
        let seconds = |number: u32| Duration::from_secs(number.into());
        Self {
            most: most_connections(limits.connections.into(), slots.sum(), open_files),
            timeouts: Timeouts {
                header: seconds(limits.header_seconds),
                stall: seconds(limits.stall_seconds),
                idle: seconds(limits.idle_seconds),
            },
        }
    }
}

fn most_connections(wanted: u64, slots: u64, open_files: Option<u64>) -> usize {
    let fitting = open_files.map_or(u64::MAX, |files| {
        let reserve = RESERVE.saturating_add(slots.saturating_mul(RESERVE_PER_SLOT));
        let reserve = reserve.min(files / 2);
        ((files - reserve) / DESCRIPTORS_PER_CONNECTION).max(CONNECTIONS_MIN)
    });
    let most = wanted.min(fitting).min(Semaphore::MAX_PERMITS as u64);
    usize::try_from(most.min(u32::MAX.into())).unwrap_or(usize::MAX)
}

/// Serves until `stopping` is true and the answers under way are finished.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stopping: watch::Receiver<bool>,
) {
    let server = Arc::new(Server {
        // Once instead of for each request.
        router: router.with_state(()),
        registry: Arc::default(),
        limits,
        stopping: stopping.clone(),
    });
    let overdue = tokio::spawn(close_overdue(Arc::clone(&server)));
    let permits = Arc::new(Semaphore::new(limits.most));
    tokio::select! {
        () = server.accept_all(&listener, &permits) => {}
        () = stopped(stopping) => {}
    }
    drop(listener);
    // They are all back once every connection is closed. An error means that the semaphore was
    // closed, which nobody does.
    let _ = permits
        .acquire_many(u32::try_from(limits.most).unwrap_or(u32::MAX))
        .await;
    overdue.abort();
}

/// Resolves once the server is to stop.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender was dropped: the server is stopping as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn close_overdue(server: Arc<Server>) {
    let mut ticks = tokio::time::interval(CHECK_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        server
            .registry
            .close_overdue(Instant::now(), &server.limits.timeouts);
    }
}

struct Server {
    router: Router,
    registry: Arc<Registry>,
    limits: ConnectionLimits,
    stopping: watch::Receiver<bool>,
}

impl Server {
    async fn accept_all(self: &Arc<Self>, listener: &TcpListener, permits: &Arc<Semaphore>) {
        let mut full = Throttle::default();
        let mut refused = Throttle::default();
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) if concerns_one_connection(&error) => continue,
                Err(error) => {
                    // Out of descriptors or memory: one connection less may help.
                    self.registry.close_worst(1, Instant::now());
                    if refused.count(1).is_some() {
                        tracing::warn!(%error, "no connection can be accepted; trying again");
                    }
                    tokio::time::sleep(ACCEPT_RETRY).await;
                    continue;
                }
            };
            let Some(permit) = self.permit(permits, &mut full).await else {
                return;
            };
            let registered = self.registry.register(peer.ip());
            tokio::spawn(Arc::clone(self).serve_connection(stream, peer, registered, permit));
        }
    }

    /// Permission for one more connection, for which another is closed where there are too many.
    async fn permit(
        &self,
        permits: &Arc<Semaphore>,
        full: &mut Throttle,
    ) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
            return Some(permit);
        }
        loop {
            let most = self.limits.most;
            // Looking for one takes as long as for some: in a flood, each search is for several.
            let closed = self
                .registry
                .close_worst((most / CLOSED_AT_ONCE).max(1), Instant::now());
            if let Some(closed) = full.count(closed) {
                tracing::warn!(
                    closed,
                    most,
                    "connections closed for others: too many are open"
                );
            }
            let permit = Arc::clone(permits).acquire_owned();
            if let Ok(permit) = tokio::time::timeout(ACCEPT_RETRY, permit).await {
                return permit.ok();
            }
        }
    }

    async fn serve_connection(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        registered: Registered,
        // Given back, like the place in the registry, after the socket is closed.
        _permit: OwnedSemaphorePermit,
    ) {
        let connection = &registered.connection;
        // An error means that the peer has gone already.
        let _ = stream.set_nodelay(true);
        let stream = TokioIo::new(WatchedStream::new(stream, Arc::clone(connection)));
        let service = service_fn(|request| self.answer(request, peer, Arc::clone(connection)));
        let mut serving = std::pin::pin!(
            http1::Builder::new()
                .max_buf_size(BUFFER_MAX)
                .serve_connection(stream, service)
        );
        tokio::select! {
            () = connection.closed() => return,
            () = stopped(self.stopping.clone()) => {}
            // An error is the peer's: it has hung up, or sent no HTTP.
            _ = serving.as_mut() => return,
        }
        let activity = connection.read();
        if activity.is_half_sent() || activity.is_lingering() {
            return;
        }
        serving.as_mut().graceful_shutdown();
        tokio::select! {
            () = connection.closed() => {}
            _ = serving => {}
        }
    }

    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        connection: Arc<Connection>,
    ) -> impl Future<Output = Result<Response<AnswerBody>, Infallible>> + use<> {
        let guard = RequestGuard::begin(Arc::clone(&connection));
        let mut request = request.map(|body| {
            let connection = Arc::clone(&connection);
            Body::new(RequestBody::new(body, connection))
        });
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(connection);
        let answering = self.router.clone().call(request);
        async move {
            let response = answering.await?;
            Ok(response.map(|body| AnswerBody {
                body,
                _request: guard,
            }))
        }
    }
}

/// Whether an error of `accept` is of the connection that would have been accepted, which has ended
/// since.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Counts what happens often, so that it is logged seldom.
#[derive(Default)]
struct Throttle {
    logged: Option<Instant>,
    count: usize,
}

impl Throttle {
    /// Counts these; returns how many there were since the last line, where there are any and it is
    /// time for the next.
    fn count(&mut self, more: usize) -> Option<usize> {
        self.count = self.count.saturating_add(more);
        let due = self
            .logged
            .is_none_or(|logged| logged.elapsed() >= LOG_INTERVAL);
        (due && self.count > 0).then(|| {
            self.logged = Some(Instant::now());
            std::mem::take(&mut self.count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_to_trials_and_files() {
        assert_eq!(most_connections(4_096, 2, Some(1 << 20)), 4_096);
        assert_eq!(most_connections(4_096, 2, None), 4_096);
        assert_eq!(most_connections(4_096, 2, Some(1_024)), 456);
        assert_eq!(most_connections(4_096, 2, Some(256)), 72);
        assert_eq!(most_connections(4_096, 200, Some(1_024)), 256);
        assert_eq!(most_connections(4_096, 2, Some(20)), 16);
        assert_eq!(most_connections(10, 2, Some(1_024)), 10);
    }

    #[test]
    fn only_errors_of_one_connection_are_passed_over() {
        let of = |errno: rustix::io::Errno| concerns_one_connection(&errno.into());
        assert!(of(rustix::io::Errno::CONNABORTED) && of(rustix::io::Errno::CONNRESET));
        assert!(!of(rustix::io::Errno::MFILE) && !of(rustix::io::Errno::NFILE));
        assert!(!of(rustix::io::Errno::NOBUFS));
    }

    #[test]
    fn what_happens_often_is_logged_seldom() {
        let mut throttle = Throttle::default();
        assert_eq!((throttle.count(0), throttle.count(1)), (None, Some(1)));
        assert_eq!((throttle.count(1), throttle.count(1)), (None, None));
        throttle.logged = Instant::now().checked_sub(LOG_INTERVAL);
        assert_eq!(throttle.count(2), Some(4));
    }
}
