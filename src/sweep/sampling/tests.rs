//! Tests of draws that no ordinary seed reaches, from streams that begin with chosen words (the `states` of
//! tests/data/numpy_more.json, recorded with `np.random.set_state`).

use super::{Arguments, Stream, bind};
use crate::sweep::value::{self, ParsedValue};
use serde_json::Value as Json;

use crate::testing::test;

fn draw(expr: &str, words: &[u32]) -> Vec<String> {
    let ParsedValue::Call(call) = value::read(expr) else {
        panic!("{expr} is no call");
    };
    let mut arguments = Arguments::default();
    for argument in call.arguments {
        match argument.keyword {
            Some(keyword) => arguments.keywords.push((keyword, argument.value.value)),
            None => arguments.positional.push(argument.value.value),
        }
    }
    let call = bind(&call.name, &arguments).unwrap();
    call.draw(&mut Stream::beginning_with(words))
        .iter()
        .map(|value| value.to_str())
        .collect()
}

#[test]
fn as_numpy_draws_them() {
    let file = include_str!("../../../tests/data/numpy_more.json");
    let vectors: Json = serde_json::from_str(file).unwrap();
    let states = vectors["states"].as_array().unwrap();
    assert!(!states.is_empty());
    for state in states {
        let expr = state["expr"].as_str().unwrap();
        let words: Vec<u32> = serde_json::from_value(state["words"].clone()).unwrap();
        let expected: Vec<String> = serde_json::from_value(state["values"].clone()).unwrap();
        assert_eq!(draw(expr, &words), expected, "{expr} after {words:?}");
    }
}

#[test]
fn a_sum_that_rounding_keeps_below_one_ends() {
    // NumPy adds for ever here: the sum stops at 1 - 2^-53 and the double is not below it.
    for p in ["0.4", "0.35", "0.7", "0.9", "0.34"] {
        assert_eq!(
            draw(&format!("geometric({p}, 1)"), &[u32::MAX, u32::MAX]).len(),
            1
        );
    }
}
