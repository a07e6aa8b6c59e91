//! Time limits, failures in a row, trying again, priorities, GPUs, uploads, searching output.

use std::fs;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::server::{Home, Server, launch_request, wait_until};

fn launch_with_options(server: &Server, command: &str, options: Value) -> Value {
    let mut body = launch_request(command);
    body["spec"]["sweepOptions"] = options;
    let answer = server.post_run(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn run_status(server: &Server, run: &Value) -> Value {
    let id = run["id"].as_str().unwrap();
    server.get(&format!("/v1/core/local/runs/{id}?brief=true"))["status"].clone()
}

fn post_action(server: &Server, run: &Value, verb: &str, body: &Value) -> Answer {
    let path = format!("/v1/core/local/runs/{}/{verb}", run["id"].as_str().unwrap());
    server.send(Request::new("POST", &path).json(body))
}

#[test]
fn a_trial_whose_time_is_up_has_failed() {
    let home = Home::new(&[(
        "long.py",
        "import sys, time\nprint('begun', flush=True)\ntime.sleep(float(sys.argv[1]))",
    )]);
    let server = home.start();
    let run = launch_with_options(&server, "long.py  '[60, 0]'", json!({"time_limit": "5"}));
    let trials = server.finish(&run);
    assert_eq!(trials[0]["state"], "EXPERIMENT_STATE_FAILED");
    assert_eq!(trials[0]["signal"], 15);
    let message = trials[0]["message"].as_str().unwrap();
    assert!(message.starts_with("its time was up"), "{message}");
    assert_eq!(server.output_of(&trials[0]), "begun\n");
    assert_eq!(trials[1]["state"], "EXPERIMENT_STATE_SUCCEEDED");
    for wrong in ["-1", "soon", "1.5", "999999999999"] {
        let mut body = crate::server::launch_request("long.py  0");
        body["spec"]["sweepOptions"] = json!({"time_limit": wrong});
        let answer = server.post_run(&body);
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(
            answer.message().contains("time_limit"),
            "{}",
            answer.message()
        );
    }
}

#[test]
fn after_failures_in_a_row_the_rest_is_held_released_and_tried_again() {
    let home = Home::new(&[(
        "sick.py",
        "import os, sys\n\
         sick = os.path.exists(sys.argv[1])\n\
         print('acc=0.1' if sick else 'acc=0.9')\n\
         sys.exit(1 if sick else 0)",
    )]);
    home.write("sweep.toml", "[clusters.local]\nslots = 1\n");
    home.write("sick", "");
    let server = home.start();
    let command = format!("sick.py  '{}' 'range(12)'", home.path("sick").display());
    let run = launch_with_options(&server, &command, json!({"stop_after_failures": 3}));
    let held = wait_until("trials to be held", || {
        let status = run_status(&server, &run);
        (status["held"] != 0 && status["experimentCounts"]["running"] == 0).then_some(status)
    });
    assert_eq!(
        (&held["held"], &held["experimentCounts"]["failed"]),
        (&json!(9), &json!(3))
    );
    assert_eq!(held["experimentCounts"]["pending"], 9);
    assert_eq!(held["phase"], "RUN_STATE_RUNNING");
    assert!(held["message"].as_str().unwrap().contains("held"), "{held}");
    let trials = server.trials(&run);
    assert_eq!(trials[11]["state"], "EXPERIMENT_STATE_PAUSED");
    assert_eq!(trials[11]["message"], "held: 3 trials in a row failed");
    // They stay so, also across a restart.
    server.kill();
    let server = home.start();
    assert_eq!(run_status(&server, &run)["held"], 9);
    fs::remove_file(home.path("sick")).unwrap();
    assert_eq!(
        post_action(&server, &run, "release", &json!({})).status,
        200
    );
    let trials = server.finish(&run);
    assert!(trials[3..].iter().all(|trial| trial["exitCode"] == 0));
    assert_eq!(run_status(&server, &run)["phase"], "RUN_STATE_FAILED");
    // What failed is tried again: one by number, then the others.
    let one = post_action(&server, &run, "retry", &json!({"numbers": [1, 5]}));
    assert_eq!(one.status, 200, "{}", one.text());
    server.finish(&run);
    assert_eq!(run_status(&server, &run)["experimentCounts"]["failed"], 2);
    assert_eq!(post_action(&server, &run, "retry", &json!({})).status, 200);
    let trials = server.finish(&run);
    assert_eq!(run_status(&server, &run)["phase"], "RUN_STATE_SUCCEEDED");
    for trial in &trials[..3] {
        assert_eq!(
            (&trial["attempt"], &trial["metrics"]["acc"]),
            (&json!(1), &json!(0.9))
        );
        assert_eq!(server.output_of(trial), "acc=0.9\n");
        let path = format!(
            "/v1/core/local/experiments/{}",
            trial["id"].as_str().unwrap()
        );
        let before = &server.get(&path)["status"]["attempts"][0];
        assert_eq!(
            (&before["attempt"], &before["exitCode"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(before["state"], "EXPERIMENT_STATE_FAILED");
        assert_eq!(
            server.get(&format!("{path}/logs?attempt=0"))["text"],
            "acc=0.1\n"
        );
        let none = server.send(Request::new("GET", &format!("{path}/logs?attempt=2")));
        assert_eq!(none.status, 404);
    }
    assert_eq!(post_action(&server, &run, "retry", &json!({})).status, 409);
}

#[test]
fn by_default_five_failures_in_a_row_hold_the_rest() {
    let home = Home::new(&[("bad.sh", "exit 1")]);
    home.write("sweep.toml", "[clusters.local]\nslots = 1\n");
    let server = home.start();
    let run = server.launch("bad.sh  'range(8)'");
    wait_until("trials to be held", || {
        (run_status(&server, &run)["held"] == 3).then_some(())
    });
    // A held run can be stopped for good.
    let mut wish = run.clone();
    wish["spec"]["desiredState"] = json!("RUN_STATE_CANCELED");
    let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
    server.send(Request::new("PUT", &path).json(&wish));
    server.finish(&run);
    assert_eq!(
        run_status(&server, &run)["experimentCounts"]["cancelled"],
        3
    );
    let on = launch_with_options(
        &server,
        "bad.sh  'range(8)'",
        json!({"stop_after_failures": 0}),
    );
    server.finish(&on);
    assert_eq!(run_status(&server, &on)["experimentCounts"]["failed"], 8);
}

#[test]
fn runs_start_by_priority_then_launch_order() {
    let home = Home::new(&[
        (
            "wait.py",
            "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.02)",
        ),
        ("say.sh", "echo $2 >> $1"),
    ]);
    home.write("sweep.toml", "[clusters.local]\nslots = 1\n");
    let server = home.start();
    let (go, said) = (home.path("go"), home.path("said"));
    let first = server.launch(&format!("wait.py  '{}'", go.display()));
    let mut runs = vec![first];
    for (word, priority) in [("low", -1), ("normal", 0), ("high", 7), ("later", 7)] {
        let command = format!("say.sh  '{}' {word}", said.display());
        runs.push(launch_with_options(
            &server,
            &command,
            json!({"priority": priority}),
        ));
    }
    fs::write(go, "").unwrap();
    for run in &runs {
        server.finish(run);
    }
    assert_eq!(
        fs::read_to_string(said).unwrap(),
        "high\nlater\nnormal\nlow\n"
    );
}

#[test]
fn no_two_trials_share_a_gpu() {
    let home = Home::new(&[(
        "gpu.py",
        "import os, sys, time\n\
         mine = [gpu for gpu in os.environ['CUDA_VISIBLE_DEVICES'].split(',') if gpu]\n\
         for gpu in mine: os.mkdir(f'{sys.argv[1]}/{gpu}')\n\
         time.sleep(0.25)\n\
         for gpu in mine: os.rmdir(f'{sys.argv[1]}/{gpu}')\n\
         print(len(mine), *mine)",
    )]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 6\ngpus = [0, 1, 5]\n",
    );
    home.write("gpus/note", "");
    let server = home.start();
    let launch = |gpus: &str, machine: &str| {
        let values = "'[1, 2, 3, 4]'";
        let mut body = launch_request(&format!(
            "gpu.py  '{}' {values}",
            home.path("gpus").display()
        ));
        body["spec"]["resources"]["gpu"] = json!(gpus);
        body["spec"]["instanceType"] = json!(machine);
        server.post_run(&body)
    };
    let runs = [
        (launch("1", "m5a.large").json(), "1"),
        (launch("2", "m5a.large").json(), "2"),
        (launch("0", "m5a.large").json(), "0"),
        (launch("0", "g4dn.xlarge").json(), "1"),
    ];
    for (run, count) in &runs {
        for trial in server.finish(run) {
            let log = server.output_of(&trial);
            assert_eq!(trial["exitCode"], 0, "{log}");
            assert_eq!(log.split_whitespace().next(), Some(*count), "{log}");
        }
    }
    let refused = launch("4", "m5a.large");
    assert_eq!(refused.status, 400);
    assert!(
        refused.message().contains("4 GPUs"),
        "{}",
        refused.message()
    );
}

#[test]
fn trials_share_the_cpus_that_they_ask_for() {
    let home = Home::new(&[(
        "cpu.py",
        "import os, sys, time\n\
         os.mkdir(sys.argv[1])\ntime.sleep(0.2)\nos.rmdir(sys.argv[1])",
    )]);
    home.write("sweep.toml", "[clusters.local]\nslots = 4\ncpus = 4\n");
    let server = home.start();
    let mut body = launch_request(&format!(
        "cpu.py  '{}' '[1, 2, 3]'",
        home.path("busy").display()
    ));
    body["spec"]["resources"]["cpu"] = json!(3);
    let trials = server.finish(&server.post_run(&body).json());
    assert!(
        trials.iter().all(|trial| trial["exitCode"] == 0),
        "two at once: {trials:?}"
    );
}

pub(crate) fn tar_gz(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, name, content.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn an_uploaded_source_runs_once_it_has_come() {
    let home = Home::new(&[("train.py", "print('of the server')")]);
    let server = home.start();
    let mut body = launch_request("train.py  '[1, 2]'");
    body["localDir"] = json!(true);
    let launch = Request::new("POST", "/v1/core/local/runs").header("Idempotency-Key", "up");
    let launch = launch.json(&body);
    let made = server.send(launch.clone()).json();
    let url = made["status"]["uploadUrl"].as_str().unwrap();
    let prefix = format!("http://{}", server.address);
    let path = url
        .strip_prefix(&prefix)
        .unwrap_or_else(|| panic!("{url}"))
        .to_owned();
    // A run launched later runs to its end: the earlier one had its turn and was passed over.
    server.finish(&server.launch("train.py "));
    let waiting = run_status(&server, &made);
    assert_eq!(waiting["experimentCounts"]["pending"], 2, "{waiting}");
    assert!(
        waiting["message"].as_str().unwrap().contains("upload"),
        "{waiting}"
    );
    server.kill();
    let server = home.start();
    let put = |path: &str, bytes: &[u8]| {
        let mut request = Request::new("PUT", path);
        request.body = Some(bytes.to_vec());
        request.send(server.address)
    };
    let source = tar_gz(&[
        ("./train.py", "import sys, part.b\nprint(sys.argv[1])"),
        ("./part/b.py", "print('b')"),
    ]);
    assert_eq!(
        put(&path.replace("signature=", "signature=00"), &source).status,
        403
    );
    let bad = put(&path, b"this is no archive");
    assert_eq!(bad.status, 400);
    assert!(bad.message().contains("tar.gz"), "{}", bad.message());
    let came = put(&path, &source);
    assert_eq!(came.status, 200, "{}", came.text());
    let tag = came.header("ETag").expect("an ETag").to_owned();
    assert_eq!(
        put(&path, &source).header("ETag"),
        Some(tag.as_str()),
        "sent again"
    );
    assert_eq!(put(&path, &tar_gz(&[("train.py", "")])).status, 409);
    let trials = server.finish(&made);
    assert_eq!(server.output_of(&trials[1]), "b\n2\n");
    // The answer to the launch was lost: asked again, there is nothing more to upload.
    let again = server.send(launch).json();
    assert_eq!(
        (&again["id"], &again["status"]["uploadUrl"]),
        (&made["id"], &json!(""))
    );
    assert_eq!(fs::read_dir(home.path("data/uploads")).unwrap().count(), 0);
}

#[test]
fn an_upload_beyond_the_limits_is_refused() {
    let home = Home::new(&[]);
    home.write("sweep.toml", "[limits]\nsource_bytes = 10000\n");
    let server = home.start();
    let mut body = launch_request("train.py ");
    body["localDir"] = json!(true);
    let made = server.post_run(&body).json();
    let url = made["status"]["uploadUrl"].as_str().unwrap();
    let path = url.split_once(&server.address.to_string()).unwrap().1;
    let zeros = "0".repeat(10_001);
    for bytes in [tar_gz(&[("big", &zeros)]), vec![7; 10_001]] {
        let mut request = Request::new("PUT", path);
        request.body = Some(bytes);
        let answer = request.send(server.address);
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
    assert_eq!(run_status(&server, &made)["experimentCounts"]["pending"], 1);
    assert_eq!(fs::read_dir(home.path("data/uploads")).unwrap().count(), 0);
}

#[test]
fn output_is_searched_by_lines() {
    let home = Home::new(&[(
        "lines.py",
        "for line in range(1000): print(f'line {line}: ' + ('needle' if line % 7 == 3 else 'hay'))",
    )]);
    let server = home.start();
    let trial = server.finish(&server.launch("lines.py "))[0].clone();
    let path = format!(
        "/v1/core/local/experiments/{}/logs",
        trial["id"].as_str().unwrap()
    );
    let (mut found, mut from) = (Vec::new(), Some(0));
    while let Some(offset) = from {
        let page = server.get(&format!("{path}?search=needle&offset={offset}"));
        found.extend(page["matches"].as_array().unwrap().clone());
        from = page["nextOffset"].as_u64();
    }
    assert_eq!(found.len(), (0..1000).filter(|line| line % 7 == 3).count());
    assert_eq!(found[1]["text"], "line 10: needle");
    // A match leads to its place.
    let offset = &found[140]["offset"];
    let there = server.get(&format!("{path}?offset={offset}&limit=16"));
    assert_eq!(there["text"], "line 983: needle");
}
