//! Where in its source a run's trials run.

use std::os::unix::fs::symlink;

use serde_json::json;

use crate::client::Request;
use crate::control;
use crate::server::{Home, launch_request};

#[test]
fn trials_run_in_the_folder_of_the_source_that_the_request_names() {
    let home = Home::new(&[
        (
            "pkg/train.py",
            "import lib\nprint(open('../top.txt').read(), lib.name, open('made', 'w').name)",
        ),
        ("pkg/lib.py", "name = 'lib'"),
        ("top.txt", "top"),
    ]);
    symlink("/usr", home.path("source/out")).unwrap();
    let server = home.start();
    let mut body = launch_request("train.py ");
    body["spec"]["relativeWorkDir"] = json!("pkg");
    let run = server.post_run(&body).json();
    let trial = &server.finish(&run)[0];
    assert_eq!(server.output_of(trial), "top lib made\n");
    let id = trial["id"].as_str().unwrap();
    let page = server.get(&format!("/v1/core/local/experiments/{id}/artifacts"));
    // Python may keep what it has compiled of lib.py there too.
    let artifacts = page["artifacts"].as_array().unwrap();
    let made = |artifact: &serde_json::Value| artifact["filename"] == "pkg/made";
    assert!(artifacts.iter().any(made), "{page}");
    for folder in ["missing", "out", "out/bin", "top.txt"] {
        body["spec"]["relativeWorkDir"] = json!(folder);
        let refused = server.post_run(&body);
        assert_eq!(
            (refused.status, refused.message()),
            (400, format!("The source has no folder `{folder}`."))
        );
    }
    for folder in ["..", "/usr", "pkg/../..", "a\0b"] {
        body["spec"]["relativeWorkDir"] = json!(folder);
        let answer = server.post_run(&body);
        assert_eq!(
            (
                answer.status,
                answer.message().contains("not a folder of the source")
            ),
            (400, true)
        );
    }
}

#[test]
fn trials_of_an_upload_run_in_the_folder_that_is_named() {
    let home = Home::new(&[]);
    let server = home.start();
    let mut body = launch_request("train.py ");
    body["localDir"] = json!(true);
    body["spec"]["relativeWorkDir"] = json!("./pkg");
    let made = server.post_run(&body).json();
    let url = made["status"]["uploadUrl"].as_str().unwrap();
    let mut put = Request::new(
        "PUT",
        url.split_once(&server.address.to_string()).unwrap().1,
    );
    let files = [
        ("./top.txt", "top"),
        ("./pkg/train.py", "print(open('../top.txt').read())"),
    ];
    put.body = Some(control::tar_gz(&files));
    assert_eq!(put.send(server.address).status, 200);
    assert_eq!(server.output_of(&server.finish(&made)[0]), "top\n");
}
