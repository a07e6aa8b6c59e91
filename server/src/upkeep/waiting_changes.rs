//! Changes of the waiting trials of large runs that nobody works on any more: of a server that was
//! killed, or because a transaction failed.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::store::StoreError;

/// How often it is looked for such changes. One that is only slow is worked on by two, which does no
/// harm.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// Finishes what is left at the start, and whatever is left later, until the server stops.
pub async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    while !*stopping.borrow() {
        match finish_all(&app).await {
            Ok(()) => {}
            Err(StoreError::Closed) => return,
            Err(error) => {
                tracing::error!(%error, "a change of a run's waiting trials could not be finished; trying again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(CHECK_INTERVAL) => {}
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
}

async fn finish_all(app: &App) -> Result<(), StoreError> {
    for run in app.store.waiting_changes().await? {
        finish_and_announce(app, run).await?;
    }
    Ok(())
}

/// Finishes the change of a run's waiting trials, and announces it.
pub async fn finish_and_announce(app: &App, run: i64) -> Result<(), StoreError> {
    let numbers = app.store.finish_waiting_change(run).await?;
    let record = app.store.run_by_key(run).await?;
    if let Some(record) = record {
        app.wake_dispatcher(&record.cluster);
    }
    app.announce(run, numbers).await
}
