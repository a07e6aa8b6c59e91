//! A trial while it is the dispatcher's.

use crate::model::ActiveTrial;
use crate::runner::metrics::Gatherer;

/// A trial that is starting or running.
pub(super) struct Active {
    pub(super) trial: ActiveTrial,
    pub(super) gatherer: Gatherer,
    pub(super) submitted: bool,
    pub(super) stop_sent: bool,
}
