//! The dispatcher of a cluster: one loop that sends stop requests, polls the engine, records what
//! changed, and claims and submits trials for free slots.
//!
//! A claim is committed before its trial is submitted, and a submission does nothing where there
//! was one before: so whenever the server is killed, each trial starts at most once, and the next
//! start recovers the trials in the states starting and running.

mod active;

mod look;

mod outcome;

mod record;

mod pause;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sweep_planner::api::Event;
use tokio::sync::Notify;

use super::engine::{Engine, SubmitError};
use super::metrics::Gatherer;
use super::protocol::Folder;
use crate::app::App;
use crate::model::{ActiveTrial, Change, Key, State};
use crate::store::{Claim, StoreError};
use active::Active;
use look::{Found, look};
use outcome::{change, leaves, put_back};
use pause::Pause;

/// How often the engine is polled while trials are active.
const TICK: Duration = Duration::from_millis(200);
/// The longest sleep; every change of interest wakes the loop before.
const IDLE: Duration = Duration::from_secs(30);
/// How often free disk space, or a failing engine, is checked again while no trial is active.
const WAIT: Duration = Duration::from_secs(1);
/// How long to wait after a failure of the database.
const RETRY: Duration = Duration::from_secs(1);
/// How often stop requests are queried even if no call has announced one.
const UNASKED: Duration = Duration::from_secs(10);

/// Runs the trials of one cluster.
pub struct Dispatcher {
    app: Arc<App>,
    cluster: String,
    slots: usize,
    engine: Arc<dyn Engine>,
    wake: Arc<Notify>,
    active: HashMap<Key, Active>,
    /// Whether `active` was loaded from the database; false at the start and after a panic.
    taken_up: bool,
    pause: Pause,
    /// Whether the last check found too little free space.
    short: bool,
    /// Whether something of the last record could not be stored.
    failing: bool,
    /// When stop requests were last queried.
    asked_at: Instant,
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
        let (active, pause) = (HashMap::new(), Pause::default());
        Self {
            app,
            cluster,
            slots,
            engine,
            wake,
            active,
            taken_up: false,
            pause,
            short: false,
            failing: false,
            asked_at: Instant::now(),
        }
    }

    /// Runs until the server stops. A failure of the database is logged and tried again.
    pub async fn run(mut self) {
        let mut stopping = self.app.stopping.clone();
        while !*stopping.borrow() {
            let result = if self.taken_up {
                self.step().await
            } else {
                self.take_up().await
            };
            let sleep = match result {
                Ok(()) if !self.taken_up => {
                    self.taken_up = true;
                    Duration::ZERO
                }
                Ok(()) => self.sleep(),
                Err(StoreError::Closed) => break,
                Err(error) => {
                    tracing::error!(cluster = %self.cluster, %error, "the dispatcher failed; trying again");
                    RETRY
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(sleep) => {}
                _ = stopping.wait_for(|stop| *stop) => {}
            }
        }
    }

    fn sleep(&self) -> Duration {
        match self.active.is_empty() {
            false if self.failing => RETRY,
            false => TICK,
            true if self.short || self.pause.holds() => WAIT,
            true => IDLE,
        }
    }

    /// Reloads the active trials from the database, after a start or when polling the engine
    /// panicked: those that run, have ended in the meantime, or were claimed and not submitted.
    async fn take_up(&mut self) -> Result<(), StoreError> {
        let active = self.app.store.active(self.cluster.clone()).await?;
        if !active.is_empty() {
            tracing::info!(cluster = %self.cluster, trials = active.len(), "recovering trials");
        }
        for trial in active {
            // The first poll shows whether it really was submitted.
            self.add(trial, true);
        }
        Ok(())
    }

    fn add(&mut self, trial: ActiveTrial, submitted: bool) {
        let folder = Folder::of(
            &self.app.config.data,
            &trial.run_id,
            trial.number,
            trial.attempt,
        );
        let gatherer = Gatherer::new(folder, trial.run, trial.number, trial.metrics_read);
        let key = (trial.run, trial.number);
        self.active.insert(
            key,
            Active {
                trial,
                gatherer,
                submitted,
                stop_sent: false,
            },
        );
    }

    async fn step(&mut self) -> Result<(), StoreError> {
        self.stop().await?;
        let found = self.observe().await?;
        let more = found.more;
        self.record(found.changes, found.points, true).await?;
        self.submit().await?;
        if more {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Sends stop requests to the engine, once for each trial.
    async fn stop(&mut self) -> Result<(), StoreError> {
        if self.active.is_empty() {
            return Ok(());
        }
        let mut cancelled = Vec::new();
        for key in self.wishes().await? {
            let Some(active) = self.active.get_mut(&key) else {
                continue;
            };
            match stop_one(self.engine.as_ref(), active) {
                Ok(true) => {
                    let message = "stopped before it started".to_owned();
                    cancelled.push(change(key, State::Cancelled, self.app.clock.now(), message));
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

    /// Trials that are to be stopped and have not ended. A call stores a stop request before it
    /// sets the flag, so a query that finds none can be trusted until the flag is set again. Every
    /// ten seconds the query runs anyway, in case a call failed between storing and setting.
    async fn wishes(&mut self) -> Result<Vec<Key>, StoreError> {
        let Some(wake) = self.app.wakes.get(&self.cluster) else {
            return Ok(Vec::new());
        };
        let due = self.asked_at.elapsed() >= UNASKED;
        if !wake.asked.swap(false, Ordering::SeqCst) && !due {
            return Ok(Vec::new());
        }
        self.asked_at = Instant::now();
        let wishes = self.app.store.to_stop(self.cluster.clone()).await;
        if !wishes.as_ref().is_ok_and(Vec::is_empty) {
            wake.asked.store(true, Ordering::SeqCst);
        }
        wishes
    }

    /// Polls every active trial.
    async fn observe(&mut self) -> Result<Found, StoreError> {
        if self.active.is_empty() {
            return Ok(Found::default());
        }
        let engine = Arc::clone(&self.engine);
        let mut active = std::mem::take(&mut self.active);
        let clock = self.app.clock.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let found = look(engine.as_ref(), &clock, &mut active);
            (active, found)
        });
        let Ok((active, found)) = looked.await else {
            // The panicked thread owned the trials: reload them from the database.
            self.taken_up = false;
            return Err(StoreError::Panicked);
        };
        self.active = active;
        for key in &found.unknown {
            if let Some(active) = self.active.get_mut(key) {
                active.submitted = false;
            }
        }
        if found
            .changes
            .iter()
            .any(|change| change.state == State::Queued)
        {
            self.pause.failed();
        }
        Ok(found)
    }

    /// A claim for as many queued trials as there are free slots once `changes` are recorded.
    fn claim(&mut self, changes: &[Change]) -> Option<Claim> {
        let leaving = changes.iter().filter(|change| leaves(change.state)).count();
        let free = self.slots.saturating_sub(self.active.len() - leaving);
        if free == 0 || self.pause.holds() || self.short_of_room() {
            return None;
        }
        let settings = self.app.config.clusters.get(&self.cluster);
        Some(Claim {
            cluster: self.cluster.clone(),
            slots: free,
            cpus: settings.and_then(|settings| settings.cpus),
            gpus: settings.map_or_else(Vec::new, |settings| settings.gpus.clone()),
            now: self.app.clock.now(),
        })
    }

    /// Whether the disk has too little free space to start anything. Logs and publishes a change.
    fn short_of_room(&mut self) -> bool {
        let short = self.app.disk.look();
        if short.is_some() != self.short {
            self.short = short.is_some();
            match short {
                Some(short) => tracing::warn!(cluster = %self.cluster, "{}", short.message()),
                None => {
                    tracing::info!(cluster = %self.cluster, "the disk has enough free space again");
                }
            }
            // The message of waiting runs changes with it.
            self.app.events.publish(&Event::Reload);
        }
        self.short
    }

    /// Submits claimed trials to the engine. If it fails, they wait until the pause is over.
    async fn submit(&mut self) -> Result<(), StoreError> {
        if self.pause.holds() {
            return Ok(());
        }
        let waiting = self.active.values().filter(|active| !active.submitted);
        let handed: Vec<_> = waiting
            .map(|active| {
                let (engine, trial) = (Arc::clone(&self.engine), active.trial.clone());
                tokio::task::spawn_blocking(move || {
                    ((trial.run, trial.number), engine.submit(&trial))
                })
            })
            .collect();
        let mut failed = Vec::new();
        for handed in handed {
            let (key, result) = handed.await.map_err(|_| StoreError::Panicked)?;
            match result {
                Ok(()) => {
                    self.pause.worked();
                    if let Some(active) = self.active.get_mut(&key) {
                        active.submitted = true;
                    }
                }
                Err(SubmitError::NoRoom(reason)) => {
                    tracing::warn!(cluster = %self.cluster, %reason, "a trial waits for disk space");
                    self.pause.failed();
                    failed.push(put_back(key, self.app.clock.now(), &reason));
                }
                Err(SubmitError::Never(reason)) => {
                    failed.push(change(key, State::Failed, self.app.clock.now(), reason));
                }
                Err(SubmitError::Later(reason)) => {
                    tracing::warn!(cluster = %self.cluster, %reason, "a trial cannot be started yet");
                    self.pause.failed();
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
fn stop_one(engine: &dyn Engine, active: &mut Active) -> Result<bool, String> {
    if !active.submitted {
        if engine.withdraw(&active.trial)? {
            return Ok(true);
        }
        active.submitted = true;
    }
    if !active.stop_sent {
        engine.stop(&active.trial)?;
        active.stop_sent = true;
    }
    Ok(false)
}
