//! Estimates as JSON, for `sweep plan --estimate`.

use super::compute::{Estimate, TrialEstimate};
use super::money::Money;
use super::proposal::{Alternative, Proposal};
use super::settings::MachineRunTime;
use super::uncertainty::Spread;
use super::what_if::MachineRow;
use serde_json::{Value, json};

/// The largest whole number that every JSON reader keeps exactly: 2^53.
const MAX_EXACT_INTEGER: u128 = 1 << 53;

impl TrialEstimate {
    /// `{"seconds": …, "cost_usd": …}`, both numbers, each null where unknown.
    pub fn to_json(&self) -> Value {
        json!({ "seconds": self.seconds, "cost_usd": self.cost.as_ref().map(Money::as_f64) })
    }
}

impl Estimate {
    /// `{"trials", "cost_usd": {"low", "likely", "high"} or null, "priced_trials", "sum_usd",
    /// "wall_seconds", "assumptions", "problems"}`: the object under `total`. `trials` is a string above
    /// 2^53; `cost_usd` is that of `priced_trials` trials, fewer than `trials` where some have no price
    /// or no run time; `sum_usd` is the exact sum of the trials' own costs, as decimal text.
    /// `rounding` and `ceiling_usd` are null where there is nothing to note and no limit on run times.
    pub fn to_json(&self) -> Value {
        let partial = self.partial.as_ref();
        let cost = self.cost.as_ref().or(partial.map(|partial| &partial.cost));
        let sum = self
            .total
            .as_ref()
            .or(partial.map(|partial| &partial.total));
        let priced = match (&self.cost, partial) {
            (Some(_), _) => self.trials,
            (None, partial) => partial.map_or(0, |partial| partial.trials),
        };
        json!({
            "trials": count_to_json(self.trials),
            "cost_usd": cost.map(money_spread_to_json),
            "priced_trials": count_to_json(priced),
            "sum_usd": sum.map(|total| total.to_decimal(6)),
            "rounding": self.rounding_note,
            "ceiling_usd": self.ceiling.as_ref().map(Money::as_f64),
            "with_failures_usd": self.with_failures.as_ref().map(Money::as_f64),
            "wall_seconds": self.wall_seconds.as_ref().map(spread_to_json),
            "assumptions": self.assumptions,
            "problems": self.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

impl MachineRow {
    /// `{"machine", "spot", "cost_usd": {"low", "likely", "high"} or null, "wall_seconds", "marks",
    /// "requested", "run_time": "stated", "scaled" or "assumed", "usd_per_hour", "as_of", "source",
    /// "rounding"}`. `cost_usd` leaves out trials without a run time, as every row then does.
    pub fn to_json(&self) -> Value {
        let partial = self.cost.partial.as_ref().map(|partial| &partial.cost);
        let cost = self.cost.cost.as_ref().or(partial);
        let run_time = match self.run_time {
            MachineRunTime::Stated => "stated",
            MachineRunTime::Scaled(_) => "scaled",
            MachineRunTime::Assumed => "assumed",
        };
        let machine = self.quote.machine.as_ref();
        json!({
            "machine": self.machine,
            "spot": self.spot,
            "cost_usd": cost.map(money_spread_to_json),
            "wall_seconds": self.wall_seconds.as_ref().map(spread_to_json),
            "marks": self.marks.names().collect::<Vec<_>>(),
            "requested": self.is_requested,
            "run_time": run_time,
            "usd_per_hour": self.cost.per_trial_hour.as_ref().map(Money::as_f64),
            "as_of": machine.map(|machine| &machine.as_of),
            "source": machine.map(|machine| &machine.source),
            "rounding": self.rounding_note,
        })
    }
}

impl Proposal {
    /// `{"commands", "trials", "left_out", "seed", "cost_usd", "wall_seconds", "ceiling_usd",
    /// "alternatives"}`. An alternative is `{"commands", "machine", "spot", "run_time", …}` as a row of the
    /// machines, or `{"parallel", "wall_seconds"}`.
    pub fn to_json(&self) -> Value {
        let estimate = &self.estimate;
        json!({
            "commands": self.commands,
            "trials": count_to_json(estimate.trials),
            "left_out": count_to_json(self.left_out),
            "seed": self.seed,
            "cost_usd": estimate.cost.as_ref().map(money_spread_to_json),
            "wall_seconds": estimate.wall_seconds.as_ref().map(spread_to_json),
            "ceiling_usd": estimate.ceiling.as_ref().map(Money::as_f64),
            "alternatives": self.alternatives.iter().map(Alternative::to_json).collect::<Vec<_>>(),
        })
    }
}

impl Alternative {
    /// See [`Proposal::to_json`].
    pub fn to_json(&self) -> Value {
        match self {
            Alternative::Machine { row, commands } => {
                let mut object = row.to_json();
                object["commands"] = json!(commands);
                object
            }
            Alternative::Parallel(row) => json!({
                "parallel": row.parallel,
                "wall_seconds": row.wall_seconds.as_ref().map(spread_to_json),
            }),
        }
    }
}

fn count_to_json(count: u128) -> Value {
    match u64::try_from(count) {
        Ok(exact) if count <= MAX_EXACT_INTEGER => json!(exact),
        _ => json!(count.to_string()),
    }
}

fn money_spread_to_json(cost: &Spread<Money>) -> Value {
    spread_to_json(&cost.clone().map(|money| money.as_f64()))
}

fn spread_to_json(spread: &Spread<f64>) -> Value {
    json!({ "low": spread.low, "likely": spread.likely, "high": spread.high })
}
