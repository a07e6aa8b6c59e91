//! Calls, streams and errors are NumPy's own, natively and in wasm (tests/data/numpy_vectors.json,
//! or the file of that name in the folder that `CONFORMANCE` names; and tests/data/numpy_more.json,
//! made by scripts/numpy_more.py).

// The helpers of a test fail by panicking, as the test itself does.
#![allow(clippy::unwrap_used)]

use serde_json::Value as Json;
use sweep_planner::internals::sweep::literal::CallArgument;
use sweep_planner::internals::sweep::sampling::{
    Arguments, BindError, BindErrorKind, BoundCall, DrawnValue, DrawnValues, Stream, bind,
    is_distribution, names, signature,
};
use sweep_planner::internals::sweep::value::{self, ParsedValue};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const VECTORS: &str = "numpy_vectors.json";

fn vectors(name: &str) -> Json {
    let embedded = match name {
        VECTORS => include_str!("data/numpy_vectors.json"),
        _ => include_str!("data/numpy_more.json"),
    };
    #[cfg(not(target_arch = "wasm32"))]
    if name == VECTORS
        && let Some(folder) = std::env::var_os("CONFORMANCE")
    {
        let file = std::path::Path::new(&folder).join(name);
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        return serde_json::from_str(&text).unwrap();
    }
    serde_json::from_str(embedded).unwrap()
}

/// A list member, empty where it is absent, as it may be in a file from elsewhere.
fn list<'a>(json: &'a Json, key: &str) -> &'a [Json] {
    json[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(json: &'a Json, key: &str) -> &'a str {
    json[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {json}"))
}

fn texts(json: &Json, key: &str) -> Vec<String> {
    list(json, key)
        .iter()
        .map(|value| value.as_str().unwrap().to_owned())
        .collect()
}

fn seed(json: &Json) -> u32 {
    u32::try_from(json["seed"].as_u64().unwrap()).unwrap()
}

/// The name and arguments of a call, read by the sweep language's own parser.
fn read_call(expr: &str) -> Option<(String, Arguments)> {
    let ParsedValue::Call(call) = value::read(expr) else {
        return None;
    };
    let mut arguments = Arguments::default();
    for CallArgument { keyword, value } in call.arguments {
        match keyword {
            Some(keyword) => arguments.keywords.push((keyword, value.value)),
            None => arguments.positional.push(value.value),
        }
    }
    Some((call.name, arguments))
}

fn bind_text(expr: &str) -> Option<Result<BoundCall, BindError>> {
    read_call(expr).map(|(name, arguments)| bind(&name, &arguments))
}

fn draw_call(expr: &str, stream: &mut Stream) -> Result<(BoundCall, DrawnValues), String> {
    let call = bind_text(expr)
        .ok_or("not read as a call")?
        .map_err(|error| error.to_string())?;
    let values = call.draw(stream);
    Ok((call, values))
}

fn type_of(values: &DrawnValues) -> String {
    match values.get(0) {
        None => "none".into(),
        Some(DrawnValue::Float(_)) => "float".into(),
        Some(DrawnValue::Int(_)) => "int".into(),
        Some(DrawnValue::Item(item)) => {
            let variant = format!("{item:?}");
            variant.split('(').next().unwrap_or_default().to_lowercase()
        }
    }
}

/// How an entry differs from NumPy, if it does.
fn describe_difference(entry: &Json, stream: &mut Stream) -> Option<String> {
    let expr = text(entry, "expr");
    let (call, values) = match draw_call(expr, stream) {
        Ok(drawn) => drawn,
        Err(error) => return Some(format!("{expr}: {error}")),
    };
    let found: Vec<String> = values.iter().map(|value| value.to_string()).collect();
    let expected = texts(entry, "values");
    if found != expected {
        let at = found.iter().zip(&expected).position(|(a, b)| a != b);
        return Some(format!(
            "{expr}: at {at:?}: found {found:?}, expected {expected:?}"
        ));
    }
    let scalar = entry["scalar"].as_bool() == Some(true);
    if (call.size().is_none()) != scalar || call.size().is_some_and(|n| n != values.len()) {
        return Some(format!("{expr}: size {:?}", call.size()));
    }
    match entry["type"].as_str() {
        Some(expected) if expected != type_of(&values) => Some(format!(
            "{expr}: type {} instead of {expected}",
            type_of(&values)
        )),
        _ => None,
    }
}

fn assert_none(what: &str, total: usize, wrong: &[String]) {
    assert!(total > 0, "no {what} to check");
    assert!(
        wrong.is_empty(),
        "{} of {total} {what} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn check_entries(file: &str) {
    let vectors = vectors(file);
    let entries = list(&vectors, "entries");
    let wrong: Vec<String> = entries
        .iter()
        .filter_map(|entry| describe_difference(entry, &mut Stream::new(seed(entry))))
        .collect();
    assert_none("calls", entries.len(), &wrong);
}

fn check_streams(file: &str) {
    let vectors = vectors(file);
    let sequences = list(&vectors, "sequences");
    let mut wrong = Vec::new();
    for sequence in sequences {
        let mut stream = Stream::new(seed(sequence));
        for axis in list(sequence, "axes") {
            if read_call(text(axis, "expr")).is_some_and(|(name, _)| name != "range") {
                wrong.extend(describe_difference(axis, &mut stream));
            }
        }
    }
    assert_none("streams", sequences.len(), &wrong);
}

/// How an error differs from NumPy's, if it does.
fn describe_error_difference(entry: &Json) -> Option<String> {
    let expr = text(entry, "expr");
    if text(entry, "error") == "not a distribution" {
        let name = expr.split('(').next().unwrap_or_default();
        return is_distribution(name).then(|| format!("{expr} is taken for a distribution"));
    }
    match bind_text(expr) {
        None => Some(format!("{expr}: not read as a call")),
        Some(Ok(_)) => Some(format!("{expr}: accepted")),
        Some(Err(error)) => match error.kind() {
            // An argument that breaks a rule of NumPy's must be reported by the same rule.
            BindErrorKind::Domain { rule, .. } if text(entry, "message") != rule.to_string() => {
                Some(format!(
                    "{expr}: {rule} instead of {}",
                    text(entry, "message")
                ))
            }
            _ => None,
        },
    }
}

fn check_errors(file: &str) {
    let vectors = vectors(file);
    let errors = list(&vectors, "errors");
    let wrong: Vec<String> = errors
        .iter()
        .filter_map(describe_error_difference)
        .collect();
    assert_none("errors", errors.len(), &wrong);
}

#[test]
fn calls() {
    check_entries(VECTORS);
}

#[test]
fn streams() {
    check_streams(VECTORS);
}

#[test]
fn errors() {
    check_errors(VECTORS);
}

#[test]
fn every_distribution_has_a_vector_and_a_signature() {
    let vectors = vectors(VECTORS);
    let exprs: Vec<&str> = list(&vectors, "entries")
        .iter()
        .map(|entry| text(entry, "expr"))
        .collect();
    for name in names() {
        assert!(
            signature(name).is_some_and(|signature| signature.starts_with(name)),
            "{name}"
        );
        let called = |expr: &&str| expr.starts_with(&format!("{name}("));
        let ours = sweep_planner::internals::sweep::sampling::is_addition(name);
        assert!(ours || exprs.iter().any(called), "{name} is not covered");
    }
}

const MORE: &str = "numpy_more.json";

#[test]
fn more_calls() {
    check_entries(MORE);
}

#[test]
fn more_streams() {
    check_streams(MORE);
}

#[test]
fn more_errors() {
    check_errors(MORE);
}
