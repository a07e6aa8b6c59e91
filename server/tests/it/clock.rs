//! A clock that is set back: nothing counts backwards, and work goes on.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use rusqlite::Connection;
use serde_json::Value;

use crate::server::{Home, Server, wait_until};
use crate::skip::skip;

/// Trials that run until a file is there, one at a time, at a cent a second.
fn home() -> Home {
    let home = Home::new(&[(
        "wait.py",
        // libfaketime breaks the sleep of some Pythons: the script goes on without it.
        "import os, sys, time\n\
         if os.environ.pop('LD_PRELOAD', None): os.execv(sys.executable, [sys.executable] + sys.argv)\n\
         while not os.path.exists(sys.argv[1]): time.sleep(0.02)",
    )]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 1\nprice = { rate = \"36\" }\n",
    );
    home
}

fn assert_plausible_bill(trials: &[Value]) {
    for trial in trials {
        assert_eq!(trial["exitCode"], 0, "{trial}");
        let billed = trial["billedSeconds"].as_i64().unwrap();
        assert!((0..120).contains(&billed), "{trial}");
        let cost = trial["cost"].as_f64().unwrap();
        assert!((0.0..1.2).contains(&cost), "{trial}");
    }
}

/// The library that moves a program's clock, where it is installed (Debian: libfaketime).
fn find_faketime() -> Option<&'static str> {
    let places = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    ];
    places.into_iter().find(|place| Path::new(place).exists())
}

/// The clock of the server and its supervisors is set back by an hour while a trial
/// runs, and another one is launched after it.
#[test]
fn a_clock_that_steps_back_is_survived() {
    let Some(library) = find_faketime() else {
        return skip("libfaketime, which moves the clock, is not installed");
    };
    let home = home();
    home.write("clock", "+0\n");
    let mut command = home.command("127.0.0.1:0");
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", home.path("clock"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("DONT_FAKE_MONOTONIC", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let server = Server::start(command);
    let go = home.path("go");
    let run = server.launch(&format!("wait.py  '{}' '[1, 2]'", go.display()));
    wait_until("the trial to run", || {
        (server.trials(&run)[0]["state"] == "EXPERIMENT_STATE_RUNNING").then_some(())
    });
    home.write("clock", "-3600\n");
    let later = server.launch(&format!("wait.py  '{}'", go.display()));
    let created = |run: &Value| run["createdAt"].as_str().unwrap().to_owned();
    assert!(created(&later) < created(&run), "the clock has moved");
    assert_eq!(
        server.get("/v1/core/local/runs")["runs"][0]["id"],
        later["id"],
        "the newest run is first, whatever the clock says"
    );
    fs::write(go, "").unwrap();
    for one in [&run, &later] {
        let trials = server.finish(one);
        assert_plausible_bill(&trials);
        for trial in trials {
            let time = |name: &str| trial[name].as_str().unwrap().to_owned();
            assert!(time("startTimestamp") <= time("finishTimestamp"), "{trial}");
        }
    }
}

/// What the records look like after the clock was set back by an hour: all of them are of the
/// future. Nothing counts backwards, and work goes on.
#[test]
fn records_of_the_future_are_survived() {
    const HOUR: i64 = 3_600_000_000;
    let home = home();
    let go = home.path("go");
    let server = home.start();
    let run = server.launch(&format!("wait.py  '{}' '[1, 2]'", go.display()));
    wait_until("the trial to run", || {
        (server.trials(&run)[0]["state"] == "EXPERIMENT_STATE_RUNNING").then_some(())
    });
    server.kill();
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    for (table, columns) in [
        (
            "run",
            "created_at = created_at + ?1, changed_at = changed_at + ?1, started_at = started_at + ?1",
        ),
        (
            "trial",
            "changed_at = changed_at + ?1, started_at = started_at + ?1",
        ),
        ("trial_history", "at = at + ?1"),
    ] {
        database
            .execute(&format!("UPDATE {table} SET {columns}"), [HOUR])
            .unwrap();
    }
    drop(database);
    let server = home.start();
    let running = &server.trials(&run)[0];
    assert_eq!(running["state"], "EXPERIMENT_STATE_RUNNING");
    assert!(running["cost"].as_f64().unwrap() >= 0.0, "{running}");
    let later = server.launch(&format!("wait.py  '{}'", go.display()));
    assert_eq!(
        server.get("/v1/core/local/runs")["runs"][0]["id"],
        later["id"],
        "newest first"
    );
    fs::write(go, "").unwrap();
    for one in [&run, &later] {
        assert_plausible_bill(&server.finish(one));
    }
}
