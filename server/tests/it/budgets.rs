//! The estimate that a run keeps, and budgets that the server keeps to.

use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::server::{Home, Server, launch_request, wait_until};

/// A cent a second, by whole seconds.
const SETTINGS: &str = "[clusters.local]\nslots = 2\nprice = { rate = \"36\" }\n\
                        [clusters.other]\nengine = \"local\"\nslots = 2\nprice = { rate = \"36\" }\n";

fn post_launch(server: &Server, cluster: &str, command: &str, options: &Value) -> Answer {
    let mut body = launch_request(command);
    body["spec"]["sweepOptions"] = options.clone();
    let path = format!("/v1/core/{cluster}/runs");
    server.send(Request::new("POST", &path).json(&body))
}

fn launch(server: &Server, command: &str, options: &Value) -> Value {
    let answer = post_launch(server, "local", command, options);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn status(server: &Server, run: &Value) -> Value {
    let (cluster, id) = (&run["spec"]["clusterId"], &run["id"]);
    let path = format!(
        "/v1/core/{}/runs/{}?brief=true",
        cluster.as_str().unwrap(),
        id.as_str().unwrap()
    );
    server.get(&path)["status"].clone()
}

fn set_budget(server: &Server, run: &Value, amount: &str) -> Answer {
    let path = format!("/v1/core/local/runs/{}/budget", run["id"].as_str().unwrap());
    server.send(Request::new("POST", &path).json(&json!({"budget": amount})))
}

/// Waits until nothing of the runs runs or waits for a slot.
fn wait_for_hold(server: &Server, runs: &[&Value]) -> Vec<Value> {
    wait_until("the rest to be held", || {
        let found: Vec<Value> = runs.iter().map(|run| status(server, run)).collect();
        let rests = |status: &Value| {
            let counts = &status["experimentCounts"];
            counts["running"] == 0 && counts["pending"] == status["held"]
        };
        found.iter().all(rests).then_some(found)
    })
}

#[test]
fn a_run_keeps_its_estimate() {
    let home = Home::new(&[("quick.sh", "echo")]);
    home.write("sweep.toml", SETTINGS);
    let server = home.start();
    let options = json!({"run_time": "seconds = 30 * n", "run_time_source": "measured",
                         "run_time_noise": "0,0"});
    let run = launch(&server, "quick.sh  --n '[1, 2, 3]' --m '[0]'", &options);
    let estimate = &run["status"]["estimate"];
    assert_eq!(estimate["runTime"], "seconds = 30 * n");
    assert_eq!(
        (&estimate["source"], &estimate["trials"]),
        (&json!("measured"), &json!(3))
    );
    // 180 s at a cent each.
    assert_eq!(
        estimate["cost"],
        json!({"low": 1.8, "likely": 1.8, "high": 1.8})
    );
    assert_eq!(estimate["machineSeconds"]["likely"], 180.0);
    assert_eq!(estimate["remaining"]["runTimeFactor"], 1.0);
    let trials = server.finish(&run);
    let figures = |name: &str| {
        trials
            .iter()
            .map(|t| t[name].clone())
            .collect::<Vec<Value>>()
    };
    assert_eq!(
        figures("estimatedSeconds"),
        [30.0, 60.0, 90.0].map(Value::from)
    );
    assert_eq!(figures("estimatedCost"), [0.3, 0.6, 0.9].map(Value::from));
    assert_eq!(figures("hourlyCost"), [36.0; 3].map(Value::from));
    let done = status(&server, &run);
    assert_eq!(done["estimate"]["remaining"], Value::Null);
    assert_eq!(done["budget"], Value::Null);
    // Some trials have a run time, and then none has.
    let partly = launch(
        &server,
        "quick.sh  --n '[0, 2]'",
        &json!({"run_time": "minutes = 1 / n"}),
    );
    let estimate = &partly["status"]["estimate"];
    assert_eq!(
        (&estimate["trials"], &estimate["cost"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(server.trials(&partly)[0]["estimatedSeconds"], Value::Null);
    assert_eq!(server.trials(&partly)[1]["estimatedSeconds"], 30.0);
    let without = launch(&server, "quick.sh  --n 1", &json!({}));
    assert_eq!(without["status"]["estimate"], Value::Null);
    assert_eq!(server.trials(&without)[0]["estimatedCost"], Value::Null);
    let broken = post_launch(
        &server,
        "local",
        "quick.sh  --n 1",
        &json!({"run_time": "soon"}),
    );
    assert_eq!(broken.status, 400);
    assert!(
        broken.message().contains("run_time: a formula begins"),
        "{}",
        broken.message()
    );
}

#[test]
fn what_is_left_follows_from_what_has_finished() {
    let home = Home::new(&[("wait.sh", "sleep $1")]);
    home.write("sweep.toml", SETTINGS);
    let server = home.start();
    // The first takes about a second of its 100, the other two wait or run.
    let options = json!({"run_time": "100 s", "parallel": 1});
    let run = launch(&server, "wait.sh  '[1, 60, 60]'", &options);
    let left = wait_until("a trial to finish", || {
        let status = status(&server, &run);
        (status["experimentCounts"]["succeeded"] == 1).then_some(status["estimate"].clone())
    });
    let left = &left["remaining"];
    let factor = left["runTimeFactor"].as_f64().unwrap();
    assert!((0.005..0.5).contains(&factor), "{left}");
    let seconds = left["machineSeconds"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds <= 200.0 * factor, "{left}");
    assert!(left["cost"].as_f64().unwrap() <= 2.0, "{left}");
}

#[test]
fn a_budget_holds_the_rest_and_is_raised() {
    let home = Home::new(&[("quick.sh", "exit ${1:-0}")]);
    home.write("sweep.toml", SETTINGS);
    let server = home.start();
    // Each is billed a second or two, and ten by its high figure.
    let options = json!({"run_time": "10 s", "run_time_noise": "0,0", "budget": "0.15",
                         "group": "together"});
    let first = launch(&server, "quick.sh  '[0]' --n 'range(4)'", &options);
    let answer = post_launch(
        &server,
        "other",
        "quick.sh  '[0]' --n 'range(30)'",
        &options,
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    let second = answer.json();
    let held = wait_for_hold(&server, &[&first, &second]);
    // More than one trial ran, since what they cost is what counts once they have ended.
    let budget = held[1]["budget"].clone();
    assert_eq!(budget["amount"], "0.15");
    assert_eq!(budget["holds"], true);
    let spent = budget["spent"].as_f64().unwrap();
    assert!((0.05..=0.15).contains(&spent), "{budget}");
    let cost = |status: &Value| status["cost"].as_f64().unwrap();
    assert!(
        (cost(&held[0]) + cost(&held[1]) - spent).abs() < 1e-9,
        "{held:?}"
    );
    let message = held[1]["message"].as_str().unwrap();
    assert!(message.contains("of the budget of $0.15"), "{message}");
    let next = budget["enoughForNext"].as_f64().unwrap();
    assert!((next - spent - 0.1).abs() < 1e-9, "{budget}");
    // Across a restart, and with retries and releases, it is kept to.
    server.kill();
    let server = home.start();
    let path = format!(
        "/v1/core/other/runs/{}/release",
        second["id"].as_str().unwrap()
    );
    assert_eq!(server.send(Request::new("POST", &path)).status, 200);
    let held = wait_for_hold(&server, &[&first, &second]);
    assert_eq!(held[1]["budget"]["spent"], budget["spent"]);
    // By any run of the group, for all of them.
    let raised = set_budget(&server, &first, "50.00");
    assert_eq!(raised.status, 200, "{}", raised.text());
    assert_eq!(raised.json()["status"]["budget"]["amount"], "50");
    server.finish(&first);
    wait_until("the other run to end", || {
        (status(&server, &second)["phase"] == "RUN_STATE_SUCCEEDED").then_some(())
    });
    let done = status(&server, &second);
    assert_eq!(
        (&done["held"], &done["budget"]["holds"]),
        (&json!(0), &json!(false))
    );
}

#[test]
fn budgets_that_cannot_be_kept_are_refused_in_words() {
    let home = Home::new(&[("quick.sh", "echo")]);
    let free = "[clusters.free]\nengine = \"local\"\nprice = \"none\"\n";
    home.write("sweep.toml", &[SETTINGS, free].concat());
    let server = home.start();
    let refused = |cluster: &str, options: Value, status: u16, words: &str| {
        let answer = post_launch(&server, cluster, "quick.sh  --n '[0, 1]'", &options);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.message().contains(words), "{}", answer.message());
    };
    let unknown = "nobody knows what trial 1 (and 1 more) costs at most";
    refused("local", json!({"budget": "5"}), 400, unknown);
    let partly = json!({"budget": "5", "run_time": "minutes = 1 / n"});
    refused(
        "local",
        partly,
        400,
        "nobody knows what trial 1 costs at most",
    );
    let priceless = json!({"budget": "5", "run_time": "1 min"});
    refused("free", priceless, 400, "price of `m5a.large` is unknown");
    refused(
        "local",
        json!({"budget": "five"}),
        400,
        "budget: expected USD",
    );
    // The time limit's bill counts where there is no run time.
    let limited = json!({"budget": "5", "time_limit": 60, "group": "g"});
    let run = launch(&server, "quick.sh  --n '[0, 1]'", &limited);
    server.finish(&run);
    refused(
        "local",
        json!({"budget": "6", "run_time": "1 s", "group": "g"}),
        409,
        "budget of $5",
    );
    refused(
        "local",
        json!({"run_time": "1 s", "group": "g"}),
        409,
        "budget of $5",
    );
    let alone = launch(&server, "quick.sh  --n 1", &json!({}));
    let answer = set_budget(&server, &alone, "5");
    assert_eq!(answer.status, 409);
    for wrong in ["", "0", "-1", "5 USD"] {
        assert_eq!(set_budget(&server, &run, wrong).status, 400, "{wrong}");
    }
}

#[test]
fn a_raised_budget_starts_the_pilot_but_not_what_waits_for_a_yes() {
    let home = Home::new(&[("quick.sh", "echo")]);
    home.write("sweep.toml", SETTINGS);
    let server = home.start();
    let options = json!({"run_time": "30 seconds", "run_time_noise": "0,0", "pilot": "0-1",
                         "budget": "0.2"});
    let run = launch(&server, "quick.sh  --n '[1, 2, 3]'", &options);
    wait_until("all to be held", || {
        (status(&server, &run)["held"] == 3).then_some(())
    });
    let answer = set_budget(&server, &run, "5");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let found = wait_until("the pilot to end", || {
        let found = status(&server, &run);
        (found["experimentCounts"]["succeeded"] == 2).then_some(found)
    });
    assert_eq!(found["held"], 1);
    assert_eq!(found["message"], "1 trial waits for your yes: pilot");
}
