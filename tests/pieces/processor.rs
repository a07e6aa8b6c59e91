//! The processor time of a thread.

use std::time::Duration;

/// Time that this thread was on a processor, which other processes hardly change.
pub(crate) fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
