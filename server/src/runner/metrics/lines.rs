//! What one line of output measures.

use serde::{Deserialize, Serialize};
use sweep_planner::api::MetricValue;

/// The longest name of a metric, in bytes.
pub const NAME_MAX: usize = 100;

/// The metrics of a line, as they stand in `metrics.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineMetrics {
    /// The step stated on the line, or carried from one above.
    pub step: Option<f64>,
    /// At least one metric, by name, in the order written.
    pub values: Vec<(String, MetricValue)>,
}
