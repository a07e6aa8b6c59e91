//! What decides an estimate besides the plan and the price list.

use super::billing::{Billing, Rounding};
use super::money::Money;
use super::run_time::RunTime;
use super::uncertainty::Noise;
use crate::api::ClusterPrice;

/// The engine that runs trials as processes on the server's own machine: no machine has to boot.
const LOCAL_ENGINE: &str = "local";

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
    /// USD per hour of one trial, from the cluster's configuration. It replaces both prices of
    /// every machine, since such a cluster bills interruptible trials the same.
    OfCluster(Money),
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
    pub fn local() -> EstimateSettings {
        EstimateSettings {
            billing: Billing::local(),
            on_own_machine: true,
            ..EstimateSettings::default()
        }
    }

    /// Settings for a cluster as its server describes it: `engine` sets the billing rules, `price` is
    /// the cluster's own, and `slots` are the trials that it runs at once.
    pub fn for_cluster(
        engine: &str,
        price: Option<&ClusterPrice>,
        slots: Option<u32>,
    ) -> EstimateSettings {
        let rules = match engine {
            LOCAL_ENGINE => EstimateSettings::local(),
            _ => EstimateSettings::cloud(),
        };
        let rules = match price {
            Some(price) => rules.with_cluster_price(price),
            None => rules,
        };
        EstimateSettings {
            parallel: slots,
            ..rules
        }
    }

    /// The same settings on a cluster with a price of its own: its rate and its rounding, which are
    /// what its server bills by. A rate that is no decimal is unknown, rather than the price list's.
    #[must_use]
    pub fn with_cluster_price(self, price: &ClusterPrice) -> EstimateSettings {
        let rate = price.hourly_rate.as_deref().and_then(Money::from_decimal);
        let rounding = Rounding {
            minimum: price.minimum_seconds,
            increment: price.increment_seconds,
        };
        EstimateSettings {
            rate_override: Some(rate.map_or(RateOverride::NoPrice, RateOverride::OfCluster)),
            billing: Billing {
                rounding: Some(rounding),
                ..self.billing
            },
            ..self
        }
    }

    /// Whether the cluster decides the price, or that there is none: whatever machine a command
    /// names, and interruptible or not.
    pub(crate) fn has_cluster_price(&self) -> bool {
        matches!(
            self.rate_override,
            Some(RateOverride::OfCluster(_) | RateOverride::NoPrice)
        )
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
