//! Reads one megabyte of each piece of tests/data/repeated.txt as a person's text and as a request:
//! whatever a text holds, its cost must grow with its length only. Marks pieces that take longer
//! than [`LIMIT`].

#[path = "../tests/pieces/mod.rs"]
mod pieces;

use pieces::{Piece, processor_time, read_and_offer, read_as_request};
use std::hint::black_box;
use std::time::Duration;
use sweep_planner::internals::sweep::Settings;

/// Bytes of each text.
const LENGTH: usize = 1_000_000;
/// Processor time that a megabyte may take.
const LIMIT: Duration = Duration::from_millis(100);

fn main() {
    let length = std::env::var("LENGTH")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(LENGTH);
    println!(
        "{:<52} {:>10} {:>10} {:>8}",
        "1 MB of", "person", "client", "problems"
    );
    let mut slow = 0;
    let settings = Settings {
        drawn_seed: 1,
        ..Settings::default()
    };
    let only = std::env::var("ONLY").unwrap_or_default();
    for piece in Piece::all() {
        let name = piece.name();
        if !name.contains(&only) {
            continue;
        }
        let text = piece.text(length);
        let (person, reading) = best_of_3(|| read_and_offer(black_box(&text), &settings));
        let (client, ()) = best_of_3(|| read_as_request(black_box(&text), &settings));
        let late = person.max(client) > LIMIT;
        slow += u32::from(late);
        let problems = reading.diagnostics.len();
        println!(
            "{name:<52} {:>7.1} ms {:>7.1} ms {problems:>8}{}",
            person.as_secs_f64() * 1e3,
            client.as_secs_f64() * 1e3,
            if late { "  SLOW" } else { "" }
        );
    }
    println!("{slow} of them took longer than {LIMIT:?}");
}

/// The shortest of three calls; of one call where that already takes a second.
fn best_of_3<T>(work: impl Fn() -> T) -> (Duration, T) {
    let mut best: Option<Duration> = None;
    loop {
        let mut last = None;
        for _ in 0..3 {
            let started = processor_time();
            let result = work();
            let time = processor_time().saturating_sub(started);
            best = Some(best.map_or(time, |best| best.min(time)));
            last = Some(result);
            if time > Duration::from_secs(1) {
                break;
            }
        }
        if let (Some(best), Some(last)) = (best, last) {
            return (best, last);
        }
    }
}
