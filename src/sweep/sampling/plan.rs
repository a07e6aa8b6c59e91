//! What a distribution makes of its arguments: what it draws, and how many.

use super::law::Law;
use std::sync::Arc;

/// What draws the values of one call: the distribution with its parameters, and how many.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) law: Arc<dyn Law>,
    pub(super) count: Count,
    pub(super) random: bool,
    /// The least that drawing costs, in units of one value drawn: the items that are shuffled, or the
    /// tries that rejection sampling is expected to take.
    pub(super) work: u32,
}

/// How many values are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// By the parameter `size`, which is not read yet.
    BySize,
    /// This number, which follows from other arguments.
    Fixed(u32),
    /// `size` as read; `None`, for one value, where the call gives none.
    Read(Option<u32>),
}

impl Plan {
    /// Draws as many values as the parameter `size` asks for.
    pub(super) fn sized(law: Arc<dyn Law>) -> Plan {
        Plan {
            law,
            count: Count::BySize,
            random: true,
            work: 0,
        }
    }

    /// Draws `count` values, a number that follows from other arguments than `size`.
    pub(super) fn fixed(law: Arc<dyn Law>, count: u32) -> Plan {
        Plan {
            law,
            count: Count::Fixed(count),
            random: true,
            work: 0,
        }
    }

    /// Gives `count` values without randomness: the stream stays untouched.
    pub(super) fn spaced(law: Arc<dyn Law>, count: u32) -> Plan {
        Plan {
            law,
            count: Count::Fixed(count),
            random: false,
            work: 0,
        }
    }

    /// The same, where drawing costs at least as much as `work` values do.
    pub(super) fn costing(self, work: u32) -> Plan {
        Plan { work, ..self }
    }
}
