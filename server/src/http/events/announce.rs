//! What is sent of a change: how the run and the changed trials are now.

use futures_util::future::{BoxFuture, FutureExt};
use sweep_planner::api::{Event, TrialChanges};

use crate::app::App;
use crate::http::wire;
use crate::model::Viewer;
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

/// Publishes the present state of a run and of some of its trials.
async fn publish_run(app: &App, run_key: i64, numbers: Vec<u32>) -> Result<(), StoreError> {
    if !app.events.has_subscribers() {
        app.events.publish_reload_once();
        return Ok(());
    }
    let Some(record) = app.store.run_by_key(run_key).await? else {
        return Ok(());
    };
    let owner = record.account.as_str();
    if numbers.len() > EVENT_TRIALS_MAX {
        app.events.publish(owner, &Event::Reload, None);
    } else if !numbers.is_empty() {
        let trials = app.store.trials_by_number(run_key, numbers).await?;
        let now = app.clock.now();
        let changes = Event::Trials(TrialChanges {
            cluster_id: record.cluster.clone(),
            run_id: record.id.clone(),
            trials: trials
                .iter()
                .map(|trial| wire::trial_to_row(&record, trial, now))
                .collect(),
        });
        app.events.publish(owner, &changes, None);
    }
    let shown = |viewer| Event::Run(Box::new(wire::run_to_wire(app, &viewer, &record, true)));
    let for_owner = shown(Viewer::Account(owner.to_owned()));
    // Some administrator's; which one makes no difference, as it is not the owner.
    let others = || shown(Viewer::Administrator(String::new()));
    let for_others = (!record.spec.env.is_empty()).then(others);
    app.events.publish(owner, &for_owner, for_others.as_ref());
    Ok(())
}
