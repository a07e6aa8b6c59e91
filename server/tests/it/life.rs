//! The life of runs and trials.

use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, KEY, USER, is_alive, launch_request, wait_until};

const TRAIN: &str = r#"
import argparse, json, sys
parser = argparse.ArgumentParser()
parser.add_argument("--batch_size", type=int)
parser.add_argument("--layers", type=int)
args = parser.parse_args()
for epoch in range(3):
    print(json.dumps({"epoch": epoch, "accuracy": round(args.batch_size / 10 + epoch / 100, 2)}))
print("loss=nan", flush=True)
print("a warning", file=sys.stderr)
"#;

const SWEEP: &str = "train.py  --batch_size '[1, 2]' --layers '[3, 5]'";

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap_or("-"))
        .collect()
}

#[test]
fn from_login_to_results() {
    let home = Home::new(&[("train.py", TRAIN)]);
    let server = home.start();
    // Login, as Grid's client does it.
    let credentials = json!({"username": USER, "apiKey": KEY});
    let login = Request::new("POST", "/v1/auth/login")
        .json(&credentials)
        .send(server.address);
    let bearer = format!("Bearer {}", login.json()["token"].as_str().unwrap());
    let user = Request::new("GET", "/v1/auth/user")
        .header("Authorization", &bearer)
        .send(server.address)
        .json();
    let id = user["id"].as_str().unwrap();
    let clusters = Request::new("GET", "/v1/core/clusters?phaseNotIn=CLUSTER_STATE_DELETED")
        .basic(id, KEY)
        .send(server.address)
        .json();
    assert_eq!(clusters["defaultCluster"], "local");
    assert_eq!(
        clusters["clusters"][0]["status"]["phase"],
        "CLUSTER_STATE_RUNNING"
    );
    // A run.
    let run = server.launch(SWEEP);
    assert_eq!(run["status"]["experimentCounts"]["pending"], 4);
    assert_eq!(run["status"]["experimentIds"].as_array().unwrap().len(), 4);
    assert_eq!(run["status"]["hourlyCost"], 0.086);
    let name = run["name"].as_str().unwrap();
    assert_eq!(name.split('-').count(), 3, "a name was drawn: {name}");
    let trials = server.finish(&run);
    // The first argument varies fastest.
    let values: Vec<_> = trials
        .iter()
        .map(|trial| texts(&trial["values"]).join(" "))
        .collect();
    assert_eq!(values, ["1 3", "2 3", "1 5", "2 5"]);
    for trial in &trials {
        assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
        assert_eq!(trial["exitCode"], 0);
        assert_eq!(trial["metrics"]["loss"], "NaN");
        // As if on m5a.large, of which AWS bills a minute at least: 60 s at $0.086 an hour.
        assert_eq!(trial["billedSeconds"], 60);
        assert_eq!(trial["cost"], 5.16 / 3600.0);
    }
    assert_eq!(trials[1]["metrics"]["accuracy"], 0.22);
    let log = server.output_of(&trials[1]);
    assert!(
        log.contains("\"accuracy\": 0.2") && log.contains("a warning"),
        "{log}"
    );
    // As Grid's client reads it.
    let listed = server.get(&format!(
        "/v1/core/local/runs?phaseNotIn=RUN_STATE_DELETED&query={name}"
    ));
    assert_eq!(listed["runs"][0]["status"]["phase"], "RUN_STATE_SUCCEEDED");
    assert_eq!(
        listed["runs"][0]["status"]["experimentCounts"]["succeeded"],
        4
    );
    let id = trials[2]["id"].as_str().unwrap();
    let experiment = server.get(&format!("/v1/core/local/experiments/{id}"));
    assert_eq!(experiment["name"], format!("{name}-exp2"));
    let command = texts(&experiment["spec"]["command"]).join(" ");
    assert_eq!(command, "train.py --batch_size 1 --layers 5");
    let named = server.get(&format!("/v1/core/local/experiments?names={name}-exp2"));
    assert_eq!(named["experiments"][0]["id"], id);
    // The course of a metric.
    let series = server.get(&format!(
        "/v1/core/local/experiments/{id}/metrics?name=accuracy"
    ));
    assert_eq!(
        series["series"][0]["points"],
        json!([
            {"step": 0.0, "value": 0.1}, {"step": 1.0, "value": 0.11}, {"step": 2.0, "value": 0.12}
        ])
    );
}

#[test]
fn failures_are_shown_and_the_others_go_on() {
    let home = Home::new(&[
        (
            "sometimes.py",
            "import sys\nprint('value', sys.argv[1])\nsys.exit(int(sys.argv[1]))",
        ),
        (
            "killed.py",
            "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        ),
    ]);
    let server = home.start();
    let some = server.launch("sometimes.py  '[0, 1, 3]'");
    let killed = server.launch("killed.py ");
    let trials = server.finish(&some);
    let ends: Vec<_> = trials
        .iter()
        .map(|trial| (&trial["state"], &trial["exitCode"]))
        .collect();
    assert_eq!(
        ends,
        [
            (&json!("EXPERIMENT_STATE_SUCCEEDED"), &json!(0)),
            (&json!("EXPERIMENT_STATE_FAILED"), &json!(1)),
            (&json!("EXPERIMENT_STATE_FAILED"), &json!(3)),
        ]
    );
    assert_eq!(trials[2]["message"], "exit status 3");
    assert_eq!(server.output_of(&trials[2]), "value 3\n");
    let trial = &server.finish(&killed)[0];
    assert_eq!(
        (&trial["signal"], &trial["exitCode"]),
        (&json!(9), &Value::Null)
    );
    let id = some["id"].as_str().unwrap();
    let failed = server.get(&format!("/v1/core/local/runs/{id}"));
    assert_eq!(failed["status"]["phase"], "RUN_STATE_FAILED");
    // The filter of the page's own call.
    let filter = format!("/v1/core/local/runs/{id}/trials?state=EXPERIMENT_STATE_FAILED&offset=1");
    let page = server.get(&filter);
    assert_eq!(
        (&page["total"], &page["trials"][0]["number"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn an_interpreter_that_is_missing_is_said_to_be() {
    let home = Home::new(&[("x.sh", "echo hello"), ("y.py", "print('from python')")]);
    let shell = home.start();
    let trial = &shell.finish(&shell.launch("x.sh "))[0];
    assert_eq!(shell.output_of(trial), "hello\n");
    drop(shell);
    home.write("empty/nothing", "");
    let mut command = home.command("127.0.0.1:0");
    command.env("PATH", home.path("empty"));
    let bare = crate::server::Server::start(command);
    let trial = &bare.finish(&bare.launch("y.py "))[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED");
    assert_eq!(
        bare.output_of(trial),
        "`python3` cannot be found on this machine\n"
    );
}

#[test]
fn a_stopped_run_really_stops() {
    let home = Home::new(&[(
        "stubborn.py",
        "import os, signal, subprocess, sys, time\n\
         signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n\
         print(os.getpid(), child.pid, flush=True)\n\
         time.sleep(600)",
    )]);
    home.write(
        "sweep.toml",
        "[limits]\nstop_grace_seconds = 1\n[clusters.local]\nslots = 1\n",
    );
    let server = home.start();
    let run = server.launch("stubborn.py  --x '[1, 2, 3]'");
    let pids = wait_until("the first trial's output", || {
        let log = server.output_of(&server.trials(&run)[0]);
        let pids: Vec<String> = log.split_whitespace().map(str::to_owned).collect();
        (pids.len() == 2).then_some(pids)
    });
    assert!(pids.iter().all(|pid| is_alive(pid)));
    let id = run["id"].as_str().unwrap();
    let mut wish = run.clone();
    wish["spec"]["desiredState"] = json!("RUN_STATE_CANCELED");
    let path = format!("/v1/core/local/runs/{id}");
    let answer = server.send(Request::new("PUT", &path).json(&wish));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["status"]["experimentCounts"]["cancelled"], 2);
    let trials = server.finish(&run);
    let states: Vec<_> = trials.iter().map(|trial| &trial["state"]).collect();
    assert_eq!(states, ["EXPERIMENT_STATE_CANCELLED"; 3]);
    assert_eq!(trials[1]["startTimestamp"], Value::Null);
    assert!(
        pids.iter().all(|pid| !is_alive(pid)),
        "a process of the trial is left"
    );
    assert_eq!(server.get(&path)["status"]["phase"], "RUN_STATE_CANCELED");
    // Stopping again changes nothing, and Grid's client may say so in its own spelling alone.
    assert_eq!(
        server.send(Request::new("PUT", &path).json(&wish)).status,
        200
    );
    wish["spec"]["desiredState"] = json!("RUN_STATE_CANCELLED");
    assert_eq!(
        server.send(Request::new("PUT", &path).json(&wish)).status,
        400
    );
}

#[test]
fn one_trial_can_be_stopped_and_deleted() {
    let home = Home::new(&[(
        "sleep.py",
        "import sys, time\ntime.sleep(float(sys.argv[1]))",
    )]);
    let server = home.start();
    let run = server.launch("sleep.py  '[600, 0]'");
    let id = format!(
        "/v1/core/local/experiments/{}-0",
        run["id"].as_str().unwrap()
    );
    wait_until("the trial to run", || {
        (server.get(&id)["status"]["phase"] == "EXPERIMENT_STATE_RUNNING").then_some(())
    });
    assert_eq!(
        server
            .send(Request::new("DELETE", &id).json(&json!({})))
            .status,
        409
    );
    let wish = json!({"name": "x", "spec": {"desiredState": "EXPERIMENT_STATE_CANCELLED"}});
    assert_eq!(
        server.send(Request::new("PUT", &id).json(&wish)).status,
        200
    );
    let trials = server.finish(&run);
    assert_eq!(trials[0]["state"], "EXPERIMENT_STATE_CANCELLED");
    assert_eq!(trials[0]["signal"], 15);
    assert_eq!(trials[1]["state"], "EXPERIMENT_STATE_SUCCEEDED");
    assert_eq!(
        server
            .send(Request::new("DELETE", &id).json(&json!({})))
            .status,
        200
    );
    let gone = server.send(Request::new("GET", &id));
    assert_eq!(gone.status, 404);
    // Grid's client skips a missing experiment only if there is no message in `details`.
    assert_eq!(gone.json()["details"], json!([]));
}

#[test]
fn a_deleted_run_is_gone_and_its_name_free() {
    let home = Home::new(&[("train.py", TRAIN)]);
    let server = home.start();
    let mut body = launch_request("train.py  --batch_size 1");
    body["name"] = json!("hp");
    let first = server.post_run(&body).json();
    server.finish(&first);
    let path = format!("/v1/core/local/runs/{}", first["id"].as_str().unwrap());
    assert_eq!(server.post_run(&body).status, 409);
    assert_eq!(
        server
            .send(Request::new("DELETE", &path).json(&json!({})))
            .status,
        200
    );
    assert_eq!(server.send(Request::new("GET", &path)).status, 404);
    assert_eq!(server.get("/v1/core/local/runs")["runs"], json!([]));
    assert_eq!(server.post_run(&body).status, 200);
}

#[test]
fn trials_work_on_copies_with_a_clean_environment() {
    let home = Home::new(&[
        (
            "env.py",
            "import os, sys, time\n\
             open('mine.txt', 'x').write(sys.argv[1])\n\
             time.sleep(0.3)\n\
             print(open('mine.txt').read(), open('other.txt').read())\n\
             for name in sorted(os.environ):\n\
             \x20   if name.startswith(('GRID_', 'SWEEP_', 'MY_', 'PYTHONUNBUFFERED')):\n\
             \x20       print(name, os.environ[name])\n\
             os.makedirs('out')\n\
             open('out/result.txt', 'w').write('done')\n",
        ),
        ("other.txt", "as launched"),
        (".gitignore", "big.bin\n"),
        ("big.bin", "not copied"),
    ]);
    let server = home.start();
    let mut body = launch_request("env.py  '[1, 2, 3]'");
    body["name"] = json!("envs");
    body["spec"]["env"] = json!({"MY_NUMBER": 7, "MY_FLAG": true});
    let run = server.post_run(&body).json();
    home.write("source/other.txt", "changed later");
    let trials = server.finish(&run);
    let log = server.output_of(&trials[1]);
    let id = trials[1]["id"].as_str().unwrap();
    assert!(log.starts_with("2 as launched\n"), "{log}");
    for line in [
        "GRID_CLUSTER_ID local",
        &format!("GRID_EXPERIMENT_ID {id}"),
        "GRID_EXPERIMENT_NAME envs-exp1",
        "GRID_INSTANCE_TYPE m5a.large",
        "MY_FLAG True",
        "MY_NUMBER 7",
        "PYTHONUNBUFFERED 1",
    ] {
        assert!(log.lines().any(|one| one == line), "{line} not in {log}");
    }
    assert!(!log.contains("SWEEP_") && !log.contains(KEY), "{log}");
    // Its artifact, by an address that needs no credentials.
    let page = server.get(&format!(
        "/v1/core/local/experiments/{id}/artifacts?pageSize=25"
    ));
    let names: Vec<_> = page["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["filename"])
        .collect();
    assert_eq!(names, ["mine.txt", "out/result.txt"]);
    assert_eq!(page["nextPageToken"], "");
    let url = page["artifacts"][1]["url"].as_str().unwrap();
    let path = url
        .strip_prefix(&format!("http://{}", server.address))
        .unwrap();
    assert_eq!(
        Request::new("GET", path).send(server.address).text(),
        "done"
    );
    let forged = path.replace("result", "../../../server.lock");
    assert_eq!(
        Request::new("GET", &forged).send(server.address).status,
        403
    );
}

#[test]
fn lightnings_csv_is_read() {
    let home = Home::new(&[(
        "lightning.py",
        "import os\n\
         os.makedirs('lightning_logs/version_0')\n\
         with open('lightning_logs/version_0/metrics.csv', 'w') as file:\n\
         \x20   file.write('epoch,step,train_loss,val_acc\\n0,49,0.5,\\n0,49,,0.75\\n1,99,0.25,\\n1,99,,inf\\n')\n\
         print('val_acc=0.1')",
    )]);
    let server = home.start();
    let trial = &server.finish(&server.launch("lightning.py "))[0];
    assert_eq!(
        trial["metrics"],
        json!({"train_loss": 0.25, "val_acc": "Infinity"})
    );
    let id = trial["id"].as_str().unwrap();
    let series = server.get(&format!(
        "/v1/core/local/experiments/{id}/metrics?name=val_acc"
    ));
    assert_eq!(
        series["series"][0]["points"],
        json!([{"step": 49.0, "value": 0.75}, {"step": 99.0, "value": "Infinity"}])
    );
}

#[test]
fn output_is_bounded_and_any_bytes_are_survived() {
    let home = Home::new(&[(
        "loud.py",
        "import sys\n\
         sys.stdout.buffer.write(bytes(range(256)) * 8)\n\
         sys.stdout.buffer.write(b'x' * 3_000_000 + b'\\n')\n\
         print('acc=0.5')",
    )]);
    home.write("sweep.toml", "[limits]\noutput_bytes = 100000\n");
    let server = home.start();
    let trial = &server.finish(&server.launch("loud.py "))[0];
    assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED");
    assert_eq!(trial["metrics"]["acc"], 0.5);
    let id = trial["id"].as_str().unwrap();
    let page = server.get(&format!("/v1/core/local/experiments/{id}/logs?limit=1000"));
    assert_eq!(page["size"], 100_000);
    assert_eq!(page["dropped"], 2048 + 3_000_001 + 8 - 100_000);
    let next = page["nextOffset"].as_u64().unwrap();
    assert!((997..=1000).contains(&next));
    let tail = server.get(&format!("/v1/core/local/experiments/{id}/logs?tail=5"));
    assert_eq!(
        (&tail["text"], &tail["ended"]),
        (&json!("xxxxx"), &json!(true))
    );
}

#[test]
fn a_run_keeps_to_its_own_parallelism() {
    let home = Home::new(&[(
        "overlap.py",
        "import sys, time\n\
         log = open(sys.argv[1], 'a')\n\
         print('start', file=log, flush=True)\n\
         time.sleep(0.2)\n\
         print('end', file=log, flush=True)",
    )]);
    home.write("sweep.toml", "[clusters.local]\nslots = 4\n");
    let server = home.start();
    let shared = home.path("overlap.log");
    let mut body = launch_request(&format!("overlap.py  '{}' '[1, 2, 3]'", shared.display()));
    body["spec"]["sweepOptions"] = json!({"parallel": "1"});
    let run = server.post_run(&body).json();
    server.finish(&run);
    assert_eq!(
        std::fs::read_to_string(shared).unwrap(),
        "start\nend\n".repeat(3)
    );
}

#[test]
fn a_cluster_s_own_price_is_on_the_wire() {
    let home = Home::new(&[]);
    home.write(
        "sweep.toml",
        "[clusters.local]\n[clusters.free]\nprice = \"none\"\n[clusters.own]\nprice = { rate = \"36\" }\n",
    );
    let server = home.start();
    let price_of = |cluster: &str| {
        let cluster = server.get(&format!("/v1/core/clusters/{cluster}"));
        cluster["spec"].get("price").cloned()
    };
    assert_eq!(price_of("local"), None);
    assert_eq!(
        price_of("free"),
        Some(json!({"hourlyRate": null, "minimumSeconds": 0, "incrementSeconds": 1}))
    );
    assert_eq!(
        price_of("own"),
        Some(json!({"hourlyRate": "36", "minimumSeconds": 0, "incrementSeconds": 1}))
    );
    let listed = server.get("/v1/core/clusters");
    assert_eq!(listed["clusters"][2]["spec"]["price"]["hourlyRate"], "36");
}
