//! What decides an estimate besides the plan and the price list.

use super::billing::{Billing, Rounding};
use super::catalogue::Catalogue;
use super::date::Date;
use super::failures::Failures;
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
    /// The uncertainty of the run time; None is that of a typed range, else [`Noise::TYPED`].
    pub noise: Option<Noise>,
    /// Interruptions per hour of running time on interruptible machines, after each of which a trial
    /// starts over; None counts none.
    pub interruptions_per_hour: Option<f64>,
    /// How trials fail; None counts no failed ones.
    pub failures: Option<Failures>,
    /// The machine for which the run time was stated, fitted or measured, by name or alias; None is
    /// each command's own machine.
    pub stated_on: Option<String>,
    /// Run times on other machines as multiples of that on [`EstimateSettings::stated_on`], by name or
    /// alias: 0.5 is a machine twice as fast. A factor is above zero and finite; others count as absent.
    pub machine_factors: Vec<(String, f64)>,
    /// Today, where prices are to say that they are old.
    pub today: Option<Date>,
    /// Whether the trials run on a machine of one's own (the `local` cluster), so that nothing is
    /// billed and prices are those of the machine that the command names.
    pub on_own_machine: bool,
    /// The cores that trials share which run at once; None where each has a machine of its own, or
    /// where it is not known.
    pub cores: Option<u32>,
    /// The threads of a trial that does not ask for some (`--cpus`); None is one, the least there are.
    pub threads: Option<u32>,
}

/// Where the run time on a machine comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MachineRunTime {
    /// It was stated, fitted or measured for this machine.
    Stated,
    /// That of the machine for which it was stated, times this factor.
    Scaled(f64),
    /// That of the machine for which it was stated, since nothing is known of this one.
    Assumed,
}

impl MachineRunTime {
    /// By what the stated run time is multiplied.
    pub fn factor(self) -> f64 {
        match self {
            MachineRunTime::Scaled(factor) => factor,
            MachineRunTime::Stated | MachineRunTime::Assumed => 1.0,
        }
    }

    /// Whether the run time is more than an assumption.
    pub fn is_known(self) -> bool {
        self != MachineRunTime::Assumed
    }
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

    /// What is known of the run time on a machine that a command names.
    pub(crate) fn run_time_on(&self, machine: &str, catalogue: &Catalogue) -> MachineRunTime {
        let Some(stated_on) = &self.stated_on else {
            return MachineRunTime::Stated;
        };
        let name = catalogue.resolve_name(machine);
        let is_same = |other: &str| catalogue.resolve_name(other).eq_ignore_ascii_case(name);
        if is_same(stated_on) {
            return MachineRunTime::Stated;
        }
        let usable = |factor: &f64| *factor > 0.0 && factor.is_finite();
        let given = self
            .machine_factors
            .iter()
            .find(|(machine, factor)| usable(factor) && is_same(machine));
        given.map_or(MachineRunTime::Assumed, |(_, factor)| {
            MachineRunTime::Scaled(*factor)
        })
    }

    /// Whether the cluster decides the price, or that there is none: whatever machine a command
    /// names, and interruptible or not.
    pub(crate) fn has_cluster_price(&self) -> bool {
        matches!(
            self.rate_override,
            Some(RateOverride::OfCluster(_) | RateOverride::NoPrice)
        )
    }

    /// Interruptions per hour in force: none at list price, nor on a cluster with a price of its own
    /// or a machine of one's own, which nobody takes away.
    pub(super) fn interruptions(&self, spot: bool) -> f64 {
        let counted = spot && !self.has_cluster_price() && !self.on_own_machine;
        let per_hour = self.interruptions_per_hour.filter(|_| counted);
        per_hour
            .filter(|rate| *rate > 0.0 && rate.is_finite())
            .unwrap_or(0.0)
    }

    /// Trials that run at once, at least one.
    pub(crate) fn parallel(&self) -> u32 {
        self.parallel.unwrap_or(DEFAULT_PARALLEL).max(1)
    }

    /// The uncertainty in force: as set, else that of the run time.
    pub(crate) fn noise(&self) -> Noise {
        let of_run_time = || self.run_time.as_ref().and_then(RunTime::noise);
        self.noise.or_else(of_run_time).unwrap_or(Noise::TYPED)
    }
}
