//! What is sent of a change: how the run and the changed trials are now.

use futures_util::future::{BoxFuture, FutureExt};
use sweep_planner::api::{Event, TrialChanges};

use crate::app::App;
use crate::http::wire;
use crate::store::StoreError;

/// The server's [`crate::app::Announce`].
pub fn announce(
    app: &App,
    run_key: i64,
    numbers: Vec<u32>,
) -> BoxFuture<'_, Result<(), StoreError>> {
    publish(app, run_key, numbers).boxed()
}

/// Above so many changed trials, subscribers receive one reload instead of their rows.
const ANNOUNCED_MAX: usize = 200;

/// Publishes the present state of a run and of some of its trials.
async fn publish(app: &App, run_key: i64, numbers: Vec<u32>) -> Result<(), StoreError> {
    if !app.events.heard() {
        app.events.unheard();
        return Ok(());
    }
    let Some(record) = app.store.run_by_key(run_key).await? else {
        return Ok(());
    };
    if numbers.len() > ANNOUNCED_MAX {
        app.events.publish(&Event::Reload);
    } else if !numbers.is_empty() {
        let trials = app.store.trials_numbered(run_key, numbers).await?;
        let now = app.clock.now();
        app.events.publish(&Event::Trials(TrialChanges {
            cluster_id: record.cluster.clone(),
            run_id: record.id.clone(),
            trials: trials
                .iter()
                .map(|trial| wire::row(&record, trial, now))
                .collect(),
        }));
    }
    app.events
        .publish(&Event::Run(Box::new(wire::run(app, &record, true))));
    Ok(())
}
