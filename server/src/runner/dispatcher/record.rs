//! Records what polling found, and publishes it.

use std::collections::{BTreeMap, HashSet};

use super::Dispatcher;
use super::outcome::leaves;
use crate::app::App;
use crate::model::metric::NewPoints;
use crate::model::{Change, Key, State};
use crate::store::{Recorded, StoreError};

impl Dispatcher {
    /// Records changes and points, each trial's by itself; with `claim`, claims queued trials for
    /// the free slots in the same transaction. Then drops ended trials and publishes the changes.
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
                           "trials held: too many in a row failed");
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

    /// Marks what is durable, and logs what is not, which is read and recorded again. Returns the
    /// trials of which nothing was recorded.
    fn settle(&mut self, recorded: Option<&Recorded>) -> HashSet<Key> {
        let mut failed = HashSet::new();
        if let Some(recorded) = recorded {
            for (key, why) in &recorded.failed {
                tracing::error!(cluster = %self.cluster, run = key.0, number = key.1, %why,
                                "a trial cannot be recorded; trying again");
                failed.insert(*key);
            }
            if let Some(why) = &recorded.unclaimed {
                tracing::error!(cluster = %self.cluster, %why, "trials cannot be claimed; trying again");
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

/// Publishes the present state of these trials and their runs. A failure is only logged: the change
/// is durable already.
async fn announce(app: &App, keys: &[Key]) {
    let mut runs: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
    for (run, number) in keys {
        runs.entry(*run).or_default().push(*number);
    }
    for (run, mut numbers) in runs {
        numbers.sort_unstable();
        if let Err(error) = app.announce(run, numbers).await {
            tracing::warn!(%error, "a change cannot be published");
        }
    }
}
