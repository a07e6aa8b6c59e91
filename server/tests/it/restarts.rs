//! Servers that are killed, stopped, started twice, or meet a bad data folder.

use std::fs;
use std::io::Read;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};
use sweep_planner::api::Timestamp;

use crate::client::{self, Request};
use crate::server::{Home, Server, USER, is_alive, launch_request, wait_until};

#[test]
fn ctrl_c_ends_the_server_and_not_its_trials() {
    let home = Home::new(&[(
        "wait.py",
        "import os, sys, time\n\
         print('acc=0.5', flush=True)\n\
         while not os.path.exists(sys.argv[1]): time.sleep(0.02)\n\
         print('acc=0.75')",
    )]);
    let go = home.path("go");
    let mut server = home.start();
    let run = server.launch(&format!("wait.py  '{}'", go.display()));
    wait_until("the first metric", || {
        (server.trials(&run)[0]["metrics"]["acc"] == 0.5).then_some(())
    });
    let before = server.trials(&run)[0].clone();
    // Somebody watches: that must not hold the server up.
    let watching = Request::new("GET", "/v1/events").basic(USER, crate::server::KEY);
    let mut stream = watching.open(server.address);
    let (status, _) = client::read_head(&mut stream);
    assert_eq!(status, 200);
    server.signal(Signal::INT);
    assert!(server.wait_exit().success());
    let mut events = String::new();
    stream.read_to_string(&mut events).unwrap();
    assert!(
        events.ends_with("\r\n0\r\n\r\n"),
        "the server waited for the stream and then cut it off: {events}"
    );
    let server = home.start();
    let found = &server.trials(&run)[0];
    assert_eq!(found["state"], "EXPERIMENT_STATE_RUNNING");
    assert_eq!(found["startTimestamp"], before["startTimestamp"]);
    fs::write(go, "").unwrap();
    let trial = &server.finish(&run)[0];
    assert_eq!(
        (&trial["exitCode"], &trial["metrics"]["acc"]),
        (&json!(0), &json!(0.75))
    );
    let id = trial["id"].as_str().unwrap();
    let series = server.get(&format!("/v1/core/local/experiments/{id}/metrics"));
    assert_eq!(
        series["series"][0]["points"].as_array().unwrap().len(),
        2,
        "none twice"
    );
}

#[test]
fn what_ended_while_no_server_ran_is_found() {
    let home = Home::new(&[(
        "brief.py",
        "import os, sys, time\n\
         while not os.path.exists(sys.argv[1]): time.sleep(0.02)\n\
         print('acc=1')\nexit(7)",
    )]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nprice = { rate = \"36\" }\n",
    );
    let server = home.start();
    let go = home.path("go");
    let run = server.launch(&format!("brief.py  '{}'", go.display()));
    wait_until("the trial to run", || {
        (server.trials(&run)[0]["state"] == "EXPERIMENT_STATE_RUNNING").then_some(())
    });
    server.kill();
    fs::write(go, "").unwrap();
    let file = format!("data/trials/{}/0/ended.json", run["id"].as_str().unwrap());
    let ended: Value = wait_until("the record of its end", || {
        serde_json::from_slice(&fs::read(home.path(&file)).ok()?).ok()
    });
    let server = home.start();
    let trial = &server.finish(&run)[0];
    assert_eq!(
        (&trial["exitCode"], &trial["metrics"]["acc"]),
        (&json!(7), &json!(1.0))
    );
    assert_eq!(
        (&trial["startTimestamp"], &trial["finishTimestamp"]),
        (&ended["started"], &ended["at"]),
        "as long as it ran, not as long as nobody looked"
    );
    let at = |time: &Value| serde_json::from_value::<Timestamp>(time.clone()).unwrap();
    let ran = at(&ended["at"]).micros() - at(&ended["started"]).micros();
    let seconds = u64::try_from(ran).unwrap().div_ceil(1_000_000);
    assert_eq!(trial["billedSeconds"], json!(seconds));
    assert_eq!(trial["cost"], json!(seconds as f64 / 100.0));
}

#[test]
fn a_supervisor_that_dies_takes_its_trial_with_it_into_the_record() {
    let home = Home::new(&[(
        "forever.py",
        "import os, time\nprint(os.getppid(), flush=True)\ntime.sleep(60)",
    )]);
    let server = home.start();
    let run = server.launch("forever.py ");
    let supervisor = wait_until("the trial's output", || {
        let log = server.output_of(&server.trials(&run)[0]);
        log.trim().parse::<i32>().ok()
    });
    let pid = rustix::process::Pid::from_raw(supervisor).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
    let trial = &server.finish(&run)[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED");
    assert!(
        trial["message"]
            .as_str()
            .unwrap()
            .contains("supervisor is gone"),
        "{trial}"
    );
    // Its script is not left to run beside what is started in its place.
    let folder = home.path(&format!(
        "data/trials/{}/0/started.json",
        run["id"].as_str().unwrap()
    ));
    let started: Value = serde_json::from_slice(&fs::read(folder).unwrap()).unwrap();
    assert!(!is_alive(&started["process"].to_string()), "{started}");
}

/// Starts a server that is expected to refuse; answers with what it says.
fn refusal_of(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("Open "));
    let error = String::from_utf8(output.stderr).unwrap();
    let last = error.lines().rfind(|line| line.starts_with("error:"));
    last.unwrap_or_else(|| panic!("no error line in {error}"))
        .to_owned()
}

#[test]
fn a_second_server_says_so_and_ends() {
    let (home, other) = (Home::new(&[]), Home::new(&[]));
    let server = home.start();
    let taken = refusal_of(other.command(&server.address.to_string()));
    assert!(
        taken.contains(&server.address.to_string()) && taken.contains("is taken"),
        "{taken}"
    );
    let in_use = refusal_of(home.command("127.0.0.1:0"));
    assert!(
        in_use.contains("another server uses the data folder"),
        "{in_use}"
    );
    assert_eq!(server.get("/v1/core/local/runs")["runs"], json!([]));
}

#[test]
fn a_database_that_is_damaged_or_foreign_is_left_alone() {
    let home = Home::new(&[]);
    let file = home.path("data/sweep.db");
    let damaged = "this is no database ".repeat(500);
    home.write("data/sweep.db", &damaged);
    let message = refusal_of(home.command("127.0.0.1:0"));
    assert!(
        message.contains("cannot be read as a database"),
        "{message}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
    fs::remove_file(&file).unwrap();
    let foreign = rusqlite::Connection::open(&file).unwrap();
    foreign
        .execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
        .unwrap();
    drop(foreign);
    let before = fs::read(&file).unwrap();
    let message = refusal_of(home.command("127.0.0.1:0"));
    assert!(message.contains("another program"), "{message}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn wrong_settings_are_named() {
    let home = Home::new(&[]);
    for (settings, words) in [
        ("lisen = 1", "lisen"),
        ("[clusters.local]\nengine = \"cloud\"", "cloud"),
        ("[clusters.A]", "`A`"),
        ("default_cluster = \"x\"", "`x`"),
        ("[clusters.local]\nprice = {rate = \"cheap\"}", "cheap"),
    ] {
        home.write("sweep.toml", settings);
        let output = home.command("127.0.0.1:0").output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && error.contains(words),
            "{settings}: {error}"
        );
    }
    home.write("sweep.toml", "");
    fs::remove_dir(home.path("source")).unwrap();
    assert!(refusal_of(home.command("127.0.0.1:0")).contains("source folder"));
}

#[test]
fn the_first_account_is_made_and_shown_once() {
    let home = Home::new(&[]);
    let plain = || {
        let mut command = home.command("127.0.0.1:0");
        command.env_remove("SWEEP_USER").env_remove("SWEEP_API_KEY");
        Server::start(command)
    };
    let server = plain();
    let word = |name: &str| {
        let line = server
            .printed
            .lines()
            .find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {}", server.printed))
            .trim()
            .to_owned()
    };
    let (user, key) = (word("User:"), word("API key:"));
    let get = Request::new("GET", "/v1/auth/user").basic(&user, &key);
    assert_eq!(get.send(server.address).status, 200);
    drop(server);
    let server = plain();
    assert_eq!(server.printed, "");
    assert_eq!(get.send(server.address).status, 200);
    let files = fs::read(home.path("data/sweep.db")).unwrap();
    assert!(
        !files
            .windows(key.len())
            .any(|bytes| bytes == key.as_bytes()),
        "the key is stored"
    );
}

#[test]
fn runs_survive_a_restart_as_they_were() {
    let home = Home::new(&[("file.py", "print('acc: 0.5')")]);
    let server = home.start();
    let mut body = launch_request("file.py  --a '[1, 2]'");
    body["name"] = json!("kept");
    let run = server.post_run(&body).json();
    let trials = server.finish(&run);
    server.kill();
    let server = home.start();
    assert_eq!(server.trials(&run), trials);
    assert_eq!(server.get("/v1/core/local/runs")["runs"][0]["name"], "kept");
}
