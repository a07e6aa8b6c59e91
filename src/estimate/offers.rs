//! The machines of a plan with their prices, each machine looked up once.

use super::Seconds;
use super::billing::{Meter, Tariff};
use super::catalogue::Catalogue;
use super::money::Money;
use super::quote::Quote;
use super::settings::{EstimateSettings, MachineRunTime, RateOverride};
use super::spot::Repetition;
use crate::sweep::{Plan, Trial};
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// One way to rent a machine, at list price or interruptible: its quote and how it is billed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offer {
    pub(super) quote: Quote,
    pub(super) meter: Meter,
    /// None where the price is unknown.
    pub(super) tariff: Option<Tariff>,
    /// Interruptions per hour; 0 at list price.
    pub(super) interruptions: f64,
}

impl Offer {
    /// Looks up what `name` costs; `is_requested` where the command asks for just this (a rate set by
    /// hand is for that alone).
    pub(super) fn look_up(
        name: &str,
        spot: bool,
        is_requested: bool,
        settings: &EstimateSettings,
        catalogue: &Catalogue,
    ) -> Offer {
        let listed_quote = catalogue.quote(name, spot);
        let provider = listed_quote.provider().to_owned();
        let quote = match &settings.rate_override {
            Some(RateOverride::PerHour(rate)) if is_requested => {
                Quote::from_typed_rate(name, spot, rate.clone())
            }
            Some(RateOverride::OfCluster(rate)) => {
                Quote::from_cluster_rate(name, spot, rate.clone())
            }
            Some(RateOverride::NoPrice) => Quote {
                rate: None,
                ..listed_quote
            },
            _ => listed_quote,
        };
        let meter = Meter::new(&settings.billing, &provider);
        let tariff = quote
            .rate
            .as_ref()
            .map(|rate| Tariff::new(meter.clone(), rate));
        Offer {
            quote,
            meter,
            tariff,
            interruptions: settings.interruptions(spot),
        }
    }

    /// What one trial whose script takes `run` costs. None where the price is unknown, and where
    /// interruptions may keep it from ever ending.
    pub(super) fn cost_of(&self, run: Seconds) -> Option<Money> {
        let tariff = self.tariff.as_ref()?;
        let cost = tariff.bill(run).cost();
        if self.interruptions == 0.0 {
            return Some(cost);
        }
        let again = Repetition::expect(self.meter.billing(), run, self.interruptions);
        let more = Money::from_f64(again.billed * tariff.cost_per_second().as_f64())?;
        (!again.may_never_finish).then(|| cost + more)
    }

    /// USD for an hour of one trial's machines and disks.
    pub(super) fn cost_per_hour(&self) -> Option<Money> {
        Some(self.tariff.as_ref()?.cost_per_second() * BigInt::from(3600))
    }
}

/// Both ways to rent a machine, and which of them the commands ask for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MachineOffers {
    pub(super) spot: bool,
    pub(super) list: Offer,
    pub(super) interruptible: Offer,
    /// The run time on it, from that of the machine it was stated for.
    pub(super) run_time: MachineRunTime,
}

impl MachineOffers {
    /// The offer that the commands ask for.
    pub(super) fn requested_offer(&self) -> &Offer {
        if self.spot {
            &self.interruptible
        } else {
            &self.list
        }
    }
}

/// The distinct machines of a plan with their offers.
#[derive(Clone, Debug)]
pub(super) struct PlanOffers {
    machines: Vec<MachineOffers>,
    /// For each part, the index of its machine in `machines`.
    machine_of_part: Vec<usize>,
}

impl PlanOffers {
    /// O(parts × log machines + distinct machines × price list).
    pub(super) fn new(
        plan: &Plan,
        settings: &EstimateSettings,
        catalogue: &Catalogue,
    ) -> PlanOffers {
        let mut machines = Vec::new();
        let mut index_by_machine: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        let of_part = plan.parts().iter().map(|part| {
            let (name, spot) = (
                part.options().instance_type.as_str(),
                part.options().use_spot,
            );
            *index_by_machine.entry((name, spot)).or_insert_with(|| {
                let offer =
                    |as_spot| Offer::look_up(name, as_spot, as_spot == spot, settings, catalogue);
                machines.push(MachineOffers {
                    spot,
                    list: offer(false),
                    interruptible: offer(true),
                    run_time: settings.run_time_on(name, catalogue),
                });
                machines.len() - 1
            })
        });
        let machine_of_part = of_part.collect();
        PlanOffers {
            machines,
            machine_of_part,
        }
    }

    /// All machines, in the order in which parts name them.
    pub(super) fn machines(&self) -> &[MachineOffers] {
        &self.machines
    }

    /// The index of a part's machine in [`PlanOffers::machines`].
    pub(super) fn machine_index(&self, part: u32) -> Option<usize> {
        self.machine_of_part.get(part as usize).copied()
    }

    /// By what the run times of a part are multiplied for its machine.
    pub(super) fn run_time_factor(&self, part: u32) -> f64 {
        let machine = self.machine_index(part);
        let offers = machine.and_then(|index| self.machines.get(index));
        offers.map_or(1.0, |offers| offers.run_time.factor())
    }

    /// A run time of one of a part's trials, on its machine.
    pub(super) fn scale_run_time(&self, part: u32, run: Seconds) -> Seconds {
        run.scale_unless_one(self.run_time_factor(part))
    }

    /// The offer that a trial's command asks for.
    pub(super) fn offer_for_trial(&self, trial: &Trial) -> Option<&Offer> {
        Some(
            self.machines
                .get(self.machine_index(trial.part)?)?
                .requested_offer(),
        )
    }
}
