//! The connection to the server: address, credentials, status, clusters, clock.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::price_list::PriceList;
use crate::api::{Cluster, ClusterPrice, PageSession, Run, Timestamp};
use crate::estimate::EstimateSettings;
use crate::page::browser::{self, BrowserStorage};
use crate::page::client::{Client, Failure};

/// The state of the connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ConnectionStatus {
    /// The first request has not been answered yet.
    Connecting,
    /// Signed in.
    Connected(Box<PageSession>),
    /// There is a server, but nobody is signed in.
    SignedOut,
    /// No server was found: planning only.
    Absent,
}

/// The address and credentials in use, and what is known about the server there.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    pub(crate) client: RwSignal<Client>,
    pub(crate) status: RwSignal<ConnectionStatus>,
    /// Empty while not connected.
    pub(crate) clusters: RwSignal<Vec<Cluster>>,
    /// The built-in prices, and before them the server's own.
    pub(crate) prices: PriceList,
    /// Whether the Connection dialog is open.
    pub(crate) dialog_open: RwSignal<bool>,
    /// Microseconds by which the server's clock is ahead of this machine's.
    clock_offset: RwSignal<i64>,
}

/// The names under which address, user and API key are stored: in this tab only, never in a link.
const ADDRESS: &str = "sweep.address";
const USER: &str = "sweep.user";
const KEY: &str = "sweep.key";

impl Server {
    pub(super) fn new() -> Server {
        let credentials = BrowserStorage::Tab
            .get(USER)
            .zip(BrowserStorage::Tab.get(KEY));
        let address = BrowserStorage::Tab.get(ADDRESS).unwrap_or_default();
        Server {
            client: RwSignal::new(Client {
                address,
                credentials,
            }),
            status: RwSignal::new(ConnectionStatus::Connecting),
            clusters: RwSignal::new(Vec::new()),
            prices: PriceList::new(),
            dialog_open: RwSignal::new(false),
            clock_offset: RwSignal::new(0),
        }
    }

    /// Whether a server has answered and somebody is signed in.
    pub(crate) fn is_connected(self) -> bool {
        self.status
            .with(|status| matches!(status, ConnectionStatus::Connected(_)))
    }

    /// The cluster that a command without `--cluster` runs on; `local` until the server has answered.
    pub(crate) fn default_cluster(self) -> String {
        self.status.with(|status| match status {
            ConnectionStatus::Connected(session) => session.default_cluster.clone(),
            _ => "local".to_owned(),
        })
    }

    /// How many trials a cluster runs at once; `None` where that is not known.
    pub(crate) fn slots(self, cluster: &str) -> Option<u32> {
        self.clusters.with(|clusters| {
            clusters
                .iter()
                .find(|known| known.id == cluster)?
                .status
                .slots
        })
    }

    /// The engine that runs a cluster's trials. For a cluster that is not known it is the cluster's
    /// own name, so that `local` is priced as local without a server.
    pub(crate) fn engine(self, cluster: &str) -> String {
        self.clusters.with(|clusters| {
            let known = clusters.iter().find(|known| known.id == cluster);
            known.map_or(cluster, |known| &known.spec.engine).to_owned()
        })
    }

    /// A cluster's own price; `None` where it has none, is not known, or its server is older than
    /// such prices.
    pub(crate) fn cluster_price(self, cluster: &str) -> Option<ClusterPrice> {
        self.clusters.with(|clusters| {
            let known = clusters.iter().find(|known| known.id == cluster)?;
            known.spec.price.clone()
        })
    }

    /// The billing rules, the price and the slots of a cluster.
    pub(crate) fn estimate_settings(self, cluster: &str) -> EstimateSettings {
        let (cores, threads) = self.clusters.with(|clusters| {
            let known = clusters.iter().find(|known| known.id == cluster);
            known.map_or((None, None), |known| {
                (known.status.cores, known.status.threads)
            })
        });
        EstimateSettings {
            cores,
            threads,
            ..EstimateSettings::for_cluster(
                &self.engine(cluster),
                self.cluster_price(cluster).as_ref(),
                self.slots(cluster),
            )
        }
    }

    /// `as if on m5a.large`, where a run's cost is the price of the machine that its command names though
    /// its trials run on the server's own.
    pub(crate) fn cost_note(self, run: &Run) -> Option<String> {
        let settings = self.estimate_settings(&run.spec.cluster_id);
        let catalogue = self.prices.catalogue.get();
        let machine = catalogue.resolve_name(&run.spec.instance_type);
        let is_quoted =
            settings.on_own_machine && !settings.has_cluster_price() && !machine.is_empty();
        is_quoted.then(|| ["as if on ", machine].concat())
    }

    /// Reads the server's own prices again, unless it is left by then.
    pub(super) fn reload_prices(self, client: Client) {
        spawn_local(async move {
            let prices = client.fetch_own_prices().await;
            let is_left = self.client.with_untracked(|used| *used != client)
                || !untrack(move || self.is_connected());
            if !is_left {
                self.prices.apply(prices);
            }
        });
    }

    /// The server's time, from this machine's clock and the difference found when connecting.
    pub(crate) fn now(self) -> Timestamp {
        Timestamp::from_micros(browser::wall_clock_micros() + self.clock_offset.get())
    }

    /// Requests the session with the stored address and credentials, and updates the status.
    pub(crate) fn connect(self) {
        let client = self.client.get_untracked();
        spawn_local(async move {
            let answer = client.fetch_session().await;
            self.apply_session(answer).await;
        });
    }

    /// Connects to another address as another user. On failure everything stays as it was.
    pub(crate) async fn sign_in(self, address: &str, user: &str, key: &str) -> Result<(), Failure> {
        let own = address.is_empty() || address == browser::origin();
        let client = if own {
            // The page's own server sets a session cookie, so the key need not be stored.
            Client::default()
        } else {
            let credentials = Some((user.to_owned(), key.to_owned()));
            Client {
                address: address.to_owned(),
                credentials,
            }
        };
        let session = if own {
            client.sign_in(user, key).await
        } else {
            client.fetch_session().await
        }?;
        let kept = client.credentials.as_ref();
        BrowserStorage::Tab.set(ADDRESS, (!own).then_some(address));
        BrowserStorage::Tab.set(USER, kept.map(|(user, _)| user.as_str()));
        BrowserStorage::Tab.set(KEY, kept.map(|(_, key)| key.as_str()));
        self.client.set(client);
        self.apply_session(Ok(session)).await;
        Ok(())
    }

    /// Ends the session, and removes address, user and key from this tab.
    pub(crate) async fn sign_out(self) {
        let client = self.client.get_untracked();
        if client.credentials.is_none() {
            // Whatever the server answers, this tab is signed out.
            let _ = client.sign_out().await;
        }
        self.forget_session();
    }

    /// Ends the sessions of all browsers of the account, this one's too.
    pub(crate) async fn sign_out_everywhere(self) -> Result<(), Failure> {
        // The stream of events ends with the session: closed here first, it is not opened again.
        self.status.set(ConnectionStatus::Connecting);
        let client = self.client.get_untracked();
        let answer = client.sign_out_everywhere().await;
        match &answer {
            Ok(()) => self.forget_session(),
            Err(_) => self.connect(),
        }
        answer
    }

    fn forget_session(self) {
        for name in [ADDRESS, USER, KEY] {
            BrowserStorage::Tab.set(name, None);
        }
        self.client.set(Client::default());
        self.clusters.set(Vec::new());
        self.prices.reset();
        self.status.set(ConnectionStatus::SignedOut);
    }

    /// Updates the status by a failed request; a 401 also opens the Connection dialog.
    pub(crate) fn note_failure(self, failure: &Failure) {
        match failure {
            Failure::SignedOut(_) => {
                self.status.set(ConnectionStatus::SignedOut);
                self.dialog_open.set(true);
            }
            Failure::NoServer => self.status.set(ConnectionStatus::Absent),
            Failure::NoAnswer | Failure::Refused { .. } => {}
        }
    }

    async fn apply_session(self, answer: Result<PageSession, Failure>) {
        match answer {
            Ok(session) => {
                let clock = session.now.micros() - browser::wall_clock_micros();
                self.clock_offset.set(clock);
                let client = self.client.get_untracked();
                let clusters = client.fetch_clusters().await.map(|list| list.clusters);
                self.clusters.set(clusters.unwrap_or_default());
                // Before anything can be launched, so that no estimate differs from the bill.
                let prices = client.fetch_own_prices().await;
                self.prices.reset();
                self.prices.apply(prices);
                self.status
                    .set(ConnectionStatus::Connected(Box::new(session)));
            }
            Err(Failure::SignedOut(_)) => self.status.set(ConnectionStatus::SignedOut),
            Err(_) => self.status.set(ConnectionStatus::Absent),
        }
    }
}
