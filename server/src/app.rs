//! What every handler and every dispatcher shares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use sweep_planner::api::Timestamp;
use tokio::sync::{Notify, watch};

use crate::config::Config;
use crate::http::assets::Assets;
use crate::http::auth::Auth;
use crate::http::body_gate::BodyGate;
use crate::http::events::EventHub;
use crate::http::file_reads::FileReads;
use crate::http::launch_gate::LaunchGate;
use crate::http::upload_turns::UploadTurns;
use crate::sources::datastores::Datastores;
use crate::store::{Store, StoreError};
use crate::system::clock::Clock;
use crate::system::failure_streak::FailureStreak;
use crate::system::heartbeat::Heartbeat;
use crate::upkeep::disk::DiskMonitor;

/// The handle by which handlers wake the dispatcher of one cluster.
#[derive(Debug)]
pub struct Wake {
    /// Notified whenever there is something to claim, stop or record.
    pub notify: Arc<Notify>,
    /// Set by every call that may have stored a stop request. While it is false, the dispatcher
    /// queries the database for them only every ten seconds.
    pub stop_pending: AtomicBool,
    /// The keys of runs whose stop request could not be stored, since the disk is full: their
    /// trials are stopped all the same, for they may be what fills it.
    pub unstored_stops: Mutex<BTreeSet<i64>>,
    /// The steps of the dispatcher.
    pub heartbeat: Heartbeat,
    /// Starts of trials that failed since one last succeeded.
    pub start_failures: FailureStreak,
    /// Steps of the dispatcher that failed since one last succeeded.
    pub step_failures: FailureStreak,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            notify: Arc::default(),
            // Stop requests may have been stored before this start.
            stop_pending: AtomicBool::new(true),
            unstored_stops: Mutex::default(),
            heartbeat: Heartbeat::default(),
            start_failures: FailureStreak::default(),
            step_failures: FailureStreak::default(),
        }
    }
}

/// What [`App::announce`] does. It is the HTTP room's, of which those who run trials and fetch
/// sources know nothing.
pub type Announce = for<'a> fn(&'a App, i64, Vec<u32>) -> BoxFuture<'a, Result<(), StoreError>>;

/// The server's state. Runs and trials are in the store alone.
pub struct App {
    /// The settings in force.
    pub config: Config,
    /// Finds the datastores that trials may read.
    pub datastores: Datastores,
    /// The one SQLite database; cheap to clone.
    pub store: Store,
    /// Checks hosts, origins, keys, tokens and cookies.
    pub auth: Auth,
    /// Watches the free space of the data folder's disk.
    pub disk: DiskMonitor,
    /// Keeps the uploads of one run apart.
    pub upload_turns: UploadTurns,
    /// Publishes changes to the pages that listen.
    pub events: EventHub,
    /// How they are put together.
    pub announce: Announce,
    /// The built page.
    pub assets: Assets,
    /// Admits large bodies of requests.
    pub bodies: BodyGate,
    /// Admits launches.
    pub launches: LaunchGate,
    /// Bounds how many requests read files of trials at once.
    pub file_reads: FileReads,
    /// Wakes the task that fetches sources from repositories.
    pub fetch_wake: Notify,
    /// One per cluster.
    pub wakes: BTreeMap<String, Wake>,
    /// Signs the addresses of artifacts.
    pub signing_key: Vec<u8>,
    /// The clock of billing and records: the machine's, or one that a test moves.
    pub clock: Clock,
    /// When this data folder was first used.
    pub first_used_at: Timestamp,
    /// True once the server is to stop.
    pub stopping: watch::Receiver<bool>,
}

impl App {
    /// Wakes a cluster's dispatcher and makes it look for stop requests.
    pub fn wake_dispatcher(&self, cluster: &str) {
        if let Some(wake) = self.wakes.get(cluster) {
            wake.stop_pending.store(true, Ordering::SeqCst);
            wake.notify.notify_one();
        }
    }

    /// Makes a cluster's dispatcher stop the active trials of a run whose stop request cannot be
    /// stored. A server that starts anew knows nothing of it.
    pub fn stop_without_storing(&self, cluster: &str, run: i64) {
        if let Some(wake) = self.wakes.get(cluster) {
            let unstored = wake.unstored_stops.lock();
            unstored.unwrap_or_else(PoisonError::into_inner).insert(run);
        }
        self.wake_dispatcher(cluster);
    }

    /// What does not get done at the moment, in words; of one cluster and the database, or of all.
    pub fn stalls(&self, cluster: Option<&str>) -> Vec<String> {
        let wakes = self.wakes.iter();
        let asked = wakes.filter(|(name, _)| cluster.is_none_or(|wanted| wanted == *name));
        // Whoever asks for all of them may be nobody's account.
        let why = |reason: String| match cluster {
            Some(_) if !reason.is_empty() => reason,
            _ => "the cluster's `status.message` and the log say why".to_owned(),
        };
        let starts = asked.clone().filter_map(|(name, wake)| {
            let (count, reason) = wake.start_failures.reported()?;
            let why = why(reason);
            Some(format!(
                "no trial of cluster {name} can be started, the last {count} starts have failed: {why}"
            ))
        });
        let steps = asked.clone().filter_map(|(name, wake)| {
            let (count, reason) = wake.step_failures.reported()?;
            let why = why(reason);
            Some(format!(
                "the trials of cluster {name} cannot be looked after, the last {count} attempts have \
                 failed: {why}"
            ))
        });
        let dispatchers = asked.filter_map(|(name, wake)| {
            let seconds = wake.heartbeat.stalled_for()?.as_secs();
            Some(format!(
                "the trials of cluster {name} have not been looked after for {seconds} seconds; \
                 perhaps a disk does not answer"
            ))
        });
        let writer = self.store.writer_stalled_for().map(|since| {
            let seconds = since.as_secs();
            format!("the database has not finished a write for {seconds} seconds")
        });
        let disk = self.disk.stalled_for().map(|since| {
            let seconds = since.as_secs();
            format!("the disk of the data folder has not answered for {seconds} seconds")
        });
        let stalls = dispatchers.chain(writer).chain(disk);
        stalls.chain(steps).chain(starts).collect()
    }

    /// Announces to the pages that watch how a run, by its key, and these of its trials are now.
    /// Nothing is looked up where nobody watches.
    ///
    /// # Errors
    /// If the database cannot be read. The change that is announced is durable all the same.
    pub async fn announce(&self, run: i64, numbers: Vec<u32>) -> Result<(), StoreError> {
        (self.announce)(self, run, numbers).await
    }
}
