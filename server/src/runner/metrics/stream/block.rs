//! Lines of one pair each, one below the other: results, or settings that a script prints.

use super::super::lines::LineMetrics;
use super::sink::MetricSink;
use super::vocabulary as words;

/// From so many lines on it is no block of settings.
const LINES_MAX: usize = 100;

/// Keeps such lines back until it is clear what they are: where some values are texts, only the
/// names of measurements count.
#[derive(Debug, Default)]
pub(super) struct Block {
    lines: Vec<LineMetrics>,
    texts: usize,
    /// Whether a heading announced settings.
    announced: bool,
}

impl Block {
    /// Takes a line with a number.
    pub(super) fn push(&mut self, measured: LineMetrics, sink: &mut impl MetricSink) {
        // A name again is a curve.
        let name = measured.values.first().map(|(name, _)| name);
        let again = self
            .lines
            .last()
            .is_some_and(|line| line.values.first().map(|(name, _)| name) == name);
        if again || self.lines.len() >= LINES_MAX {
            self.flush(sink);
        }
        self.lines.push(measured);
    }

    /// Takes a line with a text, or with what is certainly a setting.
    pub(super) fn text(&mut self) {
        self.texts += 1;
    }

    /// Takes a heading as `Config:`.
    pub(super) fn announce(&mut self) {
        self.announced = true;
    }

    /// Passes on the lines that measure something.
    pub(super) fn flush(&mut self, sink: &mut impl MetricSink) {
        let described = std::mem::take(&mut self.texts) > 0;
        if std::mem::take(&mut self.announced) {
            self.lines.clear();
        }
        for measured in self.lines.drain(..) {
            let metric = measured
                .values
                .iter()
                .all(|(name, _)| words::is_metric(name));
            if metric || !described {
                sink.metrics(measured);
            }
        }
    }
}
