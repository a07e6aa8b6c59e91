//! What a distribution makes of its arguments: what it draws, and how many.

use super::distribution::Distribution;
use std::sync::Arc;

/// What draws the values of one call: the distribution with its parameters, and how many.
#[derive(Clone)]
pub(super) struct DrawSpec {
    pub(super) distribution: Arc<dyn Distribution>,
    pub(super) count: SampleCount,
    pub(super) random: bool,
    /// The least that drawing costs, in units of one value drawn: the items that are shuffled, or the
    /// tries that rejection sampling is expected to take.
    pub(super) min_cost: u32,
}

/// How many values are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SampleCount {
    /// By the parameter `size`, which is not read yet.
    BySize,
    /// This number, which follows from other arguments.
    Fixed(u32),
    /// `size` as read; `None`, for one value, where the call gives none.
    Resolved(Option<u32>),
}

impl DrawSpec {
    /// Draws as many values as the parameter `size` asks for.
    pub(super) fn sized(distribution: Arc<dyn Distribution>) -> DrawSpec {
        DrawSpec {
            distribution,
            count: SampleCount::BySize,
            random: true,
            min_cost: 0,
        }
    }

    /// Draws `count` values, a number that follows from other arguments than `size`.
    pub(super) fn fixed(distribution: Arc<dyn Distribution>, count: u32) -> DrawSpec {
        DrawSpec {
            distribution,
            count: SampleCount::Fixed(count),
            random: true,
            min_cost: 0,
        }
    }

    /// Gives `count` values without randomness: the stream stays untouched.
    pub(super) fn deterministic(distribution: Arc<dyn Distribution>, count: u32) -> DrawSpec {
        DrawSpec {
            distribution,
            count: SampleCount::Fixed(count),
            random: false,
            min_cost: 0,
        }
    }

    /// The same, where drawing costs at least as much as `work` values do.
    pub(super) fn with_min_cost(self, work: u32) -> DrawSpec {
        DrawSpec {
            min_cost: work,
            ..self
        }
    }
}
