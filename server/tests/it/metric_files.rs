//! Files that frameworks have written, in trials of the real server. Where they come from is in
//! `tests/data/metric_files/README.md`.

use serde_json::{Map, Value, json};

use crate::server::Home;

/// Writes what a folder of the test data holds, and prints a name that some of its files have too.
const COPY: &str = "import argparse, os, shutil, time\n\
     parser = argparse.ArgumentParser()\n\
     parser.add_argument('--of')\n\
     folder = parser.parse_args().of\n\
     for place, _, names in os.walk(os.path.join(DATA, folder)):\n\
     \x20   to = os.path.join('out', os.path.relpath(place, os.path.join(DATA, folder)))\n\
     \x20   os.makedirs(to, exist_ok=True)\n\
     \x20   for name in names:\n\
     \x20       shutil.copyfile(os.path.join(place, name), os.path.join(to, name))\n\
     print('train_loss=9')\n";

#[test]
fn what_frameworks_write_is_read() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/metric_files");
    let script = format!("DATA = {data:?}\n{COPY}");
    let home = Home::new(&[("copy.py", script.as_str())]);
    let server = home.start();
    // Of each name the first step, the last value, and how many points it has.
    let expected = std::fs::read(format!("{data}/expected.json")).unwrap();
    let expected: Map<String, Value> = serde_json::from_slice(&expected).unwrap();
    let quoted: Vec<String> = expected
        .keys()
        .map(|folder| format!("'{folder}'"))
        .collect();
    let run = server.launch(&format!("copy.py --of \"[{}]\"", quoted.join(",")));
    let trials = server.finish(&run);
    assert_eq!(trials.len(), expected.len());
    for trial in trials {
        let folder = trial["values"][0].as_str().unwrap();
        let id = trial["id"].as_str().unwrap();
        let list = server.get(&format!("/v1/core/local/experiments/{id}/metrics"));
        let mut found = Map::new();
        for series in list["series"].as_array().unwrap() {
            let points = series["points"].as_array().unwrap();
            let (first, last) = (&points[0], &points[points.len() - 1]);
            let name = series["name"].as_str().unwrap();
            found.insert(
                name.to_owned(),
                json!([first["step"], last["value"], points.len()]),
            );
        }
        assert_eq!(Value::Object(found), expected[folder], "{folder}");
    }
}
