//! The table of the seed document: trials with its times, at its rates, cost what it says.

use std::fs;

use serde_json::{Value, json};
use sweep_planner::api::Timestamp;

use crate::client::Request;
use crate::server::{Home, launch_request, wait_until};

/// Batch size, accuracy, minutes and cost as the document has them, and a machine of the rate that they imply.
const TABLE: [(&str, f64, i64, f64, &str); 4] = [
    ("8", 0.80, 5, 0.15, "m5a.large"),
    ("16", 0.85, 10, 0.30, "m5a.large"),
    ("32", 0.90, 30, 0.50, "g4dn.xlarge"),
    ("64", 0.95, 60, 1.01, "g5.xlarge"),
];
const RATES: &str = "name,on_demand_usd_per_hour\nm5a.large,1.80\ng4dn.xlarge,1\ng5.xlarge,1.01\n";
const SCRIPT: &str = "\
import os, sys, time
while not os.path.exists(sys.argv[1]): time.sleep(0.02)
print('accuracy=' + {'8': '0.80', '16': '0.85', '32': '0.90', '64': '0.95'}[sys.argv[3]])
";

/// The trials end while no server runs, and the records of their ends are moved to the document's times.
#[test]
fn its_times_at_its_rates_cost_what_it_says() {
    let home = Home::new(&[("file.py", SCRIPT)]);
    home.write("own.csv", RATES);
    let (own, go) = (home.path("own.csv"), home.path("go"));
    home.write(
        "sweep.toml",
        &format!("prices = {own:?}\n[clusters.local]\nslots = 4\n"),
    );
    let server = home.start();
    let launch = |(batch_size, _, _, _, machine): (&str, f64, i64, f64, &str)| {
        let command = format!("file.py  '{}' --batch_size {batch_size}", go.display());
        let mut body = launch_request(&command);
        body["spec"]["instanceType"] = json!(machine);
        let answer = server.send(Request::new("POST", "/v1/core/local/runs").json(&body));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let runs: Vec<Value> = TABLE.into_iter().map(launch).collect();
    wait_until("the trials to run", || {
        let is_running = |run: &Value| server.trials(run)[0]["state"] == "EXPERIMENT_STATE_RUNNING";
        runs.iter().all(is_running).then_some(())
    });
    server.kill();
    fs::write(&go, "").unwrap();
    for (run, (_, _, minutes, _, _)) in runs.iter().zip(TABLE) {
        let file = format!("data/trials/{}/0/ended.json", run["id"].as_str().unwrap());
        let mut ended: Value = wait_until("the record of an end", || {
            serde_json::from_slice(&fs::read(home.path(&file)).ok()?).ok()
        });
        let started: Timestamp = serde_json::from_value(ended["started"].clone()).unwrap();
        let at = Timestamp::from_micros(started.micros() + minutes * 60_000_000);
        ended["at"] = serde_json::to_value(at).unwrap();
        home.write(&file, &ended.to_string());
    }
    let server = home.start();
    for (run, (batch_size, accuracy, minutes, cost, _)) in runs.iter().zip(TABLE) {
        let trial = &server.finish(run)[0];
        assert_eq!(trial["billedSeconds"], json!(minutes * 60), "{trial}");
        let to_the_cent = |usd: f64| (usd * 100.0).round() / 100.0;
        assert_eq!(
            to_the_cent(trial["cost"].as_f64().unwrap()),
            cost,
            "{batch_size}"
        );
        assert_eq!(
            trial["metrics"]["accuracy"],
            json!(accuracy),
            "{batch_size}"
        );
    }
}
