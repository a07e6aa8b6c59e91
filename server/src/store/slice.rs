//! Slices of a large change: how long one transaction of it lasts.

use std::time::{Duration, Instant};

use super::writer::WaitingCount;

/// How long a slice lasts while other changes wait, and where none does; its commit comes on top.
/// Each commit flushes the disk, so that many short ones would make the change take longer.
const SLICE_SHORT: Duration = Duration::from_millis(10);
const SLICE_LONG: Duration = Duration::from_millis(50);

/// The time in which a part of a large change is written.
pub(super) struct Slice {
    begun: Instant,
    /// `None`: as long as it takes.
    others: Option<WaitingCount>,
}

impl Slice {
    pub(super) fn begin(others: WaitingCount) -> Self {
        Self {
            begun: Instant::now(),
            others: Some(others),
        }
    }

    pub(super) fn unbroken() -> Self {
        Self {
            begun: Instant::now(),
            others: None,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.others.as_ref().is_some_and(|others| {
            let most = if others.any() {
                SLICE_SHORT
            } else {
                SLICE_LONG
            };
            self.begun.elapsed() >= most
        })
    }
}
