//! Starts that fail again and again are seen, until one succeeds.

use std::sync::atomic::AtomicUsize;

use super::*;

/// What becomes of each trial.
const WAITS: usize = 0;
const EXITED: usize = 1;
const UNPREPARED: usize = 2;
const RUNS: usize = 3;

/// An engine whose trials do as they are told.
struct ObedientEngine(AtomicUsize);

impl Engine for ObedientEngine {
    fn submit(&self, _: &ActiveTrial, _: u32) -> Result<(), SubmitError> {
        match self.0.load(Ordering::SeqCst) {
            WAITS => Err(SubmitError::Transient("no process to be had".to_owned())),
            _ => Ok(()),
        }
    }

    fn observe(&self, trials: &[&ActiveTrial]) -> Vec<TrialStatus> {
        let ended = |how, started| {
            TrialStatus::Ended(EndRecord {
                started,
                at: clock::now(),
                how,
                stopped: false,
                timed_out: false,
                dropped: 0,
            })
        };
        let look = |_: &&ActiveTrial| match self.0.load(Ordering::SeqCst) {
            WAITS => TrialStatus::Unknown,
            EXITED => TrialStatus::StartFailed("its supervisor has ended".to_owned()),
            UNPREPARED => ended(EndCause::NotStarted("no such program".to_owned()), None),
            _ => ended(EndCause::Exited(1), Some(clock::now())),
        };
        trials.iter().map(look).collect()
    }

    fn withdraw(&self, _: &ActiveTrial) -> Result<bool, String> {
        Ok(true)
    }

    fn stop(&self, _: &ActiveTrial) -> Result<(), String> {
        Ok(())
    }
}

/// What the cluster and the whole server report once all trials have failed, or one has started.
async fn reports_of(engine: usize) -> (String, String) {
    let home = tempfile::tempdir().unwrap();
    let (app, run, stop) = app_with_claimed_run(home.path(), 4).await;
    let (app, wake) = (Arc::new(app), Arc::new(Notify::new()));
    let reports = || {
        (
            app.stalls(Some("local")).join(";"),
            app.stalls(None).join(";"),
        )
    };
    if engine == RUNS {
        for _ in 0..3 {
            app.wakes["local"].start_failures.record_failure("before");
        }
        assert!(
            reports().0.ends_with("have failed: before"),
            "{:?}",
            reports()
        );
    }
    let engine = Arc::new(ObedientEngine(AtomicUsize::new(engine)));
    let dispatcher = Dispatcher::new(
        Arc::clone(&app),
        "local".into(),
        4,
        Arc::clone(&engine) as Arc<dyn Engine>,
        wake,
    );
    let working = tokio::spawn(dispatcher.run());
    let begun = Instant::now();
    loop {
        let trials = app.store.trials(run, None, 0, 10).await.unwrap();
        let all_ended = trials.iter().all(|trial| trial.state.ended());
        if all_ended || !reports().0.is_empty() && engine.0.load(Ordering::SeqCst) == WAITS {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{trials:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let reported = reports();
    stop.send(true).unwrap();
    working.await.unwrap();
    reported
}

#[tokio::test]
async fn starts_that_fail_again_and_again_are_reported() {
    for (engine, words) in [
        (WAITS, "no process to be had"),
        (EXITED, "its supervisor has ended"),
        // What a command says is for its own account.
        (UNPREPARED, "the messages of the trials say why"),
    ] {
        let (cluster, all) = reports_of(engine).await;
        assert!(
            cluster.starts_with("no trial of cluster local can be started, the last "),
            "{cluster}"
        );
        assert!(cluster.ends_with(words), "{cluster}");
        assert!(
            all.ends_with("have failed: the cluster's `status.message` and the log say why"),
            "{all}"
        );
    }
}

#[tokio::test]
async fn a_trial_that_starts_ends_the_report_however_it_ends() {
    assert_eq!(reports_of(RUNS).await, (String::new(), String::new()));
}
