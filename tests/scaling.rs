//! What a text costs grows with its length only: each piece of tests/data/repeated.txt, at two lengths.
//! `benches/scaling.rs` times a megabyte of each in an optimised build.
#![cfg(not(target_arch = "wasm32"))]

mod pieces;

use pieces::{Piece, processor_time, read_and_offer, read_as_request};
use std::time::Duration;
use sweep_planner::sweep::Settings;

const SHORT: usize = 3_000;
const LONG: usize = 4 * SHORT;
/// Four times the length costs four times as much where work is linear, sixteen times where it is
/// quadratic.
const MOST_GROWTH: u32 = 8;
/// What takes less is not compared: the processor's clock and caches would decide.
const NEGLIGIBLE: Duration = Duration::from_millis(2);
/// Growth that is too large is measured again: an interrupt only ever adds time.
const MEASUREMENTS: u32 = 3;
/// So many slow pieces are enough to fail: each takes long.
const MOST_SLOW: usize = 3;

fn cost(text: &str) -> Duration {
    let settings = Settings::default();
    let started = processor_time();
    let reading = read_and_offer(text, &settings);
    read_as_request(text, &settings);
    let time = processor_time() - started;
    assert_eq!(reading.plan.is_empty(), reading.has_errors(), "{text:.60}");
    time
}

/// How a text's cost grows, where that is more than linear in each of several measurements.
fn superlinear(piece: &Piece) -> Option<(Duration, Duration)> {
    let (short, long) = (piece.text(SHORT), piece.text(LONG));
    let (mut least, mut least_long) = (Duration::MAX, Duration::MAX);
    for _ in 0..MEASUREMENTS {
        least = least.min(cost(&short));
        least_long = least_long.min(cost(&long));
        if least_long <= least.max(NEGLIGIBLE) * MOST_GROWTH {
            return None;
        }
    }
    Some((least, least_long))
}

#[test]
fn no_repeated_piece_costs_more_than_its_length() {
    let (mut slow, mut count) = (Vec::new(), 0);
    for piece in Piece::all() {
        if let Some((short, long)) = superlinear(&piece) {
            slow.push(format!(
                "{}: {SHORT} bytes {short:?}, {LONG} bytes {long:?}",
                piece.name()
            ));
        }
        assert!(slow.len() < MOST_SLOW, "{slow:#?}");
        count += 1;
    }
    assert!(slow.is_empty(), "{slow:#?}");
    assert!(count > 200, "only {count} pieces");
}
