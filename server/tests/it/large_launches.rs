//! Launches that are much larger than their request: what they take of memory and disk, what others wait
//! for them, and what is left of one that was cut off.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use sweep_planner::launch::{CheckedLaunch, check_request};
use sweep_planner::sweep::Trial;

use crate::client::{Answer, Request};
use crate::server::{Home, KEY, Server, USER, launch_request, wait_until};

const RUNS: &str = "/v1/core/local/runs";
/// So many that the server of a test takes seconds for them.
const MANY: u32 = 120_000;

/// Nothing starts: the trials of this folder wait for an upload.
fn request(command: &str) -> Value {
    let mut body = launch_request(command);
    body["localDir"] = json!(true);
    body
}

fn query(home: &Home, query: &str) -> i64 {
    let path = home.path("data/sweep.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    database.query_row(query, [], |row| row.get(0)).unwrap()
}

/// How many runs are half-written.
fn unpublished(home: &Home) -> i64 {
    query(home, "SELECT count(*) FROM run WHERE cluster = ''")
}

/// Waits until a run is being written.
fn wait_for_writing(home: &Home) {
    wait_until("a run that is being written", || {
        (unpublished(home) > 0).then_some(())
    });
}

fn launch_apart(address: SocketAddr, key: &str, body: &Value) -> JoinHandle<Option<u16>> {
    let request = Request::new("POST", &format!("{RUNS}?brief=true")).basic(USER, KEY);
    let request = request.header("Idempotency-Key", key).json(body);
    std::thread::spawn(move || request.try_send(address))
}

fn database_bytes(home: &Home) -> u64 {
    ["sweep.db", "sweep.db-wal"]
        .iter()
        .filter_map(|name| fs::metadata(home.path("data").join(name)).ok())
        .map(|meta| meta.len())
        .sum()
}

/// The most memory that the server has had, in KiB.
#[cfg(target_os = "linux")]
fn memory_peak(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let digits = line.unwrap().split_whitespace().nth(1).unwrap();
    digits.parse().unwrap()
}

/// The plan of a request, as the page would show it.
fn plan_of(body: &Value) -> CheckedLaunch {
    let request = serde_json::from_value(body.clone()).unwrap();
    check_request(&request, 0).unwrap()
}

fn experiment(server: &Server, run: &Value, number: u32) -> Value {
    let id = run["id"].as_str().unwrap();
    server.get(&format!("/v1/core/local/experiments/{id}-{number}"))
}

#[test]
fn what_does_not_vary_is_stored_once() {
    const TRIALS: u32 = 2000;
    let home = Home::new(&[]);
    let server = home.start();
    // 0.4 MB that all trials have in common: 800 MB, were each to have its own.
    let long: Vec<String> = ["a", "b", "é", "d"]
        .iter()
        .map(|letter| format!("'{}'", letter.repeat(100_000 / letter.len())))
        .collect();
    let body = request(&format!("a.py  {} --x 'range({TRIALS})'", long.join(" ")));
    let sent = body.to_string().len() as u64;
    #[cfg(target_os = "linux")]
    let before = memory_peak(&server);
    let answer = server.post_run(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let run = answer.json();
    let page = format!("{RUNS}/{}/trials?limit=1000", run["id"].as_str().unwrap());
    assert_eq!(server.get(&page)["trials"][999]["values"], json!(["999"]));
    #[cfg(target_os = "linux")]
    {
        let grown = (memory_peak(&server) - before) * 1024;
        assert!(grown < 200 * sent, "{grown} bytes for {sent}");
    }
    let stored = database_bytes(&home);
    assert!(stored < 20 * sent, "{stored} bytes for {sent}");
    let CheckedLaunch { plan, .. } = plan_of(&body);
    for number in [0, 7, TRIALS - 1] {
        let trial = plan.trial(number.into()).unwrap();
        let found = experiment(&server, &run, number);
        assert_eq!(found["spec"]["command"], json!(plan.argv(&trial)));
    }
    let names: Vec<String> = (0..TRIALS)
        .take(100)
        .map(|number| format!("names={}-exp{number}", run["name"].as_str().unwrap()))
        .collect();
    let list = format!("/v1/core/local/experiments?{}", names.join("&"));
    let answer = server.send(Request::new("GET", &list));
    assert_eq!(answer.status, 400, "{:.200}", answer.text());
    assert!(
        answer.message().contains("fewer names"),
        "{}",
        answer.message()
    );
}

#[test]
fn words_are_those_of_the_plan() {
    let home = Home::new(&[]);
    let server = home.start();
    for (command, options) in [
        ("a.py ", json!({})),
        ("a.py  'x y' --fast -v --  '' é '--k=[1, 2]'", json!({})),
        (
            "a.py  --a \"['x', '', 'é b']\" --n 'range(-7, 9, 5)' z",
            json!({"seed": 3}),
        ),
        (
            "a.py  --u 'uniform(0, 1, 3000)' --c=\"choice(['p', 'q'], 5)\"",
            json!({"seed": 3, "trials": "0,63-65,2999,3000-5100,14999"}),
        ),
        (
            "a.py  'range(10000000000000000000000000000000, 10000000000000000000000000000009, 4)'",
            json!({}),
        ),
    ] {
        let mut body = request(command);
        body["spec"]["sweepOptions"] = options;
        let answer = server.post_run(&body);
        assert_eq!(answer.status, 200, "{command}: {}", answer.text());
        let run = answer.json();
        let CheckedLaunch { plan, chosen, .. } = plan_of(&body);
        let count = u32::try_from(chosen.len()).unwrap();
        assert_eq!(run["status"]["experimentCounts"]["pending"], json!(count));
        for (number, index) in (0..count).zip(chosen.iter()) {
            if number > 80 && number % 500 != 0 && number + 1 != count {
                continue;
            }
            let position = plan.parts()[0].position_of(index).unwrap();
            let trial = Trial {
                position,
                part: 0,
                index,
            };
            let found = experiment(&server, &run, number);
            assert_eq!(
                found["spec"]["command"],
                json!(plan.argv(&trial)),
                "{command} {number}"
            );
            let page = format!(
                "{RUNS}/{}/trials?offset={number}&limit=1",
                run["id"].as_str().unwrap()
            );
            let row = &server.get(&page)["trials"][0];
            let columns = 0..u32::try_from(plan.columns().len()).unwrap();
            let values: Vec<_> = columns.map(|column| plan.value(&trial, column)).collect();
            assert_eq!(row["values"], json!(values), "{command} {number}");
        }
    }
}

#[test]
fn a_small_launch_does_not_wait_for_a_large_one() {
    let home = Home::new(&[]);
    let server = home.start();
    let large = request(&format!("a.py  'range({MANY})'"));
    let large = launch_apart(server.address, "large", &large);
    wait_for_writing(&home);
    let small = server.post_run(&request("a.py  'range(3)'"));
    assert_eq!(small.status, 200, "{}", small.text());
    // Nothing of the large one is to be seen before it is all there.
    assert!(!large.is_finished(), "the small one has waited");
    let list = server.get(&format!("{RUNS}?brief=true"));
    if unpublished(&home) > 0 {
        assert_eq!(list["runs"].as_array().unwrap().len(), 1, "{list}");
    }
    assert_eq!(large.join().unwrap(), Some(200));
    let list = server.get(&format!("{RUNS}?brief=true"));
    assert_eq!(list["runs"].as_array().unwrap().len(), 2, "{list}");
    assert_eq!(unpublished(&home), 0);
}

/// Launches the large run again by its key, and checks that it is the only one.
fn expect_one_run(home: &Home, server: &Server, answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let run = answer.json();
    assert_eq!(run["status"]["experimentCounts"]["pending"], json!(MANY));
    let list = server.get(&format!("{RUNS}?brief=true"));
    assert_eq!(list["runs"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(query(home, "SELECT count(*) FROM run"), 1);
    assert_eq!(query(home, "SELECT count(*) FROM trial"), i64::from(MANY));
    assert_eq!(query(home, "SELECT count(*) FROM axis_values"), 2);
    let last = MANY - 1;
    let page = format!(
        "{RUNS}/{}/trials?offset={last}",
        run["id"].as_str().unwrap()
    );
    let trial = &server.get(&page)["trials"][0];
    assert_eq!(trial["number"], json!(last), "{trial}");
}

fn folders(path: &Path) -> usize {
    fs::read_dir(path).map_or(0, Iterator::count)
}

#[test]
fn what_a_kill_has_left_half_written_is_removed_by_the_next_start() {
    let home = Home::new(&[("a.sh", "exit 0")]);
    let server = home.start();
    // From the server's own folder, of which a copy is made before.
    let command = format!(
        "a.sh  --a '[1, 2]' \"['p', 'q', 'r']\" 'range({})'",
        MANY / 6
    );
    let mut body = launch_request(&command);
    let cut_off = launch_apart(server.address, "k", &body);
    wait_for_writing(&home);
    server.kill();
    assert_eq!(cut_off.join().unwrap(), None);
    assert_eq!(unpublished(&home), 1);
    assert!(query(&home, "SELECT count(*) FROM trial") < MANY.into());
    assert_eq!(folders(&home.path("data/sources")), 1);
    let server = home.start();
    for table in [
        "run",
        "trial",
        "axis_values",
        "run_arguments",
        "launch",
        "trial_block",
    ] {
        let rows = query(&home, &format!("SELECT count(*) FROM {table}"));
        assert_eq!(rows, 0, "{table}");
    }
    assert_eq!(folders(&home.path("data/sources")), 0);
    // Now without a source, so that no trial starts.
    body["localDir"] = json!(true);
    let request = Request::new("POST", &format!("{RUNS}?brief=true"));
    let request = request.header("Idempotency-Key", "k").json(&body);
    for _ in 0..2 {
        let answer = server.send(request.clone());
        expect_one_run(&home, &server, &answer);
    }
    assert_eq!(query(&home, "SELECT count(*) FROM launch"), 1);
}

#[test]
fn one_key_makes_one_large_run() {
    let home = Home::new(&[]);
    let server = home.start();
    let command = format!(
        "a.py  --a '[1, 2]' \"['p', 'q', 'r']\" 'range({})'",
        MANY / 6
    );
    let body = request(&command);
    let first = launch_apart(server.address, "k", &body);
    wait_for_writing(&home);
    let second = launch_apart(server.address, "k", &body);
    // Another key meanwhile.
    let small = Request::new("POST", RUNS).header("Idempotency-Key", "other");
    let answer = server.send(small.json(&request("a.py ")));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let deleted = server.send(Request::new("DELETE", &format!("{RUNS}/{id}")));
    assert_eq!(deleted.status, 200);
    assert_eq!(
        (first.join().unwrap(), second.join().unwrap()),
        (Some(200), Some(200))
    );
    let again = Request::new("POST", &format!("{RUNS}?brief=true"));
    let again = again.header("Idempotency-Key", "k").json(&body);
    let answer = server.send(again);
    assert_eq!(answer.status, 200);
    assert_eq!(unpublished(&home), 0);
    assert_eq!(
        query(&home, "SELECT count(*) FROM run WHERE deleted_at IS NULL"),
        1
    );
    assert_eq!(
        query(&home, "SELECT count(*) FROM trial"),
        i64::from(MANY) + 1
    );
}

#[test]
fn a_name_that_is_taken_meanwhile_is_refused_and_leaves_nothing() {
    let home = Home::new(&[]);
    let server = home.start();
    let mut large = request(&format!("a.py  'range({MANY})'"));
    large["name"] = json!("mine");
    let large = launch_apart(server.address, "large", &large);
    wait_for_writing(&home);
    let mut small = request("a.py ");
    small["name"] = json!("mine");
    let answer = server.post_run(&small);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(large.join().unwrap(), Some(409));
    assert_eq!(query(&home, "SELECT count(*) FROM run"), 1);
    assert_eq!(query(&home, "SELECT count(*) FROM trial"), 1);
}
