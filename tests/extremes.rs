//! Distributions at the extremes of their parameters: a call is refused or draws within two
//! seconds.
#![cfg(not(target_arch = "wasm32"))]

#[path = "pieces/processor.rs"]
mod processor;

use processor::processor_time;
use std::time::Duration;
use sweep_planner::internals::sweep::literal::Literal;
use sweep_planner::internals::sweep::sampling::{Arguments, Stream, bind, names, signature};

const EXTREMES: [f64; 34] = [
    0.0,
    5e-324,
    1e-310,
    1e-300,
    1e-100,
    1e-17,
    5.6e-17,
    1.2e-16,
    1e-15,
    1e-9,
    1e-5,
    0.1,
    0.3,
    0.5,
    0.999,
    0.9999999999999999,
    1.0,
    1.0000000000000002,
    1.000001,
    1.01,
    1.5,
    2.0,
    9.9,
    10.0,
    30.0,
    1e3,
    1e9,
    1e15,
    3e15,
    1e16,
    9.2e18,
    1e100,
    1.7e308,
    f64::INFINITY,
];
const WHOLE_NUMBERS: [i64; 16] = [
    -1,
    0,
    1,
    2,
    10,
    11,
    100,
    1 << 31,
    1 << 53,
    500_000_000_000_000_000,
    1 << 60,
    1 << 61,
    1 << 62,
    i64::MAX / 2,
    i64::MAX - 1,
    i64::MAX,
];
/// Values drawn by each call.
const COUNT: i64 = 20;

/// The values that each parameter is tried with; fewer where there are three parameters.
fn literals(parameters: usize) -> Vec<Literal> {
    let floats = EXTREMES.into_iter().map(Literal::Float);
    let whole = WHOLE_NUMBERS
        .into_iter()
        .map(|value| Literal::Int(value.into()));
    let step = if parameters > 2 { 4 } else { 1 };
    floats.step_by(step).chain(whole).collect()
}

fn combinations(parameters: usize) -> Vec<Vec<Literal>> {
    let literals = literals(parameters);
    let mut all = vec![Vec::new()];
    for _ in 0..parameters {
        let longer = |given: &Vec<Literal>| {
            let given = given.clone();
            literals
                .iter()
                .map(move |next| [given.clone(), vec![next.clone()]].concat())
        };
        all = all
            .iter()
            .flat_map(|given| longer(given).collect::<Vec<_>>())
            .collect();
    }
    all
}

#[test]
fn no_call_takes_long() {
    let mut drawn = 0;
    for name in names() {
        let parameters: Vec<&str> = signature(name)
            .and_then(|signature| signature.split_once('('))
            .map(|(_, inside)| inside.split(", ").collect())
            .unwrap_or_default();
        let sized = parameters
            .iter()
            .any(|parameter| parameter.starts_with("size="));
        if !sized || name == "choice" {
            continue;
        }
        for positional in combinations((parameters.len() - 1).min(3)) {
            let shown = positional
                .iter()
                .map(Literal::repr)
                .collect::<Vec<_>>()
                .join(", ");
            let keywords = vec![("size".to_owned(), Literal::Int(COUNT.into()))];
            let started = processor_time();
            if let Ok(call) = bind(
                name,
                &Arguments {
                    positional,
                    keywords,
                },
            ) {
                let values = call.draw(&mut Stream::new(1));
                assert_eq!(values.len(), COUNT as u64, "{name}({shown})");
                drawn += 1;
            }
            let time = processor_time() - started;
            assert!(
                time < Duration::from_secs(2),
                "{name}({shown}, size={COUNT}) took {time:?}"
            );
        }
    }
    assert!(drawn > 10_000, "only {drawn} calls drew");
}
