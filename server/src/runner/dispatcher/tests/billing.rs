//! From a launch to its bill over HTTP, with a clock that the test moves.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicI64;

use base64::Engine as _;
use serde_json::{Value, json};
use sweep_planner::api::Timestamp;
use sweep_planner::estimate::billing::{Billing, Rounding};
use sweep_planner::estimate::{Meter, Money, Seconds, Tariff};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::{Config, Overrides};
use crate::http::auth::KeyHash;
use crate::http::router::router;
use crate::model::Account;
use crate::model::price::Pricing;
use crate::runner::dispatcher::*;
use crate::runner::engine::TrialStatus;
use crate::runner::protocol::{EndCause, EndRecord};
use crate::serve::make_app;
use crate::store::Store;
use crate::system::clock::Clock;

const SECOND: i64 = 1_000_000;
const BEGAN: i64 = 1_760_000_000_000_000;

/// An engine whose trials start when they are submitted and take so long each.
struct ScriptedEngine {
    clock: Clock,
    lengths: Vec<i64>,
    started: Mutex<HashMap<u32, Timestamp>>,
}

impl Engine for ScriptedEngine {
    fn submit(&self, trial: &ActiveTrial, _: u32) -> Result<(), SubmitError> {
        let mut started = self.started.lock().unwrap();
        started.entry(trial.number).or_insert(self.clock.now());
        Ok(())
    }

    fn observe(&self, trials: &[&ActiveTrial]) -> Vec<TrialStatus> {
        let started = self.started.lock().unwrap();
        let look = |trial: &&ActiveTrial| {
            let Some(start) = started.get(&trial.number) else {
                return TrialStatus::Unknown;
            };
            let end = start.micros() + self.lengths[trial.number as usize];
            if end > self.clock.now().micros() {
                return TrialStatus::Running(*start);
            }
            TrialStatus::Ended(EndRecord {
                started: Some(*start),
                at: Timestamp::from_micros(end),
                how: EndCause::Exited(0),
                stopped: false,
                timed_out: false,
                dropped: 0,
            })
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

/// A server without its dispatcher, which the test steps, and the time.
pub(super) struct TestServer {
    pub(super) app: Arc<App>,
    pub(super) address: SocketAddr,
    time: Arc<AtomicI64>,
}

impl TestServer {
    pub(super) async fn new(home: &Path, price: Pricing) -> Self {
        std::fs::create_dir_all(home.join("source")).unwrap();
        std::fs::create_dir_all(home.join("data")).unwrap();
        std::fs::write(home.join("source/train.py"), "").unwrap();
        let overrides = Overrides {
            data: Some(home.join("data")),
            source: Some(home.join("source")),
            ..Overrides::default()
        };
        let mut config = Config::load(None, overrides).unwrap();
        config.limits.free_bytes = Some(0);
        config.clusters.get_mut("local").unwrap().price = price;
        let store = Store::open(&home.join("data/sweep.db")).unwrap();
        let KeyHash { salt, hash } = KeyHash::from_key("key").unwrap();
        let account = Account {
            id: "u".into(),
            name: "ada".into(),
            salt,
            key_hash: hash,
            created_at: Timestamp::from_micros(BEGAN),
            admin: true,
            revoked_at: None,
        };
        store.insert_account(account).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_, stopping) = watch::channel(false);
        let mut app = make_app(config, store, address, stopping).await.unwrap();
        let time = Arc::new(AtomicI64::new(BEGAN));
        let read = Arc::clone(&time);
        app.clock = Clock::new(move || Timestamp::from_micros(read.load(Ordering::SeqCst)));
        let app = Arc::new(app);
        let router = router(Arc::clone(&app)).unwrap();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { app, address, time }
    }

    fn dispatcher(&self, slots: u32, lengths: Vec<i64>) -> Dispatcher {
        let engine = ScriptedEngine {
            clock: self.app.clock.clone(),
            lengths,
            started: Mutex::default(),
        };
        let (app, wake) = (Arc::clone(&self.app), Arc::new(Notify::new()));
        Dispatcher::new(app, "local".into(), slots, Arc::new(engine), wake)
    }

    async fn send(&self, method: &'static str, path: String, body: Option<Value>) -> Value {
        let address = self.address;
        let sent = tokio::task::spawn_blocking(move || send(address, method, &path, body));
        sent.await.unwrap()
    }

    pub(super) async fn launch(&self, command: &str) -> String {
        let body = json!({"spec": {"runControllerCommand": command, "sweepType": "grid_search",
                                   "instanceType": "m5a.large"}});
        let path = "/v1/core/local/runs".to_owned();
        let run = self.send("POST", path, Some(body)).await;
        run["id"].as_str().expect("a run").to_owned()
    }

    pub(super) async fn read(&self, run: &str) -> (Value, Vec<Value>) {
        let path = format!("/v1/core/local/runs/{run}");
        let page = self.send("GET", format!("{path}/trials"), None).await;
        let run = self.send("GET", path, None).await;
        (run, page["trials"].as_array().unwrap().clone())
    }
}

fn send(address: SocketAddr, method: &str, path: &str, body: Option<Value>) -> Value {
    let login = base64::prelude::BASE64_STANDARD.encode("ada:key");
    let body = body.map_or_else(String::new, |body| body.to_string());
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic {login}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

/// Runs trials of so many microseconds each, second by second, on so many slots; checks what is
/// shown at each second, and answers with what is billed in the end.
async fn billed(slots: u32, lengths: &[i64], price: Pricing, rounding: Rounding) -> Vec<u64> {
    let home = tempfile::tempdir().unwrap();
    let world = TestServer::new(home.path(), price).await;
    let run = world
        .launch(&format!("train.py  --x 'range({})'", lengths.len()))
        .await;
    let mut dispatcher = world.dispatcher(slots, lengths.to_vec());
    for _ in 0..600 {
        dispatcher.step().await.unwrap();
        let now = world.app.clock.now().micros();
        let (shown, trials) = world.read(&run).await;
        let mut in_all = 0;
        for (trial, length) in trials.iter().zip(lengths) {
            let time = |name: &str| {
                let text = trial[name].as_str()?;
                Some(text.parse::<Timestamp>().unwrap().micros())
            };
            let start = time("startTimestamp");
            let end = time("finishTimestamp");
            if let (Some(start), Some(end)) = (start, end) {
                assert_eq!(end - start, *length, "{trial}");
            }
            let seconds =
                start.map(|start| rounding.billed_seconds_between(start, end.unwrap_or(now)));
            assert_eq!(trial["billedSeconds"], json!(seconds), "{trial}");
            in_all += seconds.unwrap_or(0);
        }
        let rate = Money::from_decimal("36").unwrap();
        let cost = sweep_planner::estimate::billing::machine_cost(&rate, in_all).as_f64();
        assert_eq!(shown["status"]["cost"], json!(cost), "{shown}");
        if shown["status"]["phase"] == "RUN_STATE_SUCCEEDED" {
            return trials
                .iter()
                .map(|trial| trial["billedSeconds"].as_u64().unwrap())
                .collect();
        }
        world.time.fetch_add(SECOND, Ordering::SeqCst);
    }
    panic!("the run has not ended");
}

/// Five trials of 20 s wait for one another on one slot for up to 80 s: none is billed for that.
#[tokio::test]
async fn trials_that_wait_for_a_slot_are_billed_what_each_took() {
    let own = Pricing::Rate("36".into());
    let whole = Rounding::WHOLE_SECONDS;
    let lengths = [20 * SECOND; 5];
    assert_eq!(billed(1, &lengths, own.clone(), whole).await, [20; 5]);
    // The same as the estimate's bill of trials of that length.
    let billing = Billing {
        rounding: Some(whole),
        ..Billing::local()
    };
    let rate = Money::from_decimal("36").unwrap();
    let tariff = Tariff::new(Meter::new(&billing, ""), &rate);
    let bill = tariff.bill(Seconds::from_whole(20));
    assert_eq!((bill.billed_seconds, bill.cost().as_f64()), (20, 0.2));
    // Of different lengths, on two slots.
    let lengths = [
        75 * SECOND,
        SECOND,
        SECOND + 1,
        61 * SECOND - 1,
        500_000,
        3 * SECOND,
        62 * SECOND,
    ];
    let each = billed(2, &lengths, own, whole).await;
    assert_eq!(each, [75, 1, 2, 61, 1, 3, 62]);
}
