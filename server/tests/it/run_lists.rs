//! Lists of many runs, and runs of many trials.

use std::fs;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, Server, launch_request};

/// A run that waits for an upload, so that nothing of it starts.
fn launch_waiting(server: &Server) -> String {
    let mut body = launch_request("file.py  --a '[1, 2, 3]'");
    body["localDir"] = json!(true);
    let answer = server.post_run(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// The ids of the runs of a list.
fn run_ids(list: &Value) -> Vec<String> {
    let runs = list["runs"].as_array().unwrap().iter();
    runs.map(|run| run["id"].as_str().unwrap().to_owned())
        .collect()
}

/// A server whose one run was copied so many times in the database, each with so many trials, of which
/// the list alone is asked for.
fn start_with_runs(home: &Home, copies: u32, trials: u32) -> Server {
    let server = home.start();
    let id = launch_waiting(&server);
    server.kill();
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    let columns: Vec<String> = database
        .prepare(
            "SELECT name FROM pragma_table_info('run') WHERE name NOT IN ('key', 'id', 'name')",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let columns = columns.join(", ");
    let copy = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {copies})
         INSERT INTO run (id, name, {columns})
         SELECT printf('01copy%020d', i), printf('copy-%d', i), {columns} FROM run, n
         WHERE run.id = '{id}'"
    );
    database.execute_batch(&copy).unwrap();
    database
        .execute("UPDATE run SET trials = ?1", [trials])
        .unwrap();
    drop(database);
    home.start()
}

/// The most memory that a server has used so far, in bytes.
fn peak_memory(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse::<u64>().unwrap() << 10
}

#[test]
fn a_list_comes_in_pages_where_they_are_asked_for() {
    let home = Home::new(&[("file.py", "")]);
    let server = home.start();
    let mut launched: Vec<String> = (0..5).map(|_| launch_waiting(&server)).collect();
    launched.reverse();
    let list = server.get("/v1/core/local/runs");
    assert_eq!(run_ids(&list), launched);
    // As Grid's client knows it.
    assert_eq!(list.as_object().unwrap().len(), 1);
    assert_eq!(list["runs"][0]["status"]["experimentIds"][2], {
        format!("{}-2", launched[0])
    });
    for size in 1..7 {
        let (mut found, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let query = format!("pageSize={size}&pageToken={token}&phaseNotIn=RUN_STATE_DELETED");
            let page = server.get(&format!("/v1/core/local/runs?{query}"));
            let ids = run_ids(&page);
            assert!(ids.len() <= size, "{page}");
            found.extend(ids);
            pages += 1;
            token = page["nextPageToken"].as_str().unwrap().to_owned();
            if token.is_empty() {
                break;
            }
            // A token shows nothing that its reader does not know.
            assert_eq!(Some(&token), found.last());
        }
        assert_eq!(
            (&found, pages),
            (&launched, 5_usize.div_ceil(size)),
            "{size}"
        );
    }
    // Of a state that no run is in.
    let none = server.get("/v1/core/local/runs?pageSize=2&phaseIn=RUN_STATE_FAILED");
    assert_eq!(none, json!({"runs": [], "nextPageToken": ""}));
    // Behind a run that was deleted meanwhile.
    let path = format!("/v1/core/local/runs/{}", launched[1]);
    assert_eq!(server.send(Request::new("DELETE", &path)).status, 200);
    let behind = format!("/v1/core/local/runs?pageSize=2&pageToken={}", launched[1]);
    assert_eq!(run_ids(&server.get(&behind)), launched[2..4]);
    let unknown = server.send(Request::new("GET", "/v1/core/local/runs?pageToken=7"));
    assert_eq!(unknown.status, 400);
    assert_eq!(
        unknown.message(),
        "`pageToken` does not take the value `7`."
    );
}

#[test]
fn all_of_many_runs_are_listed_and_never_in_memory_at_once() {
    let home = Home::new(&[("file.py", "")]);
    let server = start_with_runs(&home, 2_000, 500);
    let before = peak_memory(&server);
    let answer = server.send(Request::new("GET", "/v1/core/local/runs"));
    let used = peak_memory(&server) - before;
    // Before the answer is read here, so that a server that breaks it off is found.
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert!(answer.body.len() > 25 << 20, "{}", answer.body.len());
    assert!(used < 20 << 20, "{used} bytes");
    let list = answer.json();
    let ids = run_ids(&list);
    assert_eq!(ids.len(), 2_001);
    for (at, id) in ids[..2_000].iter().enumerate() {
        assert_eq!(*id, format!("01copy{:020}", 2_000 - at));
        let trials = list["runs"][at]["status"]["experimentIds"]
            .as_array()
            .unwrap();
        assert_eq!(trials.len(), 500);
        assert_eq!(trials[499], format!("{id}-499"));
    }
    let brief = server.get("/v1/core/local/runs?brief=true&pageSize=1000");
    assert_eq!(run_ids(&brief), ids[..1_000]);
    assert_eq!(brief["nextPageToken"], ids[999]);
}

#[test]
fn the_trials_of_a_large_run_are_never_in_memory_at_once() {
    let home = Home::new(&[("file.py", "")]);
    let server = start_with_runs(&home, 1, 1_000_000);
    let path = format!("/v1/core/local/runs/01copy{:020}", 1);
    let before = peak_memory(&server);
    let answer = server.send(Request::new("GET", &path));
    let used = peak_memory(&server) - before;
    assert!(answer.body.len() > 25 << 20, "{}", answer.body.len());
    assert!(used < 20 << 20, "{used} bytes");
    let run = answer.json();
    let ids = run["status"]["experimentIds"].as_array().unwrap();
    assert_eq!(ids.len(), 1_000_000);
    assert_eq!(ids[999_999], format!("01copy{:020}-999999", 1));
    assert_eq!(run["status"]["columns"], json!(["--a"]));
}
