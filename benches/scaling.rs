//! One megabyte of each piece of tests/data/repeated.txt, read as a person's text and as a request:
//! what a text costs must grow with its length only, whatever is in it. Says where a megabyte takes
//! longer than [`LIMIT`].

use std::fmt::Write;
use std::hint::black_box;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use sweep_planner::sweep::{Options, Settings, read, read_request};

const PIECES: &str = include_str!("../tests/data/repeated.txt");
/// Bytes of each text.
const LENGTH: usize = 1_000_000;
/// The longest that a megabyte may take, on the processor.
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
    let pieces = PIECES.lines().filter(|line| !line.starts_with('#'));
    let only = std::env::var("ONLY").unwrap_or_default();
    for (head, piece) in pieces.filter_map(|line| line.split_once('\t')) {
        if !format!("{head}{piece}").contains(&only) {
            continue;
        }
        let (head, piece) = (unescape(head), unescape(piece));
        let text = format!(
            "{head}{}",
            piece.repeat((length - head.len()) / piece.len())
        );
        let (person, reading) = best_of_3(|| read(black_box(&text), &settings));
        let wire = text.trim_start_matches("grid run ");
        let (client, _) =
            best_of_3(|| read_request(black_box(wire), Options::default(), &settings));
        let late = person.max(client) > LIMIT;
        slow += u32::from(late);
        let mut shown = String::new();
        let _ = write!(shown, "{head}{piece}");
        let shown = shown.replace('\n', "\\n");
        let problems = reading.diagnostics.len();
        println!(
            "{shown:<52} {:>7.1} ms {:>7.1} ms {problems:>8}{}",
            person.as_secs_f64() * 1e3,
            client.as_secs_f64() * 1e3,
            if late { "  SLOW" } else { "" }
        );
    }
    println!("{slow} of them took longer than {LIMIT:?}");
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n")
}

/// Time that this thread was on a processor: what other processes do counts little then. Where the
/// system does not tell, time on the clock.
fn now() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = spent.and_then(|text| text.split(' ').next()?.parse().ok());
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

/// The shortest of three calls, one where a single call is slow already.
fn best_of_3<T>(work: impl Fn() -> T) -> (Duration, T) {
    let mut best: Option<Duration> = None;
    loop {
        let mut last = None;
        for _ in 0..3 {
            let started = now();
            let result = work();
            let time = now().saturating_sub(started);
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
