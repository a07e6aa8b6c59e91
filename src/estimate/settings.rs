//! What decides an estimate besides the plan and the price list.

use super::billing::Billing;
use super::money::Money;
use super::run_time::RunTime;
use super::uncertainty::Noise;

/// Trials that run at once where neither the person nor the cluster sets a number.
pub(crate) const DEFAULT_PARALLEL: u32 = 4;

/// Everything that decides an estimate besides the plan and the price list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EstimateSettings {
    /// None gives a price per hour and no total.
    pub run_time: Option<RunTime>,
    /// Trials that run at once; None is [`DEFAULT_PARALLEL`], and 0 counts as 1.
    pub parallel: Option<u32>,
    /// Replaces the price list's rates.
    pub rate_override: Option<RateOverride>,
    /// Phases, rounding, disks, egress.
    pub billing: Billing,
    /// The uncertainty of the run time; None is [`Noise::TYPED`].
    pub noise: Option<Noise>,
    /// Whether the trials run on a machine of one's own (the `local` cluster), so that nothing is
    /// billed and prices are those of the machine that the command names.
    pub on_own_machine: bool,
}

/// A rate instead of the price list's.
#[derive(Clone, Debug, PartialEq)]
pub enum RateOverride {
    /// USD per hour of one machine. It replaces only the price (list or interruptible) that each
    /// command asks for.
    PerHour(Money),
    /// The cluster has no price, so all costs are unknown.
    NoPrice,
}

impl EstimateSettings {
    /// Settings for a cluster that starts a fresh cloud machine for every trial.
    pub fn cloud() -> EstimateSettings {
        EstimateSettings::default()
    }

    /// Settings for processes on a machine of one's own, priced as if on the machine that the
    /// command names.
    pub(crate) fn local() -> EstimateSettings {
        EstimateSettings {
            billing: Billing::local(),
            on_own_machine: true,
            ..EstimateSettings::default()
        }
    }

    /// Trials that run at once, at least one.
    pub(crate) fn parallel(&self) -> u32 {
        self.parallel.unwrap_or(DEFAULT_PARALLEL).max(1)
    }

    /// The uncertainty in force.
    pub(crate) fn noise(&self) -> Noise {
        self.noise.unwrap_or(Noise::TYPED)
    }
}
