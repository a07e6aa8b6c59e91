//! What an estimate needs to know besides the plan.

use super::billing::Billing;
use super::money::Money;
use super::run_time::RunTime;
use super::uncertainty::Noise;

/// How many trials run at once where neither the person nor the cluster said.
pub const DEFAULT_PARALLEL: u32 = 4;

/// Everything that decides an estimate besides the plan and the price list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// None: a price per hour, and no total.
    pub run_time: Option<RunTime>,
    /// Trials that run at once, above zero; None: [`DEFAULT_PARALLEL`].
    pub parallel: Option<u32>,
    /// Replaces the price list's rates.
    pub rate_override: Option<RateOverride>,
    /// Phases, rounding, disks.
    pub billing: Billing,
    /// How sure the run time is; None: what its source deserves.
    pub noise: Option<Noise>,
    /// The trials run on a machine that is already there (the `local` cluster): prices are a quote
    /// for the machine that the command names.
    pub as_if: bool,
}

/// A rate instead of the price list's.
#[derive(Clone, Debug, PartialEq)]
pub enum RateOverride {
    /// USD per hour of one machine, for the kind of machine (list or interruptible) that each
    /// command asks for.
    PerHour(Money),
    /// The cluster has no price at all: no costs.
    NoPrice,
}

impl Settings {
    /// A fresh cloud machine for every trial.
    pub fn cloud() -> Settings {
        Settings::default()
    }

    /// Processes on a machine that is already there, priced as if on the one that is named.
    pub fn local() -> Settings {
        Settings {
            billing: Billing::local(),
            as_if: true,
            ..Settings::default()
        }
    }

    /// Trials that run at once, at least one.
    pub fn parallel(&self) -> u32 {
        self.parallel.unwrap_or(DEFAULT_PARALLEL).max(1)
    }

    /// How sure the run times are.
    pub fn noise(&self) -> Noise {
        self.noise.unwrap_or(Noise::TYPED)
    }
}
