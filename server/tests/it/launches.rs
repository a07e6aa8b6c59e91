//! What a launch takes, and what it refuses.

use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, Server, launch_request};

fn home() -> Home {
    Home::new(&[("file.py", "print('hello')")])
}

fn expect_refusal(server: &Server, change: impl Fn(&mut Value)) -> (u16, String) {
    let mut body = launch_request("file.py  --a '[1, 2]'");
    change(&mut body);
    let answer = server.post_run(&body);
    assert!(answer.status >= 400, "{body} was taken");
    (answer.status, answer.message())
}

#[test]
fn what_cannot_be_launched_is_refused_with_its_reason() {
    let home = home();
    home.write("sweep.toml", "[limits]\ntrials = 1000\n");
    let server = home.start();
    let command = |text: &'static str| {
        move |body: &mut Value| body["spec"]["runControllerCommand"] = json!(text)
    };
    let spec = |name: &'static str, value: Value| {
        move |body: &mut Value| body["spec"][name] = value.clone()
    };
    for (status, words, (found, message)) in [
        (
            400,
            "range",
            expect_refusal(&server, command("file.py  --a 'range(1, 10, 0)'")),
        ),
        (
            400,
            "never closed",
            expect_refusal(&server, command("file.py  --a '[1, '")),
        ),
        (
            400,
            "at most 3 arguments",
            expect_refusal(&server, command("file.py  --a 'uniform(0, 1, 2, 3)'")),
        ),
        (400, "", expect_refusal(&server, command(""))),
        (400, ".py", expect_refusal(&server, command("file.txt "))),
        (
            400,
            "below the source folder",
            expect_refusal(&server, command("../file.py ")),
        ),
        (
            400,
            "below the source folder",
            expect_refusal(&server, command("/etc/file.py ")),
        ),
        (
            400,
            "1000",
            expect_refusal(&server, command("file.py  --a 'range(1001)'")),
        ),
        (
            400,
            "1,000,000",
            expect_refusal(&server, command("file.py  --a 'range(10000000)'")),
        ),
        (
            400,
            "cifar5",
            expect_refusal(&server, spec("datastores", json!([{"name": "cifar5"}]))),
        ),
        (
            400,
            "d-77",
            expect_refusal(&server, spec("datastores", json!([{"id": "d-77"}]))),
        ),
        (
            400,
            "sweepType",
            expect_refusal(&server, spec("sweepType", json!("bayes"))),
        ),
        (
            400,
            "elsewhere",
            expect_refusal(&server, spec("clusterId", json!("elsewhere"))),
        ),
        (
            400,
            "A=B",
            expect_refusal(&server, spec("env", json!({"A=B": "c"}))),
        ),
        (
            400,
            "num_trials",
            expect_refusal(&server, |body| {
                body["spec"]["sweepType"] = json!("random_search");
            }),
        ),
        (
            400,
            "sweepOptions.seed",
            expect_refusal(&server, |body| {
                body["spec"]["sweepOptions"] = json!({"seed": "-1"});
            }),
        ),
        (
            400,
            "trial 2 is not",
            expect_refusal(&server, |body| {
                body["spec"]["sweepOptions"] = json!({"trials": "0-2"});
            }),
        ),
        (
            400,
            "integer",
            expect_refusal(&server, spec("resources", json!({"cpu": 1.5}))),
        ),
        (
            409,
            "differently",
            expect_refusal(&server, |body| {
                body["spec"]["sweepOptions"] = json!({"digest": "0".repeat(64)});
            }),
        ),
        (
            400,
            "Not A Name",
            expect_refusal(&server, |body| body["name"] = json!("Not A Name")),
        ),
        (
            400,
            "repositories",
            expect_refusal(&server, spec("sourceCode", json!("git://x/y#ref=1"))),
        ),
        (
            501,
            "dry run",
            expect_refusal(&server, spec("dryRun", json!(true))),
        ),
    ] {
        assert_eq!(found, status, "{message}");
        assert!(
            message.to_lowercase().contains(&words.to_lowercase()),
            "{words}: {message}"
        );
    }
    assert_eq!(
        server.get("/v1/core/local/runs")["runs"],
        json!([]),
        "something was started"
    );
    let left = std::fs::read_dir(home.path("data/sources"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "a refused launch left its source behind");
}

#[test]
fn bodies_that_are_no_request_get_the_same_error_shape() {
    let home = home();
    let server = home.start();
    let post = |kind: &str, body: &str| {
        let mut request = Request::new("POST", "/v1/core/local/runs").header("Content-Type", kind);
        request.body = Some(body.into());
        let answer = server.send(request);
        (answer.status, answer.message())
    };
    assert_eq!(post("application/json", "{").0, 400);
    assert_eq!(post("application/json", "[1]").0, 400);
    assert_eq!(
        post("application/json", r#"{"spec":{"useSpot":"maybe"}}"#).0,
        400
    );
    assert_eq!(post("text/plain", "{}").0, 415);
    let path = "/v1/core/nowhere/runs";
    let answer = server.send(Request::new("GET", path));
    assert_eq!(answer.status, 404);
    assert!(answer.message().contains("nowhere"));
    let answer = server.send(Request::new(
        "GET",
        "/v1/core/local/runs?phaseIn=RUN_STATE_X",
    ));
    assert_eq!(
        (answer.status, answer.message().contains("RUN_STATE_X")),
        (400, true)
    );
    let answer = server.send(Request::new("PATCH", "/v1/core/local/runs"));
    assert_eq!((answer.status, answer.message().is_empty()), (405, false));
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let home = home();
    home.write("sweep.toml", "[limits]\nbody_bytes = 2000\n");
    let server = home.start();
    let answer = server.post_run(&launch_request(&format!("file.py  {}", "x".repeat(3000))));
    assert_eq!((answer.status, answer.message().is_empty()), (413, false));
}

#[test]
fn chosen_trials_and_seeds_are_kept_to() {
    let server_home = Home::new(&[("file.py", "")]);
    let server = server_home.start();
    let mut body = launch_request("file.py  --a 'range(100)' --b 'uniform(0, 1, 2)'");
    body["spec"]["sweepOptions"] = json!({"trials": "3-4,150", "seed": 7});
    let first = server.post_run(&body).json();
    let trials = server.finish(&first);
    let indices: Vec<_> = trials
        .iter()
        .map(|trial| trial["index"].as_u64().unwrap())
        .collect();
    assert_eq!(indices, [3, 4, 150]);
    assert_eq!(trials[2]["values"][0], "50");
    assert_eq!(first["spec"]["sweepOptions"]["seed"], "7");
    // numpy.random.seed(7); numpy.random.uniform(0, 1, 2)
    assert_eq!(trials[0]["values"][1], "0.07630828937395717");
    // Without a seed one is drawn, answered and kept.
    body["spec"]["sweepOptions"] = json!({"trials": "0"});
    let drawn = server.post_run(&body).json();
    let seed = drawn["spec"]["sweepOptions"]["seed"]
        .as_str()
        .unwrap()
        .to_owned();
    body["spec"]["sweepOptions"] = json!({"trials": "0", "seed": seed});
    let again = server.post_run(&body).json();
    assert_eq!(
        drawn["spec"]["sweepOptions"]["digest"],
        again["spec"]["sweepOptions"]["digest"]
    );
    assert_eq!(
        server.trials(&drawn)[0]["values"],
        server.trials(&again)[0]["values"]
    );
}

#[test]
fn one_key_makes_one_run_also_after_a_kill() {
    let home = home();
    let server = home.start();
    let send = |server: &Server, key: &str, body: &Value| {
        let request = Request::new("POST", "/v1/core/local/runs").json(body);
        server.send(request.header("Idempotency-Key", key))
    };
    let body = launch_request("file.py  --a '[1, 2]'");
    let first = send(&server, "key-1", &body).json();
    assert_eq!(send(&server, "key-1", &body).json()["id"], first["id"]);
    server.kill();
    let server = home.start();
    let again = send(&server, "key-1", &body).json();
    assert_eq!(
        (&again["id"], &again["name"]),
        (&first["id"], &first["name"])
    );
    let other = send(&server, "key-1", &launch_request("file.py "));
    assert_eq!(other.status, 422, "{}", other.message());
    assert_ne!(send(&server, "key-2", &body).json()["id"], first["id"]);
    assert_eq!(send(&server, &"k".repeat(129), &body).status, 400);
    assert_eq!(
        server.get("/v1/core/local/runs")["runs"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn requests_with_one_key_at_the_same_time_make_one_run() {
    let home = home();
    let server = home.start();
    let ids: Vec<Value> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let request = Request::new("POST", "/v1/core/local/runs")
                        .json(&launch_request("file.py "));
                    server
                        .send(request.header("Idempotency-Key", "same"))
                        .json()["id"]
                        .clone()
                })
            })
            .collect();
        sending.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        ids.iter().all(|id| id.is_string() && *id == ids[0]),
        "{ids:?}"
    );
    let runs = server.get("/v1/core/local/runs");
    assert_eq!(runs["runs"].as_array().unwrap().len(), 1);
    assert_eq!(
        std::fs::read_dir(home.path("data/sources"))
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn a_large_run_is_created_at_once_and_paged() {
    let home = home();
    home.write("sweep.toml", "[clusters.local]\nslots = 1\n");
    let server = home.start();
    let run = server.launch("file.py  --a 'range(20000)'");
    let id = run["id"].as_str().unwrap();
    let page = server.get(&format!(
        "/v1/core/local/runs/{id}/trials?offset=19990&limit=50"
    ));
    assert_eq!(page["total"], 20_000);
    let trials = page["trials"].as_array().unwrap();
    assert_eq!(
        (trials.len(), &trials[9]["values"]),
        (10, &json!(["19999"]))
    );
    let path = format!("/v1/core/local/runs/{id}?brief=true");
    let wish = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    server.send(Request::new("PUT", &path).json(&wish));
    server.finish(&run);
    let counts = server.get(&path)["status"]["experimentCounts"].clone();
    let ended = counts["cancelled"].as_u64().unwrap() + counts["succeeded"].as_u64().unwrap();
    assert_eq!(ended, 20_000, "{counts}");
}

#[test]
fn a_run_has_its_fixed_arguments_from_its_launch_on() {
    let home = Home::new(&[("quick.sh", "echo")]);
    let server = home.start();
    let launched = server.launch("quick.sh  --a 1 --x '[1, 2]' --a=2 --fast file.csv");
    let expected = json!([
        {"name": "script", "value": "quick.sh"},
        {"name": "--a", "value": "1"},
        {"name": "--a#2", "value": "2"},
        {"name": "--fast", "value": "file.csv"},
    ]);
    assert_eq!(launched["status"]["fixedArguments"], expected);
    let id = launched["id"].as_str().unwrap();
    let read = server.get(&format!("/v1/core/local/runs/{id}"));
    assert_eq!(read["status"]["fixedArguments"], expected);
    let listed = server.get("/v1/core/local/runs?brief=true");
    assert_eq!(listed["runs"][0]["status"]["fixedArguments"], expected);
    assert_eq!(read["status"]["columns"], json!(["--x"]));
    // What is too long to travel with every answer does not.
    let long = server.launch(&format!(
        "quick.sh  --x '[1, 2]' --a {}",
        "y".repeat(20_000)
    ));
    assert_eq!(long["status"].get("fixedArguments"), None);
}
