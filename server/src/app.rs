//! What every handler and every dispatcher shares.

use std::collections::BTreeMap;
use std::sync::Arc;

use sweep_planner::api::Timestamp;
use tokio::sync::{Notify, watch};

use crate::auth::Auth;
use crate::config::Config;
use crate::disk::Disk;
use crate::events::Events;
use crate::page::Page;
use crate::store::Store;

/// The server's state. Runs and trials are in the store alone.
pub struct App {
    /// The settings in force.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// Who may call.
    pub auth: Auth,
    /// How full the disk is.
    pub disk: Disk,
    /// Changes for the pages that watch.
    pub events: Events,
    /// The built page.
    pub page: Page,
    /// One per cluster: tells its dispatcher that there is something to do.
    pub wakes: BTreeMap<String, Arc<Notify>>,
    /// Signs the addresses of artifacts.
    pub signing_key: Vec<u8>,
    /// When this data folder was first used.
    pub since: Timestamp,
    /// True once the server is to stop.
    pub stopping: watch::Receiver<bool>,
}

impl App {
    /// Tells a cluster's dispatcher that there is something to do.
    pub fn wake(&self, cluster: &str) {
        if let Some(wake) = self.wakes.get(cluster) {
            wake.notify_one();
        }
    }
}
