//! Records what polling found, and publishes it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::Dispatcher;
use super::outcome::frees_slot;
use crate::app::App;
use crate::model::metric::NewMetricPoints;
use crate::model::{StateChange, TrialKey, TrialState};
use crate::store::{RecordOutcome, StoreError};
use crate::upkeep::waiting_changes::finish_and_announce;

impl Dispatcher {
    /// Records changes and points, each trial's by itself; with `claim`, claims queued trials for
    /// the free slots in the same transaction. Then drops ended trials and publishes the changes.
    pub(super) async fn record(
        &mut self,
        changes: Vec<StateChange>,
        points: Vec<NewMetricPoints>,
        claim: bool,
    ) -> Result<(), StoreError> {
        let claim = if claim {
            self.next_claim(&changes)
        } else {
            None
        };
        if changes.is_empty() && points.is_empty() && claim.is_none() {
            return Ok(());
        }
        let mut touched: HashSet<TrialKey> = changes
            .iter()
            .map(|change| (change.run, change.number))
            .chain(points.iter().map(|points| (points.run, points.number)))
            .collect();
        let now: Vec<(TrialKey, TrialState)> = changes
            .iter()
            .map(|change| ((change.run, change.number), change.state))
            .collect();
        let claims = claim.is_some();
        let recorded = self.app.store.record(points, changes, claim).await;
        let failed = self.apply_record_result(recorded.as_ref().ok());
        let RecordOutcome {
            held,
            holding,
            held_for_budget,
            holding_for_budget,
            waits_for_budget,
            claimed,
            ..
        } = recorded?;
        if claims {
            self.waits_for_budget = waits_for_budget;
        }
        for (run, trials) in holding {
            tracing::warn!(cluster = %self.cluster, run, trials,
                           "trials held: too many in a row failed");
            self.finish_hold(run);
        }
        if !held_for_budget.is_empty() || !holding_for_budget.is_empty() {
            // One claim holds the trials of few runs: the next one goes on.
            self.wake.notify_one();
        }
        for (run, trials) in holding_for_budget {
            tracing::info!(cluster = %self.cluster, run, trials,
                           "trials held: the budget has no room for the next");
            self.finish_hold(run);
        }
        if let Some((run, _)) = held.first() {
            tracing::warn!(cluster = %self.cluster, run, trials = held.len(),
                           "trials held: too many in a row failed");
        }
        if let Some((run, _)) = held_for_budget.first() {
            tracing::info!(cluster = %self.cluster, run, trials = held_for_budget.len(),
                           "trials held: the budget has no room for the next");
        }
        touched.extend(held);
        touched.extend(held_for_budget);
        touched.retain(|key| !failed.contains(key));
        for (key, state) in now.into_iter().filter(|(key, _)| !failed.contains(key)) {
            if frees_slot(state) {
                self.active.remove(&key);
            } else if let Some(active) = self.active.get_mut(&key) {
                active.trial.state = state;
            }
        }
        for trial in claimed {
            touched.insert((trial.run, trial.number));
            self.track(trial, false);
        }
        let touched: Vec<TrialKey> = touched.into_iter().collect();
        announce(&self.app, &touched).await;
        Ok(())
    }

    /// Records that the many waiting trials of a run are held, while others are looked after.
    fn finish_hold(&self, run: i64) {
        let app = Arc::clone(&self.app);
        tokio::spawn(async move {
            if let Err(error) = finish_and_announce(&app, run).await {
                // None of them starts; the change is tried again every minute.
                tracing::warn!(%error, "not all trials of a run are recorded as held yet");
            }
        });
    }

    /// Marks what is durable, and logs what is not, which is read and recorded again. Returns the
    /// trials of which nothing was recorded.
    fn apply_record_result(&mut self, recorded: Option<&RecordOutcome>) -> HashSet<TrialKey> {
        let mut failed = HashSet::new();
        if let Some(recorded) = recorded {
            for (key, why) in &recorded.failed {
                tracing::error!(cluster = %self.cluster, run = key.0, number = key.1, %why,
                                "a trial cannot be recorded; trying again");
                failed.insert(*key);
            }
            if let Some(why) = &recorded.unclaimed {
                tracing::error!(cluster = %self.cluster, %why, "trials cannot be claimed; trying again");
                self.backoff.record_failure();
            }
        }
        for (key, active) in &mut self.active {
            if recorded.is_some() && !failed.contains(key) {
                active.metrics_reader.mark_stored();
            } else {
                active.metrics_reader.rewind();
            }
        }
        self.record_incomplete = !failed.is_empty();
        failed
    }
}

/// Publishes the present state of these trials and their runs. A failure is only logged: the change
/// is durable already.
async fn announce(app: &App, keys: &[TrialKey]) {
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
