//! The description of the API against its snapshot and against the API.
//!
//! `BLESS=1 cargo test -p sweep-server --test it openapi` writes the snapshot; read the difference
//! before committing it: it is what changes for those who use the API.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Value, json};

use crate::client::{Answer, Request, read_head};
use crate::datastores;
use crate::schema::Schemas;
use crate::server::{Home, Server};

/// A start address that does not work.
const USED_START: &str = "/start?token=used";

fn snapshot_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openapi.json")
}

/// The description as it was reviewed last.
pub(crate) fn read_snapshot() -> Value {
    serde_json::from_slice(&fs::read(snapshot_path()).unwrap()).unwrap()
}

#[test]
fn the_description_is_the_reviewed_one() {
    let home = Home::new(&[]);
    let document = home.start().get("/openapi.json");
    // Sorted, since serde_json's objects are.
    let found = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if env::var_os("BLESS").is_some() {
        fs::write(snapshot_path(), &found).unwrap();
    }
    let expected = fs::read_to_string(snapshot_path()).unwrap();
    let differs = expected
        .lines()
        .zip(found.lines())
        .position(|(a, b)| a != b);
    assert!(
        expected == found,
        "server/tests/data/openapi.json differs from line {} on: see the head of this file",
        differs.map_or(expected.lines().count(), |line| line + 1)
    );
}

#[test]
fn every_described_call_exists_and_no_other_method() {
    let home = Home::new(&[]);
    let server = home.start();
    let document = read_snapshot();
    let mut names = BTreeSet::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        let filled = fill_path(path, "x", "x-0");
        for method in ["get", "post", "put", "delete"] {
            // Without credentials: an address that takes the method asks for them, or for its own.
            let request = Request::new(&method.to_uppercase(), &filled);
            let status = request.send(server.address).status;
            let call = calls.get(method);
            assert_eq!(
                status != 405 && status != 404,
                call.is_some(),
                "{method} {path}: {status}"
            );
            let Some(call) = call else { continue };
            let is_public = call["security"] == json!([]);
            assert_eq!(status == 401, !is_public, "{method} {path}: {status}");
            let name = call["operationId"].as_str().unwrap().to_owned();
            assert!(
                names.insert(name),
                "{method} {path} has another's operationId"
            );
            assert!(call["summary"].is_string() && call["tags"].is_array());
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = read_snapshot();
    let (mut values, mut references) = (vec![&document], 0);
    while let Some(value) = values.pop() {
        if let Some(reference) = value["$ref"].as_str() {
            let target = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(target).is_some(), "{reference}");
            references += 1;
        }
        values.extend(
            value
                .as_object()
                .into_iter()
                .flat_map(|object| object.values()),
        );
        values.extend(value.as_array().into_iter().flatten());
    }
    assert!(references > 100, "found {references}");
}

/// A path with names in place of `{…}`, those of a run and an experiment given.
fn fill_path(path: &str, run: &str, experiment: &str) -> String {
    path.replace("{cluster}", "local")
        .replace("{datastore}", "cifar5-v2")
        .replace("{run}", run)
        .replace("{experiment}", experiment)
}

#[test]
fn each_described_get_answers_as_described() {
    let home = datastores::home_with_datastores(&[(
        "train.py",
        "import sys\nprint('loss=0.5')\nopen('made', 'w').write('x')\nsys.exit(sys.argv[1] == '--a=2')",
    )]);
    home.write("sweep.toml", "[clusters.local]\nmounts = \"arguments\"\n");
    let server = home.start();
    let run = datastores::launch_with_datastores(
        &server,
        "train.py  --a='[1, 2]'",
        &json!([{"name": "cifar5"}]),
    );
    let trials = server.finish(&run);
    let (run, experiment) = (as_text(&run["id"]), as_text(&trials[0]["id"]));
    let document = read_snapshot();
    for (path, calls) in document["paths"].as_object().unwrap() {
        let Some(call) = calls.get("get") else {
            continue;
        };
        for filled in addresses(&server, path, run, experiment) {
            if path == "/v1/events" {
                check_events(&server, &document);
                continue;
            }
            let request = Request::new("GET", &filled);
            let answer = if call["security"] == json!([]) {
                request.send(server.address)
            } else {
                server.send(request)
            };
            assert!(
                answer.status < 400 || filled == USED_START,
                "{filled}: {}",
                answer.text()
            );
            check_answer(&document, call, &answer, &filled);
        }
    }
    let gone = server.send(Request::new("GET", "/v1/core/local/runs/gone"));
    let call = &document["paths"]["/v1/core/{cluster}/runs/{run}"]["get"];
    assert_eq!(gone.status, 404);
    check_answer(&document, call, &gone, "a run that does not exist");
}

fn as_text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Calls of a path: with the query that it requires, and where it has two forms, both.
fn addresses(server: &Server, path: &str, run: &str, experiment: &str) -> Vec<String> {
    let filled = fill_path(path, run, experiment);
    let files = format!("/v1/core/local/experiments/{experiment}/artifacts");
    let local = |url: &Value| {
        let origin = format!("http://{}", server.address);
        as_text(url).strip_prefix(&origin).unwrap().to_owned()
    };
    match path.rsplit('/').next().unwrap_or_default() {
        "start" => vec![server.open.clone(), USED_START.to_owned()],
        "states" => vec![format!("{filled}?run={run}")],
        "finished-trials" => vec![format!("{filled}?script=train.py")],
        "experiments" => vec![format!("{filled}?names=x-exp0"), filled],
        "logs" => vec![format!("{filled}?search=loss"), filled],
        "file" => vec![local(&server.get(&files)["artifacts"][0]["url"])],
        "output.log" => {
            let logs = format!("/v1/core/local/experiments/{experiment}/logs");
            vec![local(&server.get(&logs)["downloadUrl"])]
        }
        "artifacts.tar" => vec![local(&server.get(&files)["archiveUrl"])],
        _ => vec![filled],
    }
}

/// Checks status, type and body of an answer.
fn check_answer(document: &Value, call: &Value, answer: &Answer, place: &str) {
    let described = &call["responses"];
    let own = described.get(answer.status.to_string());
    assert!(
        own.is_some() || answer.status >= 400,
        "{place}: {}",
        answer.status
    );
    let response = own.unwrap_or(&described["default"]);
    let response = match response["$ref"].as_str() {
        Some(reference) => document.pointer(&reference[1..]).unwrap(),
        None => response,
    };
    let Some(content) = response["content"].as_object() else {
        assert!(answer.body.is_empty(), "{place}: {}", answer.text());
        return;
    };
    let kind = answer.header("Content-Type").unwrap();
    let kind = kind.split(';').next().unwrap();
    assert!(content.contains_key(kind), "{place}: {kind}");
    if kind == "application/json" && !place.ends_with("/openapi.json") {
        let schema = &content[kind]["schema"];
        Schemas(document).check(schema, &answer.json(), place);
    }
}

/// Checks what the stream of events begins with.
fn check_events(server: &Server, document: &Value) {
    use std::io::BufRead;
    let request = Request::new("GET", "/v1/events").basic(crate::server::USER, crate::server::KEY);
    let mut stream = request.header("Last-Event-ID", "0-0").open(server.address);
    let (status, _) = read_head(&mut stream);
    assert_eq!(status, 200);
    let mut lines = stream.lines().map(|line| line.expect("a line"));
    let data = lines.find_map(|line| Some(line.strip_prefix("data: ")?.to_owned()));
    let event = serde_json::from_str(&data.unwrap()).unwrap();
    let schema = &document["components"]["schemas"]["Event"];
    Schemas(document).check(schema, &event, "/v1/events");
}
