//! What a distribution makes of its arguments: what it draws, and how many.

use super::law::Law;
use std::sync::Arc;

/// What a distribution makes of its arguments.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) law: Arc<dyn Law>,
    pub(super) count: Count,
    pub(super) random: bool,
    /// What drawing costs at least, in values: items shuffled, or tries expected.
    pub(super) work: u32,
}

/// How many values a plan draws.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// As `size` says.
    BySize,
    /// Always so many.
    Fixed(u32),
    /// `size` as already read, `None` for one value.
    Read(Option<u32>),
}

impl Plan {
    /// A plan that draws `size` values.
    pub(super) fn sized(law: Arc<dyn Law>) -> Plan {
        Plan {
            law,
            count: Count::BySize,
            random: true,
            work: 0,
        }
    }

    /// A plan whose number of values is fixed by its other arguments.
    pub(super) fn fixed(law: Arc<dyn Law>, count: u32) -> Plan {
        Plan {
            law,
            count: Count::Fixed(count),
            random: true,
            work: 0,
        }
    }

    /// The same without randomness: the stream stays untouched.
    pub(super) fn spaced(law: Arc<dyn Law>, count: u32) -> Plan {
        Plan {
            law,
            count: Count::Fixed(count),
            random: false,
            work: 0,
        }
    }

    /// The same where drawing costs as much as `work` values.
    pub(super) fn costing(self, work: u32) -> Plan {
        Plan { work, ..self }
    }
}
