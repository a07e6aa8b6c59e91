//! A script that is not in the source is refused, or fails its run, before it costs anything.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::client::{Answer, Request};
use crate::control::tar_gz;
use crate::repository::{fetch_request, git, make_repository};
use crate::server::{Home, Server, launch_request};

fn request_in_folder(command: &str, folder: &str) -> Value {
    let mut body = launch_request(command);
    body["spec"]["relativeWorkDir"] = json!(folder);
    body
}

/// Every trial has failed with these words, none has started, and nothing was billed.
fn assert_unbilled(server: &Server, run: &Value, words: &str) {
    let trials = server.finish(run);
    assert!(!trials.is_empty());
    for trial in trials {
        assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED");
        assert_eq!(trial["message"], words, "{trial}");
        for nothing in ["startTimestamp", "billedSeconds", "cost", "exitCode"] {
            assert_eq!(trial[nothing], Value::Null, "{nothing} {trial}");
        }
    }
    let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
    let status = server.get(&path)["status"].clone();
    assert_eq!(status["phase"], "RUN_STATE_FAILED", "{status}");
    assert_eq!(status["message"], words);
    assert_eq!(status["cost"], json!(0.0));
}

#[test]
fn a_script_that_the_servers_folder_has_not_is_refused_at_launch() {
    let home = Home::new(&[
        ("train.py", ""),
        ("pkg/fit.py", "print('fits')"),
        ("old/run.py", ""),
        (".gridignore", "old/\n"),
    ]);
    symlink("/usr/lib", home.path("source/lib")).unwrap();
    let server = home.start();
    for (body, words) in [
        (
            launch_request("trian.py  --a '[1, 2, 3, 4, 5, 6]'"),
            "The script `trian.py` is not in the source. Did you mean `train.py`?",
        ),
        (
            launch_request("fit.py "),
            "The script `fit.py` is not in the source. Did you mean `pkg/fit.py`?",
        ),
        (
            launch_request("Train.py "),
            "The script `Train.py` is not in the source. Did you mean `train.py`?",
        ),
        (
            request_in_folder("fitt.py ", "./pkg"),
            "The script `fitt.py` is not in the source's folder `pkg`. Did you mean `fit.py`?",
        ),
        (
            request_in_folder("train.py ", "pkg"),
            "The script `train.py` is not in the source's folder `pkg`. The source has `train.py`.",
        ),
        (
            request_in_folder("fit.py ", "pgk"),
            "The source has no folder `pgk`. Did you mean `pkg`?",
        ),
        (
            launch_request("old/run.py "),
            "The script `old/run.py` is left out of the source by its .gridignore, .gitignore or \
             .dockerignore file.",
        ),
    ] {
        let refused = server.post_run(&body);
        assert_eq!(
            (refused.status, refused.message()),
            (400, words.to_owned()),
            "{body}"
        );
    }
    // Nothing was launched, and nothing is left of it.
    assert_eq!(server.get("/v1/core/local/runs")["runs"], json!([]));
    assert_eq!(fs::read_dir(home.path("data/sources")).unwrap().count(), 0);
    let fits = server
        .post_run(&request_in_folder("./fit.py ", "pkg"))
        .json();
    assert_eq!(server.output_of(&server.finish(&fits)[0]), "fits\n");
}

fn put_upload(server: &Server, run: &Value, files: &[(&str, &str)]) -> Answer {
    let url = run["status"]["uploadUrl"].as_str().unwrap();
    let path = url.split_once(&server.address.to_string()).unwrap().1;
    let mut put = Request::new("PUT", path);
    put.body = Some(tar_gz(files));
    put.send(server.address)
}

#[test]
fn a_script_that_an_upload_has_not_fails_the_run_before_a_trial_starts() {
    let home = Home::new(&[]);
    let server = home.start();
    let mut body = request_in_folder("train.py  '[1, 2]'", "pkg");
    body["localDir"] = json!(true);
    let run = server.post_run(&body).json();
    let words = "The script `train.py` is not in the source's folder `pkg`. Did you mean \
                 `trains.py`?";
    let wrong = [("pkg/trains.py", ""), ("train.txt", "")];
    for _ in 0..2 {
        // Sent again, as a client does that heard no answer.
        let refused = put_upload(&server, &run, &wrong);
        assert_eq!(refused.status, 422, "{}", refused.text());
        assert!(
            refused.message().starts_with(words),
            "{}",
            refused.message()
        );
        assert_unbilled(&server, &run, words);
    }
    let id = run["id"].as_str().unwrap();
    assert!(!home.path(&format!("data/sources/{id}")).exists());
    // Tried again, it waits for a source that has it.
    let retry = format!("/v1/core/local/runs/{id}/retry");
    let again = server.send(Request::new("POST", &retry).json(&json!({})));
    assert_eq!(again.status, 200);
    let right = [("pkg/train.py", "import sys\nprint(sys.argv[1])")];
    assert_eq!(put_upload(&server, &run, &right).status, 200);
    let trials = server.finish(&run);
    assert_eq!(server.output_of(&trials[1]), "2\n");
    // One that comes too late is no reason for anything.
    assert_eq!(put_upload(&server, &run, &wrong).status, 409);
    assert_eq!(
        server.finish(&run)[1]["state"],
        "EXPERIMENT_STATE_SUCCEEDED"
    );
}

#[test]
fn a_script_that_a_repository_has_not_fails_the_run_before_a_trial_starts() {
    let home = Home::new(&[]);
    let (address, _) = make_repository(&home);
    let server = home.start();
    let mut body = fetch_request(&address);
    body["spec"]["runControllerCommand"] = json!("trani.py  '[1, 2, 3]'");
    let run = server.post_run(&body).json();
    let words = "The script `trani.py` is not in the source's folder `pkg`. Did you mean \
                 `train.py`?";
    assert_unbilled(&server, &run, words);
    let id = run["id"].as_str().unwrap();
    assert!(!home.path(&format!("data/sources/{id}")).exists());
    // It is pushed, and the trials are tried again.
    let work = home.path("work");
    home.write("work/pkg/trani.py", "print('now')");
    git(&work, &["add", "--all"]);
    git(&work, &["commit", "--quiet", "--message=x"]);
    let bare = home.path("git/proj.git").display().to_string();
    git(&work, &["push", "--quiet", &bare, "HEAD:main"]);
    let retry = format!("/v1/core/local/runs/{id}/retry");
    let again = server.send(Request::new("POST", &retry).json(&json!({})));
    assert_eq!(again.status, 200);
    assert_eq!(server.output_of(&server.finish(&run)[2]), "now\n");
}
