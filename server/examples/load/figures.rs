//! What is printed, and how it is computed.

use std::time::Duration;

use crate::Outcome;
use crate::home::Home;

/// What was measured, in milliseconds.
#[derive(Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64() * 1e3);
    }

    pub(crate) fn add_ms(&mut self, ms: f64) {
        self.0.push(ms);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that so many of a hundred do not exceed; NaN where nothing was measured.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (sorted.len() * percent).div_ceil(100).max(1) - 1;
        sorted.get(at).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn mean(&self) -> f64 {
        self.0.iter().sum::<f64>() / self.0.len() as f64
    }

    /// `p50 / p99 / max`, in milliseconds.
    pub(crate) fn summary(&self) -> String {
        let [p50, p99, max] = [50, 99, 100].map(|percent| self.percentile(percent));
        format!("p50 {p50:.1}  p99 {p99:.1}  max {max:.1} ms")
    }
}

/// A headline.
pub(crate) fn print_title(text: &str) {
    println!("\n{text}");
}

/// A line of the table.
pub(crate) fn print_line(what: &str, figure: &str) {
    println!("  {what:<58} {figure}");
}

/// Bytes, as a person reads them.
pub(crate) fn format_bytes(bytes: u64) -> String {
    if bytes < 1_000_000 {
        format!("{:.1} kB", bytes as f64 / 1e3)
    } else {
        format!("{:.1} MB", bytes as f64 / 1e6)
    }
}

/// Where this was measured.
pub(crate) fn print_machine(home: &Home) -> Outcome<()> {
    print_title("Machine");
    let cores = std::thread::available_parallelism()?;
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("", |line| line.trim_start_matches([' ', '\t', ':']));
    print_line("cores", &format!("{cores}  {model}"));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    print_line("load average before", load.trim());
    let mut flushes = Sample::default();
    for _ in 0..50 {
        flushes.add(home.flush()?);
    }
    print_line("writing and flushing 4 KB there", &flushes.summary());
    Ok(())
}
