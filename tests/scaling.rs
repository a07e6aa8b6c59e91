//! What a text costs grows with its length only: the pieces of `benches/scaling.rs`, shorter, since
//! this is no optimised build, and with a limit that only a search to the end for every piece passes.
#![cfg(not(target_arch = "wasm32"))]

use std::time::{Duration, Instant};
use sweep_planner::sweep::{Options, Settings, read, read_request};

const PIECES: &str = include_str!("data/repeated.txt");
const LENGTH: usize = 100_000;
const LIMIT: Duration = Duration::from_secs(5);

#[test]
fn no_repeated_piece_is_slow() {
    let mut slow = Vec::new();
    let mut count = 0;
    let pieces = PIECES.lines().filter(|line| !line.starts_with('#'));
    for (head, piece) in pieces.filter_map(|line| line.split_once('\t')) {
        let (head, piece) = (head.replace("\\n", "\n"), piece.replace("\\n", "\n"));
        let text = format!(
            "{head}{}",
            piece.repeat((LENGTH - head.len()) / piece.len())
        );
        let started = Instant::now();
        let reading = read(&text, &Settings::default());
        read_request(
            text.trim_start_matches("grid run "),
            Options::default(),
            &Settings::default(),
        );
        // What is offered is worked out when somebody sees it: at most a thousand problems.
        for diagnostic in &reading.diagnostics {
            diagnostic.fixes(&text);
            diagnostic.help();
        }
        let time = started.elapsed();
        if time > LIMIT {
            slow.push(format!("{head}{piece}: {time:?}"));
        }
        assert_eq!(
            reading.plan.is_empty(),
            reading.has_errors(),
            "{head}{piece}"
        );
        count += 1;
    }
    assert!(count > 90, "only {count} pieces");
    assert!(slow.is_empty(), "{slow:#?}");
}
