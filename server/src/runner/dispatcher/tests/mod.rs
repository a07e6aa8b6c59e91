mod billing;
mod hangups;
mod stalls;
mod starts;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tokio::sync::watch;

use super::*;
use crate::config::{Config, Overrides};
use crate::runner::engine::TrialStatus;
use crate::runner::protocol::{EndCause, EndRecord};
use crate::serve::make_app;
use crate::store::changes::tests::store_with_claimed_run;
use crate::system::clock;

/// A server, not started, whose database has a run of so many trials that are being started; and how to stop it.
async fn app_with_claimed_run(home: &Path, trials: u32) -> (App, i64, watch::Sender<bool>) {
    let overrides = Overrides {
        data: Some(home.to_owned()),
        source: Some(home.to_owned()),
        ..Overrides::default()
    };
    let mut config = Config::load(None, overrides).unwrap();
    config.limits.free_bytes = Some(0);
    let (store, run) = store_with_claimed_run(home, trials, 0).await;
    let (stop, stopping) = watch::channel(false);
    let address = ([127, 0, 0, 1], 1).into();
    let app = make_app(config, store, address, stopping).await.unwrap();
    (app, run, stop)
}

/// An engine whose trials succeed at once, and whose first look is a bug.
#[derive(Default)]
struct PanickingEngine {
    polled: AtomicBool,
}

impl Engine for PanickingEngine {
    fn submit(&self, _: &ActiveTrial, _: u32) -> Result<(), SubmitError> {
        Ok(())
    }

    fn observe(&self, trials: &[&ActiveTrial]) -> Vec<TrialStatus> {
        assert!(self.polled.swap(true, Ordering::SeqCst), "a bug");
        let ended = EndRecord {
            started: Some(clock::now()),
            at: clock::now(),
            how: EndCause::Exited(0),
            stopped: false,
            timed_out: false,
            dropped: 0,
        };
        trials
            .iter()
            .map(|_| TrialStatus::Ended(ended.clone()))
            .collect()
    }

    fn withdraw(&self, _: &ActiveTrial) -> Result<bool, String> {
        Ok(true)
    }

    fn stop(&self, _: &ActiveTrial) -> Result<(), String> {
        Ok(())
    }
}

#[tokio::test]
async fn trials_outlive_a_look_that_panics() {
    let home = tempfile::tempdir().unwrap();
    let (app, run, stop) = app_with_claimed_run(home.path(), 2).await;
    let (app, wake) = (Arc::new(app), Arc::new(Notify::new()));
    let engine = Arc::new(PanickingEngine::default());
    let dispatcher = Dispatcher::new(Arc::clone(&app), "local".into(), 1, engine, wake);
    let working = tokio::spawn(dispatcher.run());
    let begun = Instant::now();
    loop {
        let trials = app.store.trials(run, None, 0, 10).await.unwrap();
        if trials
            .iter()
            .all(|trial| trial.state == TrialState::Succeeded)
        {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{trials:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.send(true).unwrap();
    working.await.unwrap();
}
