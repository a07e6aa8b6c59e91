//! Requests that are wrong in ways that no client of ours is: each refused by the caller's own fault,
//! in words, and never with a 5xx.

use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, Server, launch_request};

const RUNS: &str = "/v1/core/local/runs";

/// A server whose limits are small, with a run whose only trial has ended.
fn start_server() -> (Home, Server, Value) {
    let home = Home::new(&[("file.sh", "echo loss=1\necho out")]);
    home.write("sweep.toml", "[limits]\nargument_bytes = 2000000\n");
    let server = home.start();
    let run = server.launch("file.sh ");
    server.finish(&run);
    (home, server, run)
}

#[test]
fn what_is_too_long_or_cannot_be_passed_is_refused_with_its_limit() {
    let (_home, server, _run) = start_server();
    let long = |bytes: usize| "x".repeat(bytes);
    let command = |text: String| ("/spec/runControllerCommand".to_owned(), json!(text));
    let spec = |name: &str, value: Value| (format!("/spec/{name}"), value);
    for ((pointer, value), words) in [
        // What no program can be passed.
        (
            command("file.sh  \"choice(['\\0a', '\\0b'], 2)\"".into()),
            "holds the character NUL",
        ),
        (
            command("file.sh  \"['a', 'b\\x00']\"".into()),
            "No program can be passed a NUL",
        ),
        (command("file.sh  'a\0'".into()), "NUL"),
        (command("file\0.sh ".into()), "NUL"),
        (spec("env", json!({"A": "a\0"})), "`A` cannot be set"),
        (spec("env", json!({"A\0": "a"})), "cannot be set"),
        (spec("relativeWorkDir", json!("a\0b")), "is not a folder"),
        (
            command(format!("file.sh  {}", long(131_072))),
            "131,072 bytes, at most 131,071",
        ),
        (
            command(format!("file.sh  --x={}", long(131_068))),
            "131,072 bytes, at most 131,071",
        ),
        (
            command(format!(
                "file.sh {}",
                format!("  {}", long(130_000)).repeat(9)
            )),
            "The arguments of one trial have 1,170,017 bytes",
        ),
        (
            command(format!("file.sh  --x \"['a', '{}']\"", long(16_385))),
            "The swept values of one trial have 16,385 bytes",
        ),
        (
            command(format!("file.sh  --x {} 'range(200)'", long(10_000))),
            "The arguments of 200 trials, 10,017 bytes each, have 2,003,400 bytes",
        ),
        // What comes back in every answer.
        (
            command(format!("file.sh  \"['{}']\"", long(4 << 20))),
            "takes at most 4,194,304 bytes",
        ),
        (
            spec("instanceType", json!(long(1_000_000))),
            "`spec.instanceType` takes at most 200 bytes",
        ),
        (spec("sweepType", json!(long(201))), "`spec.sweepType`"),
        (spec("userId", json!(long(201))), "`spec.userId`"),
        (
            spec("clusterId", json!(long(1_000_000))),
            "The address says cluster",
        ),
        (
            spec("relativeWorkDir", json!(long(4097))),
            "`spec.relativeWorkDir`",
        ),
        (
            spec("sourceCode", json!(format!("https://a/{}", long(4097)))),
            "`spec.sourceCode`",
        ),
        (
            spec("image", json!({"framework": long(201)})),
            "`spec.image.framework`",
        ),
        (
            spec("image", json!({"dockerfile": long(4097)})),
            "`spec.image.dockerfile`",
        ),
        (
            spec("image", json!({"dependencyFileInfo": {"path": long(4097)}})),
            "`spec.image.dependencyFileInfo.path`",
        ),
        (
            spec(
                "image",
                json!({"dependencyFileInfo": {"packageManager": long(201)}}),
            ),
            "`spec.image.dependencyFileInfo.packageManager`",
        ),
        (
            spec("actions", json!({"onBuild": [long(70_000)]})),
            "`spec.actions`",
        ),
        (
            spec("actions", json!({"onBuildEnd": vec![""; 30_000]})),
            "`spec.actions`",
        ),
        (
            spec("resources", json!({"extra": {"a": long(20_000)}})),
            "`spec.resources.extra`",
        ),
        (
            spec("scratch", json!([{"mountPath": long(4097)}])),
            "`spec.scratch[].mountPath`",
        ),
        (
            spec("scratch", json!(vec![json!({}); 101])),
            "`spec.scratch` takes at most 100 items",
        ),
        (
            spec("datastores", json!(vec![json!({"name": "a"}); 101])),
            "`spec.datastores`",
        ),
        (
            spec("datastores", json!([{"name": long(201)}])),
            "`spec.datastores[].name`",
        ),
        (
            spec("datastores", json!([{"mountPath": long(4097)}])),
            "`spec.datastores[].mountPath`",
        ),
        (
            spec(
                "sweepOptions",
                json!({"seed": format!("{}1", " ".repeat(300))}),
            ),
            "`spec.sweepOptions.seed`",
        ),
        (
            spec("sweepOptions", json!({"python": long(4097)})),
            "`spec.sweepOptions.python`",
        ),
        (
            spec("sweepOptions", json!({"priority": long(201)})),
            "`spec.sweepOptions.priority`",
        ),
        (
            spec("env", json!({"A": long(131_072)})),
            "The variable `A` has 131,075 bytes",
        ),
        (
            spec(
                "env",
                json!(
                    (0..10)
                        .map(|n| (format!("A{n}"), long(120_000)))
                        .collect::<std::collections::BTreeMap<_, _>>()
                ),
            ),
            "`spec.env` takes at most 1,048,576 bytes",
        ),
        (
            ("/description".to_owned(), json!(long(201))),
            "A description has at most 200 characters",
        ),
        (
            ("/name".to_owned(), json!(long(201))),
            "is no name for a run",
        ),
    ] {
        let mut body = launch_request("file.sh ");
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[member] = value;
        let answer = server.post_run(&body);
        assert_eq!(
            answer.status,
            400,
            "{pointer}, {words}: {:.300}",
            answer.text()
        );
        let message = answer.message();
        assert!(message.contains(words), "{pointer}: {message:.300}");
        // What is refused does not come back at its whole length.
        assert!(message.len() < 1000, "{pointer}: {}", message.len());
    }
    // Just below: taken.
    for command in [
        format!("file.sh  {}", long(131_071)),
        format!("file.sh  --x \"['a', '{}']\"", long(16_384)),
    ] {
        let mut body = launch_request(&command);
        body["localDir"] = json!(true);
        let answer = server.post_run(&body);
        assert_eq!(answer.status, 200, "{:.300}", answer.text());
    }
}

#[test]
fn an_array_is_no_object() {
    let (_home, server, run) = start_server();
    let id = run["id"].as_str().unwrap();
    let (run, experiment) = (
        format!("{RUNS}/{id}"),
        format!("/v1/core/local/experiments/{id}-0"),
    );
    let retry = format!("{run}/retry");
    for (method, path, body) in [
        ("POST", RUNS, json!([])),
        (
            "POST",
            RUNS,
            json!([false, "a", "", {"runControllerCommand": "file.sh "}]),
        ),
        ("POST", RUNS, json!({"spec": []})),
        (
            "POST",
            RUNS,
            json!({"spec": {"runControllerCommand": "file.sh ", "image": []}}),
        ),
        (
            "POST",
            RUNS,
            json!({"spec": {"runControllerCommand": "file.sh ", "actions": [[]]}}),
        ),
        (
            "POST",
            RUNS,
            json!({"spec": {"runControllerCommand": "file.sh ", "resources": [1]}}),
        ),
        (
            "POST",
            RUNS,
            json!({"spec": {"runControllerCommand": "file.sh ", "sweepOptions": [1]}}),
        ),
        (
            "POST",
            RUNS,
            json!({"spec": {"runControllerCommand": "file.sh ", "scratch": [[]]}}),
        ),
        (
            "POST",
            RUNS,
            json!({"spec": {"runControllerCommand": "file.sh ", "datastores": [["a"]]}}),
        ),
        (
            "POST",
            RUNS,
            json!({"spec": {"runControllerCommand": "file.sh ", "env": [["A", "b"]]}}),
        ),
        (
            "POST",
            RUNS,
            json!({"spec": {"runControllerCommand": "file.sh ",
                            "image": {"dependencyFileInfo": ["a"]}}}),
        ),
        ("PUT", &run, json!([])),
        ("PUT", &run, json!([["RUN_STATE_CANCELED"]])),
        ("PUT", &run, json!({"spec": ["RUN_STATE_CANCELED"]})),
        ("PUT", &experiment, json!([["EXPERIMENT_STATE_CANCELLED"]])),
        (
            "PUT",
            &experiment,
            json!({"spec": ["EXPERIMENT_STATE_CANCELLED"]}),
        ),
        ("POST", &retry, json!([])),
        ("POST", &retry, json!([[0]])),
        (
            "POST",
            "/v1/auth/login",
            json!([crate::server::USER, crate::server::KEY]),
        ),
        (
            "POST",
            "/v1/session",
            json!([crate::server::USER, crate::server::KEY]),
        ),
    ] {
        let answer = server.send(Request::new(method, path).json(&body));
        assert_eq!(
            answer.status,
            400,
            "{method} {path} {body}: {}",
            answer.text()
        );
        assert!(
            answer.message().contains("sequence"),
            "{body}: {}",
            answer.message()
        );
    }
}

#[test]
fn what_is_not_done_is_said() {
    let (_home, server, run) = start_server();
    assert_eq!(run["status"]["message"], "");
    for (pointer, value, words) in [
        ("actions", json!({"onBuild": ["make"]}), "actions"),
        (
            "actions",
            json!({"onExperimentEnd": ["rm -r x"]}),
            "actions",
        ),
        ("image", json!({"dockerfile": "Dockerfile"}), "dockerfile"),
        (
            "image",
            json!({"dependencyFileInfo": {"path": "requirements.txt"}}),
            "dependency file",
        ),
        (
            "image",
            json!({"dockerfile": "D", "dependencyFileInfo": {"path": "environment.yml"}}),
            "dockerfile, dependency file",
        ),
    ] {
        let mut body = launch_request("file.sh ");
        body["spec"][pointer] = value;
        let answer = server.post_run(&body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let run = answer.json();
        let id = run["id"].as_str().unwrap();
        server.finish(&run);
        for run in [&run, &server.get(&format!("{RUNS}/{id}"))] {
            let message = run["status"]["message"].as_str().unwrap();
            let expected = format!("not done, since this server builds no images: {words}");
            assert!(message.ends_with(&expected), "{message}");
        }
    }
    // What is in the way of the run comes first.
    let mut body = launch_request("file.sh ");
    body["localDir"] = json!(true);
    body["spec"]["image"] = json!({"dockerfile": "D"});
    let message = server.post_run(&body).json()["status"]["message"].clone();
    let expected = "waits for the upload of its source; not done, since this server builds no \
                    images: dockerfile";
    assert_eq!(message, expected);
}

#[test]
fn no_number_of_a_query_is_the_servers_fault() {
    let (_home, server, run) = start_server();
    let id = run["id"].as_str().unwrap();
    let experiment = format!("/v1/core/local/experiments/{id}-0");
    let numbers = [
        "0",
        "1",
        "-1",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e9",
        "NaN",
        "%00",
        "0x10",
        "1.5",
        "+1",
        "",
        "%20",
        "99999999999999999999999999999999999999999",
    ];
    for path in [
        format!("{experiment}/logs?offset="),
        format!("{experiment}/logs?search=o&offset="),
        format!("{experiment}/logs?limit="),
        format!("{experiment}/logs?limit=1&offset=1&tail="),
        format!("{experiment}/logs?attempt="),
        format!("{experiment}/metrics?from="),
        format!("{experiment}/metrics?to="),
        format!("{experiment}/metrics?from=18446744073709551615&to="),
        format!("{experiment}/metrics?points="),
        format!("{experiment}/artifacts?pageToken="),
        format!("{experiment}/artifacts?pageSize=1&pageToken="),
        format!("{experiment}/artifacts?pageSize="),
        format!("{experiment}/artifacts.tar?signature=00&expires="),
        format!("{experiment}/artifacts/file?path=a&signature=00&expires="),
        format!("{experiment}/output.log?signature=00&expires="),
        format!("{experiment}/output.log?attempt="),
        format!("{RUNS}/{id}/trials?offset="),
        format!("{RUNS}/{id}/trials?limit="),
        format!("{RUNS}/{id}/trials?state=EXPERIMENT_STATE_SUCCEEDED&offset="),
        format!("{RUNS}/{id}/trials?state=EXPERIMENT_STATE_SUCCEEDED&offset=1&limit="),
        format!("/v1/core/local/states?run={id}&from="),
        format!("{RUNS}?brief="),
        format!("/v1/core/local/experiments/{id}-"),
        "/v1/core/local/experiments?names=a-exp".to_owned(),
        "/v1/core/local/datastores/a-v".to_owned(),
        "/v1/core/local/datastores?name=".to_owned(),
    ] {
        for number in numbers {
            let asked = format!("{path}{number}");
            let answer = server.send(Request::new("GET", &asked));
            assert!(
                answer.status < 500,
                "{asked}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    let retry = format!("{RUNS}/{id}/retry");
    for number in [
        json!(0),
        json!(4_294_967_295_u32),
        json!(u64::MAX),
        json!(-1),
        json!(1e300),
    ] {
        let request = Request::new("POST", &retry).json(&json!({"numbers": [number]}));
        let answer = server.send(request);
        assert!(
            [400, 409].contains(&answer.status),
            "{number}: {}",
            answer.text()
        );
    }
}
