//! Times what a person waits for: reading the text at every key press, and rows of a plan of any
//! size. `make bench` prints the median time of one call.

use std::hint::black_box;
use std::time::{Duration, Instant};
use sweep_planner::internals::sweep::subset;
use sweep_planner::internals::sweep::{CommandLines, Ranges, Settings, read};

const MEASURED_FOR: Duration = Duration::from_millis(500);
/// Calls are timed in batches of about this length, so that reading the clock takes a small share.
const BATCH: Duration = Duration::from_micros(200);

/// The seed document's four commands.
const FOUR_COMMANDS: &str = "grid run file.py --batch_size 8
grid run file.py --batch_size 16
grid run file.py --batch_size 32
grid run file.py --batch_size 64";
/// 10^18 trials.
const QUINTILLION_TRIALS: &str =
    r#"grid run file.py --a "range(0, 1000000000)" --b "range(0, 1000000000)""#;
/// 10^6 trials of three lists, as `scripts/bench_python.py` lists them with Python's tools.
const MILLION_TRIALS: &str =
    r#"grid run file.py --a "range(0, 100)" --b "range(0, 100)" --c "range(0, 100)""#;
/// The same with the values listed.
fn million_listed() -> String {
    let list = format!("{:?}", (0..100).collect::<Vec<_>>());
    format!("grid run file.py --a \"{list}\" --b \"{list}\" --c \"{list}\"")
}
const TYPICAL_COMMAND: &str = r#"grid run --instance_type g4dn.xlarge --use_spot train.py --data_dir /data --lr "[1e-4, 1e-3, 1e-2]" --batch_size "[16, 32, 64]" --layers "range(2, 8)""#;
const UNIFORM_DRAWS: &str = r#"grid run --seed 1 file.py --lr "uniform(1e-5, 1e-1, 10000)""#;
const RANDOM_SEARCH: &str = r#"grid run --strategy random_search --num_trials 10000 --seed 1 file.py --a "range(0, 1000000000)""#;

fn main() {
    let settings = Settings {
        drawn_seed: 1,
        ..Settings::default()
    };
    for (name, text) in [
        ("read: a typical command", TYPICAL_COMMAND),
        ("read: the seed's four commands", FOUR_COMMANDS),
        ("read: 10^18 trials", QUINTILLION_TRIALS),
        ("read: 10,000 uniform draws", UNIFORM_DRAWS),
        ("read: 10,000 trials of a random search", RANDOM_SEARCH),
    ] {
        measure(name, || read(black_box(text), &settings).plan.len());
    }

    measure_large_texts(&settings);
    measure_listing(&settings);

    let plan = read(QUINTILLION_TRIALS, &settings).plan;
    let mut position = 0_u128;
    let mut next = || {
        position = (position + 123_456_789_123_456_789) % plan.len();
        position
    };
    measure("a trial's values, anywhere in 10^18", || {
        let trial = plan.trial(next());
        trial.map(|trial| {
            (
                plan.value(&trial, 0).map(|v| v.len()),
                plan.value(&trial, 1).map(|v| v.len()),
            )
        })
    });
    measure("a trial's command line, anywhere in 10^18", || {
        plan.trial(next()).map(|trial| plan.command_line(&trial))
    });
    let mut chosen = Ranges::full(plan.len());
    measure("choosing a trial, or not, in 10^18", || {
        let trial = next();
        chosen.remove(trial);
        chosen.insert(trial);
        chosen.len()
    });
}

/// A megabyte of text, more than anybody is expected to paste.
fn measure_large_texts(settings: &Settings) {
    let commands = FOUR_COMMANDS.repeat(1_000_000 / FOUR_COMMANDS.len());
    measure("read: 1 MB of commands", || {
        read(black_box(&commands), settings).plan.len()
    });
    let numbers: Vec<String> = (0..150_000).map(|n| n.to_string()).collect();
    let list = format!("grid run file.py --a \"[{}]\"", numbers.join(", "));
    measure("read: a list of 1 MB", || {
        read(black_box(&list), settings).plan.len()
    });
}

/// Lists command lines as `scripts/bench_python.py` has Python's tools list them.
fn measure_listing(settings: &Settings) {
    for (name, text) in [
        ("ranges", MILLION_TRIALS.to_owned()),
        ("lists", million_listed()),
    ] {
        let plan = read(&text, settings).plan;
        let Some(part) = plan.parts().first() else {
            continue;
        };
        measure(
            &format!("not reachable yet: 10^6 command lines into one buffer ({name})"),
            || {
                let mut lines = CommandLines::new(part, 0);
                let (mut line, mut bytes) = (String::new(), 0);
                while lines.next_into(&mut line) {
                    bytes += line.len();
                }
                bytes
            },
        );
    }
    let billion = read(r#"grid run file.py --a "range(0, 1000000000)""#, settings).plan;
    measure("the first 100 command lines of 10^9", || {
        let lines = (0..100).filter_map(|n| {
            billion
                .trial(n)
                .map(|trial| billion.command_line(&trial).len())
        });
        lines.sum::<usize>()
    });
    measure("1,000 random trials of 10^12", || {
        subset::draw(1_000_000_000_000, 1000, black_box(1)).len()
    });
}

/// Prints the median time of one call of `work`, measured for [`MEASURED_FOR`].
fn measure<T>(name: &str, mut work: impl FnMut() -> T) {
    let once = time_calls(1, &mut work).max(Duration::from_nanos(1));
    let calls = u32::try_from(BATCH.as_nanos() / once.as_nanos())
        .unwrap_or(u32::MAX)
        .max(1);
    let started = Instant::now();
    let mut batches = Vec::new();
    while started.elapsed() < MEASURED_FOR {
        batches.push(time_calls(calls, &mut work) / calls);
    }
    batches.sort_unstable();
    println!("{name:<45} {:>12?}", batches[batches.len() / 2]);
}

fn time_calls<T>(calls: u32, work: &mut impl FnMut() -> T) -> Duration {
    let started = Instant::now();
    for _ in 0..calls {
        black_box(work());
    }
    started.elapsed()
}
