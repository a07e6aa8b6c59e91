//! What programs of many frameworks print, against what a careful person would want read of it.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::server::Home;

/// Prints the bytes of a case to its stream.
const EMIT: &str = r#"
import argparse, json, os
parser = argparse.ArgumentParser()
parser.add_argument("--case")
wanted = parser.parse_args().case
for case in json.load(open("cases.json")):
    if case["id"] == wanted:
        os.write(1 if case["stream"] == "stdout" else 2, case["text"].encode("utf-8", "surrogateescape"))
"#;

#[derive(Deserialize)]
struct Case {
    id: String,
    metrics: Vec<Wanted>,
    /// Names that must not become metrics.
    #[serde(default)]
    noise: Vec<String>,
}

/// A point that should be read. The `about` of the file says what the fields mean.
#[derive(Debug, Deserialize)]
struct Wanted {
    name: String,
    step: Option<f64>,
    value: f64,
    #[serde(default)]
    names: Vec<String>,
    steps: Option<Vec<Option<f64>>>,
    #[serde(default)]
    values: Vec<f64>,
    #[serde(default)]
    percent: bool,
    #[serde(default)]
    optional: bool,
}

struct Point {
    name: String,
    step: Option<f64>,
    value: f64,
}

impl Wanted {
    fn fits(&self, point: &Point) -> bool {
        let near = |wanted: f64| (wanted - point.value).abs() <= 1e-6 * wanted.abs().max(1.0);
        let fraction = self.percent && near(self.value / 100.0);
        let steps = self.steps.clone().unwrap_or_else(|| vec![self.step]);
        // Where the text states no step, any is right.
        let step = steps
            .iter()
            .any(|wanted| wanted.is_none() || *wanted == point.step);
        (self.name == point.name || self.names.contains(&point.name))
            && (near(self.value) || fraction || self.values.iter().any(|value| near(*value)))
            && step
    }
}

/// Runs all cases of a file as one sweep; answers with what was read of each.
fn run_cases(cases: &[Value]) -> HashMap<String, Vec<Point>> {
    let all = serde_json::to_string(cases).unwrap();
    let home = Home::new(&[("emit.py", EMIT), ("cases.json", &all)]);
    let server = home.start();
    let ids: Vec<String> = cases.iter().map(|case| case["id"].to_string()).collect();
    let command = format!("emit.py --case '[{}]'", ids.join(","));
    let run = server.launch(&command);
    // A hundred scripts, beside other tests.
    let trials = server.finish_within(&run, Duration::from_secs(300));
    let read = |trial: &Value| {
        let path = format!(
            "/v1/core/local/experiments/{}/metrics",
            trial["id"].as_str().unwrap()
        );
        let answer = server.get(&path);
        let series = answer["series"].as_array().unwrap().clone();
        let points = series.iter().flat_map(|series| {
            let name = series["name"].as_str().unwrap().to_owned();
            let points = series["points"].as_array().unwrap().clone();
            points.into_iter().map(move |point| Point {
                name: name.clone(),
                step: point["step"].as_f64(),
                value: point["value"].as_f64().unwrap_or(f64::NAN),
            })
        });
        points.collect::<Vec<_>>()
    };
    let name = |trial: &Value| trial["values"][0].as_str().unwrap().to_owned();
    trials
        .iter()
        .map(|trial| (name(trial), read(trial)))
        .collect()
}

fn check(path: &Path, least_percent: usize) {
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let mut read = run_cases(cases);
    let (mut needed, mut right, mut wrong) = (0, 0, Vec::new());
    for case in cases {
        let case = Case::deserialize(case).unwrap();
        let mut points = read.remove(&case.id).unwrap_or_default();
        let noise = points
            .iter()
            .filter(|point| case.noise.contains(&point.name));
        wrong.extend(noise.map(|point| format!("{}: {} is no metric", case.id, point.name)));
        for wanted in case.metrics.iter().filter(|wanted| !wanted.optional) {
            needed += 1;
            match points.iter().position(|point| wanted.fits(point)) {
                Some(at) => {
                    points.swap_remove(at);
                    right += 1;
                }
                None => println!("{}: not read: {wanted:?}", case.id),
            }
        }
    }
    println!("{right} of {needed} points are read as wanted");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        needed > 0 && right * 100 >= needed * least_percent,
        "{right} of {needed}"
    );
}

fn data(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data")
        .join(name)
}

#[test]
fn lines_of_frameworks_are_read() {
    let named = std::env::var_os("FRAMEWORK_LINES").map(Into::into);
    check(&named.unwrap_or_else(|| data("framework_lines.json")), 95);
}

/// Further programs and styles; where the file comes from, and what was read at the first try, is
/// told in docs/metrics.md.
#[test]
fn lines_of_more_programs_are_read() {
    check(&data("framework_lines_more.json"), 98);
}

/// A third collection, of which nothing was mended but names of settings.
#[test]
fn lines_of_a_third_collection_are_read() {
    check(&data("framework_lines_third.json"), 90);
}

#[test]
fn lines_that_were_not_read_are_shown_with_the_trial() {
    let home = Home::new(&[("train.py", "print('loss=0,5')\nprint('acc=0.5')\n")]);
    let server = home.start();
    let run = server.launch("train.py");
    let trial = &server.finish(&run)[0];
    let path = format!(
        "/v1/core/local/experiments/{}/metrics",
        trial["id"].as_str().unwrap()
    );
    let answer = server.get(&path);
    assert_eq!(
        answer["series"][0]["points"],
        json!([{"step": null, "value": 0.5}])
    );
    assert_eq!(answer["unread"][0]["line"], "loss=0,5");
    let reason = answer["unread"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("decimal point"), "{reason}");
}
