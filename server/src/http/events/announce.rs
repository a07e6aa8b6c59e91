//! What is sent of a change: how the run and the changed trials are now.

use futures_util::future::{BoxFuture, FutureExt};
use sweep_planner::api::{Event, Timestamp, TrialChanges};

use super::log::EVENT_BYTES_MAX;
use crate::app::App;
use crate::http::wire;
use crate::model::{RunRecord, TrialRecord};
use crate::store::StoreError;

/// The server's [`crate::app::Announce`].
pub fn announce(
    app: &App,
    run_key: i64,
    numbers: Vec<u32>,
) -> BoxFuture<'_, Result<(), StoreError>> {
    publish_run(app, run_key, numbers).boxed()
}

/// Above so many changed trials, subscribers receive one reload instead of their rows.
const EVENT_TRIALS_MAX: usize = 200;

/// Publishes the present state of a run and of some of its trials. What was settled at the launch
/// (command, variables, values) is left out: it may be long, and its readers have it.
async fn publish_run(app: &App, run_key: i64, numbers: Vec<u32>) -> Result<(), StoreError> {
    let events = &app.events;
    if let Some(owner) = events.known_owner(run_key)
        && !events.has_subscribers(&owner)
    {
        events.publish_reload_of(&owner);
        return Ok(());
    }
    let Some(record) = app.store.run_by_key(run_key).await? else {
        return Ok(());
    };
    let owner = record.account.as_str();
    events.remember_owner(run_key, owner);
    if !events.has_subscribers(owner) || numbers.len() > EVENT_TRIALS_MAX {
        events.publish_reload_of(owner);
        return Ok(());
    }
    if !numbers.is_empty() {
        let trials = app.store.trial_states(run_key, numbers).await?;
        match trial_changes(&record, &trials, app.clock.now()) {
            Some(changes) => events.publish(owner, &changes),
            None => {
                events.publish_reload_of(owner);
                return Ok(());
            }
        }
    }
    let run = wire::run_to_event(app, &record);
    events.publish(owner, &Event::Run(Box::new(run)));
    Ok(())
}

/// The changed trials, without their values; `None` where they have too many metrics for an event.
fn trial_changes(run: &RunRecord, trials: &[TrialRecord], now: Timestamp) -> Option<Event> {
    let metrics = trials.iter().flat_map(|trial| trial.metrics.keys());
    let named: usize = metrics.map(String::len).sum();
    (named < EVENT_BYTES_MAX).then(|| {
        Event::Trials(TrialChanges {
            cluster_id: run.cluster.clone(),
            run_id: run.id.clone(),
            trials: trials
                .iter()
                .map(|trial| wire::trial_to_row(run, trial, now))
                .collect(),
        })
    })
}
