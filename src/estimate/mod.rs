//! What the chosen trials of a plan will cost, and how long they will take.
//!
//! ```
//! use sweep_planner::estimate::{Catalogue, Settings, estimate, parse_run_time};
//! use sweep_planner::sweep::{self, Ranges};
//!
//! let text = "grid run --instance_type 1_t4_16gb train.py --batch_size \"[8, 16, 32, 64]\"";
//! let plan = sweep::read(text, &sweep::Settings::default()).plan;
//! let settings = Settings { run_time: Some(parse_run_time("1h")?), ..Settings::cloud() };
//! let estimate = estimate(&plan, &Ranges::full(plan.len()), &settings, Catalogue::embedded());
//! // Four times 3,730 s (boot, set-up and teardown are billed) at $0.55 per hour.
//! assert_eq!(estimate.total.unwrap().to_string(), "$2.28");
//! assert_eq!(estimate.wall_seconds.unwrap().likely, 3730.0);
//! # Ok::<(), sweep_planner::formula::Error>(())
//! ```
//!
//! The rules are those of docs/cost-model.md: [run times](RunTime) → [`billing`] → sums ([`Tally`])
//! and [`schedule`] → ranges ([`uncertainty`]) → [`Estimate`]. Money is exact until it is shown; an
//! unknown price is None, never zero.

// Units: exact money, seconds.
mod money;
mod seconds;

// What a machine costs in an hour.
mod catalogue;
mod csv;
mod machine;
mod quote;

// How long a trial runs: the formula that a person types, or one fitted to runs that ended.
mod cholesky;
pub mod fit;
pub mod pilot;
mod run_time;

// What a trial's time costs.
pub mod billing;
pub mod failures;
pub mod spot;
pub mod warm;

// How far all of it may be off.
pub mod uncertainty;

// A plan's chosen trials by their run times and machines, summed up.
mod pricing;
mod settings;
mod survey;
mod tally;

// When they end.
pub mod schedule;
mod wall;

// The estimate as a whole, in words and as JSON.
mod json;
mod whole;
mod words;

pub use billing::{Billing, Meter, Tariff};
pub use catalogue::Catalogue;
pub use csv::CsvError;
pub use machine::Machine;
pub use money::{Money, Rational};
pub use quote::{Basis, Quote, provider_name};
pub use run_time::{RunTime, parse_run_time};
pub use seconds::Seconds;
pub use settings::{DEFAULT_PARALLEL, RateOverride, Settings};
pub use tally::{Lines, Tally};
pub use uncertainty::{Noise, Spread};
pub use wall::Wall;
pub use whole::{
    Estimate, MachineUse, Priced, Pricer, Problem, TrialEstimate, estimate, trial_estimate,
};
pub use words::LEFT_OUT;

#[cfg(test)]
mod tests;
