//! The cost of reading a text grows with its length only: shown for each piece of
//! tests/data/repeated.txt at two lengths. `benches/scaling.rs` times a megabyte of each,
//! optimised.
#![cfg(not(target_arch = "wasm32"))]

mod pieces;

use pieces::{Piece, processor_time, read_and_offer, read_as_request};
use std::time::Duration;
use sweep_planner::internals::sweep::Settings;

const SHORT: usize = 3_000;
const LONG: usize = 4 * SHORT;
/// The most that four times the length may cost: linear work costs four times as much, quadratic
/// work sixteen times.
const MAX_GROWTH: u32 = 8;
/// Shorter times are not compared, since the processor's clock and caches decide them.
const NEGLIGIBLE: Duration = Duration::from_millis(2);
/// Measurements of too large a growth, of which the least counts: an interrupt only adds time.
const MEASUREMENTS: u32 = 3;
/// Slow pieces after which the test fails at once, since each takes long.
const MAX_SLOW: usize = 3;

fn measure_cost(text: &str) -> Duration {
    let settings = Settings::default();
    let started = processor_time();
    let reading = read_and_offer(text, &settings);
    read_as_request(text, &settings);
    let time = processor_time() - started;
    assert_eq!(reading.plan.is_empty(), reading.has_errors(), "{text:.60}");
    time
}

/// The costs at both lengths where they grow more than [`MAX_GROWTH`] in every measurement.
fn measure_superlinear(piece: &Piece) -> Option<(Duration, Duration)> {
    let (short, long) = (piece.text(SHORT), piece.text(LONG));
    let (mut least, mut least_long) = (Duration::MAX, Duration::MAX);
    for _ in 0..MEASUREMENTS {
        least = least.min(measure_cost(&short));
        least_long = least_long.min(measure_cost(&long));
        if least_long <= least.max(NEGLIGIBLE) * MAX_GROWTH {
            return None;
        }
    }
    Some((least, least_long))
}

#[test]
fn no_repeated_piece_costs_more_than_its_length() {
    let (mut slow, mut count) = (Vec::new(), 0);
    for piece in Piece::all() {
        if let Some((short, long)) = measure_superlinear(&piece) {
            slow.push(format!(
                "{}: {SHORT} bytes {short:?}, {LONG} bytes {long:?}",
                piece.name()
            ));
        }
        assert!(slow.len() < MAX_SLOW, "{slow:#?}");
        count += 1;
    }
    assert!(slow.is_empty(), "{slow:#?}");
    assert!(count > 200, "only {count} pieces");
}
