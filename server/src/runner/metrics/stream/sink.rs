//! Where the metrics of a stream go.

use sweep_planner::api::UnreadLine;

use super::super::lines::LineMetrics;

/// Takes what a stream measures.
pub trait MetricSink {
    /// Takes the metrics of one line.
    fn metrics(&mut self, measured: LineMetrics);
    /// Takes a line that looks like metrics and could not be read.
    fn unread(&mut self, line: UnreadLine);
}
