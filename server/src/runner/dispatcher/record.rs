//! Making durable what was found, and telling of it.

use std::collections::{BTreeMap, HashSet};

use super::Dispatcher;
use super::outcome::leaves;
use crate::app::App;
use crate::model::metric::NewPoints;
use crate::model::{Change, Key, State};
use crate::store::{Recorded, StoreError};

impl Dispatcher {
    /// Makes changes durable, each trial's by itself, forgets trials that have ended, takes queued
    /// ones instead if so, and tells those who watch.
    pub(super) async fn record(
        &mut self,
        changes: Vec<Change>,
        points: Vec<NewPoints>,
        claim: bool,
    ) -> Result<(), StoreError> {
        let claim = if claim { self.claim(&changes) } else { None };
        if changes.is_empty() && points.is_empty() && claim.is_none() {
            return Ok(());
        }
        let mut touched: HashSet<Key> = changes
            .iter()
            .map(|change| (change.run, change.number))
            .chain(points.iter().map(|points| (points.run, points.number)))
            .collect();
        let now: Vec<(Key, State)> = changes
            .iter()
            .map(|change| ((change.run, change.number), change.state))
            .collect();
        let recorded = self.app.store.record(points, changes, claim).await;
        let failed = self.settle(recorded.as_ref().ok());
        let Recorded { held, claimed, .. } = recorded?;
        if let Some((run, _)) = held.first() {
            tracing::warn!(cluster = %self.cluster, run, trials = held.len(),
                           "held, since too many in a row failed");
        }
        touched.extend(held);
        touched.retain(|key| !failed.contains(key));
        for (key, state) in now.into_iter().filter(|(key, _)| !failed.contains(key)) {
            if leaves(state) {
                self.active.remove(&key);
            } else if let Some(active) = self.active.get_mut(&key) {
                active.trial.state = state;
            }
        }
        for trial in claimed {
            touched.insert((trial.run, trial.number));
            self.add(trial, false);
        }
        let touched: Vec<Key> = touched.into_iter().collect();
        announce(&self.app, &touched).await;
        Ok(())
    }

    /// Notes what of a record is durable, and says what is not: that is gathered and recorded
    /// again. Answers with the trials of which nothing was recorded.
    fn settle(&mut self, recorded: Option<&Recorded>) -> HashSet<Key> {
        let mut failed = HashSet::new();
        if let Some(recorded) = recorded {
            for (key, why) in &recorded.failed {
                tracing::error!(cluster = %self.cluster, run = key.0, number = key.1, %why,
                                "a trial cannot be recorded; trying again");
                failed.insert(*key);
            }
            if let Some(why) = &recorded.unclaimed {
                tracing::error!(cluster = %self.cluster, %why, "no trials can be claimed; trying again");
                self.pause.failed();
            }
        }
        for (key, active) in &mut self.active {
            if recorded.is_some() && !failed.contains(key) {
                active.gatherer.stored();
            } else {
                active.gatherer.not_stored();
            }
        }
        self.failing = !failed.is_empty();
        failed
    }
}

/// Tells those who watch how these trials and their runs are now. Failing to is no reason to fail
/// the change, which is durable already.
async fn announce(app: &App, keys: &[Key]) {
    let mut runs: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for (run, number) in keys {
        runs.entry(*run).or_default().push(*number);
    }
    for (run, mut numbers) in runs {
        numbers.sort_unstable();
        if let Err(error) = app.announce(run, numbers).await {
            tracing::warn!(%error, "a change could not be announced");
        }
    }
}
