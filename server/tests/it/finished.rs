//! Finished trials of a script, for planning more of it.

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::accounts::add_account;
use crate::client::Request;
use crate::control::tar_gz;
use crate::server::{Home, Server, launch_request};

const SCRIPT: &str = "import sys\nprint('loss=0.5')\nsys.exit(1 if '--fail' in sys.argv else 0)\n";

fn sha256(content: &str) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn finished(server: &Server, script: &str) -> Value {
    server.get(&format!("/v1/core/finished-trials?script={script}"))
}

#[test]
fn finished_trials_come_with_what_they_passed_took_and_cost() {
    let home = Home::new(&[("file.py", SCRIPT), ("other.py", SCRIPT)]);
    let server = home.start();
    let nothing = finished(&server, "file.py");
    assert_eq!(
        nothing,
        json!({"script": "file.py", "digest": sha256(SCRIPT), "runs": [], "more": false,
               "newestVersions": {}})
    );
    let run = server.launch("./file.py  --lr '[0.1, 0.2, 0.3]' --n 3");
    server.finish(&run);
    let failed = server.launch("file.py  --fail");
    server.finish(&failed);
    server.finish(&server.launch("other.py "));

    for script in ["file.py", "./file.py", ".//file.py"] {
        let list = finished(&server, script);
        assert_eq!(list["script"], "file.py");
        let runs = list["runs"].as_array().unwrap();
        let ids: Vec<&Value> = runs.iter().map(|run| &run["id"]).collect();
        assert_eq!(ids, [&failed["id"], &run["id"]], "the newest first");
        assert_eq!(runs[0]["trials"][0]["state"], "EXPERIMENT_STATE_FAILED");
        let of = &runs[1];
        assert_eq!(
            (&of["digest"], &of["hasEnded"]),
            (&list["digest"], &json!(true))
        );
        assert_eq!(
            (&of["clusterId"], &of["atOnce"]),
            (&json!("local"), &json!(2))
        );
        assert_eq!(of["instanceType"], "m5a.large");
        assert_eq!(of["columns"], json!(["--lr"]));
        assert_eq!(
            of["fixedArguments"],
            json!([{"name": "script", "value": "./file.py"}, {"name": "--n", "value": "3"}])
        );
        let trials = of["trials"].as_array().unwrap();
        let values: Vec<&Value> = trials.iter().map(|trial| &trial["values"][0]).collect();
        assert_eq!(values, ["0.3", "0.2", "0.1"]);
        for trial in trials {
            assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED");
            assert!(trial["runSeconds"].as_f64().unwrap() > 0.0);
            assert!(trial["cost"].as_f64().unwrap() > 0.0);
            assert_eq!(trial["metrics"], json!({"loss": 0.5}));
        }
    }
    // What is hidden is gone from here too.
    let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
    assert_eq!(server.send(Request::new("DELETE", &path)).status, 200);
    assert_eq!(
        finished(&server, "file.py")["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn nobody_sees_the_finished_trials_of_another_account() {
    let home = Home::new(&[("file.py", SCRIPT)]);
    let server = home.start();
    let eve = add_account(&home, &["eve"]);
    let root = add_account(&home, &["root", "--admin"]);
    server.finish(&server.launch("file.py "));
    assert_eq!(
        finished(&server, "file.py")["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    for (name, key) in [("eve", eve), ("root", root)] {
        let path = "/v1/core/finished-trials?script=file.py";
        let answer = Request::new("GET", path).basic(name, &key);
        let list = answer.send(server.address).json();
        assert_eq!(list["runs"], json!([]), "{name}");
        let mut own = launch_request("file.py ");
        own["spec"]["env"] = json!({"A": "1"});
        let run = Request::new("POST", "/v1/core/local/runs")
            .json(&own)
            .basic(name, &key);
        assert_eq!(run.send(server.address).status, 200);
    }
    assert_eq!(
        finished(&server, "file.py")["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_script_that_has_changed_since_is_another_one() {
    let home = Home::new(&[
        ("file.py", SCRIPT),
        (".gridignore", "hidden.py\n"),
        ("hidden.py", "x"),
    ]);
    let server = home.start();
    server.finish(&server.launch("file.py "));
    let changed = format!("{SCRIPT}\n# once more\n");
    home.write("source/file.py", &changed);
    server.finish(&server.launch("file.py "));
    let list = finished(&server, "file.py");
    assert_eq!(list["digest"], sha256(&changed));
    assert_eq!(list["runs"][0]["digest"], sha256(&changed));
    assert_eq!(list["runs"][1]["digest"], sha256(SCRIPT));
    fs::remove_file(home.path("source/file.py")).unwrap();
    let list = finished(&server, "file.py");
    assert_eq!(list["digest"], Value::Null);
    assert_eq!(list["runs"].as_array().unwrap().len(), 2);
    // What no launch copies has none, so that nobody learns of its content.
    assert_eq!(finished(&server, "hidden.py")["digest"], Value::Null);
}

#[test]
fn an_uploaded_script_is_known_by_its_content_and_folder() {
    let home = Home::new(&[("file.py", SCRIPT)]);
    let server = home.start();
    let mut request = launch_request("file.py ");
    request["localDir"] = json!(true);
    request["spec"]["relativeWorkDir"] = json!("sub");
    let run = server.post_run(&request).json();
    let url = run["status"]["uploadUrl"].as_str().unwrap();
    let path = &url[url.find("/v1/").unwrap()..];
    let mut upload = Request::new("PUT", path);
    let content = format!("{SCRIPT}# uploaded\n");
    upload.body = Some(tar_gz(&[("sub/file.py", content.as_str())]));
    let answer = upload.send(server.address);
    assert_eq!(answer.status, 200, "{}", answer.text());
    server.finish(&run);
    let list = finished(&server, "sub/file.py");
    assert_eq!(list["runs"][0]["digest"], sha256(&content));
    assert_eq!(list["digest"], Value::Null);
    assert_eq!(finished(&server, "file.py")["runs"], json!([]));
}

#[test]
fn data_is_known_by_its_version() {
    let home = Home::new(&[("file.py", SCRIPT)]);
    for version in ["1", "2"] {
        home.write(&format!("data/datastores/c/{version}/x"), "x");
    }
    let server = home.start();
    let mut request = launch_request("file.py ");
    request["spec"]["datastores"] = json!([{"name": "c", "version": 1, "mountPath": ""}]);
    let run = server.post_run(&request);
    assert_eq!(run.status, 200, "{}", run.text());
    server.finish(&run.json());
    let list = finished(&server, "file.py");
    assert_eq!(
        list["runs"][0]["datastores"],
        json!([{"id": "c-v1", "name": "c", "version": "1", "mountPath": "/datastores/c"}])
    );
    assert_eq!(list["newestVersions"], json!({"c": 2}));
}
