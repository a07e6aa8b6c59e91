//! Changes as they happen.

use std::io::BufRead;

use serde_json::Value;

use crate::client::{Request, read_head};
use crate::server::{Home, KEY, Server, USER};

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
