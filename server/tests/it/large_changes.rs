//! Changes of all trials of a large run: others are written meanwhile, and what a kill cuts off is
//! finished by the next start.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, KEY, Server, USER, launch_request, wait_until};

const RUNS: &str = "/v1/core/local/runs";
/// So many that the server of a test takes seconds to change them.
const MANY: u32 = 60_000;

/// Nothing starts: the trials wait for an upload.
fn launch_waiting(server: &Server, trials: u32) -> Value {
    let mut body = launch_request(&format!("a.py  'range({trials})'"));
    body["localDir"] = json!(true);
    let request = Request::new("POST", &format!("{RUNS}?brief=true")).json(&body);
    let answer = server.send(request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn path_of(run: &Value) -> String {
    format!("{RUNS}/{}", run["id"].as_str().unwrap())
}

fn query(home: &Home, query: &str) -> i64 {
    let path = home.path("data/sweep.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    database.query_row(query, [], |row| row.get(0)).unwrap()
}

fn changes_under_way(home: &Home) -> i64 {
    query(home, "SELECT count(*) FROM waiting_change")
}

fn cancelled(home: &Home) -> i64 {
    query(home, "SELECT count(*) FROM trial WHERE state = 5")
}

fn stop(run: &Value) -> Request {
    let body = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    Request::new("PUT", &path_of(run)).json(&body)
}

fn send_apart(address: SocketAddr, request: Request) -> JoinHandle<Option<u16>> {
    let request = request.basic(USER, KEY);
    std::thread::spawn(move || request.try_send(address))
}

/// Every trial of the large run is cancelled once, and every figure agrees.
fn expect_all_cancelled(home: &Home) {
    let many = i64::from(MANY);
    assert_eq!(changes_under_way(home), 0);
    for (what, rows) in [
        (
            "trial WHERE state = 5 AND stop_wanted AND ended_at = changed_at",
            many,
        ),
        ("trial_history WHERE state = 5", many),
        (
            "(SELECT DISTINCT run, number FROM trial_history WHERE state = 5)",
            many,
        ),
        (
            "run WHERE trials > 100 AND ended_at IS NOT NULL AND stop_wanted",
            1,
        ),
        (
            "(SELECT run, state, number >> 10 AS block, count(*) AS n FROM trial GROUP BY 1, 2, 3)
             LEFT JOIN trial_block USING (run, state, block) WHERE n IS NOT trials",
            0,
        ),
    ] {
        assert_eq!(
            query(home, &format!("SELECT count(*) FROM {what}")),
            rows,
            "{what}"
        );
    }
    let counted = "SELECT sum(trials) FROM trial_count WHERE state = 5";
    assert_eq!(query(home, counted), many);
}

/// A small launch is answered while the large run's trials still change.
fn expect_small_launch_before_the_end(home: &Home, server: &Server, request: Request) {
    let change = send_apart(server.address, request);
    wait_until("a change that is under way", || {
        (changes_under_way(home) > 0).then_some(())
    });
    launch_waiting(server, 3);
    assert_eq!(changes_under_way(home), 1, "the small one has waited");
    assert!(!change.is_finished());
    assert_eq!(change.join().unwrap(), Some(200));
    expect_all_cancelled(home);
}

#[test]
fn a_small_launch_does_not_wait_for_a_large_run_that_is_stopped() {
    let home = Home::new(&[]);
    let server = home.start();
    let run = launch_waiting(&server, MANY);
    expect_small_launch_before_the_end(&home, &server, stop(&run));
    let run = server.get(&path_of(&run));
    assert_eq!(run["status"]["phase"], "RUN_STATE_CANCELED");
    assert_eq!(run["status"]["experimentCounts"]["cancelled"], json!(MANY));
}

#[test]
fn a_small_launch_does_not_wait_for_a_large_run_that_is_deleted() {
    let home = Home::new(&[]);
    let server = home.start();
    let run = launch_waiting(&server, MANY);
    let delete = Request::new("DELETE", &path_of(&run));
    expect_small_launch_before_the_end(&home, &server, delete);
    let list = server.get(&format!("{RUNS}?brief=true"));
    assert_eq!(list["runs"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn a_stop_that_a_kill_cuts_off_is_finished_by_the_next_start() {
    let home = Home::new(&[]);
    let server = home.start();
    let run = launch_waiting(&server, MANY);
    let cut_off = send_apart(server.address, stop(&run));
    wait_until("a first slice", || (cancelled(&home) > 0).then_some(()));
    server.kill();
    assert_eq!(cut_off.join().unwrap(), None);
    assert_eq!(changes_under_way(&home), 1);
    assert!(cancelled(&home) < i64::from(MANY));
    let server = home.start();
    // Asked for again, while the start is at it: finished when it is answered.
    let again = server.send(stop(&run));
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.json()["status"]["phase"], "RUN_STATE_CANCELED");
    expect_all_cancelled(&home);
}

#[test]
fn a_deletion_that_a_kill_cuts_off_is_finished_by_the_next_start() {
    let home = Home::new(&[]);
    let server = home.start();
    let run = launch_waiting(&server, MANY);
    let delete = Request::new("DELETE", &path_of(&run));
    let cut_off = send_apart(server.address, delete);
    wait_until("a first slice", || (cancelled(&home) > 0).then_some(()));
    server.kill();
    assert_eq!(cut_off.join().unwrap(), None);
    assert_eq!(changes_under_way(&home), 1);
    let _server = home.start();
    wait_until("the end of the change", || {
        (changes_under_way(&home) == 0).then_some(())
    });
    expect_all_cancelled(&home);
}
