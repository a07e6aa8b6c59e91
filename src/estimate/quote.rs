//! The price of an hour of one machine, and where it comes from.

use super::date::{Date, PriceAge};
use super::machine::Machine;
use super::money::Money;
use std::fmt;

/// The hourly price of a machine that was asked for by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// The name asked for: a machine or an alias.
    pub(crate) requested: String,
    /// Whether the interruptible price was asked for, rather than the list price.
    pub(crate) spot: bool,
    /// USD per hour; None is unknown, never free.
    pub rate: Option<Money>,
    /// Whose price it is.
    pub(crate) basis: Basis,
    /// The row of the price list that the rate is from; without a rate, the machine's best row.
    pub machine: Option<Machine>,
    /// For an unknown name, a similar known one.
    pub(crate) suggestion: Option<String>,
}

/// Whose price a quote is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Grid's published rate.
    Grid,
    /// Grid had the machine but published no such rate: AWS's price for the same type.
    InsteadOfGrid,
    /// A provider other than Grid.
    Provider,
    /// A rate that the person set.
    Typed,
    /// The person's own price list.
    Own,
    /// The cluster's own price, from its server's configuration.
    Cluster,
    /// No machine of that name is in the price list.
    Unknown,
}

impl Quote {
    /// A quote at a rate that replaces the price list's.
    pub(crate) fn from_typed_rate(instance_type: &str, spot: bool, rate: Money) -> Quote {
        Quote {
            requested: instance_type.to_owned(),
            spot,
            rate: Some(rate),
            basis: Basis::Typed,
            machine: None,
            suggestion: None,
        }
    }

    /// A quote at a cluster's own price, which does not depend on the machine.
    pub fn from_cluster_rate(instance_type: &str, spot: bool, rate: Money) -> Quote {
        Quote {
            basis: Basis::Cluster,
            ..Quote::from_typed_rate(instance_type, spot, rate)
        }
    }

    /// The machine's own name, else the name asked for.
    pub(crate) fn name(&self) -> &str {
        self.machine
            .as_ref()
            .map_or(&self.requested, |machine| &machine.name)
    }

    /// Whether the price is of use today; None where it has no date, as one set by hand, or where
    /// there is none.
    pub fn age(&self, today: Date) -> Option<PriceAge> {
        let machine = self.machine.as_ref()?;
        self.rate.as_ref()?;
        Some(PriceAge::of(&machine.as_of, today))
    }

    /// For beside a figure, where the price is more than 90 days old or may be: two words, and the date
    /// in full: `old price`, `price of 2022-06-10, more than 90 days ago`.
    pub fn age_note(&self, today: Date) -> Option<(&'static str, String)> {
        let age = self.age(today)?;
        let words = match age {
            PriceAge::Current => return None,
            PriceAge::Old => "old price",
            PriceAge::Unclear => "perhaps old",
        };
        let as_of = self.machine.as_ref().map(|machine| machine.as_of.as_str());
        let sentence = match as_of.unwrap_or_default() {
            "" => "price without a date".to_owned(),
            as_of => ["price of ", as_of, age.remark()].concat(),
        };
        Some((words, sentence))
    }

    /// The sentence of `Display`, without a point, with the price's age where that is too much.
    pub(crate) fn describe(&self, today: Option<Date>) -> String {
        let age = today.and_then(|today| self.age(today));
        format!("{self}{}", age.map_or("", PriceAge::remark))
    }

    /// The provider whose rounding applies: `grid`, `aws`, …; empty where unknown.
    pub fn provider(&self) -> &str {
        self.machine
            .as_ref()
            .map_or("", |machine| &machine.provider)
    }
}

/// One sentence: the rate, its origin and its date; or why there is none.
impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.spot { "interruptible" } else { "list" };
        let name = self.name();
        let Some(rate) = &self.rate else {
            write!(f, "{name}: {kind} price unknown")?;
            return match (&self.suggestion, &self.machine) {
                (Some(similar), _) => write!(f, "; did you mean {similar}?"),
                (None, None) => write!(f, "; no such machine in the price list"),
                (None, Some(_)) => Ok(()),
            };
        };
        write!(f, "{name}: ${} per hour", rate.to_rate())?;
        if self.basis == Basis::Cluster {
            return write!(f, ", the cluster's own price");
        }
        let Some(machine) = &self.machine else {
            return write!(f, ", as set by hand");
        };
        if self.basis == Basis::Own {
            write!(f, ", your own {kind} price")?;
        } else {
            write!(f, ", {} {kind} price", provider_name(&machine.provider))?;
        }
        if !machine.as_of.is_empty() {
            write!(f, " as of {}", machine.as_of)?;
        }
        if machine.provider != "grid" && machine.region != "any" && !machine.region.is_empty() {
            write!(f, " in {}", machine.region)?;
        }
        if self.basis == Basis::InsteadOfGrid {
            write!(f, " (Grid published no rate for it)")?;
        }
        Ok(())
    }
}

/// A provider's name in a sentence before "list price": `Grid's`, `AWS`; an unknown one as it is.
pub(crate) fn provider_name(provider: &str) -> &str {
    match provider {
        "grid" => "Grid's",
        "aws" => "AWS",
        "gcp" => "Google Cloud",
        "azure" => "Azure",
        "lambda" => "Lambda",
        "runpod" => "RunPod",
        "paperspace" => "Paperspace",
        "nebius" => "Nebius",
        "vast" => "Vast.ai",
        other => other,
    }
}
