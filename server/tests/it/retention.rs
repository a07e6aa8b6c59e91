//! Old runs lose their files, as far as the settings ask for it, and no other run does.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, Server, wait_until};

const DAY: i64 = 86_400_000_000;
const SCRIPT: (&str, &str) = ("make.sh", "echo made > artifact.txt; echo out; exit $1");

fn write_settings(home: &Home, text: &str) {
    home.write(
        "sweep.toml",
        &format!("[clusters.local]\nslots = 2\n{text}"),
    );
}

/// A run that ended so many days ago.
fn backdate_end(home: &Home, run: &Value, days: i64) {
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    let query = "UPDATE run SET ended_at = ended_at - ?1 WHERE id = ?2";
    let id = run["id"].as_str().unwrap();
    assert_eq!(database.execute(query, (days * DAY, id)).unwrap(), 1);
}

fn run_folder(home: &Home, kind: &str, run: &Value) -> PathBuf {
    home.path(&format!("data/{kind}/{}", run["id"].as_str().unwrap()))
}

fn get_logs(server: &Server, run: &Value) -> (u16, String) {
    let id = run["id"].as_str().unwrap();
    let path = format!("/v1/core/local/experiments/{id}-0/logs");
    let answer = server.send(Request::new("GET", &path));
    (answer.status, answer.text())
}

fn artifacts_path(run: &Value) -> String {
    let id = run["id"].as_str().unwrap();
    format!("/v1/core/local/experiments/{id}-0/artifacts")
}

fn post_retry(server: &Server, run: &Value) -> u16 {
    let id = run["id"].as_str().unwrap();
    let path = format!("/v1/core/local/runs/{id}/retry");
    server
        .send(Request::new("POST", &path).json(&json!({})))
        .status
}

#[test]
fn old_runs_lose_what_the_settings_say() {
    let home = Home::new(&[SCRIPT]);
    let server = home.start();
    let runs: Vec<Value> = (0..4).map(|_| server.launch("make.sh  1")).collect();
    runs.iter().for_each(|run| drop(server.finish(run)));
    // Addresses that work without credentials, and go on to after a restart.
    let page = server.get(&artifacts_path(&runs[1]));
    let addresses = [&page["archiveUrl"], &page["artifacts"][0]["url"]].map(|url| {
        let url = url.as_str().unwrap();
        url[url.find("/v1/").unwrap()..].to_owned()
    });
    // The last one waits for ever, and its days are long over.
    let mut body = crate::server::launch_request("make.sh  0");
    body["localDir"] = json!(true);
    let waiting = server.post_run(&body).json();
    drop(server);
    let [fresh, worn, old, kept] = &runs[..] else {
        unreachable!()
    };
    for (run, days) in [(worn, 8), (old, 31), (kept, 5)] {
        backdate_end(&home, run, days);
    }
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    database
        .execute(
            "UPDATE run SET ended_at = 1 WHERE id = ?1",
            [waiting["id"].as_str().unwrap()],
        )
        .unwrap();
    drop(database);
    // Nothing is deleted unless asked for.
    let server = home.start();
    assert_eq!(post_retry(&server, fresh), 200);
    server.finish(fresh);
    drop(server);
    assert!(
        run_folder(&home, "trials", old)
            .join("0/work/artifact.txt")
            .exists()
    );
    write_settings(&home, "[retention]\nwork_days = 7\noutput_days = 30\n");
    let server = home.start();
    wait_until("the old files to go", || {
        let there = run_folder(&home, "trials", old).exists()
            || run_folder(&home, "sources", worn).exists();
        (!there && !run_folder(&home, "trials", worn).join("0/work").exists()).then_some(())
    });
    // The output of one is there still, of the other not, and both say how they ended.
    let (status, text) = get_logs(&server, worn);
    assert!(status == 200 && text.contains("out"), "{status} {text}");
    let (status, text) = get_logs(&server, old);
    assert!(
        status == 410 && text.contains("was deleted at"),
        "{status} {text}"
    );
    for run in [worn, old] {
        let artifacts = server.send(Request::new("GET", &artifacts_path(run)));
        assert_eq!(artifacts.status, 410, "{}", artifacts.text());
        let said = artifacts.message();
        assert!(said.contains("were deleted at"), "{said}");
        assert_eq!(server.trials(run)[0]["exitCode"], 1);
        assert_eq!(post_retry(&server, run), 409);
    }
    for address in addresses {
        let answer = Request::new("GET", &address).send(server.address);
        assert_eq!(answer.status, 410, "{address}");
    }
    for run in [fresh, kept] {
        assert!(
            run_folder(&home, "trials", run)
                .join("0/work/artifact.txt")
                .exists()
        );
        assert!(run_folder(&home, "sources", run).exists());
    }
    assert_eq!(post_retry(&server, kept), 200);
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    let noted: i64 = database
        .query_row("SELECT count(*) FROM discarded", [], |row| row.get(0))
        .unwrap();
    assert_eq!(noted, 2, "not the run that waits");
}

#[test]
fn a_deletion_that_was_cut_off_is_finished() {
    let home = Home::new(&[SCRIPT]);
    let server = home.start();
    let run = server.launch("make.sh  0");
    server.finish(&run);
    drop(server);
    // As a server leaves it that was killed after it had noted what is to go.
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    database
        .execute(
            "INSERT INTO discarded (run, what, at) SELECT key, 0, 5 FROM run",
            [],
        )
        .unwrap();
    fs::remove_dir_all(run_folder(&home, "sources", &run)).unwrap();
    let server = home.start();
    wait_until("the files to go", || {
        (!run_folder(&home, "trials", &run).join("0/work").exists()).then_some(())
    });
    wait_until("that to be noted", || {
        let query = "SELECT done FROM discarded";
        database
            .query_row(query, [], |row| row.get::<_, bool>(0))
            .unwrap()
            .then_some(())
    });
    assert_eq!(get_logs(&server, &run).0, 200);
}
