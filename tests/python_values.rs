//! Lists, ranges and literals are read and printed as CPython does (tests/data/python_values.json,
//! or the file of that name in the folder that `CONFORMANCE` names).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value as Json;
use sweep_planner::internals::sweep::literal::CharacterNames;
use sweep_planner::internals::sweep::{Settings, read, shell_quote};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn vectors() -> Json {
    let embedded = include_str!("data/python_values.json").to_owned();
    #[cfg(not(target_arch = "wasm32"))]
    let embedded = match std::env::var_os("CONFORMANCE") {
        Some(folder) => {
            let file = std::path::Path::new(&folder).join("python_values.json");
            std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
        }
        None => embedded,
    };
    serde_json::from_str(&embedded).unwrap()
}

fn text<'a>(entry: &'a Json, key: &str) -> &'a str {
    entry[key].as_str().unwrap_or("")
}

/// The values of `--x EXPR`, or the errors.
fn swept_values(expr: &str) -> Result<Vec<String>, Vec<String>> {
    let command = format!("grid run f.py --x {}", shell_quote::quote_for_shell(expr));
    let settings = Settings {
        character_names: Some(CharacterNames::embedded()),
        ..Settings::default()
    };
    let reading = read(&command, &settings);
    if reading.has_errors() {
        return Err(reading
            .diagnostics
            .iter()
            .map(|d| d.render(&command))
            .collect());
    }
    let plan = &reading.plan;
    let trials = (0..plan.len()).map(|i| plan.argv(&plan.trial(i).unwrap()).pop().unwrap());
    Ok(trials.collect())
}

#[test]
fn values_and_errors() {
    let vectors = vectors();
    let mut wrong = Vec::new();
    for entry in vectors["entries"].as_array().unwrap() {
        let expr = text(entry, "expr");
        let found = swept_values(expr);
        let values: Vec<String> = entry["values"].as_array().map_or(Vec::new(), |values| {
            values
                .iter()
                .map(|v| v.as_str().unwrap().to_owned())
                .collect()
        });
        let right = match text(entry, "kind") {
            "values" if values.is_empty() => found.is_err(),
            "values" => found.as_ref() == Ok(&values),
            // A call of another name passes as it is, with a warning.
            "error" if expr == "list(range(3))" => found.as_ref().is_ok_and(|v| *v == [expr]),
            "error" => found.is_err(),
            "literal" => found.as_ref().is_ok_and(|v| *v == [expr]),
            other => panic!("unknown kind {other}"),
        };
        if !right {
            wrong.push(format!("{expr:?}: found {found:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn ranges_too_long_to_list() {
    for entry in vectors()["ranges"].as_array().unwrap() {
        let expr = text(entry, "expr");
        let reading = read(
            &format!("grid run f.py --x \"{expr}\""),
            &Settings::default(),
        );
        assert!(!reading.has_errors(), "{expr}: {:?}", reading.diagnostics);
        assert_eq!(
            reading.plan.len().to_string(),
            text(entry, "count"),
            "{expr}"
        );
        for (index, value) in entry["at"].as_object().unwrap() {
            let trial = reading.plan.trial(index.parse().unwrap()).unwrap();
            assert_eq!(
                reading.plan.value(&trial, 0).unwrap(),
                value.as_str().unwrap(),
                "{expr}"
            );
        }
    }
}
