//! The machines of a plan with their prices, each machine looked up once.

use super::billing::{Meter, Tariff};
use super::catalogue::Catalogue;
use super::quote::Quote;
use super::settings::{RateOverride, Settings};
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
pub(super) struct Pricing {
    pub(super) spot: bool,
    pub(super) list: Offer,
    pub(super) interruptible: Offer,
}

impl Pricing {
    /// The offer that the commands ask for.
    pub(super) fn planned(&self) -> &Offer {
        if self.spot {
            &self.interruptible
        } else {
            &self.list
        }
    }
}

/// The distinct machines of a plan with their offers.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    machines: Vec<Pricing>,
    /// For each part, the index of its machine in `machines`.
    of_part: Vec<usize>,
}

impl Prices {
    /// O(parts × log machines + distinct machines × price list).
    pub(super) fn new(plan: &Plan, settings: &Settings, catalogue: &Catalogue) -> Prices {
        let mut machines = Vec::new();
        let mut known: BTreeMap<(&str, bool), usize> = BTreeMap::new();
        let of_part = plan.parts().iter().map(|part| {
            let (name, spot) = (
                part.options().instance_type.as_str(),
                part.options().use_spot,
            );
            *known.entry((name, spot)).or_insert_with(|| {
                let offer = |as_spot| offer(name, as_spot, as_spot == spot, settings, catalogue);
                machines.push(Pricing {
                    spot,
                    list: offer(false),
                    interruptible: offer(true),
                });
                machines.len() - 1
            })
        });
        let of_part = of_part.collect();
        Prices { machines, of_part }
    }

    /// All machines, in the order in which parts name them.
    pub(super) fn machines(&self) -> &[Pricing] {
        &self.machines
    }

    /// The index of a part's machine in [`Prices::machines`].
    pub(super) fn index(&self, part: u32) -> Option<usize> {
        self.of_part.get(part as usize).copied()
    }

    /// The offer that a trial's command asks for.
    pub(super) fn of_trial(&self, trial: &Trial) -> Option<&Offer> {
        Some(self.machines.get(self.index(trial.part)?)?.planned())
    }
}

fn offer(
    name: &str,
    spot: bool,
    is_planned: bool,
    settings: &Settings,
    catalogue: &Catalogue,
) -> Offer {
    let listed = catalogue.quote(name, spot);
    let provider = listed.provider().to_owned();
    let quote = match &settings.rate_override {
        Some(RateOverride::PerHour(rate)) if is_planned => Quote::typed(name, spot, rate.clone()),
        Some(RateOverride::NoPrice) => Quote {
            rate: None,
            ..listed
        },
        _ => listed,
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
