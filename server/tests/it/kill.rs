//! The kill test: a run of many short trials while the server is killed with SIGKILL at random
//! moments and started again. Every trial runs exactly once, with its true exit status and all of
//! its output; launches in flight make one run each; the database stays whole.
//!
//! The short form is in the suite. The long one, 300 trials and 50 kills, is run by
//!
//! ```text
//! SWEEP_KILL_TEST=long [SWEEP_KILL_SEED=7] cargo test -p sweep-server --test it kill -- --nocapture
//! ```

use std::fs;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, KEY, Server, USER, launch_request};

/// Says in a file outside its own folder that it runs, writes 20 lines over a moment, and ends as
/// told.
const ONCE_SCRIPT: &str = "\
import sys, time
number = int(sys.argv[2])
with open(sys.argv[1], 'a') as shared:
    shared.write(f'{number}\\n')
for line in range(20):
    print('line', line, 'of', number)
    time.sleep(0.005 + 0.005 * (number % 4))
sys.exit(number % 3)
";

/// How much of it.
#[derive(Clone, Copy)]
struct Workload {
    trials: usize,
    kills: usize,
    seed: u64,
    patience: Duration,
    /// Milliseconds that a server works at most before it is killed.
    longest: u64,
}

impl Workload {
    fn from_environment() -> Self {
        let seed = std::env::var("SWEEP_KILL_SEED").ok();
        let seed = seed.map_or(1, |text| text.parse().expect("SWEEP_KILL_SEED is a number"));
        match std::env::var("SWEEP_KILL_TEST").as_deref() {
            Ok("long") => Self {
                trials: 300,
                kills: 50,
                seed,
                patience: Duration::from_secs(300),
                longest: 2500,
            },
            _ => Self {
                trials: 40,
                kills: 10,
                seed,
                patience: Duration::from_secs(60),
                longest: 1000,
            },
        }
    }
}

/// SplitMix64: the moments follow from the seed alone.
struct Moments(u64);

impl Moments {
    /// Milliseconds below a bound.
    fn below(&mut self, bound: u64) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_millis((bits ^ (bits >> 31)) % bound)
    }
}

/// A launch that may be cut off by a kill; whether it was answered.
fn spawn_launch(address: SocketAddr, key: &str, body: &Value) -> std::thread::JoinHandle<bool> {
    let request = Request::new("POST", "/v1/core/local/runs").basic(USER, KEY);
    let request = request.header("Idempotency-Key", key).json(body);
    std::thread::spawn(move || request.try_send(address) == Some(200))
}

#[test]
fn killed_servers_lose_no_trial_and_run_none_twice() {
    let form = Workload::from_environment();
    let home = Home::new(&[("once.py", ONCE_SCRIPT), ("quick.sh", "echo $1")]);
    home.write("sweep.toml", "[clusters.local]\nslots = 4\n");
    let shared = home.path("started.log");
    let sweep = format!("once.py  '{}' 'range({})'", shared.display(), form.trials);
    let mut main = launch_request(&sweep);
    // Two of three fail, as they are told to.
    main["spec"]["sweepOptions"] = json!({"stop_after_failures": 0});
    let mut bodies = vec![("main".to_owned(), main)];
    let mut moments = Moments(form.seed);
    let (begun, mut blind, mut cut_off) = (Instant::now(), 0, 0);
    for kill in 0..form.kills {
        if kill % 4 == 3 {
            // Somewhere in the start itself.
            let mut command = home.command("127.0.0.1:0");
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            // No event stands for a random moment.
            std::thread::sleep(moments.below(120));
            child.kill().unwrap();
            child.wait().unwrap();
            blind += 1;
            continue;
        }
        let server = home.start();
        // Whatever was in flight is sent again, as a client does that heard no answer.
        if kill > 0 {
            let body = launch_request(&format!("quick.sh  {kill}"));
            bodies.push((format!("kill-{kill}"), body));
        }
        let last = bodies.last().filter(|_| kill > 0);
        let sent: Vec<_> = bodies
            .first()
            .into_iter()
            .chain(last)
            .map(|(key, body)| spawn_launch(server.address, key, body))
            .collect();
        // Again a random moment; every other kill meets the launches themselves.
        std::thread::sleep(moments.below(if kill % 2 == 0 { 12 } else { form.longest }));
        server.kill();
        for sent in sent {
            cut_off += usize::from(!sent.join().unwrap());
        }
    }
    let server = home.start();
    let mut runs = Vec::new();
    for (key, body) in &bodies {
        let request = Request::new("POST", "/v1/core/local/runs").header("Idempotency-Key", key);
        let answer = server.send(request.json(body));
        assert_eq!(answer.status, 200, "{}", answer.text());
        runs.push(answer.json());
    }
    let listed = server.get("/v1/core/local/runs?brief=true")["runs"].clone();
    assert_eq!(
        listed.as_array().unwrap().len(),
        bodies.len(),
        "one run for each key"
    );
    let at_the_last_start = server.trials(&runs[0]);
    let left = at_the_last_start
        .iter()
        .filter(|trial| trial["finishTimestamp"].is_null())
        .count();
    for one in &runs {
        server.finish_within(one, form.patience);
    }
    check_trials(&server, &runs[0], form.trials);
    for one in &runs[1..] {
        assert_eq!(server.trials(one)[0]["state"], "EXPERIMENT_STATE_SUCCEEDED");
    }
    let mut started: Vec<usize> = fs::read_to_string(shared)
        .unwrap()
        .lines()
        .map(|line| line.parse().unwrap())
        .collect();
    started.sort_unstable();
    assert_eq!(started, (0..form.trials).collect::<Vec<_>>(), "each once");
    drop(server);
    check_database(&Connection::open(home.path("data/sweep.db")).unwrap());
    println!(
        "seed {}: {} trials and {} more runs, {} kills ({blind} of them during the start), \
         {cut_off} launches cut off, {left} trials left at the last start, {:.1} s",
        form.seed,
        form.trials,
        runs.len() - 1,
        form.kills,
        begun.elapsed().as_secs_f64(),
    );
}

fn check_trials(server: &Server, run: &Value, count: usize) {
    let trials = server.trials(run);
    assert_eq!(trials.len(), count);
    for (number, trial) in trials.iter().enumerate() {
        assert_eq!(trial["exitCode"], json!(number % 3), "{trial}");
        let state = if number % 3 == 0 {
            "SUCCEEDED"
        } else {
            "FAILED"
        };
        assert_eq!(trial["state"], format!("EXPERIMENT_STATE_{state}"));
        let whole: String = (0..20)
            .map(|line| format!("line {line} of {number}\n"))
            .collect();
        assert_eq!(server.output_of(trial), whole);
    }
}

fn check_database(database: &Connection) {
    let one =
        |query: &str| -> rusqlite::Result<i64> { database.query_row(query, [], |row| row.get(0)) };
    let whole: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    let ends = one(
        "SELECT count(*) FROM (SELECT 1 FROM trial_history WHERE state IN (3, 4)
                               GROUP BY run, number HAVING count(*) = 1)",
    );
    assert_eq!(ends, one("SELECT count(*) FROM trial"), "each ended once");
    let starts = "SELECT count(*) FROM trial_history WHERE state = 1";
    assert_eq!(
        one(starts),
        one("SELECT count(*) FROM trial"),
        "each was claimed once"
    );
    let miscounted = one("SELECT count(*) FROM trial_count WHERE trials <> (
             SELECT count(*) FROM trial
             WHERE trial.run = trial_count.run AND trial.state = trial_count.state)");
    assert_eq!(miscounted, Ok(0));
}
