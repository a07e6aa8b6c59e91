//! The dispatcher of a cluster: one loop that sends stop requests, polls the engine, records what
//! changed, and claims and submits trials for free slots.
//!
//! A claim is committed before its trial is submitted, and a submission does nothing where there
//! was one before: so whenever the server is killed, each trial starts at most once, and the next
//! start recovers the trials in the states starting and running.

mod tracked_trial;

mod starts;

mod poll;

mod outcome;

mod record;

mod backoff;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::engine::{Engine, SubmitError};
use super::metrics::MetricsReader;
use super::protocol::TrialFolder;
use crate::app::App;
use crate::model::{ActiveTrial, StateChange, TrialKey, TrialState};
use crate::store::{Claim, StoreError};
use crate::system::failure_log::FailureLog;
use backoff::Backoff;
use outcome::{frees_slot, new_change, requeue_change};
use poll::{PollResult, poll_trials};
use tracked_trial::TrackedTrial;

/// How often the engine is polled while trials are active.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// The longest sleep; every change of interest wakes the loop before.
const IDLE_SLEEP: Duration = Duration::from_secs(30);
/// How often free disk space, a failing engine, or a budget that others use is checked again while no
/// trial is active.
const SPACE_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long to wait after a failure of the database.
const DATABASE_RETRY: Duration = Duration::from_secs(1);
/// How often stop requests are queried even if no call has announced one.
const STOP_CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// Runs the trials of one cluster.
pub struct Dispatcher {
    app: Arc<App>,
    cluster: String,
    slots: usize,
    engine: Arc<dyn Engine>,
    wake: Arc<Notify>,
    active: HashMap<TrialKey, TrackedTrial>,
    /// Whether `active` was loaded from the database; false at the start and after a panic.
    recovered: bool,
    backoff: Backoff,
    /// Whether the last check found too little free space.
    disk_low: bool,
    /// Whether a trial waits for what running ones, perhaps of another cluster, leave of its budget.
    waits_for_budget: bool,
    /// Whether something of the last record could not be stored.
    record_incomplete: bool,
    /// When stop requests were last queried.
    stops_checked_at: Instant,
}

impl Dispatcher {
    /// A dispatcher of a cluster with so many slots.
    pub fn new(
        app: Arc<App>,
        cluster: String,
        slots: u32,
        engine: Arc<dyn Engine>,
        wake: Arc<Notify>,
    ) -> Self {
        let slots = slots as usize;
        let (active, backoff) = (HashMap::new(), Backoff::default());
        Self {
            app,
            cluster,
            slots,
            engine,
            wake,
            active,
            recovered: false,
            backoff,
            disk_low: false,
            waits_for_budget: false,
            record_incomplete: false,
            stops_checked_at: Instant::now(),
        }
    }

    /// Runs until the server stops. A failure of the database is logged and tried again.
    pub async fn run(mut self) {
        let mut stopping = self.app.stopping.clone();
        let mut failures = FailureLog::default();
        while !*stopping.borrow() {
            self.beat(Duration::ZERO);
            let result = if self.recovered {
                self.step().await
            } else {
                self.recover().await
            };
            self.record_step(&result);
            let sleep = match result {
                Ok(()) if !self.recovered => {
                    self.recovered = true;
                    Duration::ZERO
                }
                Ok(()) => {
                    failures.note_success(Instant::now());
                    self.next_sleep()
                }
                Err(StoreError::Closed) => break,
                Err(error) => {
                    if let Some(failures) = failures.count_failure(Instant::now()) {
                        tracing::error!(cluster = %self.cluster, %error, failures,
                                        "the dispatcher failed; trying again");
                    }
                    DATABASE_RETRY
                }
            };
            self.beat(sleep);
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                _ = stopping.wait_for(|stop| *stop) => {}
            }
        }
        if let Some(wake) = self.app.wakes.get(&self.cluster) {
            wake.heartbeat.rest();
        }
    }

    /// Reports a step, so that it is seen where the engine's disk does not answer.
    fn beat(&self, next_within: Duration) {
        if let Some(wake) = self.app.wakes.get(&self.cluster) {
            wake.heartbeat.beat(next_within);
        }
    }

    fn next_sleep(&self) -> Duration {
        match self.active.is_empty() {
            false if self.record_incomplete => DATABASE_RETRY,
            false => POLL_INTERVAL,
            true if self.disk_low || self.backoff.is_active() || self.waits_for_budget => {
                SPACE_CHECK_INTERVAL
            }
            true => IDLE_SLEEP,
        }
    }

    /// Reloads the active trials from the database, after a start or when polling the engine
    /// panicked: those that run, have ended in the meantime, or were claimed and not submitted.
    async fn recover(&mut self) -> Result<(), StoreError> {
        let active = self.app.store.active_trials(self.cluster.clone()).await?;
        if !active.is_empty() {
            tracing::info!(cluster = %self.cluster, trials = active.len(), "recovering trials");
        }
        for trial in active {
            // The first poll shows whether it really was submitted.
            self.track(trial, true);
        }
        Ok(())
    }

    fn track(&mut self, trial: ActiveTrial, submitted: bool) {
        let folder = TrialFolder::for_attempt(
            &self.app.config.data,
            &trial.run_id,
            trial.number,
            trial.attempt,
        );
        let reader = MetricsReader::new(folder, trial.run, trial.number, trial.metrics_read);
        let key = (trial.run, trial.number);
        self.active.insert(
            key,
            TrackedTrial {
                trial,
                metrics_reader: reader,
                submitted,
                stop_sent: false,
            },
        );
    }

    async fn step(&mut self) -> Result<(), StoreError> {
        self.send_stops().await?;
        let found = self.observe().await?;
        let more = found.more;
        self.record(found.changes, found.points, true).await?;
        self.submit_claimed().await?;
        if more {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Sends stop requests to the engine, once for each trial.
    async fn send_stops(&mut self) -> Result<(), StoreError> {
        if self.active.is_empty() {
            return Ok(());
        }
        let mut cancelled = Vec::new();
        let mut requests = self.unstored_stops();
        requests.extend(self.stop_requests().await?);
        requests.sort_unstable();
        requests.dedup();
        for key in requests {
            let Some(active) = self.active.get_mut(&key) else {
                continue;
            };
            match stop_trial(&self.engine, active).await? {
                Ok(true) => {
                    let message = "stopped before it started".to_owned();
                    cancelled.push(new_change(
                        key,
                        TrialState::Cancelled,
                        self.app.clock.now(),
                        message,
                    ));
                }
                Ok(false) => {}
                Err(error) => {
                    let run = &active.trial.run_name;
                    tracing::warn!(%run, number = key.1, %error, "a stop request cannot be sent; trying again");
                }
            }
        }
        self.record(cancelled, Vec::new(), false).await
    }

    /// The active trials to which a stop request that could not be stored is still to be sent. A
    /// run is forgotten once it has none: its caller knows that waiting trials are not stopped.
    fn unstored_stops(&self) -> Vec<TrialKey> {
        let Some(wake) = self.app.wakes.get(&self.cluster) else {
            return Vec::new();
        };
        let unstored = wake.unstored_stops.lock();
        let mut unstored = unstored.unwrap_or_else(PoisonError::into_inner);
        let unsent = self.active.iter().filter(|(_, active)| !active.stop_sent);
        let mut unsent: Vec<TrialKey> = unsent.map(|(key, _)| *key).collect();
        unstored.retain(|run| unsent.iter().any(|(of, _)| of == run));
        unsent.retain(|(run, _)| unstored.contains(run));
        unsent
    }

    /// Trials that are to be stopped and have not ended. A call stores a stop request before it
    /// sets the flag, so a query that finds none can be trusted until the flag is set again. Every
    /// ten seconds the query runs anyway, in case a call failed between storing and setting.
    async fn stop_requests(&mut self) -> Result<Vec<TrialKey>, StoreError> {
        let Some(wake) = self.app.wakes.get(&self.cluster) else {
            return Ok(Vec::new());
        };
        let due = self.stops_checked_at.elapsed() >= STOP_CHECK_INTERVAL;
        if !wake.stop_pending.swap(false, Ordering::SeqCst) && !due {
            return Ok(Vec::new());
        }
        self.stops_checked_at = Instant::now();
        let requests = self.app.store.stop_requests(self.cluster.clone()).await;
        if !requests.as_ref().is_ok_and(Vec::is_empty) {
            wake.stop_pending.store(true, Ordering::SeqCst);
        }
        requests
    }

    /// Polls every active trial.
    async fn observe(&mut self) -> Result<PollResult, StoreError> {
        if self.active.is_empty() {
            return Ok(PollResult::default());
        }
        let engine = Arc::clone(&self.engine);
        let mut active = std::mem::take(&mut self.active);
        let clock = self.app.clock.clone();
        let polled = tokio::task::spawn_blocking(move || {
            let found = poll_trials(engine.as_ref(), &clock, &mut active);
            (active, found)
        });
        let Ok((active, found)) = polled.await else {
            // The panicked thread owned the trials: reload them from the database.
            self.recovered = false;
            return Err(StoreError::Panicked);
        };
        self.active = active;
        self.record_starts(found.starts.iter().cloned());
        for key in &found.unknown {
            if let Some(active) = self.active.get_mut(key) {
                active.submitted = false;
            }
        }
        if found
            .changes
            .iter()
            .any(|change| change.state == TrialState::Queued)
        {
            self.backoff.record_failure();
        }
        Ok(found)
    }

    /// A claim for as many queued trials as there are free slots once `changes` are recorded.
    fn next_claim(&mut self, changes: &[StateChange]) -> Option<Claim> {
        let leaving = changes
            .iter()
            .filter(|change| frees_slot(change.state))
            .count();
        let free = self.slots.saturating_sub(self.active.len() - leaving);
        if free == 0 || self.backoff.is_active() || self.check_disk_space() {
            return None;
        }
        let settings = self.app.config.clusters.get(&self.cluster);
        // After a failure one at a time: two trials whose copies together fill the disk would both be
        // put back, again and again, though there is room for one.
        let slots = if self.backoff.is_probing() { 1 } else { free };
        Some(Claim {
            cluster: self.cluster.clone(),
            slots,
            cpus: settings.and_then(|settings| settings.cpus),
            gpus: settings.map_or_else(Vec::new, |settings| settings.gpus.clone()),
            now: self.app.clock.now(),
        })
    }

    /// Whether the disk has too little free space to start anything. Logs and publishes a change.
    fn check_disk_space(&mut self) -> bool {
        let short = self.app.disk.check_space();
        if short.is_some() != self.disk_low {
            self.disk_low = short.is_some();
            match short {
                Some(short) => tracing::warn!(cluster = %self.cluster, "{}", short.message()),
                None => {
                    tracing::info!(cluster = %self.cluster, "the disk has enough free space again");
                }
            }
            // The message of waiting runs changes with it.
            self.app.events.publish_reload();
        }
        self.disk_low
    }

    /// How many trials share the machine while this one runs: as many as are active, or as slots,
    /// its run's limit, and the cluster's CPUs and GPUs let its run have at once.
    fn trials_at_once(&self, trial: &ActiveTrial) -> u32 {
        let slots = u32::try_from(self.slots).unwrap_or(u32::MAX);
        let active = u32::try_from(self.active.len()).unwrap_or(u32::MAX);
        let settings = self.app.config.clusters.get(&self.cluster);
        let of_run = settings.map_or(u32::MAX, |settings| settings.capacity_for(trial));
        let of_run = of_run.min(trial.run_parallel);
        of_run.max(active).clamp(1, slots.max(1))
    }

    /// Submits claimed trials to the engine. If it fails, they wait until the pause is over.
    async fn submit_claimed(&mut self) -> Result<(), StoreError> {
        if self.backoff.is_active() {
            return Ok(());
        }
        let waiting = self.active.values().filter(|active| !active.submitted);
        let submissions: Vec<_> = waiting
            .map(|active| {
                let (engine, trial) = (Arc::clone(&self.engine), active.trial.clone());
                let at_once = self.trials_at_once(&trial);
                tokio::task::spawn_blocking(move || {
                    ((trial.run, trial.number), engine.submit(&trial, at_once))
                })
            })
            .collect();
        let mut failed = Vec::new();
        for submission in submissions {
            let (key, result) = submission.await.map_err(|_| StoreError::Panicked)?;
            match result {
                Ok(()) => {
                    self.backoff.reset();
                    if let Some(active) = self.active.get_mut(&key) {
                        active.submitted = true;
                    }
                }
                Err(SubmitError::DiskFull(reason)) => {
                    tracing::warn!(cluster = %self.cluster, %reason, "a trial waits for disk space");
                    self.backoff.record_failure();
                    failed.push(requeue_change(key, self.app.clock.now(), &reason));
                }
                Err(SubmitError::Unusable(reason)) => {
                    self.record_starts([Err(reason.clone())]);
                    failed.push(new_change(
                        key,
                        TrialState::Failed,
                        self.app.clock.now(),
                        reason,
                    ));
                }
                Err(SubmitError::Permanent(reason)) => {
                    failed.push(new_change(
                        key,
                        TrialState::Failed,
                        self.app.clock.now(),
                        reason,
                    ));
                }
                Err(SubmitError::Transient(reason)) => {
                    tracing::warn!(cluster = %self.cluster, %reason, "a trial cannot be started yet");
                    self.backoff.record_failure();
                    self.record_starts([Err(reason)]);
                }
            }
        }
        if !failed.is_empty() {
            // Their slots are free for others.
            self.wake.notify_one();
        }
        self.record(failed, Vec::new(), false).await
    }
}

/// Withdraws or stops a trial, unless that was done. True if it will never start.
async fn stop_trial(
    engine: &Arc<dyn Engine>,
    active: &mut TrackedTrial,
) -> Result<Result<bool, String>, StoreError> {
    let (engine, trial) = (Arc::clone(engine), active.trial.clone());
    let (submitted, stop_sent) = (active.submitted, active.stop_sent);
    let stop = move || {
        if !submitted && engine.withdraw(&trial)? {
            return Ok(true);
        }
        if !stop_sent {
            engine.stop(&trial)?;
        }
        Ok(false)
    };
    let stopped = tokio::task::spawn_blocking(stop).await;
    let stopped = stopped.map_err(|_| StoreError::Panicked)?;
    if stopped == Ok(false) {
        (active.submitted, active.stop_sent) = (true, true);
    }
    Ok(stopped)
}
