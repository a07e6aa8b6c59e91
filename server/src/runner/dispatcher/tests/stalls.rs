//! A disk that does not answer: nothing can be done about it, but it is seen.

use std::sync::mpsc;

use super::*;
use crate::app::Wake;
use crate::system::heartbeat::Heartbeat;

/// An engine that does not come back until it may.
struct HangingEngine {
    go_on: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl Engine for HangingEngine {
    fn submit(&self, _: &ActiveTrial, _: u32) -> Result<(), SubmitError> {
        Ok(())
    }

    fn observe(&self, trials: &[&ActiveTrial]) -> Vec<TrialStatus> {
        // An error means that it may.
        let _ = self.go_on.lock().unwrap().recv();
        trials.iter().map(|_| TrialStatus::Starting).collect()
    }

    fn withdraw(&self, _: &ActiveTrial) -> Result<bool, String> {
        Ok(true)
    }

    fn stop(&self, _: &ActiveTrial) -> Result<(), String> {
        Ok(())
    }
}

#[tokio::test]
async fn a_poll_that_does_not_come_back_is_seen() {
    let home = tempfile::tempdir().unwrap();
    let (mut app, _run, stop) = app_with_claimed_run(home.path(), 2).await;
    let settings = app.config.clusters["local"].clone();
    let wake = Wake {
        heartbeat: Heartbeat::with_tolerance(Duration::from_millis(100)),
        ..Wake::default()
    };
    app.wakes.insert("local".into(), wake);
    let (app, wake) = (Arc::new(app), Arc::new(Notify::new()));
    let (let_go, go_on) = mpsc::channel();
    let go_on = std::sync::Mutex::new(go_on);
    let engine = Arc::new(HangingEngine { go_on });
    let dispatcher = Dispatcher::new(Arc::clone(&app), "local".into(), 1, engine, wake);
    let working = tokio::spawn(dispatcher.run());
    let begun = Instant::now();
    let shown = loop {
        let shown = crate::http::wire::cluster(&app, "local", &settings)
            .status
            .message;
        if !shown.is_empty() {
            break shown;
        }
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(
        shown.contains("cluster local have not been looked after"),
        "{shown}"
    );
    let health = crate::http::handlers::assets::health(axum::extract::State(Arc::clone(&app)));
    let health = health.await;
    assert!(
        health.starts_with("ok, but the trials of cluster local"),
        "{health}"
    );
    assert!(app.stalls(Some("another")).is_empty());
    drop(let_go);
    stop.send(true).unwrap();
    working.await.unwrap();
    assert!(app.stalls(None).is_empty(), "{:?}", app.stalls(None));
}
