//! Changes in the database that the server is not notified of. That a client which hangs up causes
//! none is tested beside the dispatcher.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::repository::{fetch_request, make_repository};
use crate::server::{Home, Server, wait_until};

/// Measures on request, for [`Server::wait_for_round`], until it is stopped.
const MEASURE: &str = "import os, sys, time\n\
    measured = 0\n\
    while True:\n\
    \x20   time.sleep(0.02)\n\
    \x20   if os.path.exists(sys.argv[1]):\n\
    \x20       os.remove(sys.argv[1])\n\
    \x20       measured += 1\n\
    \x20       print(f'measured={measured}', flush=True)\n";

fn open_database(home: &Home) -> Connection {
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    database
}

fn state(server: &Server, run: &Value) -> Value {
    let id = run["id"].as_str().unwrap();
    let path = format!("/v1/core/local/runs/{id}/trials");
    server.get(&path)["trials"][0]["state"].clone()
}

#[test]
fn changes_without_a_notification_are_found() {
    let home = Home::new(&[("measure.py", MEASURE)]);
    let (address, _) = make_repository(&home);
    let server = home.start();
    let measure = home.path("measure");
    let run = server.launch(&format!("measure.py  '{}'", measure.display()));
    let mut wrong = fetch_request(&address.replace("proj", "none"));
    wrong["name"] = json!("away");
    let away = server.post_run(&wrong).json();
    server.finish(&away);
    // By now the dispatcher has handled every notification that the two launches caused.
    server.wait_for_round(&run, &measure);
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
    wait_until("the stop", || {
        (state(&server, &run) == "EXPERIMENT_STATE_CANCELLED").then_some(())
    });
    wait_until("the fetch", || {
        (state(&server, &away) == "EXPERIMENT_STATE_SUCCEEDED").then_some(())
    });
}
