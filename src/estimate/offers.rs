//! The machines of a plan with their prices, each machine looked up once.

use super::billing::{Meter, Tariff};
use super::catalogue::Catalogue;
use super::quote::Quote;
use super::settings::{EstimateSettings, RateOverride};
use crate::sweep::{Plan, Trial};
use std::collections::BTreeMap;

/// One way to rent a machine, at list price or interruptible: its quote and how it is billed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Offer {
    pub(super) quote: Quote,
    pub(super) meter: Meter,
    /// None where the price is unknown.
    pub(super) tariff: Option<Tariff>,
}

/// Both ways to rent a machine, and which of them the commands ask for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MachineOffers {
    pub(super) spot: bool,
    pub(super) list: Offer,
    pub(super) interruptible: Offer,
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
                    |as_spot| look_up_offer(name, as_spot, as_spot == spot, settings, catalogue);
                machines.push(MachineOffers {
                    spot,
                    list: offer(false),
                    interruptible: offer(true),
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

    /// The offer that a trial's command asks for.
    pub(super) fn offer_for_trial(&self, trial: &Trial) -> Option<&Offer> {
        Some(
            self.machines
                .get(self.machine_index(trial.part)?)?
                .requested_offer(),
        )
    }
}

fn look_up_offer(
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
        Some(RateOverride::OfCluster(rate)) => Quote::from_cluster_rate(name, spot, rate.clone()),
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
    }
}
