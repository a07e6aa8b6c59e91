//! The description of the API against the API.

use serde_json::Value;
use sweep_planner::api::paths;

use crate::client::Request;
use crate::server::Home;

#[test]
fn every_call_is_described_and_every_described_call_exists() {
    let home = Home::new(&[]);
    let server = home.start();
    let document = server.get("/openapi.json");
    let described = document["paths"].as_object().unwrap();
    for path in [
        paths::HEALTH,
        paths::OPENAPI,
        paths::START,
        paths::LOGIN,
        paths::USER,
        paths::SESSION,
        paths::EVENTS,
        paths::CLUSTERS,
        paths::CLUSTER,
        paths::INSTANCE_TYPES,
        paths::SESSIONS,
        paths::DATASTORES,
        paths::DATASTORE,
        paths::RUNS,
        paths::RUN,
        paths::TRIALS,
        paths::STATES,
        paths::RETRY,
        paths::RELEASE,
        paths::UPLOAD,
        paths::EXPERIMENTS,
        paths::EXPERIMENT,
        paths::LOGS,
        paths::METRICS,
        paths::ARTIFACTS,
        paths::ARTIFACT_FILE,
        paths::ARTIFACTS_TAR,
    ] {
        assert!(described.contains_key(path), "{path} is not described");
    }
    for (path, calls) in described {
        let filled = path
            .replace("{cluster}", "local")
            .replace("{run}", "x")
            .replace("{datastore}", "x-v1")
            .replace("{experiment}", "x-0");
        for method in ["get", "post", "put", "delete"] {
            // Without credentials: an address that takes the method asks for them, or for its own.
            let status = Request::new(&method.to_uppercase(), &filled)
                .send(server.address)
                .status;
            let exists = status != 405 && status != 404;
            assert_eq!(
                exists,
                calls.get(method).is_some(),
                "{method} {path}: {status}"
            );
        }
    }
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
}

fn collect_references(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "$ref" {
                    references.push(member.as_str().unwrap().to_owned());
                }
                collect_references(member, references);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| collect_references(item, references)),
        _ => {}
    }
}
