//! Where a request comes from, and whether its caller still waits.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use tokio::sync::watch;

use super::client_address::{ClientAddress, find_client};
use crate::app::App;
use crate::http::connections::{Connection, KeyWait};

/// Where a request comes from, and whether its caller still waits for the answer.
#[derive(Clone)]
pub struct Client {
    /// Its address.
    pub address: ClientAddress,
    hang_up: Option<HangUp>,
    connection: Option<Arc<Connection>>,
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
            connection: request.extensions.get().cloned(),
        }
    }

    /// Notes on the connection that the request's key waits until it may be looked at, as long as the
    /// result lives.
    pub(super) fn wait_for_key_check(&self) -> Option<KeyWait> {
        let connection = self.connection.as_ref();
        connection.map(Connection::wait_for_key_check)
    }

    /// Ends once the caller has hung up or closed its side of the connection; never, where its request
    /// ends with it.
    pub(super) async fn wait_for_hangup(&self) {
        let ended = async {
            match &self.hang_up {
                Some(HangUp(open)) => {
                    // The sender sends nothing: an error means that it is gone.
                    let _ = open.clone().changed().await;
                }
                None => std::future::pending().await,
            }
        };
        let half_closed = async {
            match &self.connection {
                Some(connection) => connection.wait_for_half_close().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = ended => {}
            () = half_closed => {}
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
