//! Estimates as JSON, for `sweep plan --estimate`.

use super::money::Money;
use super::uncertainty::Spread;
use super::whole::{Estimate, TrialEstimate};
use serde_json::{Value, json};

/// The largest whole number that every JSON reader keeps exactly: 2^53.
const EXACT: u128 = 1 << 53;

impl TrialEstimate {
    /// `{"seconds": …, "cost_usd": …}`, both numbers, each null where unknown.
    pub fn to_json(&self) -> Value {
        json!({ "seconds": self.seconds, "cost_usd": self.cost.as_ref().map(Money::as_f64) })
    }
}

impl Estimate {
    /// `{"trials", "cost_usd": {"low", "likely", "high"} or null, "sum_usd", "wall_seconds",
    /// "assumptions", "problems"}`: the object under `total`. `trials` is a string above 2^53;
    /// `sum_usd` is the exact sum of the trials' own costs, as decimal text.
    pub fn to_json(&self) -> Value {
        let trials = match u64::try_from(self.trials) {
            Ok(trials) if self.trials <= EXACT => json!(trials),
            _ => json!(self.trials.to_string()),
        };
        let dollars = |spread: &Spread<Money>| spread.clone().map(|money| money.as_f64());
        json!({
            "trials": trials,
            "cost_usd": self.cost.as_ref().map(|cost| spread_json(&dollars(cost))),
            "sum_usd": self.total.as_ref().map(|total| total.to_decimal(6)),
            "wall_seconds": self.wall_seconds.as_ref().map(spread_json),
            "assumptions": self.assumptions,
            "problems": self.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

fn spread_json(spread: &Spread<f64>) -> Value {
    json!({ "low": spread.low, "likely": spread.likely, "high": spread.high })
}
