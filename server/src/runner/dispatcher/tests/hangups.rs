//! Callers that hang up while the server works on their change. The HTTP library drops the future of
//! such a request wherever it stands, so each test drops it after its first poll, after its second,
//! and so on until it is answered. No change is committed during a poll: so the poll that hands one
//! to the database is one of those after which it is dropped.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::mpsc;
use std::task::Poll;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, header};
use base64::Engine as _;
use futures_util::FutureExt;
use serde_json::{Value, json};
use tower_service::Service;

use super::billing::TestServer;
use crate::http::router::router;
use crate::model::price::Pricing;
use crate::runner::dispatcher::*;

const RUNS: &str = "/v1/core/local/runs";

impl TestServer {
    /// Polls a request at most so often and drops it; whether it was answered.
    async fn hang_up_after(&self, polls: usize, method: &str, path: &str, body: &Value) -> bool {
        let login = base64::prelude::BASE64_STANDARD.encode("ada:key");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Basic {login}"))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(ConnectInfo(self.address))
            .body(Body::from(body.to_string()))
            .unwrap();
        let mut writing_held = None;
        let answered = {
            let mut answer = pin!(router(Arc::clone(&self.app)).unwrap().call(request));
            let mut polled = 0;
            poll_fn(|context| {
                polled += 1;
                writing_held = Some(self.hold_writing());
                match answer.as_mut().poll(context) {
                    Poll::Ready(Ok(answer)) => {
                        assert!(answer.status().is_success(), "{answer:?}");
                        Poll::Ready(true)
                    }
                    Poll::Pending if polled >= polls => Poll::Ready(false),
                    Poll::Pending => {
                        writing_held = None;
                        Poll::Pending
                    }
                }
            })
            .await
        };
        drop(writing_held);
        self.wait_for_tasks().await;
        answered
    }

    /// Keeps the database's writer busy until what this returns is dropped.
    fn hold_writing(&self) -> mpsc::Sender<()> {
        let (held, until) = mpsc::channel();
        let job = self.app.store.write(move |_| {
            let _ = until.recv();
            Ok(())
        });
        // The first poll hands it over.
        assert!(job.now_or_never().is_none());
        held
    }

    /// Waits until no task is left but the one that listens, and every change handed to the
    /// database is committed.
    async fn wait_for_tasks(&self) {
        let metrics = tokio::runtime::Handle::current().metrics();
        let begun = Instant::now();
        while metrics.num_alive_tasks() > 1 {
            assert!(begun.elapsed() < Duration::from_secs(30), "a task hangs");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The database's changes are committed one after the other.
        self.app
            .store
            .get_or_insert_setting("last", Vec::new())
            .await
            .unwrap();
    }

    /// Whether the dispatcher was notified of stop requests since the last call.
    fn take_notification(&self) -> bool {
        self.app.wakes["local"]
            .stop_pending
            .swap(false, Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_committed_stop_reaches_the_dispatcher_though_its_caller_hangs_up() {
    let home = tempfile::tempdir().unwrap();
    let world = TestServer::new(home.path(), Pricing::default()).await;
    let wish = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    let mut hung_up_on = 0;
    for polls in 1.. {
        let run = world.launch("train.py  1").await;
        world.wait_for_tasks().await;
        world.take_notification();
        let path = format!("{RUNS}/{run}");
        let answered = world.hang_up_after(polls, "PUT", &path, &wish).await;
        let (_, trials) = world.read(&run).await;
        let committed = trials[0]["state"] == "EXPERIMENT_STATE_CANCELLED";
        assert_eq!(world.take_notification(), committed, "after {polls} polls");
        if answered {
            assert!(committed);
            break;
        }
        hung_up_on += u32::from(committed);
    }
    assert!(hung_up_on > 0, "no request was dropped after its commit");
}

#[tokio::test]
async fn a_committed_launch_reaches_dispatcher_and_fetcher_though_its_caller_hangs_up() {
    let home = tempfile::tempdir().unwrap();
    let world = TestServer::new(home.path(), Pricing::default()).await;
    let body = json!({"spec": {"runControllerCommand": "train.py  1", "sweepType": "grid_search",
                               "instanceType": "m5a.large"}});
    world.take_notification();
    let (mut runs, mut hung_up_on) = (0, 0);
    for polls in 1.. {
        let answered = world.hang_up_after(polls, "POST", RUNS, &body).await;
        let now = world.app.store.run_ids().await.unwrap().len();
        let committed = now > runs;
        runs = now;
        let fetcher_notified = world.app.fetch_wake.notified().now_or_never().is_some();
        assert_eq!(
            (world.take_notification(), fetcher_notified),
            (committed, committed),
            "after {polls} polls"
        );
        if answered {
            assert!(committed);
            break;
        }
        hung_up_on += u32::from(committed);
    }
    assert!(hung_up_on > 0, "no request was dropped after its commit");
}
