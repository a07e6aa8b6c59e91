//! The worked cases of docs/cost-model.md (tests/data/cost_cases.json, or the file that the
//! environment variable `COST_CASES` names), computed by the library's own functions.
//!
//! Each topic has a function that computes, from a case's input, an object with the members that
//! the case expects. The two are then compared: whole numbers and amounts as shown exactly, real
//! seconds within 0.1, dollars within 0.000001, other real numbers within 0.000001 or half of the
//! last digit given. A member that is expected but not computed is a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a case that cannot be read fails the test"
)]

mod cost_topics;

use cost_topics::{costs, times};
use serde_json::Value as Json;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn worked_cases() {
    let file = read_cases();
    let cases = file["cases"].as_array().expect("an array of cases");
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in cases {
        let (input, expect) = (&case["input"], &case["expect"]);
        let found = match case["topic"].as_str() {
            Some("billing") => costs::billing_case(input),
            Some("schedule") => costs::schedule_case(input),
            Some("warm") => costs::warm_case(input),
            Some("spot") => costs::spot_case(input),
            Some("run_time") => times::run_time_case(input, expect),
            Some("uncertainty") => times::uncertainty_case(input),
            other => panic!("no computation for topic {other:?}"),
        };
        compare(
            case["id"].as_str().unwrap_or("?"),
            expect,
            &found,
            &mut wrong,
        );
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn read_cases() -> Json {
    let embedded = include_str!("data/cost_cases.json").to_owned();
    #[cfg(not(target_arch = "wasm32"))]
    let embedded = match std::env::var_os("COST_CASES") {
        Some(file) => std::fs::read_to_string(&file)
            .unwrap_or_else(|e| panic!("{}: {e}", file.to_string_lossy())),
        None => embedded,
    };
    serde_json::from_str(&embedded).expect("JSON")
}

/// Adds a line to `wrong` for each place where `found` is not as expected.
fn compare(path: &str, expect: &Json, found: &Json, wrong: &mut Vec<String>) {
    let matches = match (expect, found) {
        (Json::Object(expect), Json::Object(found)) => {
            for (key, value) in expect {
                let found = found.get(key).unwrap_or(&Json::Null);
                compare(&format!("{path}.{key}"), value, found, wrong);
            }
            true
        }
        (Json::Array(expect), Json::Array(found)) if expect.len() == found.len() => {
            for (at, (value, found)) in expect.iter().zip(found).enumerate() {
                compare(&format!("{path}.{at}"), value, found, wrong);
            }
            true
        }
        (Json::Number(expect), Json::Number(_)) => {
            let difference = (expect.as_f64().unwrap() - found.as_f64().unwrap()).abs();
            difference <= tolerance(path, expect) + 1e-12
        }
        (Json::String(expect), Json::String(found)) if expect.contains('$') => expect == found,
        (Json::String(expect), Json::String(found)) => {
            match (expect.parse::<f64>(), found.parse::<f64>()) {
                (Ok(expect), Ok(found)) => (expect - found).abs() <= 1e-6 + 1e-12,
                _ => expect == found,
            }
        }
        _ => expect == found,
    };
    if !matches {
        wrong.push(format!("{path}: expected {expect}, found {found}"));
    }
}

fn tolerance(path: &str, expect: &serde_json::Number) -> f64 {
    if expect.is_u64() || expect.is_i64() {
        return 0.0;
    }
    // A key that ends with `_s` marks all below it as seconds: `run_total_s.low`, `predict_s.24`.
    if path.split('.').any(|key| key.ends_with("_s")) {
        return 0.1;
    }
    let text = expect.to_string();
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    (0..decimals).fold(0.5f64, |half, _| half / 10.0).max(1e-6)
}
