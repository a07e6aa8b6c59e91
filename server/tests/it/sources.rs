//! Where a run's source comes from, and where in it the trials run.

use std::os::unix::fs::symlink;

use serde_json::json;

use crate::server::{Home, run};

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
    let mut body = run("train.py ");
    body["spec"]["relativeWorkDir"] = json!("pkg");
    let run = server.post_run(&body).json();
    let trial = &server.finish(&run)[0];
    assert_eq!(server.log(trial), "top lib made\n");
    let id = trial["id"].as_str().unwrap();
    let page = server.get(&format!("/v1/core/local/experiments/{id}/artifacts"));
    assert_eq!(page["artifacts"][0]["filename"], "pkg/made");
    for folder in ["missing", "out", "out/bin", "top.txt"] {
        body["spec"]["relativeWorkDir"] = json!(folder);
        let trial = &server.finish(&server.post_run(&body).json())[0];
        assert_eq!(trial["state"], "EXPERIMENT_STATE_FAILED");
        assert_eq!(
            server.log(trial),
            format!("the source has no folder `{folder}`\n")
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
