//! What reading a line of output for metrics costs, form by form, and what 10^6 lines of each cost
//! beside 10^6 lines `step=N loss=X`.

use std::hint::black_box;
use std::time::Instant;

use sweep_planner::api::UnreadLine;
use sweep_server::runner::metrics::lines::LineMetrics;
use sweep_server::runner::metrics::stream::{MetricSink, StreamReader};

const LINES: usize = 100_000;
const ROUNDS: usize = 5;

/// A form, and how a line of it is written.
type Form = (&'static str, fn(usize) -> String);

const FORMS: [Form; 14] = [
    ("step=N loss=X", |n| format!("step={n} loss=0.{n:06}\n")),
    ("Iteration N, loss = X", |n| {
        format!("Iteration {n}, loss = 0.{n:06}\n")
    }),
    ("epoch N loss X acc X", |n| {
        format!("epoch {n} loss 0.{n:06} acc 0.9\n")
    }),
    ("Epoch: N/M, Loss: X", |n| {
        format!("Epoch: {n}/100000, Loss: 0.{n:06}\n")
    }),
    ("[N]\\ttrain-rmse:X", |n| {
        format!("[{n}]\ttrain-rmse:0.{n:06}\n")
    }),
    ("{'loss': 'X', 'epoch': 'N'}", |n| {
        format!("{{'loss': '0.{n:06}', 'epoch': '{n}'}}\n")
    }),
    ("{\"step\": N, \"loss\": X}", |n| {
        format!("{{\"step\": {n}, \"loss\": 0.{n:06}}}\n")
    }),
    ("Train Epoch: N [a/b (c%)] Loss: X", |n| {
        format!("Train Epoch: {n} [640/60000 (1%)]\tLoss: 0.{n:06}\n")
    }),
    ("a row of a table", |n| {
        let header = if n == 0 { "epoch  train_loss\n" } else { "" };
        format!("{header}  {n}      0.{n:06}\n")
    }),
    ("date - INFO - step N loss X", |n| {
        format!("2026-01-01 12:00:00,123 - INFO - step {n} loss 0.{n:06}\n")
    }),
    ("step=N loss=tensor(X)", |n| {
        format!("step={n} loss=tensor(0.{n:06})\n")
    }),
    ("colours", |n| {
        format!("\u{1b}[32mstep {n}\u{1b}[0m loss: \u{1b}[1m0.{n:06}\u{1b}[0m\n")
    }),
    ("prose of the same length", |n| {
        format!("sample {n} was found in shard\n")
    }),
    ("a bar's states", |n| {
        format!("\r 50%|██   | {n}/100000 [00:00<00:01, 1.2it/s, loss=0.{n:06}]")
    }),
];

#[derive(Default)]
struct Count {
    values: usize,
    bytes: usize,
}

impl MetricSink for Count {
    fn metrics(&mut self, measured: LineMetrics) {
        self.values += measured.values.len();
        self.bytes += serde_json::to_vec(&measured).map_or(0, |json| json.len());
    }

    fn unread(&mut self, line: UnreadLine) {
        black_box(line);
    }
}

fn main() {
    let mut base = None;
    println!(
        "{:<36} {:>9} {:>8} {:>8}",
        "form", "ns/line", "ratio", "points"
    );
    for (name, write) in FORMS {
        let text: String = (0..LINES).map(write).collect();
        let (mut best, mut points) = (f64::MAX, 0);
        for _ in 0..ROUNDS {
            let (mut reader, mut count) = (StreamReader::default(), Count::default());
            let started = Instant::now();
            for piece in text.as_bytes().chunks(64 << 10) {
                reader.push(black_box(piece), &mut count);
            }
            reader.finish(&mut count);
            best = best.min(started.elapsed().as_secs_f64());
            points = count.values;
        }
        let line = best * 1e9 / LINES as f64;
        let base = *base.get_or_insert(line);
        println!("{name:<36} {line:>9.0} {:>8.2} {points:>8}", line / base);
    }
}
