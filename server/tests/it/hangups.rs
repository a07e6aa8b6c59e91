//! Clients that hang up while their change is being committed, and changes of which nobody tells.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Request;
use crate::repository::{fetch_request, make_repository};
use crate::server::{Home, KEY, Server, USER, wait_until};

/// Well below how often the server looks for changes of which nobody has told it (10 s).
const SOON: Duration = Duration::from_secs(5);
/// More than that.
const PAST_STOP_CHECK: Duration = Duration::from_secs(20);

const SLEEP: (&str, &str) = ("sleep.py", "import time\ntime.sleep(600)");

fn open_database(home: &Home) -> Connection {
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    database
}

/// Sends a request and closes the connection while the server's commit of it is under way: it is
/// held up by a lock on the database until the server has seen the end of the connection.
fn hang_up(home: &Home, server: &Server, request: Request) {
    let database = open_database(home);
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let connection = request.basic(USER, KEY).open(server.address);
    std::thread::sleep(Duration::from_millis(500));
    drop(connection);
    std::thread::sleep(Duration::from_millis(500));
    database.execute_batch("ROLLBACK").unwrap();
}

fn first_trial_state(server: &Server, run: &Value) -> Value {
    let id = run["id"].as_str().unwrap();
    let path = format!("/v1/core/local/runs/{id}/trials");
    server.get(&path)["trials"][0]["state"].clone()
}

/// A run whose trial runs, at a moment at which its dispatcher has just looked for wishes to stop.
fn launch_running(server: &Server) -> Value {
    let run = server.launch("sleep.py ");
    wait_until("the trial to run", || {
        (first_trial_state(server, &run) == "EXPERIMENT_STATE_RUNNING").then_some(())
    });
    std::thread::sleep(Duration::from_millis(500));
    run
}

fn assert_within(limit: Duration, what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    wait_until(what, || done().then_some(()));
    let took = begun.elapsed();
    assert!(took < limit, "{what} took {took:?}");
}

#[test]
fn a_stop_whose_client_hangs_up_takes_effect() {
    let home = Home::new(&[SLEEP]);
    let server = home.start();
    let run = launch_running(&server);
    let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
    let mut wish = run.clone();
    wish["spec"]["desiredState"] = json!("RUN_STATE_CANCELED");
    hang_up(&home, &server, Request::new("PUT", &path).json(&wish));
    assert_within(SOON, "the stop", || {
        first_trial_state(&server, &run) == "EXPERIMENT_STATE_CANCELLED"
    });
}

#[test]
fn a_launch_whose_client_hangs_up_is_fetched_and_started() {
    let home = Home::new(&[]);
    let (address, _) = make_repository(&home);
    let server = home.start();
    let launch = Request::new("POST", "/v1/core/local/runs").json(&fetch_request(&address));
    hang_up(&home, &server, launch);
    assert_within(SOON, "the run", || {
        let runs = server.get("/v1/core/local/runs?brief=true")["runs"].clone();
        runs[0]["status"]["phase"] == "RUN_STATE_SUCCEEDED"
    });
}

#[test]
fn changes_of_which_nobody_tells_are_found() {
    let home = Home::new(&[SLEEP]);
    let (address, _) = make_repository(&home);
    let server = home.start();
    let run = launch_running(&server);
    let mut wrong = fetch_request(&address.replace("proj", "none"));
    wrong["name"] = json!("away");
    let away = server.post_run(&wrong).json();
    server.finish(&away);
    let database = open_database(&home);
    database
        .execute_batch(
            "BEGIN IMMEDIATE;
             UPDATE trial SET stop_wanted = 1 WHERE state = 2;
             UPDATE run SET fetch_failure = '', ended_at = NULL,
                            spec = replace(spec, 'none.git', 'proj.git') WHERE name = 'away';
             UPDATE trial SET state = 0, ended_at = NULL WHERE state = 4;
             COMMIT",
        )
        .unwrap();
    assert_within(PAST_STOP_CHECK, "the stop", || {
        first_trial_state(&server, &run) == "EXPERIMENT_STATE_CANCELLED"
    });
    assert_within(PAST_STOP_CHECK, "the fetch", || {
        first_trial_state(&server, &away) == "EXPERIMENT_STATE_SUCCEEDED"
    });
}
