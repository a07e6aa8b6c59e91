//! Launches with a pilot: some trials start, and the others are held until somebody releases them.

use std::fs;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::server::{Home, Server, launch_request, wait_until};

const RUNS: &str = "/v1/core/local/runs";
const WAITS: &str = "waits for your yes: pilot";
/// Appends its number to a file that all trials share.
const LOGGED_SCRIPT: &str = "echo $2 >> \"$1\"; test ! -e \"$1.fail\"";

fn request(home: &Home, trials: u32, pilot: &str) -> Value {
    let log = home.path("started.log");
    let mut body = launch_request(&format!("logged.sh  '{}' 'range({trials})'", log.display()));
    body["spec"]["sweepOptions"] = json!({"pilot": pilot});
    body
}

fn launch(server: &Server, body: &Value, key: &str) -> Value {
    let request = Request::new("POST", RUNS).header("Idempotency-Key", key);
    let answer = server.send(request.json(body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn path_of(run: &Value) -> String {
    format!("{RUNS}/{}", run["id"].as_str().unwrap())
}

fn status_of(server: &Server, run: &Value) -> Value {
    server.get(&format!("{}?brief=true", path_of(run)))["status"].clone()
}

fn post(server: &Server, run: &Value, verb: &str) -> Answer {
    let path = format!("{}/{verb}", path_of(run));
    server.send(Request::new("POST", &path).json(&json!({})))
}

/// Waits until nothing runs or waits but what is held.
fn wait_for_pilot(server: &Server, run: &Value) -> Value {
    wait_until("the pilot to end", || {
        let status = status_of(server, run);
        let counts = &status["experimentCounts"];
        (counts["running"] == 0 && counts["pending"] == status["held"]).then_some(status)
    })
}

fn started(home: &Home) -> Vec<u32> {
    let text = fs::read_to_string(home.path("started.log")).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

fn sorted(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort_unstable();
    numbers
}

fn states(trials: &[Value], state: &str) -> Vec<usize> {
    let state = format!("EXPERIMENT_STATE_{state}");
    let of_state = |number: &usize| trials[*number]["state"] == *state;
    (0..trials.len()).filter(of_state).collect()
}

fn home_with_slots(slots: u32) -> Home {
    let home = Home::new(&[("logged.sh", LOGGED_SCRIPT)]);
    home.write(
        "sweep.toml",
        &format!("[clusters.local]\nslots = {slots}\n"),
    );
    home
}

#[test]
fn the_pilot_runs_and_the_rest_waits_through_kills_until_it_is_released() {
    let home = home_with_slots(2);
    let server = home.start();
    let body = request(&home, 12, "3,11");
    let run = launch(&server, &body, "pilot-1");
    assert_eq!(run["spec"]["sweepOptions"]["pilot"], "3,11");
    let status = wait_for_pilot(&server, &run);
    assert_eq!(status["held"], 10);
    assert_eq!(status["phase"], "RUN_STATE_RUNNING");
    assert_eq!(status["message"], "10 trials wait for your yes: pilot");
    let counts = &status["experimentCounts"];
    assert_eq!(
        (&counts["succeeded"], &counts["pending"]),
        (&json!(2), &json!(10))
    );
    let trials = server.trials(&run);
    assert_eq!(states(&trials, "SUCCEEDED"), [3, 11]);
    let waiting = states(&trials, "PAUSED");
    assert_eq!(waiting.len(), 10);
    for number in waiting {
        assert_eq!(trials[number]["message"], WAITS);
    }
    assert_eq!(sorted(started(&home)), [3, 11]);
    server.kill();
    let server = home.start();
    // A launch whose answer was lost is sent again.
    assert_eq!(launch(&server, &body, "pilot-1")["id"], run["id"]);
    assert_eq!(status_of(&server, &run)["held"], 10);
    let mut other = body.clone();
    other["spec"]["sweepOptions"]["pilot"] = json!("3");
    let reused = Request::new("POST", RUNS).header("Idempotency-Key", "pilot-1");
    assert_eq!(server.send(reused.json(&other)).status, 422);
    // So is a release.
    for _ in 0..2 {
        assert_eq!(post(&server, &run, "release").status, 200);
    }
    server.kill();
    let server = home.start();
    assert_eq!(post(&server, &run, "release").status, 200);
    let trials = server.finish(&run);
    assert!(trials.iter().all(|trial| trial["exitCode"] == 0));
    assert_eq!(status_of(&server, &run)["message"], "");
    let started = started(&home);
    assert_eq!(sorted(started[..2].to_vec()), [3, 11]);
    assert_eq!(sorted(started), (0..12).collect::<Vec<u32>>());
}

#[test]
fn a_failed_pilot_keeps_the_rest_held_and_is_tried_again() {
    let home = home_with_slots(1);
    home.write("started.log.fail", "");
    let server = home.start();
    let run = launch(&server, &request(&home, 5, "0,4"), "a");
    let status = wait_for_pilot(&server, &run);
    let counts = &status["experimentCounts"];
    assert_eq!((&counts["failed"], &status["held"]), (&json!(2), &json!(3)));
    // One that waits is stopped by itself.
    let id = server.trials(&run)[2]["id"].as_str().unwrap().to_owned();
    let stop = json!({"spec": {"desiredState": "EXPERIMENT_STATE_CANCELLED"}});
    let path = format!("/v1/core/local/experiments/{id}");
    assert_eq!(
        server.send(Request::new("PUT", &path).json(&stop)).status,
        200
    );
    fs::remove_file(home.path("started.log.fail")).unwrap();
    assert_eq!(post(&server, &run, "retry").status, 200);
    let status = wait_for_pilot(&server, &run);
    assert_eq!(status["held"], 2);
    assert_eq!(status["message"], "2 trials are held until released");
    let trials = server.trials(&run);
    assert_eq!(states(&trials, "SUCCEEDED"), [0, 4]);
    assert_eq!(states(&trials, "PAUSED"), [1, 3]);
    // The rest is stopped instead.
    let stop = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    let answer = server.send(Request::new("PUT", &path_of(&run)).json(&stop));
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["status"]["phase"], "RUN_STATE_CANCELED");
    assert_eq!(states(&server.trials(&run), "CANCELLED"), [1, 2, 3]);
    assert_eq!(started(&home), [0, 4, 0, 4]);
}

#[test]
fn failures_in_a_row_hold_what_is_left_of_the_pilot_and_a_deleted_run_starts_nothing() {
    let home = home_with_slots(1);
    home.write("started.log.fail", "");
    let server = home.start();
    let mut body = request(&home, 6, "1-4");
    body["spec"]["sweepOptions"]["stop_after_failures"] = json!(2);
    let run = launch(&server, &body, "a");
    let status = wait_for_pilot(&server, &run);
    assert_eq!(status["held"], 4);
    let trials = server.trials(&run);
    assert_eq!(trials[0]["message"], WAITS);
    assert_eq!(trials[3]["message"], "held: 2 trials in a row failed");
    let answer = server.send(Request::new("DELETE", &path_of(&run)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(post(&server, &run, "release").status, 404);
    server.kill();
    let server = home.start();
    // A later run has run to its end, and nothing else has.
    fs::remove_file(home.path("started.log.fail")).unwrap();
    let later = launch(&server, &request(&home, 1, "0"), "b");
    server.finish(&later);
    assert_eq!(started(&home), [1, 2, 0]);
}

#[test]
fn an_empty_pilot_holds_all_and_one_that_is_not_chosen_is_refused_in_words() {
    let home = home_with_slots(2);
    let server = home.start();
    let run = launch(&server, &request(&home, 3, ""), "all");
    assert_eq!(status_of(&server, &run)["held"], 3);
    assert_eq!(status_of(&server, &run)["phase"], "RUN_STATE_PENDING");
    for (trials, pilot, words) in [
        (
            "0-2",
            "3",
            "Trial 3 of `sweepOptions.pilot` is not among the chosen ones",
        ),
        (
            "0,2",
            "0-1",
            "Trial 1 of `sweepOptions.pilot` is not among the chosen ones",
        ),
        (
            "0-2",
            "9",
            "Trial 9 of `sweepOptions.pilot` is not among the chosen ones",
        ),
        (
            "0-2",
            "x",
            "SweepOptions.pilot: expected indices such as `0-3,7`, found `x`",
        ),
        ("0-2", "2-1", "SweepOptions.pilot: expected indices"),
        ("0-2", &"0,".repeat(3000), "takes at most 4,096 bytes"),
    ] {
        let mut body = request(&home, 5, pilot);
        body["spec"]["sweepOptions"]["trials"] = json!(trials);
        let answer = server.post_run(&body);
        assert_eq!(answer.status, 400, "{pilot:.20}: {}", answer.text());
        assert!(answer.message().contains(words), "{}", answer.message());
    }
    assert_eq!(post(&server, &run, "release").status, 200);
    server.finish(&run);
    assert_eq!(sorted(started(&home)), [0, 1, 2]);
}

fn query(home: &Home, query: &str) -> i64 {
    let path = home.path("data/sweep.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    database.query_row(query, [], |row| row.get(0)).unwrap()
}

/// No count of the run's trials differs from what its trials say.
fn expect_whole_counts(home: &Home) {
    for (what, per_block) in [("trial_count", ""), ("trial_block", ", number >> 10")] {
        let block = if per_block.is_empty() { "" } else { ", block" };
        let wrong = query(
            home,
            &format!(
                "SELECT count(*) FROM
                     (SELECT run, state{per_block}{alias}, count(*) AS n FROM trial GROUP BY run, state{per_block})
                     LEFT JOIN {what} USING (run, state{block}) WHERE n IS NOT trials",
                alias = if per_block.is_empty() { "" } else { " AS block" },
            ),
        );
        assert_eq!(wrong, 0, "{what}");
    }
}

#[test]
fn a_large_run_is_held_from_its_launch_on_and_released_in_slices() {
    const TRIALS: u32 = 20_000;
    let home = home_with_slots(2);
    let server = home.start();
    let body = request(&home, TRIALS, "0,1024,19999");
    let request = Request::new("POST", &format!("{RUNS}?brief=true")).json(&body);
    let answer = server.send(request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let run = answer.json();
    let status = wait_for_pilot(&server, &run);
    assert_eq!(status["held"], json!(TRIALS - 3));
    assert_eq!(sorted(started(&home)), [0, 1024, 19_999]);
    expect_whole_counts(&home);
    server.kill();
    let server = home.start();
    assert_eq!(post(&server, &run, "release").status, 200);
    assert_eq!(status_of(&server, &run)["held"], 0);
    let stop = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    let answer = server.send(Request::new("PUT", &path_of(&run)).json(&stop));
    assert_eq!(answer.status, 200);
    wait_until("the run to end", || {
        let counts = status_of(&server, &run)["experimentCounts"].clone();
        (counts["pending"] == 0 && counts["running"] == 0).then_some(())
    });
    expect_whole_counts(&home);
    let ran = sorted(started(&home));
    assert!(ran.windows(2).all(|two| two[0] < two[1]), "{ran:?}");
}
