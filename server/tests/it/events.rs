//! Changes as they happen.

use std::io::BufRead;

use serde_json::{Value, json};

use crate::client::{Request, read_head};
use crate::server::{Home, KEY, Server, USER, launch_request};

/// Reads events until one satisfies `until`; answers with all ids and events.
fn read_events(
    server: &Server,
    last: Option<&str>,
    then: impl FnOnce(),
    until: impl Fn(&Value) -> bool,
) -> Vec<(String, Value)> {
    let mut request = Request::new("GET", "/v1/events").basic(USER, KEY);
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let mut stream = request.open(server.address);
    let (status, headers) = read_head(&mut stream);
    assert_eq!(status, 200);
    let kind = headers
        .iter()
        .find(|(name, _)| name == "content-type")
        .unwrap();
    assert_eq!(kind.1, "text/event-stream");
    // The first comment says that the stream is open.
    let mut lines = stream.lines().map(|line| line.expect("a line"));
    assert!(lines.by_ref().any(|line| line == ": open"));
    then();
    let (mut id, mut events) = (String::new(), Vec::new());
    for line in lines {
        if let Some(text) = line.strip_prefix("id: ") {
            id = text.to_owned();
        } else if let Some(data) = line.strip_prefix("data: ") {
            let event: Value = serde_json::from_str(data).expect("JSON");
            let done = until(&event);
            events.push((id.clone(), event));
            if done {
                return events;
            }
        }
    }
    panic!("the stream ended: {events:?}");
}

fn is_succeeded_run(event: &Value) -> bool {
    event["run"]["status"]["phase"] == "RUN_STATE_SUCCEEDED"
}

#[test]
fn a_run_is_watched_to_its_end_and_taken_up_where_it_was_left() {
    let home = Home::new(&[("file.py", "print('acc=0.5')")]);
    let server = home.start();
    let events = read_events(
        &server,
        None,
        || drop(server.launch("file.py  --a '[1, 2]'")),
        is_succeeded_run,
    );
    let states: Vec<&str> = events
        .iter()
        .flat_map(|(_, event)| event["trials"]["trials"].as_array().into_iter().flatten())
        .filter(|trial| trial["number"] == 1)
        .map(|trial| trial["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states.first(),
        Some(&"EXPERIMENT_STATE_IMAGE_BUILDING"),
        "{states:?}"
    );
    assert_eq!(
        states.last(),
        Some(&"EXPERIMENT_STATE_SUCCEEDED"),
        "{states:?}"
    );
    let measured = events
        .iter()
        .any(|(_, event)| event["trials"]["trials"][0]["metrics"]["acc"] == 0.5);
    assert!(measured);
    // Everything after the first event comes again.
    let (first, _) = &events[0];
    let again = read_events(&server, Some(first), || (), is_succeeded_run);
    assert_eq!(again, events[1..]);
    // An id of another start cannot be taken up.
    let other = read_events(&server, Some("01old-3"), || (), |_| true);
    assert_eq!(other[0].1, "reload");
}

/// A run that waits for an upload, so that nothing of it starts.
fn launch_waiting(server: &Server, command: &str) -> Value {
    let mut body = launch_request(command);
    body["localDir"] = json!(true);
    body["spec"]["env"] = json!({"TOKEN": "s3cret-variable"});
    body["description"] = json!("some description");
    let answer = server.post_run(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn an_event_leaves_out_what_was_settled_at_the_launch() {
    let home = Home::new(&[("file.py", "")]);
    let server = home.start();
    let long = "x".repeat(10_000);
    let events = read_events(
        &server,
        None,
        || {
            let command = format!("file.py  --fixed {long} --a '[\"{long}1\", \"{long}2\"]'");
            let run = launch_waiting(&server, &command);
            let id = run["id"].as_str().unwrap();
            let path = format!("/v1/core/local/runs/{id}");
            let stop = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
            let answer = server.send(Request::new("PUT", &path).json(&stop));
            assert_eq!(answer.status, 200);
            // What is read of the run and its trials has it all.
            assert_eq!(answer.json()["spec"]["env"]["TOKEN"], "s3cret-variable");
            assert!(server.trials(&run)[0].to_string().contains(&long));
        },
        |event| event["run"]["status"]["phase"] == "RUN_STATE_CANCELED",
    );
    let changed = |event: &(String, Value)| event.1["trials"]["trials"].as_array().map(Vec::len);
    assert!(events.iter().filter_map(changed).any(|trials| trials == 2));
    for (_, event) in &events {
        let text = event.to_string();
        assert!(text.len() < 4_000, "{} bytes", text.len());
        for left_out in [&long, "s3cret-variable", "some description"] {
            assert!(!text.contains(left_out), "{text}");
        }
    }
    let last = &events.last().unwrap().1["run"];
    assert_eq!(last["spec"]["clusterId"], "local");
    assert_eq!(last["spec"]["desiredState"], "RUN_STATE_CANCELED");
    assert_eq!(last["status"]["experimentCounts"]["cancelled"], 2);
}

#[test]
fn nothing_is_announced_where_nothing_changed() {
    let home = Home::new(&[("file.py", "import time\ntime.sleep(60)")]);
    let server = home.start();
    let run = server.launch("file.py  --a '[1, 2, 3]'");
    let id = run["id"].as_str().unwrap().to_owned();
    let put = |path: &str, word: &str| {
        let body = json!({"spec": {"desiredState": word}});
        let answer = server.send(Request::new("PUT", path).json(&body));
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    crate::server::wait_until("two trials to run", || {
        let run = server.get(&format!("/v1/core/local/runs/{id}?brief=true"));
        (run["status"]["experimentCounts"]["running"] == 2).then_some(())
    });
    let events = read_events(
        &server,
        None,
        || {
            let trial = format!("/v1/core/local/experiments/{id}-2");
            for _ in 0..5 {
                put(&trial, "EXPERIMENT_STATE_CANCELLED");
                let release = format!("/v1/core/local/runs/{id}/release");
                assert_eq!(server.send(Request::new("POST", &release)).status, 200);
            }
            drop(launch_waiting(&server, "file.py  --marker 1"));
        },
        |event| event["run"]["id"] != Value::Null && event["run"]["id"] != *id,
    );
    let of_run = |event: &&(String, Value)| event.1["run"]["id"] == *id;
    let of_trials = |event: &&(String, Value)| event.1["trials"]["runId"] == *id;
    assert_eq!(events.iter().filter(of_run).count(), 1, "{events:?}");
    assert_eq!(events.iter().filter(of_trials).count(), 1, "{events:?}");
}
