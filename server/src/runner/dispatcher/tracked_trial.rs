//! A trial while it is the dispatcher's.

use crate::model::ActiveTrial;
use crate::runner::metrics::MetricsReader;

/// A trial that is starting or running.
pub(super) struct TrackedTrial {
    pub(super) trial: ActiveTrial,
    pub(super) metrics_reader: MetricsReader,
    pub(super) submitted: bool,
    pub(super) stop_sent: bool,
}
