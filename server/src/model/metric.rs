//! What trials measure.

/// How many names of metrics a run may have, and the output of a trial may name; points of further
/// names are dropped.
pub const NAMES_PER_RUN_MAX: usize = 1_000;

/// Where a point was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MetricSource {
    /// Standard output: points are added.
    Output,
    /// Files that the trial has written. They win over standard output for the names they have.
    File,
}

/// Points of one trial.
#[derive(Clone, Debug)]
pub struct NewMetricPoints {
    /// The run's key.
    pub run: i64,
    /// The trial's number.
    pub number: u32,
    /// Where they were read.
    pub source: MetricSource,
    /// How far [`MetricSource::Output`] has now been read, in bytes; stored with the points, so that
    /// none is read twice or lost.
    pub read_to: Option<u64>,
    /// Whether all points of this source, as far as they are stored, are replaced: a file was
    /// rewritten, or is read from its start again.
    pub replace: bool,
    /// In the order written.
    pub points: Vec<NewMetricPoint>,
}

/// One point.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMetricPoint {
    /// The name under which the values are one series.
    pub name: String,
    /// The step that the trial wrote beside it or before it.
    pub step: Option<f64>,
    /// What was measured.
    pub value: f64,
}
